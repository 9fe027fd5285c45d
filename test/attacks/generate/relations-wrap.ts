/** Subqueries, common table expressions and set operations around a relation. */
import {
  derived,
  listOf,
  renamed,
  selectFrom,
  someFields,
  withClause,
  type Field,
  type Relation,
  type RelationForm,
} from './relation.ts';
import { quoted } from './tables.ts';

const names = (fields: readonly Field[]): string => fields.map(({ name }) => quoted(name)).join(', ');
/** Jsonb and the like can be compared; a point of a type without an equality operator is not among the columns. */
const keyOf = (inner: Relation): string => inner.key.sql;

/** A subquery with a tail: everything that only changes how the rows are taken. */
function subquery(
  name: string,
  tail: (inner: Relation) => string,
  options: { readonly honest?: boolean; readonly distinct?: boolean } = {},
): RelationForm {
  return {
    name,
    honest: options.honest ?? true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 3);
      const alias = maker.fresh('d');
      return derived(inner, `(${selectFrom(inner, listOf(fields), tail(inner))}) AS ${alias}`, alias, fields);
    },
  };
}

function cte(name: string, head: (alias: string, columns: string) => string, honest = true): RelationForm {
  return {
    name,
    honest,
    build: (inner, maker) => {
      const alias = maker.fresh('c');
      const fields = someFields(inner, maker, 3);
      const own = fields.map((_, at) => `k${at}`);
      const listed = head(alias, '').includes('(');
      const text = `${head(alias, own.join(', '))}(${withClause(inner)}SELECT ${listOf(fields)} FROM ${inner.from})`;
      return { ...derived(inner, alias, alias, fields, listed ? own : undefined), ctes: [text] };
    },
  };
}

function setOperation(name: string, other: (inner: Relation, list: string) => string): RelationForm {
  return {
    name,
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 2);
      const alias = maker.fresh('u');
      const query = selectFrom(inner, listOf(fields));
      return derived(inner, `((${query}) ${other(inner, listOf(fields))}) AS ${alias}`, alias, fields);
    },
  };
}

/** Rows of `inner` again, none of them: keeps a set operation from changing the answer. */
const again = (inner: Relation, list: string, where: string): string => `(${selectFrom(inner, list, ` WHERE ${where}`)})`;

