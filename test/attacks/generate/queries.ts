/** Where in a query the expression stands: one SELECT around a relation. */
import { AGGREGATES, CONDITIONS, SETS, WINDOWS, type Over } from './clauses.ts';
import { ARRAY_CARRIERS, CARRIERS, ROWS, SINKS, type Expression } from './expressions.ts';
import { allowed, selectFrom, worthwhile, type Field, type Maker, type Relation } from './relation.ts';
import { NothingFits } from './draw.ts';
import { quoted } from './tables.ts';

export interface Query {
  readonly sql: string;
  /** Names of what was composed, innermost first. */
  readonly parts: readonly string[];
  /** Its rows come in an order that was asked for. */
  readonly ordered: boolean;
}

/** What stands at a place: text, and what it was made of. */
interface Piece {
  readonly sql: string;
  readonly parts: readonly string[];
}

/** Several columns become one. */
export function single(sql: string): string {
  return hasTopLevelComma(sql) ? `ROW(${sql})::text` : sql;
}

function hasTopLevelComma(sql: string): boolean {
  let depth = 0;
  let inString = false;
  for (const letter of sql) {
    if (letter === "'") inString = !inString;
    if (inString) continue;
    if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter)) depth--;
    else if (letter === ',' && depth === 0) return true;
  }
  return false;
}

export function carried(field: Field, maker: Maker): Piece {
  const { draw } = maker;
  const arrays = field.column.type !== 'texts';
  let piece: Piece = { sql: field.sql, parts: [field.column.name] };
  for (let depth = draw.pick([0, 0, 1, 1, 2]); depth > 0; depth--) {
    const carrier: Expression = draw.pick(arrays ? [...CARRIERS, ...ARRAY_CARRIERS] : CARRIERS, allowed(maker));
    piece = { sql: carrier.sql(piece.sql), parts: [...piece.parts, carrier.name] };
  }
  return piece;
}

export function shown(field: Field, maker: Maker): Piece {
  const { sql, parts } = carried(field, maker);
  const sink = maker.draw.pick(SINKS[field.column.type], allowed(maker));
  return { sql: sink.sql(sql), parts: [...parts, sink.name] };
}

function over(list: readonly Over[], field: Field, key: string, maker: Maker): Piece {
  const fits = allowed(maker);
  const { sql, parts } = carried(field, maker);
  const each = maker.draw.pick(list, (one) => fits(one) && (one.types === undefined || one.types.includes(field.column.type)));
  return { sql: each.sql(sql, key), parts: [...parts, each.name] };
}

export const condition = (field: Field, key: string, maker: Maker): Piece => over(CONDITIONS, field, key, maker);

interface Place {
  readonly name: string;
  readonly honest: boolean;
  readonly ordered?: boolean;
  build(relation: Relation, field: Field, maker: Maker): Piece | null;
}

const place = (
  name: string,
  build: Place['build'],
  options: { readonly ordered?: boolean; readonly honest?: boolean } = {},
): Place => ({
  name,
  honest: options.honest ?? true,
  ordered: options.ordered ?? false,
  build,
});

const at = (piece: Piece, sql: (text: string) => string): Piece => ({ sql: sql(piece.sql), parts: piece.parts });

