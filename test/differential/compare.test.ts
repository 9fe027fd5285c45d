/** The harness is worth what it finds: each kind of fault is planted once and must be reported as just that. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShop, type Shop } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';
import { readCases } from './cases.ts';
import { compare, type Aspect, type Verdict } from './compare.ts';
import { normalisePlan, planNodes } from './plan.ts';
import { MAJORS } from '../support/majors.ts';

const repairs = readCases(await readFile(new URL('./repairs.sql', import.meta.url), 'utf8'));

describe.each(MAJORS)('differential harness on PostgreSQL %i', (major) => {
  let shop: Shop;
  let connection: WireClient;
  beforeAll(async () => {
    shop = await startShop(major, ['a']);
    connection = await shop.connect('shop_a');
  });
  afterAll(async () => {
    await connection?.close();
    await shop?.stop();
  });

  const faults: readonly (readonly [Aspect, original: string, rewritten: string])[] = [
    ['error', 'SELECT 1/id FROM employees', 'SELECT 1/(id-1) FROM employees'],
    ['tag', "UPDATE orders SET note = 'x' WHERE id < 3", "UPDATE orders SET note = 'x' WHERE id < 4"],
    ['names', 'SELECT name::text FROM employees', 'SELECT (name)::text AS "case" FROM employees'],
    ['types', 'SELECT id FROM employees', 'SELECT id::bigint AS id FROM employees'],
    ['typmods', 'SELECT name FROM customers', 'SELECT name::varchar(79) AS name FROM customers'],
    ['rows', 'SELECT salary FROM employees', 'SELECT salary + 0.01 AS salary FROM employees'],
    ['copy', 'COPY employees (id) TO STDOUT', 'COPY (SELECT id + 1 FROM employees) TO STDOUT'],
    ['notices', "SELECT leak('x')", "SELECT leak('y')"],
    ['parameters', 'SELECT $1::int', 'SELECT $1::bigint::int'],
  ];
  it.each(faults)('reports a fault in %s as a difference', async (aspect, original, rewritten) => {
    const verdict = await compare({
      connection,
      original,
      rewritten,
      parameters: original.includes('$1') ? ['1'] : [],
      ...(aspect === 'copy' ? { protocol: 'simple' as const } : {}),
    });
    expect(verdict.verdict, JSON.stringify(verdict.differences)).toBe('different');
    expect(verdict.differences.map((difference) => difference.aspect)).toContain(aspect);
  });

  const minor: readonly (readonly [Aspect, original: string, rewritten: string])[] = [
    ['origins', 'SELECT id FROM employees', 'SELECT id + 0 AS id FROM employees'],
    ['order', 'SELECT id FROM employees ORDER BY id', 'SELECT id FROM employees ORDER BY id DESC'],
    ['plan', 'SELECT count(*) FROM orders WHERE id = 3', 'SELECT count(*) FROM orders WHERE id + 0 = 3'],
    ['message', "SELECT 'a'::int", "SELECT 'b'::int"],
  ];
  it.each(minor)('reports a difference in %s as minor', async (aspect, original, rewritten) => {
    const verdict = await compare({ connection, original, rewritten });
    expect(verdict.verdict, JSON.stringify(verdict.differences)).toBe('minor');
    expect(verdict.differences.map((difference) => difference.aspect)).toContain(aspect);
  });

  it('leaves nothing behind', async () => {
    await compare({ connection, original: 'DELETE FROM preferences', rewritten: 'DELETE FROM preferences' });
    const { results } = await connection.query('SELECT count(*) FROM preferences');
    expect(results[0]?.rows[0]?.[0]?.toString()).toBe('6');
  });

  it.each(repairs.cases.map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
    const verdict: Verdict = await compare({
      connection,
      original: entry.original,
      rewritten: entry.rewritten ?? '',
      parameters: entry.parameters,
      protocol: entry.protocol,
    });
    expect(verdict.verdict, JSON.stringify(verdict.differences, null, 1)).toBe(entry.expect);
  });
});

it('normalises prefixes and alias numbers away, and keeps literals and structure', () => {
  expect(normalisePlan(['  Sort Key: c.name', "  Filter: (c_1.note = 'a.b_1'::text)"])).toEqual([
    '  Sort Key: name',
    "  Filter: (note = 'a.b_1'::text)",
  ]);
  expect(normalisePlan(['Index Cond: (id = 1)'])).not.toEqual(normalisePlan(['Filter: (id = 1)']));
  expect(planNodes(['Limit', '  ->  Index Scan using a on b', '        Index Cond: (id = 1)'])).toEqual(['Limit', 'Index Scan']);
});
