/**
 * Writes as a way to read or to reach what is hidden. Three kinds, each proven against the server itself first:
 *
 *   guesses   two statements that differ in one secret: their answers must not differ (past the engine, they do)
 *   shows     answers must not contain a secret (past the engine, they do)
 *   reaches   hidden rows must stay as they are (past the engine, they change)
 *
 * Every one has a benign twin that must work.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { POLICY, SCHEMA } from './schema.ts';
import { type Lab, type Outcome, startLab } from './support.ts';

interface Attack {
  readonly name: string;
  readonly sql: string;
  /** The same with another guess: `guesses` only. */
  readonly other?: string;
  readonly twin: string;
  readonly since?: number;
}

/** In `sql`, ~ marks the place of the guess: [what is true, what is not]. */
function guess(name: string, sql: string, [right, wrong]: readonly [string, string], twin: string, since?: number): Attack {
  return {
    name,
    sql: sql.replaceAll('~', right),
    other: sql.replaceAll('~', wrong),
    twin,
    ...(since === undefined ? {} : { since }),
  };
}

const SSN = [`'SSN-1'`, `'SSN-x'`] as const;
const HIDDEN = ['9', '999'] as const;

const GUESSES: readonly Attack[] = [
  guess(
    'UPDATE WHERE masked = guess',
    'UPDATE customers SET name = name WHERE ssn = ~',
    SSN,
    `UPDATE customers SET name = name WHERE region = 'eu'`,
  ),
  guess(
    'UPDATE WHERE masked LIKE',
    `UPDATE customers SET name = name WHERE email LIKE ~ || '%'`,
    [`'ada'`, `'zzz'`],
    `UPDATE customers SET name = name WHERE name LIKE 'A%'`,
  ),
  guess(
    'DELETE WHERE masked',
    'DELETE FROM customers WHERE balance > ~',
    ['3400', '9999'],
    'DELETE FROM customers WHERE balance >= 3000',
  ),
  guess(
    'DELETE with a quoted, qualified name',
    'DELETE FROM public."customers" AS "c" WHERE "c"."ssn" = ~',
    SSN,
    'DELETE FROM public."customers" AS "c" WHERE "c"."id" = 1',
  ),
  guess(
    'DELETE USING join on a masked column',
    'DELETE FROM customers USING (VALUES (~)) g(v) WHERE customers.ssn = g.v',
    SSN,
    `DELETE FROM customers USING (VALUES ('Ada')) g(v) WHERE customers.name = g.v`,
  ),
  guess(
    'EXISTS correlated to a masked column',
    'UPDATE customers SET name = name WHERE EXISTS (SELECT 1 FROM notes WHERE customers.ssn = ~)',
    SSN,
    'UPDATE customers SET name = name WHERE EXISTS (SELECT 1 FROM notes WHERE customer_id = customers.id)',
  ),
  guess(
    'IN with a masked column, unqualified from inside',
    'DELETE FROM customers WHERE ~ IN (SELECT ssn FROM notes)',
    SSN,
    `DELETE FROM customers WHERE 'Ada' IN (SELECT name FROM notes)`,
  ),
  guess(
    'SET reads a masked column in a condition',
    "UPDATE customers SET region = CASE WHEN ssn = ~ THEN 'y' ELSE 'n' END WHERE id = 1 RETURNING region",
    SSN,
    `UPDATE customers SET region = CASE WHEN name = 'Ada' THEN 'y' ELSE 'n' END WHERE id = 1 RETURNING region`,
  ),
  guess(
    'SET subquery reads the target’s masked column',
    'UPDATE customers SET region = (SELECT count(*)::text FROM notes WHERE customers.ssn = ~) WHERE id = 1 RETURNING region',
    SSN,
    `UPDATE customers SET region = (SELECT count(*)::text FROM notes WHERE customers.name = 'Ada') WHERE id = 1 RETURNING region`,
  ),
  guess(
    'RETURNING an expression of it',
    'UPDATE customers SET name = name WHERE id = 1 RETURNING ssn = ~',
    SSN,
    `UPDATE customers SET name = name WHERE id = 1 RETURNING name = 'Ada'`,
  ),
  guess(
    'RETURNING a subquery over it',
    'UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT customers.ssn = ~)',
    SSN,
    `UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT customers.name = 'Ada')`,
  ),
  guess(
    'ON CONFLICT WHERE',
    `INSERT INTO customers AS c (id, email) VALUES (1, 'q@w') ON CONFLICT (id) DO UPDATE SET name = 'x' WHERE c.ssn = ~`,
    SSN,
    `INSERT INTO customers AS c (id, email) VALUES (1, 'q@w') ON CONFLICT (id) DO UPDATE SET name = 'x' WHERE c.name = 'Ada'`,
  ),
  guess(
    'ON CONFLICT SET',
    `INSERT INTO customers (id, email) VALUES (1, 'q@w') ON CONFLICT (id) DO UPDATE SET region = CASE WHEN customers.ssn = ~ THEN 'y' ELSE 'n' END RETURNING region`,
    SSN,
    `INSERT INTO customers (id, email) VALUES (1, 'q@w') ON CONFLICT (id) DO UPDATE SET region = CASE WHEN customers.name = 'Ada' THEN 'y' ELSE 'n' END RETURNING region`,
  ),
  guess(
    'MERGE ON',
    'MERGE INTO customers t USING (VALUES (~)) s(v) ON t.ssn = s.v WHEN MATCHED THEN DELETE',
    SSN,
    `MERGE INTO customers t USING (VALUES ('Ada')) s(v) ON t.name = s.v WHEN MATCHED THEN DELETE`,
  ),
  guess(
    'MERGE WHEN',
    'MERGE INTO customers t USING notes s ON t.id = s.customer_id WHEN MATCHED AND t.ssn = ~ THEN DELETE',
    SSN,
    `MERGE INTO customers t USING notes s ON t.id = s.customer_id WHEN MATCHED AND t.name = 'Ada' THEN DELETE`,
  ),
  guess(
    'old and new versions',
    'UPDATE customers SET name = name WHERE id = 1 RETURNING old.ssn = ~, new.ssn = ~',
    SSN,
    `UPDATE customers SET name = name WHERE id = 1 RETURNING old.name = 'Ada'`,
    18,
  ),
  guess(
    'error on a hidden row, cast',
    `DELETE FROM customers WHERE id = ~ AND email::int = 1`,
    HIDDEN,
    `DELETE FROM customers WHERE id = 1 AND length(name) = 3`,
  ),
  guess(
    'error on a hidden row, division',
    `UPDATE customers SET name = 'x' WHERE id = ~ AND 1 / (phone::int - 99) = 0`,
    HIDDEN,
    `UPDATE customers SET name = 'x' WHERE id = 1 AND 1 / (id - 2) = -1`,
  ),
  guess(
    'error on a hidden row, written first',
    `UPDATE customers SET name = 'x' WHERE 1 / (id - ~) = 0`,
    ['9', '10'],
    `UPDATE customers SET name = 'x' WHERE 1 / (id - 10) = 0`,
  ),
  guess(
    'error on a hidden row, in OR',
    `DELETE FROM orders WHERE (amount > 100 OR 1 / (amount - ~) = 5)`,
    ['30', '31'],
    `DELETE FROM orders WHERE (amount > 100 OR 1 / (amount - 31) = 5)`,
  ),
  guess(
    'error on a hidden row, filter with a subquery',
    `DELETE FROM guarded WHERE v::int = ~`,
    ['1', '1'],
    `DELETE FROM guarded WHERE v = 'a'`,
  ),
  guess(
    'error in EXISTS',
    `DELETE FROM orders WHERE EXISTS (SELECT 1 FROM notes n WHERE n.id = 1 AND 1 / (orders.amount - ~) > 0)`,
    ['30', '31'],
    `DELETE FROM orders WHERE EXISTS (SELECT 1 FROM notes n WHERE n.id = orders.id)`,
  ),
  guess(
    'error in MERGE ON',
    `MERGE INTO orders USING (VALUES (1)) s(x) ON 1 / (orders.amount - ~) = s.x WHEN MATCHED THEN DELETE`,
    ['30', '31'],
    `MERGE INTO orders USING (VALUES (10)) s(x) ON orders.amount = s.x WHEN MATCHED THEN DELETE`,
  ),
  guess(
    'error in NOT MATCHED BY SOURCE',
    `MERGE INTO orders USING (VALUES (1)) s(x) ON orders.id = s.x WHEN NOT MATCHED BY SOURCE AND 1 / (orders.amount - ~) = 5 THEN DELETE`,
    ['30', '31'],
    `MERGE INTO orders USING (VALUES (1)) s(x) ON orders.id = s.x WHEN NOT MATCHED BY SOURCE AND orders.amount > 15 THEN DELETE`,
    17,
  ),
  guess(
    'error of a subquery with two rows',
    `DELETE FROM dear WHERE id = ~ AND (SELECT n.id FROM notes n WHERE n.id > dear.tenant * 0) > 0`,
    ['3', '99'],
    `DELETE FROM dear WHERE id = 1 AND (SELECT max(n.id) FROM notes n WHERE n.id > dear.tenant) > 0`,
  ),
  guess(
    'error of a negative LIMIT',
    `DELETE FROM dear WHERE id = ~ AND EXISTS (SELECT 1 LIMIT dear.n)`,
    ['3', '99'],
    `DELETE FROM dear WHERE id = 1 AND EXISTS (SELECT 1 LIMIT dear.n)`,
  ),
  guess(
    'a join to a hidden row',
    `UPDATE notes SET n = 0 FROM customers c WHERE c.id = ~`,
    HIDDEN,
    'UPDATE notes SET n = 0 FROM customers c WHERE c.id = 1',
  ),
];

