/** Queries as pg can send them, their values and their rows. */
import type pg from 'pg';
import { failure, type Pattern } from '../harness.ts';
import { seen, type Tools } from './tools.ts';

export const queries = ({ on }: Tools): readonly Pattern[] => [
  on('unnamed statement with parameters', async (c) => seen(await c.query('SELECT * FROM items WHERE id = $1', [3]))),
  on('simple query', async (c) => seen(await c.query('SELECT id, name, price FROM items ORDER BY id LIMIT 3'))),
  on('row mode array', async (c) =>
    seen(await c.query({ text: 'SELECT id, id FROM items WHERE id < $1 ORDER BY 1', values: [4], rowMode: 'array' })),
  ),
  on('binary results', async (c) =>
    seen(
      await c.query({
        text: 'SELECT id, price, ratio, active, made, raw, tags FROM items WHERE id = $1',
        values: [5],
        binary: true,
      } as pg.QueryConfig),
    ),
  ),
  on('named statement again and again', async (c) => {
    const answers = [];
    for (const id of [1, 2, 1, 60])
      answers.push((await c.query({ name: 'by id', text: 'SELECT name FROM items WHERE id = $1', values: [id] })).rows);
    answers.push(await failure(c.query({ name: 'by id', text: 'SELECT 2', values: [] })));
    answers.push((await c.query('SELECT name, statement, parameter_types::text, from_sql FROM pg_prepared_statements')).rows);
    return answers;
  }),
  on('several statements in one simple query', async (c) => {
    const results = (await c.query(
      "SELECT 1 AS a; UPDATE items SET name = name WHERE id = 1; SELECT 'x' AS b, NULL AS c",
    )) as unknown as readonly pg.QueryResult[];
    return results.map(seen);
  }),
  on('several statements, the second fails', async (c) => [
    await failure(c.query("INSERT INTO items (name) VALUES ('lost'); SELECT 1/0; SELECT 3")),
    (await c.query("SELECT count(*) FROM items WHERE name = 'lost'")).rows,
  ]),
  on('empty query', async (c) => [seen(await c.query('')), seen(await c.query(';')), seen(await c.query('-- nothing'))]),
  on('all types', async (c) => seen(await c.query('SELECT * FROM kinds ORDER BY id'))),
  on('parameters of all kinds', async (c) =>
    seen(
      await c.query(
        'SELECT $1::int AS i, $2::text AS t, $3::jsonb AS j, $4::text[] AS a, $5::timestamptz AS at, $6::bytea AS b, $7::boolean AS y, $8::int[] AS n, $9::text AS nothing, $10::numeric AS m',
        [1, "it's", { a: [1, null, 'x'] }, ['a', null, '"'], new Date(0), Buffer.from([0, 1, 255]), true, [1, 2], null, '1.230'],
      ),
    ),
  ),
  on('long text both ways', async (c) => {
    const long = 'äx'.repeat(200_000);
    const { rows } = await c.query('SELECT $1::text AS back, length($1) AS n', [long]);
    return [rows[0].back === long, rows[0].n];
  }),
  on(
    'many rows',
    async (c) =>
      (await c.query('SELECT count(*), sum(n), md5(string_agg(n::text, $1)) FROM generate_series(1, 50000) AS n', [','])).rows,
  ),
  on('many rows fetched', async (c) =>
    (await c.query('SELECT n, n::text AS t FROM generate_series(1, 20000) AS n')).rows.reduce(
      (sum, { n, t }) => sum + n + Number(t),
      0,
    ),
  ),
];
