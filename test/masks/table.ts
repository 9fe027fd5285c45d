/**
 * docs/reference/masks.md: what each class makes of each type where no policy says anything. Written from the compiler itself over a
 * catalog that lists the types; reference.test.ts compares it with what the compiler makes of a real server's.
 *
 *   node test/masks/table.ts           writes the file
 *   node test/masks/table.ts --check   fails when it is out of step
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { ColumnData, TypeData } from '../../core/catalog/model.ts';
import { compileClassMask } from '../../core/policy/masks/compile-mask.ts';
import { CLASSES, type SensitivityClass } from '../../crds/meta.ts';
import { EXAMPLES } from './examples.ts';

export const REFERENCE = new URL('../../docs/reference/masks.md', import.meta.url);

export interface TypeRow {
  /** As the table calls it. */
  readonly label: string;
  /** As a column is declared. */
  readonly type: string;
  readonly column?: string;
}

const row = (type: string, label = type): TypeRow => ({ label, type });

export const ROWS: readonly TypeRow[] = [
  row('text', 'text, varchar, name'),
  row('varchar(5)'),
  row('char(12)', 'char(n)'),
  row('citext'),
  row('smallint'),
  row('integer'),
  { label: 'integer named as a year', type: 'integer', column: 'birth_year' },
  row('bigint'),
  row('numeric'),
  row('numeric(10,2)'),
  row('double precision', 'real, double precision'),
  row('money'),
  row('boolean'),
  row('date'),
  row('timestamp'),
  row('timestamptz'),
  row('time'),
  row('interval'),
  row('uuid'),
  row('inet'),
  row('cidr'),
  row('macaddr'),
  row('json', 'json, jsonb'),
  row('xml'),
  row('bytea'),
  row('bit(4)', 'bit(n)'),
  row('tsvector'),
  row('point'),
  row('polygon'),
  row('text[]', 'arrays'),
  row('daterange', 'ranges'),
  row('sample.colour', 'enums (first label `red`)'),
  row('sample.pair', 'composites'),
  row('hstore'),
  row('ltree'),
];

/** `computed kind`, `constant`, `NULL`; what a NOT NULL column shows instead, where that differs. */
export function cell(name: SensitivityClass, column: ColumnData, catalog: Catalog): string {
  const [nullable, strict] = [false, true].map((notNull) => shown(name, { ...column, notNull }, catalog));
  return nullable === strict ? nullable! : `${nullable}; ${strict}`;
}

function shown(name: SensitivityClass, column: ColumnData, catalog: Catalog): string {
  const { kind, template } = compileClassMask(name, column, catalog);
  if (template.length > 1) return `*${kind}*`;
  const text = String(template[0]);
  if (/^\(?CAST\(NULL AS /.test(text)) return 'NULL';
  const literal = /^\(?CAST\('((?:[^']|'')*)' AS /.exec(text)?.[1];
  if (literal === undefined) return 'row of NULLs';
  return literal === '' ? 'empty' : `\`${literal}\``;
}

/** Classes whose column of the table is the same are one. */
function groups(cells: (name: SensitivityClass) => readonly string[]): readonly (readonly SensitivityClass[])[] {
  const found = new Map<string, SensitivityClass[]>();
  for (const name of CLASSES) {
    const key = JSON.stringify(cells(name));
    found.set(key, [...(found.get(key) ?? []), name]);
  }
  return [...found.values()];
}

export function render(): string {
  const catalog = listedTypes();
  const columns = ROWS.map((each) => ({ each, column: columnOf(each, catalog) }));
  const cells = (name: SensitivityClass): readonly string[] => columns.map(({ column }) => cell(name, column, catalog));
  const classes = groups(cells);
  const table = [
    `| type | ${classes.map((names) => names.map((name) => `\`${name}\``).join(', ')).join(' | ')} |`,
    `|---|${classes.map(() => '---').join('|')}|`,
    ...columns.map(({ each }, index) => `| ${each.label} | ${classes.map(([name]) => cells(name!)[index]).join(' | ')} |`),
  ];
  const examples = [
    '| class | column | value | becomes |',
    '|---|---|---|---|',
    ...EXAMPLES.map((each) => {
      const declared = `${each.column ?? 'v'} ${each.type}${each.notNull === true ? ' NOT NULL' : ''}${each.check === undefined ? '' : ` CHECK (${each.check})`}`;
      return `| \`${each.class}\` | \`${declared}\` | \`${each.value}\` | ${each.becomes === null ? 'NULL' : `\`${each.becomes}\``} |`;
    }),
  ];
  return `${HEAD}\n${table.join('\n')}\n${MIDDLE}\n${examples.join('\n')}\n`;
}

const HEAD = `# What a class makes of a type