const SHOWS: readonly Attack[] = [
  {
    name: 'RETURNING a masked column',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING ssn',
    twin: 'UPDATE customers SET name = name WHERE id = 1 RETURNING name',
  },
  {
    name: 'RETURNING *',
    sql: 'DELETE FROM customers WHERE id = 1 RETURNING *',
    twin: 'DELETE FROM notes WHERE id = 1 RETURNING *',
  },
  {
    name: 'RETURNING t.*',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING c.*',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING c.*',
  },
  {
    name: 'RETURNING the row',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING customers',
    twin: 'UPDATE notes SET n = n WHERE id = 1 RETURNING notes',
  },
  {
    name: 'RETURNING row_to_json',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING row_to_json(c)',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING row_to_json(c)',
  },
  {
    name: 'RETURNING ROW(t.*)',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING ROW(c.*)',
    twin: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING ROW(c.id, c.name)',
  },
  {
    name: 'attribute of the row',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (c).ssn',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (c).body',
  },
  {
    name: '(t).*',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (c).*',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (c).*',
  },
  {
    name: 'functional notation',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING ssn(c)',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING lower(c.body)',
  },
  {
    name: 'attribute of a copy of the row',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT (x.r).ssn FROM (SELECT c AS r) x)',
    twin: `UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT x.r FROM (SELECT c.name AS r) x)`,
  },
  {
    name: 'the star of the target in a subquery',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT to_json(x) FROM (SELECT c.*) x)',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (SELECT to_json(x) FROM (SELECT c.id, c.body) x)',
  },
  {
    name: 'the target through a CTE of a subquery',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (WITH w AS (SELECT c.ssn AS s) SELECT s FROM w)',
    twin: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (WITH w AS (SELECT c.name AS s) SELECT s FROM w)',
  },
  {
    name: 'a CTE with the target’s name',
    sql: 'WITH customers AS (SELECT 1 AS id) UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT ssn)',
    twin: 'WITH customers AS (SELECT 1 AS id) UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT name)',
  },
  {
    name: 'the row in a subquery',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT to_jsonb(c))',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (SELECT to_jsonb(c))',
  },
  {
    name: 'a column that is not granted',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING hidden',
    twin: 'UPDATE customers SET name = name WHERE id = 1 RETURNING region',
  },
  {
    name: 'a column that is not granted, from inside',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT hidden)',
    twin: 'UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT region)',
  },
  {
    name: 'copied into a visible column',
    sql: 'UPDATE customers SET name = ssn WHERE id = 1 RETURNING name',
    twin: 'UPDATE customers SET name = region WHERE id = 1 RETURNING name',
  },
  {
    name: 'copied through a list',
    sql: 'UPDATE customers SET (name, region) = (ssn, hidden) WHERE id = 1 RETURNING name, region',
    twin: 'UPDATE customers SET (name, region) = (phone, phone) WHERE id = 1 RETURNING name, region',
  },
  {
    name: 'copied through ON CONFLICT',
    sql: `INSERT INTO customers (id, email) VALUES (1, 'q') ON CONFLICT (id) DO UPDATE SET name = customers.ssn RETURNING name`,
    twin: `INSERT INTO customers (id, email) VALUES (1, 'q') ON CONFLICT (id) DO UPDATE SET name = customers.phone RETURNING name`,
  },
  {
    name: 'through a CTE',
    sql: 'WITH u AS (UPDATE customers SET name = name RETURNING *) SELECT u::text FROM u',
    twin: 'WITH u AS (UPDATE notes SET n = n RETURNING *) SELECT u::text FROM u',
  },
  {
    name: 'hidden rows by RETURNING',
    sql: 'UPDATE customers SET name = name RETURNING id, phone',
    twin: 'UPDATE notes SET n = n RETURNING id',
  },
  {
    name: 'a hidden row by DELETE',
    sql: 'DELETE FROM customers WHERE id = 9 RETURNING name, region',
    twin: 'DELETE FROM customers WHERE id = 1 RETURNING name, region',
  },
  {
    name: 'a hidden row by upsert',
    sql: `INSERT INTO customers (id, email) VALUES (9, 'q') ON CONFLICT (id) DO UPDATE SET region = 'x' RETURNING phone, name`,
    twin: `INSERT INTO customers (id, email) VALUES (1, 'q') ON CONFLICT (id) DO UPDATE SET region = 'x' RETURNING phone, name`,
  },
  {
    name: 'old.*',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING old.*',
    twin: 'UPDATE notes SET n = n WHERE id = 1 RETURNING old.*',
    since: 18,
  },
  {
    name: 'the old row under another name',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING WITH (OLD AS o) o',
    twin: 'UPDATE notes SET n = n WHERE id = 1 RETURNING WITH (OLD AS o) o',
    since: 18,
  },
  {
    name: 'MERGE RETURNING',
    sql: 'MERGE INTO customers t USING notes s ON t.id = s.customer_id WHEN MATCHED THEN UPDATE SET name = name RETURNING t.*',
    twin: 'MERGE INTO notes t USING customers s ON s.id = t.customer_id WHEN MATCHED THEN UPDATE SET n = 1 RETURNING t.*',
    since: 17,
  },
  {
    name: 'an alias that hides the target',
    sql: `UPDATE customers SET region = (SELECT ssn FROM (SELECT 1) customers) WHERE id = 1 RETURNING region`,
    twin: `UPDATE customers SET region = (SELECT body FROM notes customers WHERE customers.id = 1) WHERE id = 1 RETURNING region`,
  },
];

