/** Writes and transactions. */
import { failure, type Pattern } from '../harness.ts';
import { seen, type Tools } from './tools.ts';

export const writes = ({ on }: Tools): readonly Pattern[] => [
  on('insert returning', async (c) => {
    await c.query('BEGIN');
    const made = await c.query(
      'INSERT INTO items (id, name, price, tags) VALUES ($1, $2, $3, $4), ($5, $6, $7, DEFAULT) RETURNING *',
      [500, 'new', 9.5, ['x'], 501, 'newer', '1'],
    );
    await c.query('ROLLBACK');
    return seen(made);
  }),
  on('upsert', async (c) => {
    await c.query('BEGIN');
    const upsert =
      "INSERT INTO items (id, name, price) VALUES (1, 'one', 5) ON CONFLICT (id) DO UPDATE SET price = items.price + EXCLUDED.price WHERE items.price < 100 RETURNING id, price, xmax <> 0 AS updated";
    const answers = [seen(await c.query(upsert)), seen(await c.query(upsert))];
    answers.push(seen(await c.query("INSERT INTO items (name) VALUES ('item 1') ON CONFLICT DO NOTHING")));
    await c.query('ROLLBACK');
    return answers;
  }),
  on('update from, delete using', async (c) => {
    await c.query('BEGIN');
    const answers = [
      seen(
        await c.query(
          'UPDATE items AS i SET quantity = l.n FROM (SELECT item, count(*) AS n FROM lines GROUP BY item) AS l WHERE l.item = i.id AND i.id < $1 RETURNING i.id, i.quantity',
          [4],
        ),
      ),
      seen(await c.query('DELETE FROM lines USING items WHERE lines.item = items.id AND items.id = $1 RETURNING lines.*', [2])),
      seen(
        await c.query(
          'MERGE INTO items AS t USING (VALUES (1, 9.0), (900, 8.0)) AS s (id, price) ON t.id = s.id WHEN MATCHED THEN UPDATE SET price = s.price WHEN NOT MATCHED THEN INSERT (id, name, price) VALUES (s.id, $1, s.price)',
          ['merged'],
        ),
      ),
    ];
    await c.query('ROLLBACK');
    return answers;
  }),
  on('transaction, savepoint, rollback', async (c) => {
    const answers = [];
    await c.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE');
    answers.push((await c.query('SHOW transaction_isolation')).rows);
    await c.query("UPDATE items SET name = 'changed' WHERE id = 1");
    await c.query('SAVEPOINT "a b"');
    answers.push(await failure(c.query("INSERT INTO items (id, name) VALUES (2, 'again')")));
    answers.push(await failure(c.query('SELECT 1')));
    await c.query('ROLLBACK TO SAVEPOINT "a b"');
    answers.push((await c.query('SELECT name FROM items WHERE id = 1')).rows);
    await c.query('RELEASE "a b"');
    answers.push(await failure(c.query('RELEASE "a b"')));
    answers.push(seen(await c.query('COMMIT')));
    answers.push((await c.query('SELECT name FROM items WHERE id = 1')).rows);
    return answers;
  }),
];
