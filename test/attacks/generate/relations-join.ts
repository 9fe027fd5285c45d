/** Joins, LATERAL, and functions in FROM around a relation. */
import { derived, listOf, renamed, selectFrom, someFields, type Field, type Relation, type RelationForm } from './relation.ts';
import { quoted, SQL_TYPES, type Type } from './tables.ts';

/** What unnest takes apart further than it was put together. */
const SPREAD: readonly Type[] = ['texts', 'address'];

/** Joins that keep every row of the relation once (or once for each of two others) and its names. */
const PLAIN_JOINS: readonly (readonly [name: string, from: (inner: string, key: string, other: string) => string])[] = [
  ['inner join', (inner, key, o) => `${inner} JOIN generate_series(1, 2) AS ${o}(n) ON ${o}.n > ${key} - ${key}`],
  ['cross join', (inner, _key, o) => `${inner} CROSS JOIN (VALUES (1)) AS ${o}(n)`],
  ['left join', (inner, key, o) => `${inner} LEFT JOIN products AS ${o} ON ${o}.id = ${key}`],
  ['right join', (inner, key, o) => `(VALUES (1), (3)) AS ${o}(n) RIGHT JOIN ${inner} ON ${o}.n = ${key}`],
  ['nullable side', (inner, key, o) => `(VALUES (1), (3), (816)) AS ${o}(n) LEFT JOIN ${inner} ON ${o}.n = ${key}`],
  ['full join', (inner, key, o) => `${inner} FULL JOIN (VALUES (1), (3)) AS ${o}(n) ON ${o}.n = ${key}`],
  ['join with a filtered table', (inner, key, o) => `${inner} JOIN orders AS ${o} ON ${o}.customer_id = ${key} AND ${o}.id < 8`],
  [
    'left join with a masked table',
    (inner, key, o) => `${inner} LEFT JOIN customers AS ${o} ON ${o}.id = ${key} AND ${o}.ssn IS NOT NULL`,
  ],
  ['natural join', (inner, _key, o) => `${inner} NATURAL JOIN (SELECT 1 AS zz_${o}) AS ${o}`],
  ['natural left join', (inner, _key, o) => `${inner} NATURAL LEFT JOIN (SELECT 1 AS zz_${o}) AS ${o}`],
];

function plainJoin(name: string, from: (inner: string, key: string, other: string) => string): RelationForm {
  return {
    name,
    honest: true,
    build: (inner, maker) => {
      const other = maker.fresh('o');
      return {
        ...inner,
        from: from(joinable(inner), inner.key.sql, other),
        fields: qualifiedFields(inner),
        key: qualified(inner.key, inner),
        star: false,
      };
    },
  };
}

/** A join as operand of another is put in parentheses. */
function joinable({ from }: Relation): string {
  return /\bJOIN\b/.test(from) && !/^\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\) AS \w+$/.test(from) ? `(${from})` : from;
}

/** Beside another relation a bare name may be ambiguous. */
function qualified(field: Field, { row }: Relation): Field {
  return row !== null && !/[.()]/.test(field.sql) ? { ...field, sql: `${row}.${quoted(field.name)}` } : field;
}
const qualifiedFields = (inner: Relation): readonly Field[] => inner.fields.map((field) => qualified(field, inner));

function overOneField(
  name: string,
  item: (field: Field, alias: string) => string,
  options: { readonly honest?: boolean; readonly not?: readonly Type[]; readonly type?: Type } = {},
): RelationForm {
  return {
    name,
    honest: options.honest ?? true,
    build: (inner, maker) => {
      const safe = { ...inner, fields: qualifiedFields(inner), key: qualified(inner.key, inner) };
      const [key, field] = someFields(safe, maker, 1);
      if (key === undefined || field === undefined || options.not?.includes(field.column.type) === true) return null;
      const alias = maker.fresh('f');
      const from = `${joinable(inner)} CROSS JOIN LATERAL ${item(field, alias)}`;
      const column = { ...field.column, type: options.type ?? field.column.type };
      return { ...safe, from, fields: [key, { sql: `${alias}.v`, name: 'v', column }], key, row: alias, star: false, base: null };
    },
  };
}