const REACHES: readonly Attack[] = [
  { name: 'UPDATE without WHERE', sql: `UPDATE customers SET name = 'X'`, twin: `UPDATE notes SET n = 1` },
  {
    name: 'UPDATE by key',
    sql: `UPDATE customers SET name = 'X' WHERE id = 9`,
    twin: `UPDATE customers SET name = 'X' WHERE id = 2`,
  },
  {
    name: 'OR',
    sql: `UPDATE customers SET name = 'X' WHERE id = 1 OR true`,
    twin: `UPDATE customers SET name = 'X' WHERE id = 1 OR id = 2`,
  },
  { name: 'DELETE', sql: `DELETE FROM customers WHERE id >= 8`, twin: `DELETE FROM customers WHERE id < 8` },
  {
    name: 'DELETE with a comment and a trailing condition',
    sql: `DELETE FROM customers WHERE id >= 8 -- `,
    twin: `DELETE FROM customers WHERE id < 8 /* ) */`,
  },
  {
    name: 'DELETE USING',
    sql: `DELETE FROM customers USING members m WHERE m.tenant <> customers.tenant`,
    twin: `DELETE FROM customers USING notes m WHERE m.customer_id = customers.id`,
  },
  {
    name: 'upsert of a hidden row',
    sql: `INSERT INTO customers (id, email) VALUES (9, 'q') ON CONFLICT (id) DO UPDATE SET name = 'X'`,
    twin: `INSERT INTO customers (id, email) VALUES (2, 'q') ON CONFLICT (id) DO UPDATE SET name = 'X'`,
  },
  {
    name: 'upsert of a hidden row into our tenant',
    sql: `INSERT INTO customers (id, email, tenant) VALUES (9, 'q', 1) ON CONFLICT (id) DO UPDATE SET tenant = 1`,
    twin: `INSERT INTO customers (id, email, tenant) VALUES (2, 'q', 1) ON CONFLICT (id) DO UPDATE SET tenant = 1`,
  },
  {
    name: 'a row moved out',
    sql: `UPDATE customers SET tenant = 2 WHERE id = 1`,
    twin: `UPDATE customers SET tenant = 1 WHERE id = 1`,
  },
  {
    name: 'a row moved out by a CTE',
    sql: `WITH u AS (UPDATE customers SET tenant = 2 WHERE id = 1) SELECT 1`,
    twin: `WITH u AS (UPDATE customers SET name = 'q' WHERE id = 1) SELECT 1`,
  },
  {
    name: 'a row moved out, RETURNING a constant',
    sql: `UPDATE customers SET tenant = 2 WHERE id = 1 RETURNING 1`,
    twin: `UPDATE customers SET name = 'q' WHERE id = 1 RETURNING 1`,
  },
  {
    name: 'a row moved out, RETURNING *',
    sql: `UPDATE customers SET tenant = 2 WHERE id = 1 RETURNING *`,
    twin: `UPDATE customers SET name = 'q' WHERE id = 1 RETURNING *`,
  },
  {
    name: 'a row moved out by NULL',
    sql: `UPDATE guarded SET tenant = (SELECT max(tenant) + 1 FROM members) WHERE id = 1`,
    twin: `UPDATE guarded SET v = 'q' WHERE id = 1`,
  },
  {
    name: 'a row moved out by a trigger',
    sql: `UPDATE stamped SET v = 'move' WHERE id = 1`,
    twin: `UPDATE stamped SET v = 'stay' WHERE id = 1`,
  },
  {
    name: 'a row moved to another partition',
    sql: `UPDATE parts SET tenant = 2 WHERE id = 1`,
    twin: `UPDATE parts SET v = 'q' WHERE id = 1`,
  },
  {
    name: 'a row inserted outside',
    sql: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 2)`,
    twin: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 1)`,
  },
  {
    name: 'one row of many inserted outside',
    sql: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 1), (51, 'r', 2)`,
    twin: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 1), (51, 'r', 1)`,
  },
  {
    name: 'inserted outside by SELECT',
    sql: `INSERT INTO orders (tenant, amount) SELECT 2, n FROM notes`,
    twin: `INSERT INTO orders (tenant, amount) SELECT 1, n FROM notes`,
  },
  {
    name: 'inserted outside by a trigger',
    sql: `INSERT INTO stamped VALUES (7, 1, 'move')`,
    twin: `INSERT INTO stamped VALUES (7, 1, 'stay')`,
  },
  {
    name: 'inserted outside in WITH',
    sql: `WITH i AS (INSERT INTO orders (tenant, amount) VALUES (2, 1)) SELECT 1`,
    twin: `WITH i AS (INSERT INTO orders (tenant, amount) VALUES (1, 1)) SELECT 1`,
  },
  {
    name: 'inserted outside, RETURNING',
    sql: `INSERT INTO orders (tenant, amount) VALUES (2, 1) RETURNING id`,
    twin: `INSERT INTO orders (tenant, amount) VALUES (1, 1) RETURNING id`,
  },
  {
    name: 'MERGE: matched',
    sql: `MERGE INTO customers t USING (VALUES (9)) s(id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'X'`,
    twin: `MERGE INTO notes t USING (VALUES (1)) s(id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 5`,
    since: 17,
  },
  {
    name: 'MERGE: not matched by source',
    sql: `MERGE INTO orders t USING (VALUES (1)) s(id) ON t.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE`,
    twin: `MERGE INTO orders t USING (VALUES (1)) s(id) ON t.id = s.id WHEN NOT MATCHED BY SOURCE AND t.amount = 20 THEN DELETE`,
    since: 17,
  },
  {
    name: 'MERGE: inserted outside',
    sql: `MERGE INTO orders t USING (VALUES (2)) s(tenant) ON false WHEN NOT MATCHED THEN INSERT (tenant, amount) VALUES (s.tenant, 1)`,
    twin: `MERGE INTO orders t USING (VALUES (1)) s(tenant) ON false WHEN NOT MATCHED THEN INSERT (tenant, amount) VALUES (s.tenant, 1)`,
    since: 17,
  },
  {
    name: 'a column without Update',
    sql: `UPDATE customers SET hidden = 'X' WHERE id = 1`,
    twin: `UPDATE customers SET region = 'X' WHERE id = 1`,
  },
  {
    name: 'a column without Insert',
    sql: `INSERT INTO customers (id, email, hidden) VALUES (50, 'q', 'X')`,
    twin: `INSERT INTO customers (id, email, phone) VALUES (50, 'q', 'X')`,
  },
  { name: 'a table that is not granted', sql: `DELETE FROM members`, twin: `DELETE FROM notes` },
  { name: 'a partition that is not granted', sql: `DELETE FROM parts_2`, twin: `DELETE FROM parts` },
];

