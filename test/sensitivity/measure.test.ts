/** The measurement on a real server: databases are filled as their labels say, and a detector's verdicts arrive at the right columns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { byName } from './baseline.ts';
import { createDatabase, withClient } from './databases.ts';
import { figures } from './evaluate.ts';
import { labelledSchemas } from './labels.ts';
import { measureLarge } from './large.ts';
import { measure } from './measure.ts';

describe('a filled database', () => {
  const schema = labelledSchemas('tune').find(({ name }) => name === 'bank_en')!;
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startLocalPostgres();
    await createDatabase(server, schema, { cap: 40, seed: 3 });
  });
  afterAll(() => server.stop());

  it('has rows in every table, keys that hold, NULLs where they are due, and statistics', async () => {
    await withClient(server.url('bank_en'), async (client) => {
      const one = async (sql: string): Promise<number> => Number((await client.query(`SELECT (${sql})::int AS n`)).rows[0].n);
      expect(await one('SELECT count(*) FROM customers')).toBe(40);
      expect(await one('SELECT count(*) FROM branches')).toBe(25);
      expect(await one('SELECT count(*) FROM accounts a JOIN customers c USING (cust_no)')).toBe(40);
      expect(await one('SELECT count(*) FROM customers WHERE maiden_nm IS NULL')).toBeGreaterThan(20);
      expect(await one(`SELECT reltuples FROM pg_class WHERE relname = 'customers'`)).toBe(40);
    });
  });
});

it('counts the verdicts of a detector that looks at names alone', async () => {
  const { measured, missing } = await measure(byName, { sets: ['tune'], only: ['saas_en'], seed: 1, cap: 5, say: () => {} });
  expect([measured.length, missing]).toEqual([1, []]);
  const found = figures(measured[0]!.judged);
  expect(found.silent).toBe(0);
  expect(found.protection.recall).toBeGreaterThan(0.3);
  expect(found.protection.recall).toBeLessThan(0.9);
  expect(found.needless.columns).toBeGreaterThan(0);
});

it('makes a large schema of tables that differ in size', async () => {
  const large = await measureLarge(byName, { tables: 21, largeTables: 1, largeRows: 2000 });
  expect(large).toMatchObject({ tables: 21, columns: 168, rows: 2000 + 19 * 300 });
  expect(large.cost.rows).toBe(168);
});