export const JOINS: readonly RelationForm[] = [
  ...PLAIN_JOINS.map(([name, from]) => plainJoin(name, from)),
  {
    name: 'USING',
    honest: true,
    build: (inner, maker) => {
      const other = maker.fresh('o');
      const key = quoted(inner.key.name);
      const from = `${joinable(inner)} JOIN (SELECT n AS ${key} FROM generate_series(1, 12) AS g(n)) AS ${other} USING (${key})`;
      const merged: Field = { ...inner.key, sql: maker.draw.pick([key, `${other}.${key}`]) };
      return {
        ...inner,
        from,
        fields: [merged, ...qualifiedFields(inner).filter(({ name }) => name !== inner.key.name)],
        key: merged,
        star: false,
      };
    },
  },
  {
    name: 'USING with an alias',
    honest: true,
    build: (inner, maker) => {
      const [other, alias] = [maker.fresh('o'), maker.fresh('j')];
      const fields = someFields(inner, maker, 1);
      const [, field] = fields;
      if (field === undefined || field.name === inner.key.name) return null;
      const [key, target] = [quoted(inner.key.name), quoted(field.name)];
      const again = selectFrom({ ...inner }, `${inner.key.sql} AS ${key}, ${field.sql} AS ${target}`);
      const from = `${joinable(inner)} JOIN (${again}) AS ${other} USING (${key}, ${target}) AS ${alias}`;
      const own = renamed([inner.key, field], alias);
      return { ...inner, from, fields: own, key: own[0] as Field, row: alias, star: false, base: null };
    },
  },
  {
    name: 'natural join with itself',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 1);
      const [a, b] = [maker.fresh('n'), maker.fresh('n')];
      const query = selectFrom(inner, listOf(fields));
      const own = fields.map((field): Field => ({ ...field, sql: quoted(field.name) }));
      return {
        ...derived(inner, `(${query}) AS ${a} NATURAL JOIN (${query}) AS ${b}`, a, fields),
        fields: own,
        key: own[0] as Field,
        row: null,
      };
    },
  },
  {
    name: 'full join using',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 1);
      const [a, b] = [maker.fresh('n'), maker.fresh('n')];
      const key = quoted(inner.key.name);
      const from = `(${selectFrom(inner, listOf(fields))}) AS ${a} FULL JOIN (SELECT n AS ${key} FROM generate_series(1, 3) AS g(n)) AS ${b} USING (${key})`;
      const own = fields.map((field, at): Field => ({ ...field, sql: at === 0 ? key : `${a}.${quoted(field.name)}` }));
      return { ...derived(inner, from, a, fields), fields: own, key: own[0] as Field, row: a, star: false };
    },
  },
  {
    name: 'alias over a join',
    honest: true,
    build: (inner, maker) => {
      const [o, j] = [maker.fresh('o'), maker.fresh('j')];
      const own = renamed(inner.fields, j);
      const at = inner.fields.findIndex(({ name }) => name === inner.key.name);
      if (!inner.star) return null;
      return {
        ...derived(inner, `(${inner.from} CROSS JOIN (SELECT 1 AS zz_${o}) AS ${o}) AS ${j}`, j, inner.fields),
        key: own[Math.max(0, at)] as Field,
        ctes: inner.ctes,
        recursive: inner.recursive,
        star: false,
      };
    },
  },
  {
    name: 'alias list over a join',
    honest: true,
    build: (inner, maker) => {
      if (!inner.star) return null;
      const [o, j] = [maker.fresh('o'), maker.fresh('j')];
      const own = inner.fields.map((_, at) => `q${at}`);
      const relation = derived(
        inner,
        `(${inner.from} CROSS JOIN (SELECT 1 AS zz_${o}) AS ${o}) AS ${j}(${own.join(', ')})`,
        j,
        inner.fields,
        own,
      );
      return { ...relation, ctes: inner.ctes, recursive: inner.recursive, star: false };
    },
  },
  {
    name: 'LATERAL',
    honest: true,
    build: (inner, maker) => {
      const alias = maker.fresh('l');
      const fields = someFields({ ...inner, fields: qualifiedFields(inner), key: qualified(inner.key, inner) }, maker, 3);
      const kind = maker.draw.pick(['CROSS JOIN LATERAL %', 'JOIN LATERAL % ON true', 'LEFT JOIN LATERAL % ON true']);
      const relation = derived(
        inner,
        `${joinable(inner)} ${kind.replace('%', `(SELECT ${listOf(fields)}) AS ${alias}`)}`,
        alias,
        fields,
      );
      return { ...relation, ctes: inner.ctes, recursive: inner.recursive, star: false };
    },
  },
  {
    name: 'LATERAL on the other side',
    honest: true,
    build: (inner, maker) => {
      const [alias, other] = [maker.fresh('l'), maker.fresh('o')];
      const fields = someFields(inner, maker, 3);
      const query = selectFrom(inner, listOf(fields), ` WHERE ${other}.n = 1`);
      return {
        ...derived(inner, `generate_series(1, 2) AS ${other}(n) CROSS JOIN LATERAL (${query}) AS ${alias}`, alias, fields),
        star: false,
      };
    },
  },
  overOneField('unnest', ({ sql }, alias) => `unnest(ARRAY[${sql}]) AS ${alias}(v)`, { not: SPREAD }),
  overOneField('ROWS FROM', ({ sql }, alias) => `ROWS FROM (unnest(ARRAY[${sql}]), generate_series(1, 1)) AS ${alias}(v, n)`, {
    not: SPREAD,
  }),
  overOneField('WITH ORDINALITY', ({ sql }, alias) => `unnest(ARRAY[${sql}]) WITH ORDINALITY AS ${alias}(v, n)`, { not: SPREAD }),
  overOneField('VALUES in LATERAL', ({ sql }, alias) => `(VALUES (${sql})) AS ${alias}(v)`),
  overOneField(
    'jsonb_to_record',
    ({ sql, column }, alias) => `jsonb_to_record(jsonb_build_object('v', ${sql})) AS ${alias}(v ${SQL_TYPES[column.type]})`,
  ),
  {
    name: 'arrays of sublinks',
    honest: true,
    build: (inner, maker) => {
      const [key, field] = someFields(inner, maker, 1);
      if (key === undefined || field === undefined || field.column.type === 'texts' || field.column.type === 'address')
        return null;
      const alias = maker.fresh('a');
      const array = (sql: string): string => `ARRAY(${selectFrom(inner, sql, ` ORDER BY ${key.sql}`)})`;
      const fields = [key, field].map((each, at): Field => ({ ...each, sql: `${alias}.v${at}`, name: `v${at}` }));
      return {
        ...derived(inner, `unnest(${array(key.sql)}, ${array(field.sql)}) AS ${alias}(v0, v1)`, alias, [key, field]),
        fields,
        key: fields[0] as Field,
      };
    },
  },
  {
    name: 'VALUES of sublinks',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 1);
      const alias = maker.fresh('v');
      const own = fields.map((_, at) => `v${at}`);
      const row = (offset: number): string =>
        `(${fields.map(({ sql }) => `(${selectFrom(inner, sql, ` ORDER BY ${inner.key.sql} LIMIT 1 OFFSET ${offset}`)})`).join(', ')})`;
      return derived(inner, `(VALUES ${row(0)}, ${row(1)}) AS ${alias}(${own.join(', ')})`, alias, fields, own);
    },
  },
  {
    name: 'jsonb_to_recordset',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 2);
      const [alias, q] = [maker.fresh('x'), maker.fresh('q')];
      const types = fields.map(({ name, column }) => `${quoted(name)} ${SQL_TYPES[column.type]}`).join(', ');
      const document = `(SELECT jsonb_agg(to_jsonb(${q})) FROM (${selectFrom(inner, listOf(fields))}) AS ${q})`;
      return derived(inner, `jsonb_to_recordset(${document}) AS ${alias}(${types})`, alias, fields);
    },
  },
  {
    name: 'json_populate_recordset',
    honest: false,
    build: (inner, maker) => {
      if (inner.base === null || inner.row === null) return null;
      const alias = maker.fresh('x');
      const type = `${quoted(inner.base.schema)}.${quoted(inner.base.name)}`;
      return derived(
        inner,
        `jsonb_populate_recordset(NULL::${type}, (${selectFrom(inner, `jsonb_agg(${inner.row})`)})) AS ${alias}`,
        alias,
        inner.fields,
      );
    },
  },
  {
    name: 'JSON_TABLE',
    honest: true,
    since: 18,
    build: (inner, maker) => {
      const [key, field] = someFields(inner, maker, 1);
      if (key === undefined || field === undefined) return null;
      const [alias, q] = [maker.fresh('x'), maker.fresh('q')];
      const document = `(SELECT jsonb_agg(to_jsonb(${q})) FROM (${selectFrom(inner, `${key.sql} AS k, ${field.sql} AS v`)}) AS ${q})`;
      const type = field.column.type === 'jsonb' ? 'jsonb' : 'text';
      const from = `JSON_TABLE(${document}, '$[*]' COLUMNS (k bigint PATH '$.k', v ${type} PATH '$.v')) AS ${alias}`;
      const column = field.column.type === 'jsonb' ? field.column : { ...field.column, type: 'text' as const };
      return derived({ ...inner, key: { ...key, name: 'k' } }, from, alias, [
        { ...key, name: 'k' },
        { ...field, name: 'v', column },
      ]);
    },
  },
  overOneField(
    'XMLTABLE',
    ({ sql }, alias) => `XMLTABLE('/a' PASSING xmlelement(name a, (${sql})::text) COLUMNS v text PATH '.') AS ${alias}`,
    { honest: false, type: 'text' },
  ),
  {
    name: 'row carried as a value',
    honest: false,
    build: (inner, maker) => {
      if (inner.base === null || inner.row === null) return null;
      const alias = maker.fresh('s');
      const fields = inner.fields.map((field): Field => ({ ...field, sql: `(${alias}.w).${quoted(field.name)}` }));
      const key = fields.find(({ name }) => name === inner.key.name) as Field;
      return {
        ctes: [],
        recursive: false,
        from: `(${selectFrom(inner, `${inner.row} AS w`)}) AS ${alias}`,
        fields,
        key,
        row: `${alias}.w`,
        star: false,
        base: inner.base,
      };
    },
  },
];
