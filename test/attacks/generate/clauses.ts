/** Aggregates, window functions, set-returning functions and conditions over one value. */
import type { Type } from './tables.ts';

export interface Over {
  readonly name: string;
  readonly honest: boolean;
  readonly since?: 18;
  /** Types it takes; undefined: any. */
  readonly types?: readonly Type[];
  /** `k` is the key: an order that the answer can rely on. */
  sql(x: string, k: string): string;
}

const o = (name: string, sql: Over['sql'], options: Partial<Pick<Over, 'honest' | 'types' | 'since'>> = {}): Over => ({
  name,
  honest: options.honest ?? true,
  sql,
  ...(options.types === undefined ? {} : { types: options.types }),
  ...(options.since === undefined ? {} : { since: options.since }),
});
const TEXT: readonly Type[] = ['text'];
const NUMBERS: readonly Type[] = ['number', 'int'];
const ORDERED: readonly Type[] = ['text', 'number', 'int', 'date', 'timestamp', 'inet'];

export const AGGREGATES: readonly Over[] = [
  o('min and max', (x) => `min(${x}), max(${x})`, { types: ORDERED }),
  o('count', (x) => `count(${x}), count(DISTINCT ${x})`, { types: ORDERED }),
  o('string_agg', (x, k) => `string_agg(${x}::text, ',' ORDER BY ${k})`),
  o('string_agg by another', (x, k) => `string_agg(${k}::text, ',' ORDER BY ${x}, ${k})`, { types: ORDERED }),
  o('string_agg of bytes', (x, k) => `string_agg(${x}::bytea, ' ' ORDER BY ${k})`, { types: TEXT }),
  o('string_agg distinct', (x) => `string_agg(DISTINCT ${x}, ',' ORDER BY ${x})`, { types: TEXT }),
  o('separator', (x, k) => `string_agg(${k}::text, ${x} ORDER BY ${k})`, { types: TEXT }),
  o('array_agg', (x, k) => `array_agg(${x} ORDER BY ${k})`),
  o('array_agg element', (x, k) => `(array_agg(${x} ORDER BY ${k}))[1]`),
  o('json_agg', (x, k) => `json_agg(${x} ORDER BY ${k})`),
  o('jsonb_agg', (x, k) => `jsonb_agg(${x} ORDER BY ${k})`),
  o('json_object_agg', (x, k) => `json_object_agg(${k}, ${x} ORDER BY ${k})`),
  o('jsonb_object_agg by key', (x, k) => `jsonb_object_agg(${x}::text, ${k} ORDER BY ${k})`),
  o('JSON_ARRAYAGG', (x, k) => `JSON_ARRAYAGG(${x} ORDER BY ${k} RETURNING jsonb)`, { since: 18 }),
  o('JSON_OBJECTAGG', (x, k) => `JSON_OBJECTAGG(${k} : ${x} RETURNING jsonb)`, { since: 18 }),
  o('any_value', (x, k) => `any_value(${x}) FILTER (WHERE ${k} = 3)`, { since: 18 }),
  o('mode', (x) => `mode() WITHIN GROUP (ORDER BY ${x})`, { types: ORDERED }),
  o('percentile_disc', (x) => `percentile_disc(0.5) WITHIN GROUP (ORDER BY ${x})`, { types: ORDERED }),
  o('percentile_disc of several', (x) => `percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY ${x})`, { types: ORDERED }),
  o('percentile_cont', (x) => `percentile_cont(0.3) WITHIN GROUP (ORDER BY ${x}::float8)`, { types: NUMBERS }),
  o('hypothetical rank', (x) => `rank('k') WITHIN GROUP (ORDER BY ${x}), cume_dist('k') WITHIN GROUP (ORDER BY ${x})`, {
    types: TEXT,
  }),
  o('sum', (x) => `sum(${x}), avg(${x})`, { types: NUMBERS }),
  o('statistics', (x) => `var_pop(${x}), stddev(${x}), regr_slope(${x}::float8, ${x}::float8)`, { types: NUMBERS }),
  o('bit aggregates', (x) => `bit_xor(${x}::bigint), bit_or(${x}::bigint)`, { types: NUMBERS }),
  o('bool_or', (x) => `bool_or(${x} < 'k'), every(${x} < 'k')`, { types: TEXT }),
  o('outer aggregate in a sublink', (x) => `(SELECT max(${x}))`, { types: ORDERED }),
  o(
    'outer aggregate in a join of a sublink',
    (x, k) => `(SELECT string_agg(${x}::text, ',' ORDER BY ${k}) FROM (VALUES (1)) AS one(n))`,
  ),
  o('distinct and ordered', (x) => `array_agg(DISTINCT ${x} ORDER BY ${x})`, { types: ORDERED }),
  o('filtered', (x, k) => `max(${x}) FILTER (WHERE ${k} IN (1, 3, 5))`, { types: ORDERED }),
  o('range_agg', (x) => `range_agg(numrange(0, ${x}::numeric))`, { types: NUMBERS }),
  o('xmlagg', (x, k) => `xmlagg(xmlelement(name a, ${x}) ORDER BY ${k})`, { honest: false, types: TEXT }),
];

