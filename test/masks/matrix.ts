/** The tables of the matrix: every type as a column, as a domain, as an array, and with CHECKs, each nullable and NOT NULL. */
import { ODD_VALUES } from '../policy/odd-values.ts';

export type Form = 'plain' | 'domain' | 'array' | 'checked domain' | 'checked column';

export interface Subject {
  readonly table: string;
  readonly form: Form;
  /** As it is declared, with its collation. */
  readonly type: string;
  /** Without domain and collation. */
  readonly base: string;
  /** Before the columns: the domain. */
  readonly prelude?: string;
  /** A CHECK with `?` in the value's place. */
  readonly check?: string;
  /** The constants of masks are promised to satisfy the CHECK. */
  readonly promised?: boolean;
  readonly values: readonly string[];
}

/** Further values at the edge of what a type holds. */
const EXTREMES: Readonly<Record<string, readonly string[]>> = {
  plain_text: [
    '日本語日本語',
    '2001-02-03',
    '03.02.2001',
    '2/3/2001',
    '20010203',
    '02031984',
    '2001-02-03T04:05:06Z',
    '4111111111111111',
  ],
  varchar_40: ['日本語日本語', '2001-02-03 04:05', '1999/12/31', '31-12-1999', 'DE89370400440532013000'],
  char_20: ['2001-02-03', '4111111111111111'],
  citext: ['2001-02-03', 'Jane.Doe@Example.com'],
  text_blind: ['2001-02-03', '4111111111111111'],
  int2: ['1984', '-1', '9999'],
  int4: ['1984', '19840312', '447897600', '-447897600', '12345678', '-12345678', '0', '9999999'],
  int8: ['4111111111111111', '447897600', '447897600000', '-4111111111111111', '0', '9999999', '10000000'],
  numeric: ['4111111111111111', '447897600.5', '-12345678.9', '0', '9999999', '1e131000'],
  numeric_20_2: ['4111111111111111.00', '0', '12345.67'],
  numeric_2_neg: ['0'],
  money: ['0', '12345.67', '-98765.43', '9999.99', '10000'],
  date: ['2001-01-01', '9999-12-31', '0001-01-01'],
  inet: ['255.255.255.255', '0.0.0.0/0'],
  json: ['{}'],
  jsonb: ['{}', '[1e400]'],
  text_array: ['{}'],
  hstore: [''],
  tsvector: [''],
  polygon: ['((1,2))'],
};

interface Checked {
  readonly type: string;
  readonly check: string;
  readonly values: readonly string[];
  readonly unpromised?: true;
}