export const WRAPS: readonly RelationForm[] = [
  {
    name: 'subquery with a star',
    honest: true,
    build: (inner, maker) => {
      if (!inner.star) return null;
      const alias = maker.fresh('d');
      return derived(inner, `(${selectFrom(inner, '*')}) AS ${alias}`, alias, inner.fields);
    },
  },
  {
    name: 'subquery with a qualified star',
    honest: true,
    build: (inner, maker) => {
      if (!inner.star || inner.row === null) return null;
      const alias = maker.fresh('d');
      return derived(inner, `(${selectFrom(inner, `${inner.row}.*`)}) AS ${alias}`, alias, inner.fields);
    },
  },
  {
    name: 'subquery with the star of the row',
    honest: true,
    build: (inner, maker) => {
      if (!inner.star || inner.row === null) return null;
      const alias = maker.fresh('d');
      return derived(inner, `(${selectFrom(inner, `(${inner.row}).*`)}) AS ${alias}`, alias, inner.fields);
    },
  },
  subquery('subquery', () => ''),
  subquery('OFFSET 0', () => ' OFFSET 0'),
  subquery('ORDER BY', (inner) => ` ORDER BY ${keyOf(inner)}`),
  subquery('ORDER BY … LIMIT', (inner) => ` ORDER BY ${keyOf(inner)} LIMIT 500`),
  subquery('FETCH FIRST WITH TIES', (inner) => ` ORDER BY ${keyOf(inner)} FETCH FIRST 100 ROWS WITH TIES`),
  subquery('FOR UPDATE', () => ' FOR UPDATE', { honest: false }),
  subquery('WHERE EXISTS', (inner) => ` WHERE EXISTS (SELECT ${keyOf(inner)})`),
  {
    name: 'DISTINCT',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 2);
      const alias = maker.fresh('d');
      return derived(inner, `(${selectFrom(inner, `DISTINCT ${listOf(fields)}`)}) AS ${alias}`, alias, fields);
    },
  },
  {
    name: 'DISTINCT ON',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 2);
      const alias = maker.fresh('d');
      const list = `DISTINCT ON (${keyOf(inner)}) ${listOf(fields)}`;
      return derived(inner, `(${selectFrom(inner, list, ` ORDER BY ${keyOf(inner)}`)}) AS ${alias}`, alias, fields);
    },
  },
  ...[
    'GROUP BY %',
    'GROUP BY GROUPING SETS ((%), ())',
    'GROUP BY ROLLUP (%)',
    'GROUP BY CUBE (%)',
    'GROUP BY DISTINCT ROLLUP (%)',
  ].map(
    (clause): RelationForm => ({
      name: clause,
      honest: true,
      build: (inner, maker) => {
        const fields = someFields(inner, maker, 1);
        const alias = maker.fresh('g');
        const by = fields.map(({ sql }) => sql).join(', ');
        return derived(
          inner,
          `(${selectFrom(inner, listOf(fields), ` ${clause.replace('%', by)} HAVING GROUPING(${by}) = 0`)}) AS ${alias}`,
          alias,
          fields,
        );
      },
    }),
  ),
  {
    name: 'window',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 2);
      const [, target] = fields;
      if (target === undefined) return null;
      const alias = maker.fresh('w');
      const over = maker.draw.pick([
        'first_value(%) OVER (PARTITION BY #)',
        'last_value(%) OVER (PARTITION BY #)',
        'nth_value(%, 1) OVER (PARTITION BY # ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)',
        'lag(%, 0) OVER (ORDER BY #)',
      ]);
      const list = fields.map((field) =>
        field === target
          ? `${over.replace('%', field.sql).replace('#', keyOf(inner))} AS ${quoted(field.name)}`
          : `${field.sql} AS ${quoted(field.name)}`,
      );
      return derived(inner, `(${selectFrom(inner, list.join(', '))}) AS ${alias}`, alias, fields);
    },
  },
  {
    name: 'renamed by an alias list',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 3);
      const alias = maker.fresh('d');
      // Harmless names for what stands behind them.
      const own = ['id', 'city', 'name', 'tenant'].slice(0, fields.length);
      const query = selectFrom(inner, fields.map(({ sql }) => sql).join(', '));
      return derived(inner, `(${query}) AS ${alias}(${own.join(', ')})`, alias, fields, own);
    },
  },
  {
    name: 'output aliases of other columns',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 3);
      const alias = maker.fresh('d');
      const own = ['region', 'id', 'label', 'created_at'].slice(0, fields.length);
      const list = fields.map(({ sql }, at) => `${sql} AS ${own[at]}`).join(', ');
      return derived(inner, `(${selectFrom(inner, list)}) AS ${alias}`, alias, fields, own);
    },
  },
  cte('CTE', (alias) => `${alias} AS `),
  cte('CTE with columns', (alias, own) => `${alias}(${own}) AS `),
  cte('materialized CTE', (alias) => `${alias} AS MATERIALIZED `),
  cte('inlined CTE', (alias) => `${alias} AS NOT MATERIALIZED `),
  {
    name: 'CTE of the table’s name',
    honest: true,
    build: (inner, maker) => {
      const shadow = inner.base?.name ?? 'customers';
      const fields = someFields(inner, maker, 3);
      const text = `${quoted(shadow)} AS (${selectFrom(inner, listOf(fields))})`;
      return { ...derived(inner, quoted(shadow), quoted(shadow), fields), ctes: [text] };
    },
  },
  {
    name: 'CTE beside a shadow out of reach',
    honest: true,
    build: (inner, maker) => {
      const fields = someFields(inner, maker, 3);
      const [alias, other] = [maker.fresh('d'), maker.fresh('x')];
      const shadow = quoted(inner.base?.name ?? (maker.honest ? 'order_items' : 'payroll'));
      const list = `${listOf(fields)}, (WITH ${shadow} AS (SELECT 1 AS one) SELECT one FROM ${shadow}) AS ${other}`;
      return { ...derived(inner, `(${selectFrom(inner, list)}) AS ${alias}`, alias, fields), star: false };
    },
  },
  {
    name: 'recursive CTE',
    honest: true,
    build: (inner, maker) => {
      const alias = maker.fresh('r');
      const fields = someFields(inner, maker, 2);
      const union = maker.draw.pick(['UNION ALL', 'UNION']);
      const text = `${alias}(${names(fields)}) AS (${selectFrom(inner, listOf(fields))} ${union} SELECT ${renamed(fields, alias)
        .map(({ sql }) => sql)
        .join(', ')} FROM ${alias} WHERE ${renamed([inner.key], alias)[0]?.sql} < 0)`;
      // Inside the parentheses a WITH of the inner relation would belong to both arms.
      if (inner.ctes.length > 0) return null;
      return { ...derived(inner, alias, alias, fields), ctes: [text], recursive: true };
    },
  },
  {
    name: 'recursive CTE with SEARCH and CYCLE',
    honest: true,
    build: (inner, maker) => {
      const alias = maker.fresh('r');
      const fields = someFields(inner, maker, 1);
      const [key, other] = fields;
      if (inner.ctes.length > 0 || key === undefined || other === undefined) return null;
      const [first, second] = [quoted(key.name), quoted(other.name)];
      const how = maker.draw.pick(['SEARCH DEPTH FIRST', 'SEARCH BREADTH FIRST']);
      const text = `${alias}(${first}, ${second}) AS (${selectFrom(inner, listOf(fields))} UNION ALL SELECT ${alias}.${first}, ${alias}.${second} FROM ${alias} WHERE ${alias}.${first} < 0) ${how} BY ${second} SET walked CYCLE ${first} SET looped USING trail`;
      return { ...derived(inner, alias, alias, fields), ctes: [text], recursive: true, star: false };
    },
  },
  {
    name: 'TABLE of a CTE',
    honest: true,
    build: (inner, maker) => {
      const [alias, name] = [maker.fresh('d'), maker.fresh('c')];
      const fields = someFields(inner, maker, 3);
      return derived(inner, `(WITH ${name} AS (${selectFrom(inner, listOf(fields))}) TABLE ${name}) AS ${alias}`, alias, fields);
    },
  },
  setOperation('UNION ALL', (inner, list) => `UNION ALL ${again(inner, list, 'false')}`),
  setOperation('UNION', (inner, list) => `UNION ${again(inner, list, 'true')}`),
  setOperation('UNION of the other arm', (inner, list) => `EXCEPT ${again(inner, list, 'false')}`),
  setOperation('INTERSECT', (inner, list) => `INTERSECT ALL ${again(inner, list, 'true')}`),
];
