/** Locks, large objects and lost races. */
import { failure, type Pattern } from '../harness.ts';
import type { Tools } from './tools.ts';

export const locks = ({ on, connected }: Tools): readonly Pattern[] => [
  on('advisory locks', async (c) => [
    (await c.query('SELECT pg_try_advisory_lock(42) AS got')).rows,
    await connected((other) => other.query('SELECT pg_try_advisory_lock(42) AS got').then(({ rows }) => rows)),
    (await c.query('SELECT pg_advisory_unlock(42) AS gone, pg_advisory_unlock(43) AS never')).rows,
  ]),
  on('large objects', async (c) => {
    const answers = [];
    await c.query('BEGIN');
    answers.push(await failure(c.query("SELECT lo_from_bytea(4242, '\\x0102ff')").then(({ rows }) => rows)));
    answers.push(await failure(c.query('SELECT lo_get(4242)').then(({ rows }) => rows)));
    answers.push(await failure(c.query('SELECT lo_unlink(4242)').then(({ rows }) => rows)));
    await c.query('ROLLBACK');
    return answers;
  }),
  on('serialisation failure and deadlock codes', async (c) => {
    await c.query('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(quantity) FROM items');
    await connected(async (other) => other.query('UPDATE items SET quantity = quantity WHERE id = 10'));
    const lost = await failure(c.query('UPDATE items SET quantity = 1 WHERE id = 10'));
    await c.query('ROLLBACK');
    return lost;
  }),
];