export const WINDOWS: readonly Over[] = [
  o('first_value', (x, k) => `first_value(${x}) OVER (ORDER BY ${k})`),
  o('lag', (x, k) => `lag(${x}) OVER (ORDER BY ${k})`),
  o('lead with a default', (x, k) => `lead(${x}, 1, ${x}) OVER (ORDER BY ${k})`),
  o('nth_value', (x, k) => `nth_value(${x}, 2) OVER (ORDER BY ${k} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`),
  o('max in a frame', (x, k) => `max(${x}) OVER (ORDER BY ${k} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)`, {
    types: ORDERED,
  }),
  o('partitioned', (x, k) => `count(*) OVER (PARTITION BY ${x}), min(${k}) OVER (PARTITION BY ${x})`, { types: ORDERED }),
  o('rank', (x) => `rank() OVER (ORDER BY ${x})`, { types: ORDERED }),
  o('row_number', (x, k) => `row_number() OVER (ORDER BY ${x} DESC NULLS LAST, ${k})`, { types: ORDERED }),
  o('percent_rank', (x) => `percent_rank() OVER (ORDER BY ${x}), cume_dist() OVER (ORDER BY ${x})`, { types: ORDERED }),
  o('ntile', (x, k) => `ntile(4) OVER (ORDER BY ${x}, ${k})`, { types: ORDERED }),
  o('range frame', (x) => `count(*) OVER (ORDER BY ${x}::numeric RANGE BETWEEN 1000 PRECEDING AND CURRENT ROW)`, {
    types: NUMBERS,
  }),
  o('groups frame', (x, k) => `array_agg(${k}) OVER (ORDER BY ${x}, ${k} GROUPS 1 PRECEDING)`, { types: ORDERED }),
  o('string_agg over', (x, k) => `string_agg(${x}, ';') OVER (ORDER BY ${k})`, { types: TEXT }),
  o('array_agg over', (x, k) => `array_agg(${x}) OVER (ORDER BY ${k})`),
];

export const SETS: readonly Over[] = [
  o('string_to_table', (x) => `string_to_table(${x}, 'q')`, { types: TEXT }),
  o('letters', (x) => `string_to_table(left(${x}, 9), NULL)`, { types: TEXT }),
  o('unnest of a split', (x) => `unnest(string_to_array(${x}, '~'))`, { types: TEXT }),
  o('regexp_split_to_table', (x) => `regexp_split_to_table(${x}, '~')`, { types: TEXT }),
  o('regexp_matches', (x) => `regexp_matches(${x}, '(.{9})')`, { types: TEXT }),
  o('unnest', (x) => `unnest(${x})`, { types: ['texts'] }),
  o('json_array_elements', (x) => `json_array_elements_text(json_build_array(${x}))`),
  o('jsonb_each', (x) => `jsonb_each_text(jsonb_build_object('k', ${x}))`),
  o('jsonb_object_keys', (x) => `jsonb_object_keys(jsonb_build_object(${x}::text, 1))`),
  o('jsonb_path_query', (x) => `jsonb_path_query(to_jsonb(${x}), '$')`),
  o('jsonb_each of a column', (x) => `jsonb_each_text(${x})`, { types: ['jsonb'] }),
  o('generate_series', (x) => `generate_series(1, ascii(${x}) % 9)`, { types: TEXT }),
  o('generate_series of a number', (x) => `generate_series(0, (${x}::bigint % 5)::int)`, { types: NUMBERS }),
  o('generate_subscripts', (x) => `generate_subscripts(ARRAY[${x}], 1)`),
  o('ts_debug', (x) => `ts_debug('simple', ${x})`, { honest: false, types: TEXT }),
  o('ts_parse', (x) => `ts_parse('default', ${x})`, { honest: false, types: TEXT }),
];

