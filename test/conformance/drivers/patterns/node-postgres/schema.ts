/** Temporary tables, migrations, and plans that change or are explained. */
import { failure, type Pattern } from '../harness.ts';
import { seen, type Tools } from './tools.ts';

export const schema = ({ on }: Tools): readonly Pattern[] => [
  on('temporary tables', async (c) => {
    await c.query('BEGIN');
    const answers = [
      seen(await c.query('CREATE TEMP TABLE work (id int PRIMARY KEY, v text) ON COMMIT DROP')),
      seen(await c.query("INSERT INTO work SELECT n, 'v' || n FROM generate_series(1, 5) AS n")),
      seen(await c.query('SELECT count(*), max(v) FROM work')),
      seen(await c.query('CREATE TEMP TABLE more AS SELECT id FROM items WHERE id < 5')),
      seen(await c.query('SELECT sum(id) FROM more JOIN work USING (id)')),
      seen(await c.query('COMMIT')),
    ];
    answers.push(await failure(c.query('SELECT * FROM work')));
    return answers;
  }),
  on('schema changes', async (c) => {
    const answers = [];
    for (const sql of [
      'CREATE TABLE migrated (id bigserial PRIMARY KEY, name text UNIQUE, item int REFERENCES items)',
      "ALTER TABLE migrated ADD COLUMN extra jsonb DEFAULT '{}'",
      'CREATE INDEX migrated_name ON migrated (lower(name))',
      "INSERT INTO migrated (name, item) VALUES ('a', 1), ('b', 2) RETURNING id",
      'ALTER TABLE migrated ALTER COLUMN name TYPE varchar(40)',
      'ALTER TABLE migrated RENAME COLUMN name TO title',
      'SELECT title, extra FROM migrated ORDER BY id',
      'ALTER TABLE migrated DROP COLUMN extra',
      'TRUNCATE migrated RESTART IDENTITY',
      "INSERT INTO migrated (title) VALUES ('c') RETURNING id",
      'DROP TABLE migrated',
    ])
      answers.push([sql, await failure(c.query(sql).then(({ rows, command, rowCount }) => ({ rows, command, rowCount })))]);
    return answers;
  }),
  on('the plan changes under a prepared statement', async (c) => {
    await c.query('CREATE TABLE moving (a int)');
    const read = (): Promise<unknown> =>
      failure(
        c
          .query({ name: 'moving', text: 'SELECT * FROM moving' })
          .then(({ rows, fields }) => [rows, fields.map(({ name }) => name)]),
      );
    const answers = [await read()];
    await c.query('ALTER TABLE moving ADD COLUMN b text');
    answers.push(await read());
    await c.query('DROP TABLE moving');
    answers.push(await read());
    return answers;
  }),
  on('explain', async (c) => [
    (await c.query('EXPLAIN (COSTS OFF) SELECT * FROM items WHERE id = 3')).rows,
    (await c.query('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT count(*) FROM lines')).rows,
    (await c.query('EXPLAIN (FORMAT JSON, COSTS OFF) SELECT name FROM items WHERE name = $1', ['item 1'])).rows,
  ]),
];