A column that has a class and for which no policy says anything is masked as this table says; it is written by the compiler of the masks
(\`npm run generate\`). In italics: computed from the value by that kind of [mask](policy.md#masks). Otherwise a constant, the
same for every row; after a semicolon what a NOT NULL column shows instead. Types that are not listed (those of extensions, mostly)
show NULL; the mask of a NOT NULL column of such a type is NULL, too, as nothing else is known to be valid.
`;

const MIDDLE = `
- **Types.** The result has the column's type, length, scale and collation. A domain is masked as its base type is. A domain with CHECKs is
  told to clients as its base type, as it is without masks.
- **CHECKs.** A constant is chosen to pass the column's CHECK constraints and its domain's where they are comparisons with constants,
  \`IN\`, \`BETWEEN\`, \`length()\`, \`lower()\`, \`upper()\`, \`IS [NOT] NULL\`, or these under AND, OR and NOT: the usual constant where it passes,
  else the first of those that the CHECK itself names, or one beside its limits. CHECKs of several columns, patterns and functions
  are left alone. What is computed from the value need not pass any CHECK: a rounded salary may lie below a minimum.
- **Numbers** of \`pii.phone\`, \`financial.card\` and \`financial.iban\` keep their last four digits if they have eight or more, else they are 0.
- **Birth dates in text** keep the year where the form leaves no doubt which part it is. An \`integer\` is taken for seconds since 1970
  and cut to years of 31556952 seconds, which makes 0 of smaller numbers of any other meaning (20010203, days). A \`bigint\` might
  hold milliseconds or less and is 0. A number whose name says year (\`birth_year\`, \`yob\`, \`geburtsjahr\`) becomes its decade.
- **\`money\`** is rounded in hundredths, whatever \`lc_monetary\` says about digits.

## Examples
`;

/** The catalog of a database that has nothing but the types of the table. */
export function listedTypes(): Catalog {
  const base = (oid: number, name: string, category: string, more: Partial<TypeData> = {}): TypeData => ({
    oid,
    schema: 'pg_catalog',
    name,
    kind: 'base',
    category,
    ...more,
  });
  const own = (oid: number, name: string, more: Partial<TypeData> = {}): TypeData =>
    base(oid, name, 'U', { schema: 'sample', ...more });
  return new Catalog({
    formatVersion: 1,
    serverVersion: 180000,
    database: 'sample',
    login: 'sample',
    schemas: ['pg_catalog', 'sample'],
    defaultSearchPath: ['sample'],
    relations: [
      {
        oid: 20_000,
        schema: 'sample',
        name: 'pair',
        kind: 'composite',
        rowTypeOid: 20_001,
        columns: [{ attnum: 1, name: 'a', typeOid: 25, typmod: -1, type: 'pg_catalog.text', notNull: false }],
      },
    ],
    types: [
      ...BASE_TYPES.map(([oid, name, category]) => base(oid, name, category)),
      base(1009, '_text', 'A', { elementOid: 25 }),
      base(3912, 'daterange', 'R', { kind: 'range' }),
      own(20_001, 'pair', { kind: 'composite', relationOid: 20_000, category: 'C' }),
      own(20_002, 'colour', { kind: 'enum', labels: ['red', 'green'], category: 'E' }),
      ...['citext', 'hstore', 'ltree'].map((name, index) => own(20_003 + index, name)),
    ],
    functions: [],
    operators: [],
    extensions: [],
    powers: [],
  });
}

/** [OID, name, category]: src/include/catalog/pg_type.dat. */
const BASE_TYPES: readonly (readonly [number, string, string])[] = [
  [25, 'text', 'S'],
  [1043, 'varchar', 'S'],
  [1042, 'bpchar', 'S'],
  [21, 'int2', 'N'],
  [23, 'int4', 'N'],
  [20, 'int8', 'N'],
  [1700, 'numeric', 'N'],
  [701, 'float8', 'N'],
  [790, 'money', 'N'],
  [16, 'bool', 'B'],
  [1082, 'date', 'D'],
  [1114, 'timestamp', 'D'],
  [1184, 'timestamptz', 'D'],
  [1083, 'time', 'D'],
  [1186, 'interval', 'T'],
  [2950, 'uuid', 'U'],
  [869, 'inet', 'I'],
  [650, 'cidr', 'I'],
  [829, 'macaddr', 'U'],
  [114, 'json', 'U'],
  [142, 'xml', 'U'],
  [17, 'bytea', 'U'],
  [1560, 'bit', 'V'],
  [3614, 'tsvector', 'U'],
  [600, 'point', 'G'],
  [604, 'polygon', 'G'],
];

/** SQL's spelling of the types that have another name in the catalog, with the modifiers of those that need one. */
const SPELLINGS: Readonly<Record<string, readonly [name: string, typmod: number]>> = {
  'varchar(5)': ['varchar', 9],
  'char(12)': ['bpchar', 16],
  smallint: ['int2', -1],
  integer: ['int4', -1],
  bigint: ['int8', -1],
  'numeric(10,2)': ['numeric', ((10 << 16) | 2) + 4],
  'double precision': ['float8', -1],
  boolean: ['bool', -1],
  'bit(4)': ['bit', 4],
  'text[]': ['_text', -1],
  'sample.colour': ['colour', -1],
  'sample.pair': ['pair', -1],
};

export function columnOf({ type, column }: TypeRow, catalog: Catalog): ColumnData {
  const [name, typmod] = SPELLINGS[type] ?? [type, -1];
  const [found] = catalog.typesNamed(name);
  if (found === undefined) throw new Error(`no such type: ${type}`);
  return { attnum: 1, name: column ?? 'v', typeOid: found.oid, typmod, type, notNull: false };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = render();
  if (process.argv.includes('--check')) {
    if ((await readFile(REFERENCE, 'utf8').catch(() => '')) !== text) {
      console.error('docs/reference/masks.md is not what the masks are; run: npm run generate');
      process.exitCode = 1;
    }
  } else {
    await writeFile(REFERENCE, text);
    console.log('wrote docs/reference/masks.md');
  }
}