const SECRETS = [
  'SSN-',
  'ada@',
  'bob@',
  'cyd@',
  'eve@',
  'fay@',
  'H1',
  'H9',
  'HIDDEN',
  'SECRET',
  '+1 555 888',
  'Eve',
  'Fay',
  '1234.56',
];
const HIDDEN_STATE = `SELECT (SELECT json_agg(c ORDER BY id) FROM customers c WHERE tenant <> 1)::text || (SELECT json_agg(c ORDER BY id) FROM orders c WHERE tenant <> 1)::text
  || (SELECT json_agg(c ORDER BY id) FROM parts c WHERE tenant <> 1)::text || (SELECT json_agg(c ORDER BY id) FROM guarded c WHERE tenant <> 1)::text
  || coalesce((SELECT json_agg(c ORDER BY id) FROM stamped c WHERE tenant <> 1)::text, '') || (SELECT json_agg(c) FROM members c)::text
  || (SELECT json_agg(DISTINCT hidden) FROM customers WHERE tenant = 1)::text`;

describe.each([15, 18] as const)('attacks by writing on PostgreSQL %i', (major) => {
  let lab: Lab;
  let engine: SqlEngine;
  beforeAll(async () => {
    lab = await startLab(major, SCHEMA);
    engine = lab.engine(POLICY);
  });
  afterAll(async () => lab?.stop());
  const on = (attacks: readonly Attack[]): readonly Attack[] => attacks.filter((attack) => (attack.since ?? 0) <= major);
  const through = (sql: string): Promise<Outcome> => lab.undo(() => lab.run(engine, sql));
  const past = (sql: string): Promise<Outcome> => lab.undo(() => lab.direct(sql));

  async function twinWorks(attack: Attack): Promise<void> {
    const outcome = await through(attack.twin);
    expect(outcome.kind, `${attack.twin}\n${JSON.stringify(outcome)}`).toBe('done');
  }

  describe('guesses', () => {
    test.each(on(GUESSES))('$name', async (attack) => {
      if (attack.sql !== attack.other) expect(answer(await past(attack.sql))).not.toEqual(answer(await past(attack.other!)));
      expect(answer(await through(attack.sql))).toEqual(answer(await through(attack.other!)));
      expect(JSON.stringify(await through(attack.sql))).not.toContain('SECRET');
      await twinWorks(attack);
    });
  });

  describe('shows', () => {
    test.each(on(SHOWS))('$name', async (attack) => {
      expect(found(await past(attack.sql)), 'the attack must work past the engine').not.toEqual([]);
      const outcome = await through(attack.sql);
      expect(found(outcome), JSON.stringify(outcome)).toEqual([]);
      await twinWorks(attack);
    });
  });

  describe('reaches', () => {
    const hidden = async (): Promise<unknown> => (await lab.client.query(HIDDEN_STATE)).rows[0];
    const afterwards = (run: () => Promise<Outcome>): Promise<unknown> =>
      lab.undo(async () => {
        const outcome = await run();
        return { outcome, hidden: await hidden() };
      });
    test.each(on(REACHES))('$name', async (attack) => {
      const before = await hidden();
      expect(
        ((await afterwards(() => lab.direct(attack.sql))) as { hidden: unknown }).hidden,
        'the attack must work past the engine',
      ).not.toEqual(before);
      expect(((await afterwards(() => lab.run(engine, attack.sql))) as { hidden: unknown }).hidden).toEqual(before);
      await twinWorks(attack);
    });
  });
});

/** What distinguishes answers: everything but the text that repeats the statement. */
function answer(outcome: Outcome): unknown {
  return outcome.kind === 'denied'
    ? [outcome.code, outcome.sqlstate]
    : outcome.kind === 'error'
      ? [outcome.sqlstate]
      : [outcome.tag, outcome.rows];
}

function found(outcome: Outcome): string[] {
  const text = JSON.stringify(outcome.kind === 'done' ? outcome.rows : outcome);
  return SECRETS.filter((secret) => text.includes(secret));
}
