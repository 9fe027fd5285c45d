/**
 * Writes by two drivers through the whole session: statements whose RETURNING list is only a check look like statements without
 * one in every protocol form, a violated filter is SLUICE-304, and the transaction around it behaves as after any error.
 */
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startProxy, type TestProxy } from '../session/proxy.ts';
import { POLICY, SCHEMA } from './schema.ts';
import { type Lab, startLab } from './support.ts';
import { MAJORS } from '../support/majors.ts';

interface DriverError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

async function failure(work: Promise<unknown>): Promise<DriverError> {
  return work.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error as DriverError,
  );
}

describe.each(MAJORS)('writes by drivers on PostgreSQL %i', (major) => {
  let lab: Lab;
  let proxy: TestProxy;
  let client: pg.Client;
  beforeAll(async () => {
    lab = await startLab(major, SCHEMA);
    proxy = await startProxy(lab.server, lab.engine(POLICY));
  });
  afterAll(async () => {
    await proxy?.stop();
    await lab?.stop();
  });
  beforeEach(async () => {
    client = new pg.Client({ host: '127.0.0.1', port: proxy.port, user: 'app', database: 'postgres' });
    await client.connect();
    await client.query('BEGIN');
    return async () => {
      await client.query('ROLLBACK').catch(() => {});
      await client.end();
    };
  });

  const plain = { fields: [], rows: [] };

  test('no rows nobody asked for: simple, extended, prepared', async () => {
    expect(await client.query(`UPDATE customers SET name = 'x'`)).toMatchObject({ ...plain, command: 'UPDATE', rowCount: 3 });
    expect(await client.query('UPDATE customers SET name = $1 WHERE id = $2', ['y', 1])).toMatchObject({ ...plain, rowCount: 1 });
    for (const id of [1, 2, 8]) {
      const named = {
        name: 'save',
        text: 'UPDATE customers SET email = $1, name = $2 WHERE id = $3',
        values: ['***@example.com', 'z', id],
      };
      expect(await client.query(named)).toMatchObject({ ...plain, rowCount: id === 8 ? 0 : 1 });
    }
    expect(await client.query('INSERT INTO customers (id, email) VALUES ($1, $2)', [70, 'p@x'])).toMatchObject({
      ...plain,
      command: 'INSERT',
      rowCount: 1,
    });
    expect(await client.query('SELECT email FROM customers WHERE id IN (1, 70) ORDER BY id')).toMatchObject({
      rows: [{ email: '***@example.com' }, { email: '***p@x' }],
    });
  });

  test('several statements in one Query', async () => {
    const answers = await client.query(
      `UPDATE customers SET name = 'a' WHERE id = 1; SELECT name FROM customers WHERE id = 1; DELETE FROM customers WHERE id = 2`,
    );
    expect((answers as unknown as pg.QueryResult[]).map((answer) => [answer.command, answer.rowCount, answer.rows])).toEqual([
      ['UPDATE', 1, []],
      ['SELECT', 1, [{ name: 'a' }]],
      ['DELETE', 1, []],
    ]);
  });

  test('PREPARE and EXECUTE', async () => {
    await client.query(`PREPARE up (text) AS UPDATE customers SET name = $1 WHERE id = 1`);
    expect(await client.query(`EXECUTE up ('q')`)).toMatchObject({ ...plain, rowCount: 1 });
    expect(await client.query('SELECT name FROM customers WHERE id = 1')).toMatchObject({ rows: [{ name: 'q' }] });
  });

  test('EXPLAIN of a write needs its own grant', async () => {
    const error = await failure(client.query('EXPLAIN UPDATE customers SET name = $$x$$ WHERE id = 1'));
    expect(error.code).toBe('42501');
  });

  test.each([
    ['simple', `UPDATE customers SET tenant = 2 WHERE id = 1`, undefined],
    ['extended', 'UPDATE customers SET tenant = $1 WHERE id = 1', [2]],
    ['with RETURNING', 'INSERT INTO customers (id, email, tenant) VALUES (71, $1, 2) RETURNING email', ['q@x']],
    ['of a hidden row', 'INSERT INTO customers (id, email) VALUES (9, $1) ON CONFLICT (id) DO UPDATE SET name = $1', ['q@x']],
  ] as const)('a violated filter, %s: SLUICE-304, and the block is aborted', async (_, sql, values) => {
    const error = await failure(client.query(sql, values === undefined ? [] : [...values]));
    expect(error).toMatchObject({ code: '42501', detail: expect.stringContaining('SLUICE-304') as string });
    expect(error.message).toContain('public.customers');
    expect(JSON.stringify(error)).not.toContain('sluice-row-filter');
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    await client.query('BEGIN');
    expect(await client.query('SELECT count(*)::int AS n FROM customers')).toMatchObject({ rows: [{ n: 3 }] });
  });

  test('postgres.js: describe first, pipelines, transactions', async () => {
    const sql = postgres({
      host: '127.0.0.1',
      port: proxy.port,
      username: 'app',
      database: 'postgres',
      max: 1,
      onnotice: () => {},
    });
    try {
      await sql
        .begin(async (tx) => {
          const done = await tx`UPDATE customers SET name = ${'n'}, balance = ${1000} WHERE id = ${1}`;
          expect([done.command, done.count, [...done]]).toEqual(['UPDATE', 1, []]);
          const [one, two] = await Promise.all([
            tx`DELETE FROM customers WHERE id = ${2}`,
            tx`SELECT name, balance FROM customers WHERE id = 1`,
          ]);
          expect([one!.count, [...two!]]).toEqual([1, [{ name: 'n', balance: '1000.00' }]]);
          const rows = await tx`INSERT INTO customers ${tx([
            { id: 80, email: 'a@example.com' },
            { id: 81, email: 'b@example.com' },
          ])} RETURNING id, email`;
          expect([...rows]).toEqual([
            { id: 80, email: '***@example.com' },
            { id: 81, email: '***@example.com' },
          ]);
          throw new Error('undo');
        })
        .catch((error: Error) => expect(error.message).toBe('undo'));
    } finally {
      await sql.end();
    }
  });

  test('the journal has what was written, masked and filtered, and no value', async () => {
    await client.query(`UPDATE customers SET email = 'canary@x.org' WHERE id = 1`);
    const intent = proxy.journal.of('intent').at(-1);
    const text = JSON.stringify(intent);
    expect(text).not.toContain('canary');
    expect(text).toContain('public.customers');
    expect(text).toContain('data/test');
  });
});
