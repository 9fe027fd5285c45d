/** One table under every name and spelling that PostgreSQL knows for it, and every way to name one of its columns. */
import { allowed, type Field, type Maker, type Relation } from './relation.ts';
import { escaped, quoted, type Table } from './tables.ts';

interface Naming {
  readonly name: string;
  readonly honest: boolean;
  readonly tablesOnly?: boolean;
  /** The FROM item, and what names its row. */
  build(
    table: Table,
    alias: string,
    maker: Maker,
  ): { readonly from: string; readonly row: string; readonly names?: readonly string[] };
}

const path = ({ schema, name }: Table): string => `${quoted(schema)}.${quoted(name)}`;
/** As short as the search path allows. */
const short = (table: Table): string => (table.schema === 'public' ? quoted(table.name) : path(table));

const NAMINGS: readonly Naming[] = [
  { name: 'plain', honest: true, build: (table) => ({ from: short(table), row: quoted(table.name) }) },
  { name: 'alias', honest: true, build: (table, alias) => ({ from: `${short(table)} AS ${alias}`, row: alias }) },
  { name: 'bare alias', honest: true, build: (table, alias) => ({ from: `${short(table)} ${alias}`, row: alias }) },
  { name: 'qualified', honest: true, build: (table) => ({ from: path(table), row: quoted(table.name) }) },
  { name: 'with the catalog', honest: false, build: (table, alias) => ({ from: `shop.${path(table)} AS ${alias}`, row: alias }) },
  {
    name: 'unicode escapes',
    honest: true,
    build: (table, alias) => ({ from: `${escaped(table.schema)}.${escaped(table.name)} AS ${alias}`, row: alias }),
  },
  {
    name: 'unicode alias',
    honest: true,
    build: (table, alias) => ({ from: `${short(table)} AS ${escaped(alias)}`, row: alias }),
  },
  {
    name: 'alias called as a column',
    honest: true,
    build: (table, _alias, maker) => {
      const name = quoted(maker.draw.pick(visible(table, maker)).name);
      return { from: `${short(table)} AS ${name}`, row: name };
    },
  },
  {
    name: 'upper case',
    honest: true,
    build: (table, alias) => ({
      from: `${short(table).replace(/^[a-z_0-9]+$/, (text) => text.toUpperCase())} AS ${alias}`,
      row: alias,
    }),
  },
  {
    name: 'comments between',
    honest: true,
    build: (table, alias) => ({
      from: `${quoted(table.schema)}/* " */./**/${quoted(table.name)}--\r${alias}\n`,
      row: alias,
    }),
  },
  {
    name: 'ONLY',
    honest: true,
    tablesOnly: true,
    build: (table, alias) => ({ from: `ONLY ${short(table)} AS ${alias}`, row: alias }),
  },
  {
    name: 'ONLY in parentheses',
    honest: true,
    tablesOnly: true,
    build: (table, alias) => ({ from: `ONLY (${path(table)}) AS ${alias}`, row: alias }),
  },
  {
    name: 'descendants',
    honest: true,
    tablesOnly: true,
    build: (table, alias) => ({ from: `${short(table)} * AS ${alias}`, row: alias }),
  },
  {
    name: 'TABLESAMPLE',
    honest: true,
    tablesOnly: true,
    build: (table, alias) => ({ from: `${short(table)} AS ${alias} TABLESAMPLE bernoulli (100) REPEATABLE (7)`, row: alias }),
  },
  {
    name: 'TABLE in parentheses',
    honest: true,
    build: (table, alias) => ({ from: `(TABLE ${short(table)}) AS ${alias}`, row: alias }),
  },
  {
    name: 'alias list',
    honest: true,
    build: (table, alias, maker) => {
      const names = visible(table, maker).map((_, at) => `v${at}`);
      return { from: `${short(table)} AS ${alias}(${names.join(', ')})`, row: alias, names };
    },
  },
  {
    name: 'alias list that swaps names',
    honest: true,
    build: (table, alias, maker) => {
      const own = visible(table, maker).map(({ name }) => name);
      const names = [...own.slice(1), own[0] ?? ''];
      return { from: `${short(table)} AS ${alias}(${names.map(quoted).join(', ')})`, row: alias, names };
    },
  },
  {
    name: 'alias list of some',
    honest: true,
    build: (table, alias, maker) => {
      const own = visible(table, maker).map(({ name }) => name);
      const names = own.map((name, at) => (at < 3 ? `w${at}` : name));
      return { from: `${short(table)} AS ${alias}(w0, w1, w2)`, row: alias, names: own.length < 3 ? own : names };
    },
  },
];

/** How one column of a base table may be named. */
const REFERENCES: readonly {
  readonly name: string;
  readonly honest: boolean;
  sql(name: string, row: string): string;
}[] = [
  { name: 'qualified', honest: true, sql: (name, row) => `${row}.${quoted(name)}` },
  { name: 'bare', honest: true, sql: (name) => quoted(name) },
  { name: 'field of the row', honest: true, sql: (name, row) => `(${row}).${quoted(name)}` },
  { name: 'functional notation', honest: true, sql: (name, row) => `${quoted(name)}(${row})` },
  { name: 'unicode escapes', honest: true, sql: (name, row) => `${row}.${escaped(name)}` },
  { name: 'field of a parenthesised row', honest: true, sql: (name, row) => `((${row})).${quoted(name)}` },
];

function visible(table: Table, maker: Maker): Table['columns'] {
  return maker.honest ? table.columns.filter(({ guard }) => guard !== 'hidden') : table.columns;
}

export interface Base {
  readonly relation: Relation;
  readonly form: string;
}

export function baseRelation(table: Table, maker: Maker): Base {
  const fits = allowed(maker);
  const naming = maker.draw.pick(
    NAMINGS,
    (each) =>
      fits(each) &&
      (each.tablesOnly !== true || table.kind === 'table') &&
      (table.kind !== 'catalog' || /^(plain|alias|bare alias|qualified|unicode|comments)/.test(each.name)),
  );
  const { from, row, names } = naming.build(table, maker.fresh('t'), maker);
  const reference = maker.draw.pick(REFERENCES, fits);
  const columns = visible(table, maker);
  const derivedRow = naming.name === 'TABLE in parentheses';
  const fields = columns.map((column, at): Field => {
    const name = names?.[at] ?? column.name;
    // A renamed column is no attribute of the row's type, nor is a subquery's.
    const plain = names !== undefined || derivedRow;
    return { sql: (plain ? REFERENCES[0] : reference)?.sql(name, row) ?? '', name, column };
  });
  if (table.kind === 'catalog') {
    // Their columns have types of their own; as text they go through everything.
    const plain = columns.map(
      (column): Field => ({ sql: `${row}.${column.name}${column.type === 'text' ? '::text' : ''}`, name: column.name, column }),
    );
    const key: Field = {
      sql: table.keySql?.(row) ?? '1',
      name: table.key,
      column: { name: table.key, type: 'int', guard: 'clear' },
    };
    return {
      relation: {
        ctes: [],
        recursive: false,
        from,
        fields: plain,
        key,
        row,
        star: false,
        base: null,
        ...(table.fleeting === undefined ? {} : { fleeting: table.fleeting }),
      },
      form: naming.name,
    };
  }
  const key = fields.find(({ column }) => column.name === table.key) as Field;
  const relation: Relation = {
    ctes: [],
    recursive: false,
    from,
    fields,
    key,
    row,
    star: true,
    base: names === undefined && !derivedRow ? table : null,
  };
  return { relation, form: `${naming.name}/${reference.name}` };
}