const CHECKED: readonly Checked[] = [
  { type: 'text', check: "? IN ('active', 'closed')", values: ['active', 'closed'] },
  { type: 'text', check: 'char_length(?) = 5', values: ['abcde', 'ünïcö'] },
  { type: 'text', check: 'length(?) >= 12', values: ['123456789012', 'ü'.repeat(300)] },
  { type: 'text', check: "length(?) BETWEEN 2 AND 4 AND ? <> '****'", values: ['ab', 'abcd'] },
  { type: 'text', check: "? NOT IN ('[redacted]', '')", values: ['x'] },
  { type: 'text', check: "? ~ '^[0-9]{5}$'", values: ['12345'], unpromised: true },
  { type: 'text COLLATE odd.blind', check: "? IN ('active', 'closed')", values: ['active', 'closed'] },
  { type: 'varchar(10)', check: "? IN ('it''s', 'b')", values: ["it's", 'b'] },
  { type: 'varchar(3)', check: "? = 'abc' OR length(?) = 2", values: ['abc', 'xy'] },
  { type: 'char(3)', check: "? IN ('EUR', 'USD')", values: ['EUR', 'USD'] },
  { type: 'citext', check: "? IN ('Yes', 'No')", values: ['yes', 'NO'] },
  { type: 'int2', check: '? IN (3, 4)', values: ['3', '4'] },
  { type: 'int4', check: '? > 0', values: ['1', '2147483647'] },
  { type: 'int4', check: '? BETWEEN 18 AND 120', values: ['18', '120'] },
  { type: 'int4', check: '? < -5 AND ? IS NOT NULL', values: ['-6', '-2147483648'] },
  { type: 'int4', check: '? % 2 = 1', values: ['1', '7'], unpromised: true },
  { type: 'int8', check: '? >= 10000000000', values: ['10000000000', '9223372036854775807'] },
  { type: 'numeric', check: '? > 0', values: ['0.0000001', 'NaN', 'Infinity'] },
  { type: 'numeric(10,2)', check: '? > 0 AND ? < 1', values: ['0.01', '0.99'] },
  { type: 'float8', check: '? BETWEEN -90 AND 90', values: ['-90', '89.999'] },
  { type: 'float4', check: '? >= 100', values: ['100', 'Infinity'] },
  { type: 'boolean', check: '?', values: ['true'] },
  { type: 'date', check: "? > '1990-01-01'", values: ['1990-01-02', 'infinity'] },
  { type: 'date', check: "? BETWEEN '1900-01-01' AND '1950-12-31'", values: ['1900-01-01', '1950-12-31'] },
  { type: 'timestamp', check: "? < '1970-01-01 00:00:00'", values: ['1969-12-31', '-infinity', '4713-01-02 BC'] },
  { type: 'timestamptz', check: "? >= '2000-01-01 00:00:00+00'", values: ['2000-01-01 00:00:00+00', 'infinity'] },
  { type: 'odd.colour', check: "? <> 'red'", values: ['green', `it's "blue"`] },
  { type: 'odd.colour', check: "? IN ('green')", values: ['green'] },
  { type: 'jsonb', check: "jsonb_typeof(?) = 'array'", values: ['[]', '[1]'], unpromised: true },
];

export function subjects(): readonly Subject[] {
  const found: Subject[] = [];
  for (const [name, { type, collate, values }] of Object.entries(ODD_VALUES)) {
    const all = [...new Set([...values, ...(EXTREMES[name] ?? [])])];
    const collation = collate === undefined ? '' : ` COLLATE ${collate}`;
    found.push({ table: name, form: 'plain', type: `${type}${collation}`, base: type, values: all });
    found.push({
      table: `${name}_domain`,
      form: 'domain',
      type: `odd.d_${name}`,
      base: type,
      prelude: `CREATE DOMAIN odd.d_${name} AS ${type}${collation}`,
      values: all,
    });
    // An array of domains or of arrays would be another one of the same.
    if (!type.endsWith(']') && !name.startsWith('domain_')) {
      found.push({
        table: `array_of_${name}`,
        form: 'array',
        type: `${type}[]${collation}`,
        base: `${type}[]`,
        values: ['{}', '{NULL}'],
      });
    }
  }
  for (const [index, { type, check, values, unpromised }] of CHECKED.entries()) {
    const domain = `odd.c_${index}`;
    const rest = { base: type.replace(/ COLLATE .*/, ''), check, values, promised: unpromised !== true };
    const prelude = `CREATE DOMAIN ${domain} AS ${type} CHECK (${check.replaceAll('?', 'VALUE')})`;
    found.push({ table: `checked_domain_${index}`, form: 'checked domain', type: domain, prelude, ...rest });
    found.push({ table: `checked_column_${index}`, form: 'checked column', type, ...rest });
  }
  return found;
}

/** Three columns: `id`, the nullable `v` and `n`, which is NOT NULL. */
export function createTable(subject: Subject): string {
  const column = (name: string, notNull: string): string => {
    const check = subject.form === 'checked column' ? ` CHECK (${subject.check!.replaceAll('?', name)})` : '';
    return `${name} ${subject.type}${notNull}${check}`;
  };
  const prelude = subject.prelude === undefined ? '' : `${subject.prelude};\n`;
  return `${prelude}CREATE TABLE odd.${subject.table} (id int, ${column('v', '')}, ${column('n', ' NOT NULL')})`;
}
