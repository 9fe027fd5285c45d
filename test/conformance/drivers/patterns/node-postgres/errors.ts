/** Errors of every kind, and notices. */
import { errorFields, failure, type Pattern } from '../harness.ts';
import type { Tools } from './tools.ts';

export const errors = ({ on }: Tools): readonly Pattern[] => [
  on('errors of every kind', async (c) => {
    const answers = [];
    for (const [sql, values] of [
      ['SELEC 1'],
      ['SELECT nothing FROM items'],
      ['SELECT 1 FROM no_table'],
      ['SELECT no_function(1)'],
      ["SELECT 'x' + 1"],
      ['SELECT 1/0'],
      ["SELECT 'abc'::int"],
      ['SELECT $1::int', ['abc']],
      ['SELECT 2147483648::int'],
      ["INSERT INTO items (id, name) VALUES (1, 'twice')"],
      ["INSERT INTO items (name) VALUES ('item 1')"],
      ['INSERT INTO items (name) VALUES (NULL)'],
      ["INSERT INTO items (name, price) VALUES ('cheap', -1)"],
      ["INSERT INTO lines VALUES (77777, 1, 'x')"],
      ['INSERT INTO lines VALUES (1, 99, $1)', ['much too long for twenty']],
      ['INSERT INTO kinds (id, share) VALUES (9, 101)'],
      ["INSERT INTO kinds (id, feeling) VALUES (9, 'angry')"],
      ['SELECT id FROM items GROUP BY name'],
      ['SELECT (SELECT id FROM items)'],
      ['SELECT 1 WHERE $1', [1]],
      ['SELECT $1', []],
      ['SELECT "ID" FROM items'],
      ["SELECT E'\\xff'"],
      ['SELECT 1; SELECT $1', [1]],
      ["SELECT to_date('2024-13-45', 'YYYY-MM-DD')"],
      ["SELECT '{bad'::jsonb"],
      ["SELECT 'a' ~ '('"],
      ['SELECT * FROM items FOR UPDATE NOWAIT SKIP LOCKED'],
      ['FETCH 1 FROM no_cursor'],
      ['EXECUTE no_statement'],
      ['ROLLBACK TO s'],
      ['SELECT say($1)', ['error']],
      ['COMMIT'],
    ] as readonly (readonly [string, unknown[]?])[])
      answers.push([sql, await failure(c.query(sql, values as unknown[]))]);
    return answers;
  }),
  on('notices', async (c) => {
    const notices: unknown[] = [];
    c.on('notice', (notice) => notices.push(errorFields(notice)));
    await c.query("SELECT say('notice')");
    await c.query('SELECT say($1)', ['warning']);
    await c.query('DROP TABLE IF EXISTS no_such_table');
    await c.query('COMMIT');
    await c.query('CREATE TABLE IF NOT EXISTS items (id int)');
    return notices;
  }),
];
