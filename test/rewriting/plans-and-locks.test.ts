/**
 * What a row filter must not cost: the index on the key, the parameterised join, the ordered scan under LIMIT; and what FOR UPDATE
 * must not do: lock a row that it does not return. Plans are judged by node names, locks by a second session that skips them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { engineFor, planOf } from '../support/sql-core.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMA = `
  CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, name text NOT NULL, email text);
  INSERT INTO users SELECT i, i % 20, 'name ' || i, 'user' || i || '@example.com' FROM generate_series(1, 20000) i;
  CREATE INDEX users_tenant ON users (tenant);
  CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, total numeric);
  INSERT INTO orders SELECT i, 1 + i % 20000, i FROM generate_series(1, 20000) i;
  CREATE INDEX orders_user ON orders (user_id);
  VACUUM ANALYZE;`;

const FILTERS = {
  literal: '{tenant} OPERATOR(pg_catalog.=) 1',
  setting: "{tenant} OPERATOR(pg_catalog.=) pg_catalog.current_setting('app.tenant')::pg_catalog.int4",
};

const parser = await createWasmParser();

for (const major of MAJORS) {
  describe(`cost of governed reads on PostgreSQL ${major}`, () => {
    let server: LocalPostgres;
    let client: pg.Client;
    let other: pg.Client;
    let catalog: Catalog;

    beforeAll(async () => {
      server = await startLocalPostgres({ major });
      client = new pg.Client({ connectionString: server.url('postgres') });
      other = new pg.Client({ connectionString: server.url('postgres') });
      await client.connect();
      await other.connect();
      for (const part of SCHEMA.split(';\n')) await client.query(part);
      await client.query("SET app.tenant = '1'");
      catalog = await catalogOf(server.url('postgres'));
    }, 60_000);

    afterAll(async () => {
      await client?.end();
      await other?.end();
      await server?.stop();
    });

    function rewritten(filter: string, sql: string): string {
      const plan = planOf(
        engineFor(catalog, parser, {
          tables: { 'public.users': { masks: { email: 'null' }, filter, write: true }, 'public.orders': { write: true } },
        }),
        sql,
      );
      expect(plan.denial, sql).toBeUndefined();
      return plan.text;
    }

    async function explain(sql: string): Promise<string> {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    }

    const byKey = [
      'SELECT * FROM users WHERE id = 41',
      'SELECT id, email FROM users u WHERE u.id IN (41, 61)',
      'SELECT id FROM users WHERE id = 41 AND name::bytea IS NOT NULL',
      "SELECT id FROM users WHERE id = 41 AND name || 'x' <> ''",
      'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON u.id = o.user_id AND u.id = 41 WHERE o.id = 40',
      'SELECT o.id FROM orders o LEFT JOIN users u ON u.id = 41 AND length(u.name || u.name) > 3 WHERE o.id = 40',
      'SELECT o.id FROM orders o WHERE o.id = 40 AND EXISTS (SELECT 1 FROM users u WHERE u.id = 41 AND u.name::bytea IS NOT NULL)',
      'SELECT id FROM users WHERE id = 41 FOR UPDATE',
    ];

    it.each(byKey)('keeps the index on the key: %s', async (sql) => {
      for (const filter of Object.values(FILTERS)) {
        const plan = await explain(rewritten(filter, sql));
        expect(plan).toMatch(/(Index|Bitmap Index|Index Only) Scan.* users_pkey/);
        expect(plan).not.toContain('Seq Scan on users');
      }
    });

    it('keeps the parameterised join and the ordered scan', async () => {
      for (const filter of Object.values(FILTERS)) {
        const joined = await explain(
          rewritten(filter, 'SELECT u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id < 5'),
        );
        expect(joined).toContain('Nested Loop');
        expect(joined).toMatch(/Index Scan using users_pkey/);
        const ordered = await explain(rewritten(filter, 'SELECT id, name FROM users ORDER BY id LIMIT 10'));
        expect(ordered).toMatch(/Limit\s+->\s+Index Scan using users_pkey/);
      }
    });

    it('evaluates nothing of a column that is not named', async () => {
      expect(rewritten(FILTERS.literal, 'SELECT count(*) FROM users')).not.toContain('email');
      expect(await explain(rewritten(FILTERS.literal, 'SELECT id FROM users WHERE id = 1'))).not.toContain('CASE');
    });

    const locking = [
      'SELECT id FROM users WHERE id = 41 FOR UPDATE',
      'SELECT id FROM users WHERE id IN (41, 61) AND name::bytea IS NOT NULL FOR UPDATE',
      'SELECT u.id FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE o.id = 40 FOR UPDATE OF o',
      'SELECT s.id FROM (SELECT id, name FROM users WHERE id = 41) s WHERE s.name::bytea IS NOT NULL FOR NO KEY UPDATE',
      'SELECT o.id FROM orders o WHERE o.id = 40 AND EXISTS (SELECT 1 FROM users u WHERE u.id = 41 AND u.name::bytea IS NOT NULL) FOR UPDATE',
    ];

    it.each(locking)('locks what it returns and nothing else: %s', async (sql) => {
      for (const filter of Object.values(FILTERS)) {
        const total = async (table: string): Promise<number> =>
          (await other.query(`SELECT id FROM ${table} FOR UPDATE SKIP LOCKED`)).rowCount ?? 0;
        const before = (await total('users')) + (await total('orders'));
        await client.query('BEGIN');
        const returned = (await client.query(rewritten(filter, sql))).rowCount ?? 0;
        const locked = before - (await total('users')) - (await total('orders'));
        await client.query('ROLLBACK');
        expect(returned).toBeGreaterThan(0);
        expect(locked).toBe(returned);
      }
    });

    it('refuses to lock through a fence that nothing narrows', () => {
      const engine = engineFor(catalog, parser, {
        tables: { 'public.users': { filter: FILTERS.literal, write: true }, 'public.orders': { write: true } },
      });
      const plan = planOf(engine, 'SELECT u.id FROM users u WHERE 1 / (trunc(random()) + 1) = 1 FOR UPDATE');
      expect(plan.denial).toMatchObject({ code: 'SLUICE-603' });
      expect(plan.denial?.hint).toContain('key');
    });

    it('asks more than Select for a lock', () => {
      const engine = engineFor(catalog, parser, {
        tables: { 'public.users': {}, 'public.orders': { masks: { total: 'null' } } },
      });
      for (const sql of [
        'SELECT id FROM users FOR UPDATE',
        'SELECT id FROM orders FOR KEY SHARE',
        'SELECT 1 FROM (SELECT id FROM orders) o FOR SHARE OF o',
      ])
        expect(planOf(engine, sql).denial, sql).toMatchObject({ code: 'SLUICE-203' });
      expect(planOf(engine, 'SELECT 1 FROM users, (SELECT 1) s FOR UPDATE OF s').denial).toBeUndefined();
    });
  });
}
