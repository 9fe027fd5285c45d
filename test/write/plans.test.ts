/** Filters, checks and masks must not cost the index: node names of the plans, never times. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { type Lab, planOf, startLab } from './support.ts';
import { MAJORS } from '../support/majors.ts';

const BIG = `
CREATE TABLE accounts (id int PRIMARY KEY, tenant int NOT NULL, email text NOT NULL, note text);
INSERT INTO accounts SELECT g, g % 50, 'user' || g || '@example.com', 'n' || g FROM generate_series(1, 20000) g;
CREATE INDEX ON accounts (tenant);
CREATE TABLE moves (id int PRIMARY KEY, account_id int NOT NULL, amount int NOT NULL);
INSERT INTO moves SELECT g, g, g FROM generate_series(1, 20000) g;
CREATE TABLE team (tenant int PRIMARY KEY, agent text);
INSERT INTO team SELECT g, 'a' || g FROM generate_series(0, 49) g;
CREATE TABLE shared (id int PRIMARY KEY, tenant int NOT NULL, note text);
INSERT INTO shared SELECT g, g % 50, 'n' || g FROM generate_series(1, 20000) g;
ANALYZE;
`;

describe.each(MAJORS)('plans of writes on PostgreSQL %i', (major) => {
  let lab: Lab;
  let engine: SqlEngine;
  beforeAll(async () => {
    lab = await startLab(major, BIG);
    const all = { select: ['*'], insert: ['*'], update: ['*'], delete: true };
    engine = lab.engine({
      tables: {
        'public.accounts': {
          ...all,
          filter: '(@tenant OPERATOR(pg_catalog.=) 7)',
          masks: { email: `('masked'::pg_catalog.text)` },
        },
        'public.shared': {
          ...all,
          filter: `(@tenant OPERATOR(pg_catalog.=) ANY (SELECT g.tenant FROM public.team AS g WHERE g.agent OPERATOR(pg_catalog.=) 'a7'))`,
        },
        'public.moves': 'all',
      },
    });
  });
  afterAll(async () => lab?.stop());

  async function explain(sql: string): Promise<string> {
    const plan = planOf(engine, sql);
    expect(plan.denial).toBeUndefined();
    const { rows } = await lab.client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${plan.text}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  test.each([
    ['UPDATE accounts SET note = $$x$$ WHERE id = 7', /Index Scan using accounts_pkey/],
    ['UPDATE accounts SET email = $$x$$ WHERE id = 7 RETURNING *', /Index Scan using accounts_pkey/],
    [
      'UPDATE accounts SET note = $$x$$ WHERE id = 7 AND note::text LIKE $$%a$$ AND length(note) / 1 > 2',
      /Index Scan using accounts_pkey/,
    ],
    ['DELETE FROM accounts WHERE id IN (7, 57, 107) AND 1 / id > 0', /(Index|Bitmap Index) Scan (using|on) accounts_pkey/],
    ['DELETE FROM accounts WHERE note::int = 3', /accounts_tenant_idx/],
    ['DELETE FROM accounts', /accounts_tenant_idx/],
    ['UPDATE accounts SET note = $$x$$ WHERE email = $$masked$$', /accounts_tenant_idx/],
    [
      'UPDATE accounts SET note = $$x$$ FROM moves m WHERE m.account_id = accounts.id AND m.id = 7',
      /Index Scan using accounts_pkey/,
    ],
    ['DELETE FROM accounts USING moves m WHERE m.id = accounts.id AND m.id = 57', /Index Scan using accounts_pkey/],
    ['UPDATE moves SET amount = 1 FROM accounts a WHERE a.id = moves.account_id AND a.id = 7', /Index Scan using accounts_pkey/],
    [
      'UPDATE accounts SET note = $$x$$ WHERE id IN (SELECT m.account_id FROM moves m WHERE m.id = 7)',
      /Index Scan using accounts_pkey/,
    ],
    ['UPDATE shared SET note = $$x$$ WHERE id = 7', /Index Scan using shared_pkey/],
    ['DELETE FROM shared WHERE id = 7 AND note::int = 1', /Index Scan using shared_pkey/],
    [
      `UPDATE accounts SET email = v.email FROM (VALUES (7, 'a'), (57, 'b')) AS v(id, email) WHERE accounts.id = v.id`,
      /Index Scan using accounts_pkey/,
    ],
  ] as const)('%s', async (sql, node) => {
    expect(await explain(sql)).toMatch(node);
  });

  test('a predicate on the source alone is left to the source', () => {
    const { text } = planOf(
      engine,
      `UPDATE accounts SET note = 'x' FROM moves m WHERE m.account_id = accounts.id AND m.amount::text LIKE '7%' AND accounts.note::int = 1`,
    );
    expect(text).toContain(`m.amount::text LIKE '7%' AND CASE WHEN`);
  });

  test('MERGE keeps a join that is not quadratic', async () => {
    if (major < 17)
      return expect(
        planOf(engine, 'MERGE INTO accounts USING moves ON moves.id = accounts.id WHEN MATCHED THEN DELETE').decision,
      ).toBe('allow');
    const sql = `MERGE INTO accounts t USING (VALUES (7, 'a'), (57, 'b')) AS v(id, email) ON t.id = v.id WHEN MATCHED THEN UPDATE SET email = v.email WHEN NOT MATCHED THEN INSERT VALUES (v.id, 7, v.email)`;
    expect(await explain(sql)).toMatch(/Index Scan using accounts_pkey|Hash (Right |Left |Full )?Join|Merge/);
    expect(
      await explain(
        'MERGE INTO accounts t USING moves s ON t.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN DO NOTHING',
      ),
    ).toMatch(/(Hash|Merge) .*Join/);
  });
});
