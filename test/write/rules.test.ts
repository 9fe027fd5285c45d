/** Grants, guardrails, protection, COPY FROM, Observe: what is decided before anything is sent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check } from './cases.ts';
import { POLICY, SCHEMA } from './schema.ts';
import { type Lab, planOf, type Policy, startLab } from './support.ts';
import { MAJORS } from '../support/majors.ts';

describe.each(MAJORS)('rules of writing on PostgreSQL %i', (major) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(major, SCHEMA);
  });
  afterAll(async () => lab?.stop());

  const decide = (policy: Policy, sql: string): string => {
    const plan = planOf(lab.engine(policy), sql);
    return plan.decision === 'allow' ? 'allow' : plan.denial!.code;
  };

  describe('requireWhere', () => {
    const policy: Policy = { ...POLICY, requireWhere: true };
    test.each([
      'UPDATE notes SET n = 1',
      'DELETE FROM notes',
      'DELETE FROM customers',
      'DELETE FROM notes WHERE true',
      'DELETE FROM notes WHERE 1 = 1',
      'DELETE FROM notes WHERE NOT false',
      'DELETE FROM notes WHERE $1',
      'DELETE FROM notes WHERE id = id',
      'DELETE FROM notes WHERE n + 1 = n + 1',
      'DELETE FROM notes WHERE id IS NOT NULL',
      'DELETE FROM notes WHERE notes IS NOT NULL',
      'DELETE FROM notes WHERE id = 1 OR true',
      'DELETE FROM notes WHERE id = 1 OR 1 = 1 OR id = 2',
      'DELETE FROM notes WHERE (id = id) AND true',
      'DELETE FROM notes USING customers c WHERE c.id = 1',
      'DELETE FROM notes WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = 1)',
      'DELETE FROM notes WHERE EXISTS (SELECT 1 FROM intake WHERE id = 1)',
      'UPDATE notes SET n = 1 FROM customers c WHERE c.id = 1 RETURNING notes.id',
      'WITH d AS (DELETE FROM notes) SELECT 1',
      'WITH d AS (DELETE FROM notes WHERE true RETURNING *) SELECT * FROM d',
      'MERGE INTO notes USING customers c ON true WHEN MATCHED THEN DELETE',
      'MERGE INTO notes USING customers c ON c.id = 1 WHEN MATCHED AND c.id = 2 THEN UPDATE SET n = 1',
    ])('refuses %s', (sql) => {
      expect(decide(policy, sql)).toBe('SLUICE-301');
      expect(decide(POLICY, sql), 'without the guardrail').toBe('allow');
    });
    test.each([
      'UPDATE notes SET n = 1 WHERE id = 1',
      'DELETE FROM notes WHERE true AND id > 0',
      'DELETE FROM notes WHERE customer_id IS NOT NULL',
      'DELETE FROM notes WHERE n + 1 = n + 2',
      'DELETE FROM notes WHERE id = 1 OR body = $1',
      'DELETE FROM notes WHERE id = customer_id',
      'DELETE FROM notes WHERE id IN (SELECT id FROM intake)',
      'DELETE FROM notes WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = notes.customer_id)',
      'DELETE FROM notes WHERE EXISTS (SELECT 1 FROM intake WHERE intake.id = customer_id)',
      'DELETE FROM notes USING customers c WHERE c.id = notes.customer_id',
      'DELETE FROM notes WHERE NOT (id = 1)',
      'DELETE FROM notes WHERE lower(body) LIKE $1',
      'DELETE FROM notes WHERE CURRENT OF c',
      `DELETE FROM customers WHERE email = 'x'`,
      'INSERT INTO notes (n) VALUES (1)',
      'INSERT INTO notes (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1',
      'MERGE INTO notes USING customers c ON c.id = notes.customer_id WHEN MATCHED THEN DELETE',
      'MERGE INTO notes USING customers c ON true WHEN MATCHED AND notes.id = 1 THEN DELETE',
      'MERGE INTO notes USING customers c ON false WHEN NOT MATCHED THEN INSERT (n) VALUES (1)',
    ])('allows %s', (sql) => expect(decide(policy, sql)).toBe('allow'));
    test('MERGE: rows without a partner need a condition of their own', () => {
      if (major < 17)
        return expect(
          decide(policy, 'MERGE INTO notes USING customers c ON c.id = notes.id WHEN NOT MATCHED BY SOURCE THEN DELETE'),
        ).toBe('SLUICE-103');
      const merge = 'MERGE INTO notes USING customers c ON c.id = notes.customer_id WHEN NOT MATCHED BY SOURCE';
      expect(decide(policy, `${merge} THEN DELETE`)).toBe('SLUICE-301');
      expect(decide(policy, `${merge} AND notes.n = 1 THEN DELETE`)).toBe('allow');
    });
    test('a literal that decides is pinned', () => {
      const plan = planOf(lab.engine(policy), 'DELETE FROM notes WHERE n + 1 = n + 2');
      expect(plan.pinned).toBe('all');
      expect(planOf(lab.engine(policy), 'DELETE FROM notes WHERE id = 7').pinned).toEqual([]);
    });
  });

  test.each([
    ['INSERT INTO notes (n) VALUES (1)', 'Insert'],
    ['UPDATE notes SET n = 1', 'Update'],
    ['INSERT INTO notes (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 1', 'Update'],
    ['WITH d AS (DELETE FROM notes RETURNING 1) SELECT 1', 'Delete'],
    ['COPY notes (n) FROM STDIN', 'Insert'],
    ['MERGE INTO notes USING customers c ON c.id = notes.id WHEN MATCHED THEN DELETE', 'Delete'],
  ] as const)('protection: %s', (sql, action) => {
    expect(decide({ ...POLICY, protectionDeny: [action] }, sql)).toBe('SLUICE-303');
    expect(decide({ ...POLICY, protectionDeny: ['Drop'] }, sql)).toBe('allow');
  });

  describe('actions and columns', () => {
    const policy: Policy = {
      tables: {
        'public.notes': { select: ['id', 'body'], insert: ['body', 'n'], update: ['n'] },
        'public.intake': { insert: ['*'] },
        'public.members': { update: ['agent'], delete: true, filter: '(@tenant OPERATOR(pg_catalog.=) 1)' },
      },
    };
    test.each([
      ['UPDATE notes SET n = 1 WHERE id = 1', 'allow'],
      ['UPDATE notes SET body = $1 WHERE id = 1', 'SLUICE-203'],
      ['UPDATE notes SET copy = $1 WHERE id = 1', 'SLUICE-202'],
      ['UPDATE notes SET nosuch = $1 WHERE id = 1', 'SLUICE-202'],
      ['UPDATE notes SET n = 1 WHERE n = 1', 'SLUICE-202'],
      ['UPDATE notes SET n = n + 1 WHERE id = 1', 'SLUICE-202'],
      ['UPDATE notes SET n = 1 WHERE nosuch = 1', 'SLUICE-202'],
      ['UPDATE notes SET n = 1 WHERE id = 1 RETURNING n', 'SLUICE-202'],
      ['UPDATE notes SET n = 1 WHERE id = 1 RETURNING *', 'allow'],
      ['INSERT INTO notes (body) VALUES ($1) RETURNING id, body', 'allow'],
      ['INSERT INTO notes (body, copy) VALUES ($1, $2)', 'SLUICE-202'],
      ['INSERT INTO notes (id, body) VALUES ($1, $2)', 'SLUICE-203'],
      ['INSERT INTO notes (body) VALUES ($1) ON CONFLICT (customer_id) DO NOTHING', 'SLUICE-202'],
      ['INSERT INTO notes (body) VALUES ($1) ON CONFLICT (id) DO NOTHING', 'allow'],
      ['INSERT INTO notes (body, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = excluded.n', 'allow'],
      ['INSERT INTO notes (body) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = length(excluded.copy)', 'SLUICE-202'],
      ['INSERT INTO notes (body) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = length(excluded::text)', 'SLUICE-602'],
      ['DELETE FROM notes WHERE id = 1', 'SLUICE-203'],
      ['INSERT INTO intake (id) VALUES (1)', 'allow'],
      ['INSERT INTO intake (id) VALUES (1) RETURNING id', 'SLUICE-203'],
      ['INSERT INTO intake VALUES (1) RETURNING *', 'SLUICE-203'],
      ['INSERT INTO intake DEFAULT VALUES', 'allow'],
      ['UPDATE intake SET id = 1', 'SLUICE-203'],
      [`UPDATE members SET agent = 'x'`, 'allow'],
      ['DELETE FROM members', 'allow'],
      ['DELETE FROM members WHERE tenant = 1', 'SLUICE-203'],
      ['DELETE FROM orders', 'SLUICE-201'],
      ['DELETE FROM nosuch', 'SLUICE-201'],
      ['UPDATE pg_class SET relname = $1', 'SLUICE-203'],
      [`UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'`, 'SLUICE-203'],
    ])('%s -> %s', (sql, decision) => expect(decide(policy, sql)).toBe(decision));

    test('an update without Select still checks the new row', async () => {
      await check(lab, lab.engine(policy), {
        name: '',
        sql: `UPDATE members SET agent = 'x'`,
        sees: { tag: 'UPDATE 1', rows: [] },
        state: ['SELECT agent FROM members', [['x']]],
      });
    });
    test('a denial says what would be allowed', () => {
      const { denial } = planOf(lab.engine(policy), 'UPDATE notes SET copy = $1 WHERE id = 1');
      expect(denial).toMatchObject({
        sqlstate: '42501',
        message: 'Column copy of public.notes does not exist or is not granted.',
        hint: 'Update is granted for: n.',
      });
      expect(denial?.location).toBe('UPDATE notes SET '.length);
    });
  });

  describe('COPY FROM', () => {
    test.each([
      ['COPY notes (body, n) FROM STDIN', 'allow', 'COPY "public"."notes" (body, n) FROM STDIN'],
      ['COPY notes FROM STDIN', 'allow', 'COPY "public"."notes" FROM STDIN'],
      ['COPY customers (id, email) FROM STDIN', 'SLUICE-603', ''],
      [`COPY notes FROM '/etc/passwd'`, 'SLUICE-206', ''],
      [`COPY notes FROM PROGRAM 'id'`, 'SLUICE-206', ''],
      ['COPY members FROM STDIN', 'SLUICE-201', ''],
      ['COPY customer_view (id, hidden) FROM STDIN', 'SLUICE-202', ''],
      ['COPY notes FROM STDIN WHERE n > 3', 'allow', 'COPY "public"."notes" FROM STDIN WHERE n > 3'],
    ])('%s -> %s', (sql, decision, text) => {
      const plan = planOf(lab.engine(POLICY), sql);
      expect(plan.decision === 'allow' ? 'allow' : plan.denial?.code).toBe(decision);
      expect(plan.text).toBe(text);
      if (plan.decision === 'allow') expect(plan).toMatchObject({ kind: 'copy-from', copyIn: true, writesRows: true });
    });
    test('without a list: the columns that are granted', () => {
      const policy: Policy = { tables: { 'public.notes': { insert: ['body', 'n'] } } };
      expect(planOf(lab.engine(policy), 'COPY public.notes FROM STDIN (FORMAT csv)').text).toBe(
        'COPY public.notes ("body", "n") FROM STDIN (FORMAT csv)',
      );
      expect(decide(policy, 'COPY notes (copy) FROM STDIN')).toBe('SLUICE-202');
      expect(decide(policy, 'COPY notes FROM STDIN WHERE copy IS NULL')).toBe('SLUICE-203');
    });
  });

  test('MERGE into a filtered table needs 17', () => {
    const merge = 'MERGE INTO orders USING notes s ON orders.id = s.id WHEN MATCHED THEN';
    expect(decide(POLICY, `${merge} UPDATE SET amount = 1`)).toBe(major < 17 ? 'SLUICE-603' : 'allow');
    expect(decide(POLICY, `${merge} DELETE`)).toBe('allow');
  });

  describe('Observe', () => {
    const observe: Policy = { ...POLICY, requireWhere: true, mode: 'Observe', masking: 'Record' };
    test.each([
      ['DELETE FROM notes', 'SLUICE-301'],
      ['UPDATE customers SET hidden = $1 WHERE id = 1', 'SLUICE-202'],
      ['UPDATE customers SET name = email WHERE id = 1 RETURNING hidden', 'SLUICE-202'],
    ])('records %s', (sql, code) => {
      const plan = planOf(lab.engine(observe), sql);
      expect(plan.decision).toBe('allow');
      expect(plan.observed?.map((entry) => entry.code)).toContain(code);
      expect(plan.swallowRows).toBeUndefined();
    });
    test('masks and filters are recorded, not applied', async () => {
      const plan = planOf(lab.engine(observe), 'UPDATE customers SET email = $1 WHERE ssn = $2 RETURNING *');
      expect(plan.facts.masks).toMatchObject({ 'public.customers.ssn': 'constant', 'public.customers.email': 'constant' });
      expect(plan.facts.filters).toEqual({ 'public.customers': ['data/test'] });
      await check(lab, lab.engine(observe), {
        name: '',
        sql: `UPDATE customers SET name = 'x' WHERE ssn = 'SSN-9' RETURNING ssn`,
        sees: { rows: [['SSN-9']] },
      });
    });
    test('a column that no policy may reveal is masked all the same', async () => {
      const floor: Policy = { ...observe, protectedColumns: { 'public.customers': ['hidden'] } };
      const engine = lab.engine(floor);
      const sql = `UPDATE customers SET name = 'x' WHERE id = 1 RETURNING hidden, ssn`;
      expect(planOf(engine, sql).observed?.map((entry) => entry.code)).toContain('SLUICE-202');
      await check(lab, engine, { name: '', sql, sees: { rows: [['floor', 'SSN-1']] } });
      await check(lab, engine, {
        name: '',
        sql: `UPDATE customers SET name = 'x' WHERE hidden = 'H1'`,
        sees: { tag: 'UPDATE 0' },
      });
      expect(decide(floor, `UPDATE customers SET name = 'x' WHERE id = 1 RETURNING customers`)).toBe('SLUICE-602');
      expect(decide(observe, `UPDATE customers SET name = 'x' WHERE id = 1 RETURNING customers`)).toBe('allow');
    });
    test('RETURNING * has all columns, floors masked', async () => {
      const engine = lab.engine({ ...observe, protectedColumns: { 'public.customers': ['hidden'] } });
      const outcome = await lab.undo(() => lab.run(engine, 'DELETE FROM customers WHERE id = 9 RETURNING *'));
      expect(outcome).toMatchObject({ kind: 'done', rows: [expect.arrayContaining(['SSN-9', 'fay@secret.com', 'floor'])] });
      expect(planOf(lab.engine(observe), 'DELETE FROM notes RETURNING *')).toMatchObject({ decision: 'allow' });
    });
    test('masking Enforce applies them while permissions are observed', async () => {
      const engine = lab.engine({ ...observe, masking: 'Enforce' });
      await check(lab, engine, {
        name: '',
        sql: `UPDATE customers SET hidden = 'x' WHERE id = 1 RETURNING ssn`,
        sees: { rows: [[null]] },
      });
      await check(lab, engine, { name: '', sql: `UPDATE customers SET name = 'x' WHERE id = 9`, sees: { tag: 'UPDATE 0' } });
    });
  });

  test('facts: what is read, written, masked, filtered', () => {
    const { facts, kind, writesRows, returnsRows, touchesGoverned } = planOf(
      lab.engine(POLICY),
      `UPDATE customers SET name = 'x', email = 'y' WHERE id = 1 RETURNING phone`,
    );
    expect({ kind, writesRows, returnsRows, touchesGoverned }).toEqual({
      kind: 'update',
      writesRows: true,
      returnsRows: true,
      touchesGoverned: true,
    });
    expect(facts.writes).toMatchObject([{ relation: 'public.customers', columns: ['name', 'email'], action: 'Update' }]);
    expect(facts.reads).toMatchObject([{ relation: 'public.customers', columns: ['id', 'phone'], action: 'Select' }]);
    expect(facts.masks).toEqual({ 'public.customers.email': 'constant' });
    expect(facts.filters).toEqual({ 'public.customers': ['data/test'] });
  });

  test('a statement on a table that is granted whole goes upstream as it is', () => {
    const policy: Policy = { ...POLICY, temporaryTables: false };
    for (const sql of [
      'UPDATE notes SET n = n + 1 WHERE id = 1 RETURNING *',
      'DELETE FROM notes',
      'INSERT INTO notes (n) VALUES (1)',
    ]) {
      expect(planOf(lab.engine(policy), sql)).toMatchObject({ rewritten: false, text: sql });
    }
  });
});