export const CONDITIONS: readonly Over[] = [
  o('less', (x) => `${x} < 'k'`, { types: TEXT }),
  o('equality of a part', (x) => `substr(${x}, 1, 1) = 'b'`, { types: TEXT }),
  o('LIKE', (x) => `${x} LIKE 'b%' OR ${x} LIKE '%c_' ESCAPE '!'`, { types: TEXT }),
  o('ILIKE ANY', (x) => `${x} ILIKE ANY (ARRAY['b%', 'c%', 'd%', '%kk%'])`, { types: TEXT }),
  o('NOT LIKE', (x) => `${x} NOT LIKE '%b%'`, { types: TEXT }),
  o('SIMILAR TO', (x) => `${x} SIMILAR TO '[b-h]%'`, { types: TEXT }),
  o('regular expression', (x) => `${x} ~* '^.[b-k]'`, { types: TEXT }),
  o('BETWEEN', (x) => `${x} BETWEEN 'c' AND 'q'`, { types: TEXT }),
  o('BETWEEN SYMMETRIC', (x) => `${x} BETWEEN SYMMETRIC 'q' AND 'c'`, { types: TEXT }),
  o('IN a list', (x) => `substr(${x}, 2, 1) IN ('b', 'c', 'd', 'g', 'h')`, { types: TEXT }),
  o('IN a sublink', (x) => `left(${x}, 1) IN (SELECT v FROM (VALUES ('b'), ('c'), ('k')) AS d(v))`, { types: TEXT }),
  o('ANY of an array', (x) => `left(${x}, 1) = ANY ('{b,c,d,g}')`, { types: TEXT }),
  o('IS DISTINCT FROM', (x) => `left(${x}, 1) IS NOT DISTINCT FROM 'g'`, { types: TEXT }),
  o('row comparison', (x, k) => `(${x}, ${k}) >= ('k', 0)`, { types: TEXT }),
  o('row IN', (x, k) => `(left(${x}, 1), ${k}) IN (('b', 1), ('c', 2), ('d', 3), ('g', 4), ('h', 5))`, { types: TEXT }),
  o('OVERLAPS of a length', (x) => `length(${x}) % 2 = ascii(${x}) % 2`, { types: TEXT }),
  o('text search', (x) => `to_tsvector('simple', ${x}) @@ to_tsquery('simple', 'b:* | c:* | d:*')`, { types: TEXT }),
  o('similar', (x) => `similarity(${x}, 'bcdghjk') > 0.05 OR ${x} % 'bcd'`, { types: TEXT }),
  o('CASE', (x) => `CASE WHEN ${x} > 'k' THEN true ELSE false END`, { types: TEXT }),
  o('pattern operator', (x) => `${x} ~<~ 'k' OR ${x} ^@ 'q'`, { types: TEXT }),
  o('text of a hash', (x) => `md5(${x}) < '8'`, { types: TEXT }),
  o('cast of the value', (x) => `${x}::int > 0`, { types: TEXT, honest: false }),
  o('division by a letter', (x) => `1 / (CASE WHEN ${x} LIKE '%b%' THEN 0 ELSE 1 END) = 1`, { types: TEXT, honest: false }),
  o('hash function', (x) => `hashtext(${x}) % 2 = 0`, { types: TEXT, honest: false }),
  o('noisy operator', (x) => `${x} OPERATOR(public.===) 'b'`, { types: TEXT, honest: false }),
  o('noisy function', (x) => `leak(${x})`, { types: TEXT, honest: false }),
  o('own operator', (x) => `${x} <<< 'b'`, { types: TEXT, honest: false }),
  o('more than', (x) => `${x} > 54321.5`, { types: NUMBERS }),
  o('odd', (x) => `${x}::bigint % 2 = 1`, { types: NUMBERS }),
  o('between numbers', (x) => `${x} BETWEEN 50100 AND 62000.5`, { types: NUMBERS }),
  o('sum of digits', (x) => `ascii(right(${x}::text, 1)) % 2 = 0`, { types: NUMBERS }),
  o('division by zero', (x) => `1 / (${x}::bigint % 3) > 0`, { types: NUMBERS, honest: false }),
  o('date part', (x) => `extract(month FROM ${x}) < 6`, { types: ['date', 'timestamp'] }),
  o('date comparison', (x) => `${x} > date '1956-05-05'`, { types: ['date', 'timestamp'] }),
  o('path predicate', (x) => `${x} @? '$.* ? (@ < "k")' OR ${x} @@ '$.ssn < "k"'`, { types: ['jsonb'] }),
  o('json text', (x) => `${x} ->> 'ssn' < 'k' OR ${x} ->> 'session' < 'k' OR ${x} ->> 'channel' < 'k'`, { types: ['jsonb'] }),
  o('array comparison', (x) => `${x} < ARRAY['k']`, { types: ['texts'] }),
  o('element comparison', (x) => `(${x})[1] < 'k'`, { types: ['texts'] }),
  o('composite comparison', (x) => `${x} < ROW('k', '', '')::public.address`, { types: ['address'] }),
  o('field comparison', (x) => `(${x}).street < 'k'`, { types: ['address'] }),
  o('address comparison', (x) => `${x} < inet '2001:db8:8000::'`, { types: ['inet'] }),
  o('uuid comparison', (x) => `${x} < '80000000-0000-0000-0000-000000000000'`, { types: ['uuid'] }),
  o('bytes comparison', (x) => `${x} < '\\x6b'`, { types: ['bytea'] }),
  o('null test', (x) => `${x} IS NULL OR ${x} IS NOT NULL`),
];