export const PLACES: readonly Place[] = [
  ...Array.from({ length: 5 }, () =>
    place('target list', (r, f, m) => at(shown(f, m), (x) => selectFrom(r, `${r.key.sql} AS key, ${x}`))),
  ),
  ...Array.from({ length: 2 }, () =>
    place('aggregate', (r, f, m) => at(over(AGGREGATES, f, r.key.sql, m), (x) => selectFrom(r, x))),
  ),
  place('grouped aggregate', (r, f, m) =>
    at(over(AGGREGATES, f, r.key.sql, m), (x) =>
      selectFrom(
        r,
        `${r.key.sql} % 3 AS k, ${x}`,
        ` GROUP BY ${m.draw.pick(['1', `${r.key.sql} % 3`, `ROLLUP (${r.key.sql} % 3)`])}`,
      ),
    ),
  ),
  place('window', (r, f, m) => at(over(WINDOWS, f, r.key.sql, m), (x) => selectFrom(r, `${r.key.sql} AS key, ${x}`))),
  place('set in the target list', (r, f, m) =>
    at(over(SETS, f, r.key.sql, m), (x) => selectFrom(r, `${r.key.sql} AS key, ${x}`)),
  ),
  place('set in FROM', (r, f, m) =>
    at(over(SETS, f, r.key.sql, m), (x) => `${selectFrom(r, 's.*', ` CROSS JOIN LATERAL ${x} AS s`)}`),
  ),
  ...Array.from({ length: 2 }, () => place('whole row', (r, _f, m) => row(r, m))),
  ...Array.from({ length: 2 }, () =>
    place('WHERE', (r, f, m) => at(condition(f, r.key.sql, m), (x) => selectFrom(r, `${r.key.sql} AS key`, ` WHERE ${x}`))),
  ),
  place(
    'ORDER BY',
    (r, f, m) => at(ordering(f, m), (x) => selectFrom(r, `${r.key.sql} AS key`, ` ORDER BY ${x}, ${r.key.sql}`)),
    { ordered: true },
  ),
  place(
    'ORDER BY … LIMIT',
    (r, f, m) => at(ordering(f, m), (x) => selectFrom(r, `${r.key.sql} AS key`, ` ORDER BY ${x} DESC, ${r.key.sql} LIMIT 3`)),
    {
      ordered: true,
    },
  ),
  place(
    'ORDER BY … USING',
    (r, f, m) => at(carried(f, m), (x) => selectFrom(r, `${r.key.sql} AS key`, ` ORDER BY (${x})::text USING ~<~, ${r.key.sql}`)),
    {
      ordered: true,
    },
  ),
  place('GROUP BY', (r, f, m) => at(shown(f, m), (x) => selectFrom(r, `${single(x)} AS v, count(*)`, ' GROUP BY 1'))),
  place('GROUP BY an expression', (r, f, m) =>
    at(condition(f, r.key.sql, m), (x) => selectFrom(r, 'count(*), min(1)', ` GROUP BY (${x}) ORDER BY 1`)),
  ),
  place('HAVING', (r, f, m) =>
    at(condition(f, r.key.sql, m), (x) => selectFrom(r, `${r.key.sql} % 4 AS k`, ` GROUP BY 1 HAVING bool_or(${x})`)),
  ),
  place('FILTER', (r, f, m) => at(condition(f, r.key.sql, m), (x) => selectFrom(r, `count(*) FILTER (WHERE ${x}), count(*)`))),
  place('condition in the target list', (r, f, m) =>
    at(condition(f, r.key.sql, m), (x) => selectFrom(r, `${r.key.sql} AS key, (${x}) AS told`)),
  ),
  place('join condition', (r, f, m) => {
    const join = m.draw.pick(['JOIN', 'LEFT JOIN']);
    return at(condition(f, r.key.sql, m), (x) =>
      selectFrom(
        { ...r, from: `products AS jp ${join} ${inParentheses(r.from)} ON jp.id = ${r.key.sql} AND (${x})` },
        `jp.id, ${r.key.sql} AS key`,
      ),
    );
  }),
  place('EXISTS', (r, f, m) =>
    at(
      condition(f, r.key.sql, m),
      (x) =>
        `SELECT ep.id FROM products AS ep WHERE ${m.draw.pick(['EXISTS', 'NOT EXISTS'])} (${selectFrom(r, '1', ` WHERE ${r.key.sql} = ep.id AND (${x})`)})`,
    ),
  ),
  place('IN', (r, f, m) =>
    at(
      condition(f, r.key.sql, m),
      (x) =>
        `SELECT ip.id FROM products AS ip WHERE ip.id ${m.draw.pick(['IN', '= ANY'])} (${selectFrom(r, r.key.sql, ` WHERE ${x}`)})`,
    ),
  ),
  place('scalar sublink', (r, f, m) =>
    at(shown(f, m), (x) => `SELECT (${selectFrom(r, single(x), ` ORDER BY ${r.key.sql} LIMIT 1`)}) AS v`),
  ),
  place('ARRAY sublink', (r, f, m) =>
    at(shown(f, m), (x) => `SELECT ARRAY(${selectFrom(r, `(${single(x)})::text`, ` ORDER BY ${r.key.sql}`)}) AS v`),
  ),
  place('VALUES', (r, f, m) => at(over(AGGREGATES, f, r.key.sql, m), (x) => `VALUES (1, (${selectFrom(r, single(x))}))`)),
  place('LATERAL', (r, f, m) =>
    at(shown(f, m), (x) => selectFrom(r, 'll.v', ` CROSS JOIN LATERAL (SELECT ${single(x)} AS v) AS ll`)),
  ),
  place('UNION', (r, f, m) =>
    at(
      shown(f, m),
      (x) => `SELECT sku FROM products ${m.draw.pick(['UNION ALL', 'UNION'])} (${selectFrom(r, `(${single(x)})::text`)})`,
    ),
  ),
  place('EXCEPT', (r, f, m) =>
    at(shown(f, m), (x) => `(${selectFrom(r, `(${single(x)})::text AS v`)}) EXCEPT SELECT sku FROM products`),
  ),
  place('DISTINCT ON', (r, f, m) =>
    at(shown(f, m), (x) =>
      selectFrom(r, `DISTINCT ON (${r.key.sql} % 2) ${single(x)} AS v`, ` ORDER BY ${r.key.sql} % 2, ${r.key.sql}`),
    ),
  ),
  place('DISTINCT', (r, f, m) => at(shown(f, m), (x) => selectFrom(r, `DISTINCT (${single(x)})::text AS v`))),
  place('named window', (r, f, m) =>
    at(carried(f, m), (x) => selectFrom(r, `first_value(${x}) OVER w AS v`, ` WINDOW w AS (PARTITION BY ${r.key.sql})`)),
  ),
  place('window partition', (r, f, m) =>
    at(condition(f, r.key.sql, m), (x) => selectFrom(r, `${r.key.sql} AS key, count(*) OVER (PARTITION BY (${x}))`)),
  ),
  place(
    'LIMIT',
    (r, f, m) =>
      at(
        condition(f, r.key.sql, m),
        (x) => `SELECT id FROM products ORDER BY id LIMIT (${selectFrom(r, `count(*) FILTER (WHERE ${x})`)})`,
      ),
    { ordered: true },
  ),
  place(
    'OFFSET',
    (r, f, m) =>
      at(
        condition(f, r.key.sql, m),
        (x) => `SELECT id FROM products ORDER BY id OFFSET (${selectFrom(r, `count(*) FILTER (WHERE ${x})`)})`,
      ),
    { ordered: true },
  ),
  place('function in FROM', (r, f, m) =>
    at(
      condition(f, r.key.sql, m),
      (x) => `SELECT g FROM generate_series(1, (${selectFrom(r, `count(*) FILTER (WHERE ${x})`)})) AS g`,
    ),
  ),
  place('count', (r, _f, _m) => ({ sql: selectFrom(r, `count(*), sum(${r.key.sql} % 1000)`), parts: ['rows'] })),
  place('GROUP BY the key', (r, f, m) =>
    groupsByKey(r, m)
      ? at(shown(f, m), (x) => selectFrom(r, `${r.key.sql} AS key, ${x}, count(*)`, ` GROUP BY ${r.key.sql}`))
      : null,
  ),
  place('GROUP BY the key HAVING', (r, f, m) =>
    groupsByKey(r, m)
      ? at(condition(f, r.key.sql, m), (x) => selectFrom(r, `count(*), min(${r.key.sql})`, ` GROUP BY ${r.key.sql} HAVING ${x}`))
      : null,
  ),
  place('GROUP BY an alias that is a column', (r, f, m) => {
    const other = quoted(m.draw.pick(r.fields).name);
    return at(shown(f, m), (x) =>
      selectFrom(r, `${single(x)} AS ${other}, count(*)`, ` GROUP BY ${other}, ${r.key.sql}, ${f.sql}`),
    );
  }),
  place('ORDER BY an alias that is a column', (r, f, m) => {
    const other = quoted(m.draw.pick(r.fields).name);
    return at(carried(f, m), (x) => selectFrom(r, `(${x})::text AS ${other}, ${r.key.sql} AS key`, ` ORDER BY ${other}, key`));
  }),
  place('ORDER BY a position', (r, f, m) =>
    at(carried(f, m), (x) => selectFrom(r, `(${x})::text, ${r.key.sql} AS key`, ' ORDER BY 1 DESC, 2')),
  ),
  place(
    'system columns',
    (r, f, m) => {
      if (r.base?.kind !== 'table' || r.row === null) return null;
      const columns = m.draw.pick(['%.ctid', '%.tableoid::regclass', '%.xmin', '(%).tableoid', 'tableoid']).replace('%', r.row);
      return at(shown(f, m), (x) =>
        selectFrom(r, `${columns}, ${x}`, m.draw.pick(['', ` WHERE ${r.row}.ctid >= '(0,0)'`, ` ORDER BY ${r.row}.ctid`])),
      );
    },
    { honest: false },
  ),
  place(
    'FOR UPDATE',
    (r, f, m) =>
      at(shown(f, m), (x) =>
        selectFrom(r, x, ` ${m.draw.pick(['FOR UPDATE', 'FOR SHARE', 'FOR NO KEY UPDATE SKIP LOCKED', 'FOR KEY SHARE NOWAIT'])}`),
      ),
    {
      honest: false,
    },
  ),
  place('error in WHERE of hidden rows', (r, _f, m) => {
    const probe = m.draw.pick([
      '1 / (% / 10000000 - 82) <> 5',
      '1 / (% / 1000000 - 816) <> 5',
      '% / 1000000 = 821 AND 1 / coalesce(nullif(%, %), 0) >= 0',
      '(% % 2147483647)::int < 0 OR (% * 10)::int > 0',
    ]);
    return {
      sql: selectFrom(
        r,
        `${r.key.sql} AS key`,
        ` WHERE ${probe.replaceAll('%', `${r.key.sql}`).replaceAll(`${r.key.sql} ${r.key.sql} 2147483647`, `${r.key.sql} % 2147483647`)}`,
      ),
      parts: ['probe'],
    };
  }),
];

