/** The two usual Node drivers, unmodified, through Sluice. */
import pg from 'pg';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { useStage } from './drivers.ts';
import { MAJORS } from '../support/majors.ts';

describe.each(MAJORS)('pg on PostgreSQL %i', (major) => {
  const stage = useStage(major);
  const withClient = async <T>(work: (client: pg.Client) => Promise<T>, port = stage().port): Promise<T> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'agent', database: 'shop' });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };

  it('reads masked columns with the types of the originals', () =>
    withClient(async (client) => {
      const { rows, fields } = await client.query(
        'SELECT id, name, ssn, salary, birth_date, tags, profile, created_at FROM customers WHERE id = $1',
        [3],
      );
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ id: 3, name: 'Cleo Lindt', salary: '80000.00', tags: ['newsletter', 'since-2018'] });
      expect(rows[0].birth_date.getFullYear()).toBe(1953);
      expect(rows[0].ssn).not.toMatch(/[bcdghjkmnpqrtvwz]{7}/);
      expect(fields.map(({ dataTypeID }) => dataTypeID)).toEqual([23, 1043, 25, 1700, 1082, 1009, 3802, 1184]);
    }));

  it('runs a named prepared statement again and again', () =>
    withClient(async (client) => {
      for (const id of [1, 2, 3, 2]) {
        const { rows } = await client.query({
          name: 'by-id',
          text: 'SELECT id, phone FROM customers WHERE id = $1',
          values: [id],
        });
        expect(rows).toEqual([{ id, phone: `****${7000 + id}` }]);
      }
    }));

  it('keeps a transaction, a savepoint and a rollback', () =>
    withClient(async (client) => {
      await client.query('BEGIN');
      await client.query("UPDATE scratch SET tag = 'pg' WHERE id = 1");
      await client.query('SAVEPOINT s');
      await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
      await client.query('ROLLBACK TO s');
      expect((await client.query('SELECT tag FROM scratch WHERE id = 1')).rows).toEqual([{ tag: 'pg' }]);
      await client.query('ROLLBACK');
      expect((await client.query('SELECT tag FROM scratch WHERE id = 1')).rows).toEqual([{ tag: 'seed' }]);
    }));

  it('shows a denial as an error with code, detail and hint, and goes on', () =>
    withClient(async (client) => {
      await expect(client.query('SELECT iban FROM payroll')).rejects.toMatchObject({
        code: '42501',
        detail: expect.stringContaining('SLUICE-201'),
        hint: expect.stringContaining('public.'),
      });
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    }));

  it('answers many queries at once in order, and a pool', async () => {
    await withClient(async (client) => {
      const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => client.query('SELECT $1::int AS n', [n])));
      expect(answers.map(({ rows }) => rows[0].n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    });
    const pool = new pg.Pool({ host: '127.0.0.1', port: stage().port, user: 'agent', database: 'shop', max: 5 });
    const counts = await Promise.all(Array.from({ length: 20 }, () => pool.query('SELECT count(*)::int AS n FROM customers')));
    await pool.end();
    expect(new Set(counts.map(({ rows }) => rows[0].n))).toEqual(new Set([14]));
  });

  it('cancels a running query', () =>
    withClient(async (client) => {
      const running = client.query('SELECT pg_sleep(30)').catch((error: { code?: string }) => error.code);
      await withClient(
        (other) => other.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"),
        stage().openPort,
      );
      expect(await running).toBe('57014');
    }, stage().openPort));

  it('gets notifications', () =>
    withClient(async (client) => {
      const heard = new Promise<string | undefined>((resolve) => client.once('notification', ({ payload }) => resolve(payload)));
      await client.query('LISTEN orders');
      await withClient((other) => other.query("SELECT pg_notify('orders', 'order 7')"));
      expect(await heard).toBe('order 7');
    }));
});

describe.each(MAJORS)('postgres.js on PostgreSQL %i', (major) => {
  const stage = useStage(major);
  const connect = (): postgres.Sql =>
    postgres({ host: '127.0.0.1', port: stage().port, user: 'agent', database: 'shop', max: 2, onnotice: () => undefined });

  it('reads with prepared statements, types and pipelining', async () => {
    const sql = connect();
    const [rows, count] = await Promise.all([
      sql`SELECT id, name, email, salary, profile FROM customers WHERE id = ANY(${[2, 4]}) ORDER BY id`,
      sql`SELECT count(*)::int AS n FROM orders`,
    ]);
    expect(rows.map(({ id, name, salary }) => [id, name, salary])).toEqual([
      [2, 'Ben Okafor', '70000.00'],
      [4, 'Dag Moreau', '90000.00'],
    ]);
    expect(count[0]?.['n']).toBe(40);
    await sql.end();
  });

  it('runs transactions with savepoints', async () => {
    const sql = connect();
    await sql
      .begin(async (transaction) => {
        await transaction`UPDATE scratch SET tag = 'js' WHERE id = 2`;
        await transaction.savepoint((inner) => inner`SELECT no_such_column FROM scratch`).catch(() => undefined);
        expect(await transaction`SELECT tag FROM scratch WHERE id = 2`).toEqual([{ tag: 'js' }]);
        throw new Error('undo');
      })
      .catch((error: Error) => expect(error.message).toBe('undo'));
    expect([...(await sql`SELECT tag FROM scratch WHERE id = 2`)]).toEqual([{ tag: 'seed' }]);
    await sql.end();
  });

  it('walks a cursor and reads a COPY', async () => {
    const sql = connect();
    let seen = 0;
    for await (const rows of sql`SELECT id, ssn FROM customers ORDER BY id`.cursor(5)) seen += rows.length;
    expect(seen).toBe(14);
    const chunks: Buffer[] = [];
    for await (const chunk of await sql`COPY (SELECT id, email FROM customers ORDER BY id) TO STDOUT`.readable())
      chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString().trim().split('\n')).toHaveLength(14);
    await sql.end();
  });

  it('inserts with helpers and rejects what is not granted', async () => {
    const sql = connect();
    await sql
      .begin(async (transaction) => {
        const inserted = await transaction`INSERT INTO scratch ${sql(
          [
            { id: 4001, tag: 'x' },
            { id: 4002, tag: 'y' },
          ],
          'id',
          'tag',
        )} RETURNING id`;
        expect(inserted.map(({ id }) => id)).toEqual([4001, 4002]);
        throw new Error('undo');
      })
      .catch((error: Error) => expect(error.message).toBe('undo'));
    await expect(sql`DELETE FROM tickets WHERE id = ${1}`).rejects.toMatchObject({ code: '42501' });
    await sql.end();
  });
});
