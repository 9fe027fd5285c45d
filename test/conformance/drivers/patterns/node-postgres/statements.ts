/** What SQL itself keeps or calls: functions, cursors, prepared statements; and many queries at once. */
import { failure, type Pattern } from '../harness.ts';
import { seen, type Tools } from './tools.ts';

export const statements = ({ on }: Tools): readonly Pattern[] => [
  on('functions and procedures', async (c) => [
    seen(await c.query('SELECT add_one($1), two_columns()', [41])),
    seen(await c.query('SELECT * FROM two_columns()')),
    seen(await c.query('SELECT id, name FROM many_rows($1)', [3])),
    seen(await c.query('CALL raise_price($1, $2)', [4, '0.5'])),
    seen(await c.query('SELECT * FROM busy ORDER BY id LIMIT 2')),
    seen(await c.query('SELECT i, f.b FROM items AS i, LATERAL two_columns() AS f WHERE i.id = 2')),
  ]),
  on('cursor by SQL', async (c) => {
    await c.query('BEGIN');
    await c.query('DECLARE walk SCROLL CURSOR FOR SELECT id FROM items ORDER BY id');
    const answers = [];
    for (const fetch of [
      'FETCH 3 FROM walk',
      'FETCH BACKWARD 1 FROM walk',
      'MOVE 10 IN walk',
      'FETCH NEXT FROM walk',
      'FETCH LAST FROM walk',
      'FETCH 1 FROM walk',
    ])
      answers.push(seen(await c.query(fetch)));
    await c.query('CLOSE walk');
    await c.query('COMMIT');
    return answers;
  }),
  on('prepared by SQL', async (c) => [
    seen(await c.query('PREPARE find (int) AS SELECT id, name FROM items WHERE id = $1')),
    seen(await c.query('EXECUTE find (7)')),
    seen(await c.query('DEALLOCATE find')),
    await failure(c.query('EXECUTE find (7)')),
    seen(await c.query('DEALLOCATE ALL')),
  ]),
  on('sixty queries at once', async (c) => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 7 === 3 ? failure(c.query('SELECT 1/$1::int', [0])) : c.query('SELECT $1::int AS n', [n]).then(({ rows }) => rows),
      ),
    );
    return answers;
  }),
];