/** That other columns follow from the key is known where it is plainly named. */
function groupsByKey(relation: Relation, maker: Maker): boolean {
  return relation.base?.kind === 'table' && relation.base.name !== 'events' && !(maker.honest && /[()]/.test(relation.key.sql));
}

function ordering(field: Field, maker: Maker): Piece {
  const piece = carried(field, maker);
  return {
    ...piece,
    sql: field.column.type === 'text' ? `${piece.sql}${maker.draw.pick(['', ' COLLATE "C"', ' NULLS FIRST'])}` : piece.sql,
  };
}

function row(relation: Relation, maker: Maker): Piece | null {
  if (relation.row === null) return null;
  const fits = allowed(maker);
  const sink = maker.draw.pick(ROWS, (each) => fits(each) && (relation.fleeting !== true || !each.name.startsWith('hash ')));
  const aggregate = maker.draw.pick(['', '', '', 'json_agg(% ORDER BY #)', 'max((%)::text)', 'array_agg(% ORDER BY #)']);
  const shape = sink.sql(relation.row);
  // Rows as such only in aggregates that an honest client uses.
  const text =
    aggregate === '' || (maker.honest && aggregate.startsWith('array_agg'))
      ? shape
      : aggregate.replace('%', single(shape)).replace('#', relation.key.sql);
  return { sql: selectFrom(relation, text), parts: ['row', sink.name, ...(aggregate === '' ? [] : [aggregate])] };
}

function inParentheses(from: string): string {
  return /\bJOIN\b/.test(from) ? `(${from})` : from;
}

/** Whatever may follow `relation`, over one of the fields that `wanted` names. */
export function composeQuery(relation: Relation, wanted: (field: Field) => boolean, maker: Maker): Query {
  const fits = allowed(maker);
  const fields = relation.fields.filter(wanted);
  if (fields.length === 0) throw new NothingFits();
  for (let tries = 0; tries < 6; tries++) {
    const field = maker.draw.pick(worthwhile(fields, maker));
    const where = maker.draw.pick(PLACES, fits);
    const piece = attempt(() => where.build(relation, field, maker));
    if (piece !== null) return { sql: piece.sql, parts: [...piece.parts, where.name], ordered: where.ordered === true };
  }
  throw new NothingFits();
}

function attempt(build: () => Piece | null): Piece | null {
  try {
    return build();
  } catch (error) {
    if (error instanceof NothingFits) return null;
    throw error;
  }
}
