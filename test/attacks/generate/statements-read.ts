/** The query runs at once: as it is, inside another one, in a block, through COPY. */
import { folded, form, type StatementForm } from './statement.ts';

export const READING: readonly StatementForm[] = [
  ...Array.from({ length: 8 }, () => form('SELECT', 'query', (q) => [q])),
  form('parenthesised', 'query', (q) => [`((${q}))`]),
  form('subquery', 'query', (q) => [`SELECT * FROM (${q}) AS g`]),
  form('row of a subquery', 'query', (q) => [`SELECT g::text FROM (${q}) AS g`]),
  form('JSON of a subquery', 'query', (q) => [`SELECT jsonb_agg(to_jsonb(g) ORDER BY g::text) FROM (${q}) AS g`]),
  form('row_to_json', 'query', (q) => [`SELECT row_to_json(g) FROM (${q}) AS g`]),
  form('WITH', 'query', (q, m) => [`WITH g AS ${m.draw.pick(['', 'MATERIALIZED ', 'NOT MATERIALIZED '])}(${q}) SELECT * FROM g`]),
  form('TABLE', 'query', (q) => [`WITH g AS (${q}) TABLE g`]),
  form('VALUES', 'query', (q) => [`VALUES (${folded(q)})`]),
  form('UNION with itself', 'query', (q) => [`(${q}) UNION ALL (${q})`]),
  form('row cast to a number', 'query', (q) => [`SELECT (g::text)::int FROM (${q}) AS g`], { honest: false }),
  form('row in a bad pattern', 'query', (q) => [`SELECT 'a' ~ ('(' || g::text) FROM (${q}) AS g`], { honest: false }),
  form('XML of a subquery', 'query', (q) => [`SELECT xmlagg(xmlelement(name r, g::text) ORDER BY g::text) FROM (${q}) AS g`], {
    honest: false,
  }),
  form('query_to_xml', 'query', (q) => [`SELECT query_to_xml($x$${q}$x$, true, true, '')`], { honest: false }),
  form('dynamic SQL', 'query', (q) => [`SELECT run_sql($x$SELECT max(g::text) FROM (${q}) AS g$x$)`], { honest: false }),
  form(
    'DO',
    'script',
    (q) => [`DO $x$ DECLARE r text; BEGIN FOR r IN SELECT g::text FROM (${q}) AS g LOOP RAISE NOTICE '%', r; END LOOP; END $x$`],
    {
      honest: false,
    },
  ),
  form(
    'own function',
    'script',
    (q) => [
      `CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT g::text FROM (${q}) AS g; END`,
      'SELECT * FROM pg_temp.mine()',
    ],
    {
      honest: false,
      writes: true,
    },
  ),
  form('ts_stat', 'query', (q) => [`SELECT word FROM ts_stat($x$SELECT to_tsvector('simple', g::text) FROM (${q}) AS g$x$)`], {
    honest: false,
  }),
  form('several statements', 'utility', (q) => [`SELECT 1; ${q}; SELECT 2`]),
  form('after empty statements', 'utility', (q) => [`;; ${q};;`]),
  form('in a block', 'script', (q, m) => ['BEGIN', q, m.draw.pick(['COMMIT', 'ROLLBACK', 'END'])], { own: true }),
  form('block in one message', 'utility', (q) => [`BEGIN; ${q}; COMMIT`], { own: true }),
  form(
    'after an error and a savepoint',
    'script',
    (q) => ['BEGIN', 'SAVEPOINT s', 'SELECT 1/0', 'ROLLBACK TO s', q, 'ROLLBACK'],
    { own: true },
  ),
  form('read only block', 'script', (q) => ['BEGIN READ ONLY', q, 'COMMIT'], { own: true }),
  form('COPY', 'utility', (q) => [`COPY (${q}) TO STDOUT`]),
  form('COPY csv', 'utility', (q, m) => [
    `COPY (${q}) TO STDOUT WITH (FORMAT csv, HEADER${m.draw.pick([", FORCE_QUOTE *, DELIMITER '|'", '', ", NULL 'nothing'"])})`,
  ]),
  form('COPY binary', 'utility', (q) => [`COPY (${q}) TO STDOUT WITH (FORMAT binary)`]),
  form('COPY old syntax', 'utility', (q) => [`COPY (${q}) TO STDOUT CSV`]),
  form(
    'COPY of a write',
    'utility',
    (q) => [`COPY (UPDATE scratch SET number = number WHERE id = 1 RETURNING ${folded(q)}) TO STDOUT`],
    { writes: true },
  ),
];
