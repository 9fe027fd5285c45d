/**
 * The plan cache against the analyser itself, over a real server's catalog: whatever the cache answers must be what a fresh analysis
 * answers, for any literals, in any order of statements.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import { CachedEngine } from '../../core/sql/cache/cached-engine.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser, type WasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { AnalyseRequest, AnalyseResult } from '../../core/sql/plan.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { bundleFor } from '../support/sql-core.ts';

let server: LocalPostgres;
let catalog: Catalog;
let parser: WasmParser;

beforeAll(async () => {
  server = await startLocalPostgres({ major: 18 });
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(`
    CREATE TABLE people (id int PRIMARY KEY, name text, email text, region text, born date, balance numeric, doc jsonb);
    CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people, total numeric, at timestamptz DEFAULT now());
    CREATE TABLE hidden (x int);
    CREATE SEQUENCE tickets;
    CREATE SCHEMA other;
    CREATE TABLE other.orders (id int, person int, total numeric, at timestamptz);
  `);
  await client.end();
  catalog = await catalogOf(server.url());
  parser = await createWasmParser();
});
afterAll(() => server?.stop());

function engines(overrides: Partial<Bundle> = {}): { readonly fresh: SqlEngine; readonly cached: CachedEngine } {
  const bundle = bundleFor(catalog, {
    tables: {
      'public.people': { masks: { email: 'null' }, filter: "{region} = 'eu'", write: true },
      'public.orders': { write: true },
    },
    overrides: { guardrails: { requireWhere: true, maxAffectedRows: 10 }, limits: { maxRows: 100 }, ...overrides },
  });
  const make = (): SqlEngine => createEngine({ catalog, bundle, parser, salt: '7f' });
  return { fresh: make(), cached: new CachedEngine(make(), parser) };
}

const request = (
  sql: string,
  parameterTypes: readonly number[] = [],
  protocol: AnalyseRequest['protocol'] = 'simple',
): AnalyseRequest => ({
  sql: Buffer.from(sql),
  protocol,
  parameterTypes,
});

const comparable = (result: AnalyseResult): unknown => result.map(({ pinned: _, ...plan }) => plan);

/** `?s` stands for a string, `?i` for an integer, `?d` for a decimal. */
const TEMPLATES = [
  'SELECT * FROM people WHERE id = ?i',
  'SELECT name, email FROM people WHERE email = ?s',
  'SELECT p.name, o.total FROM people p JOIN orders o ON o.person = p.id WHERE o.total > ?d AND p.name LIKE ?s LIMIT ?i',
  'SELECT * FROM orders WHERE id IN (?i, ?i, ?i) ORDER BY ?i',
  "SELECT * FROM orders WHERE at > now() - interval '1 day' AND id = ?i",
  'SELECT count(*) FROM orders WHERE ?i = ?i',
  'SELECT ?s::text, id FROM orders WHERE person = ?i',
  'SELECT ?s::regclass',
  'SELECT nextval(?s)',
  'SELECT current_setting(?s)',
  'SELECT set_config(?s, ?s, false)',
  'SELECT doc->>?s FROM people WHERE id = ?i',
  'SELECT name FROM people WHERE email::int = ?i',
  'SELECT name FROM people WHERE name || ?s = email OR balance BETWEEN ?d AND ?i',
  'SELECT region, max(email) FROM people GROUP BY ?i HAVING count(*) > ?i',
  'SELECT * FROM people p LEFT JOIN orders o ON o.person = p.id AND o.total / ?i > ?d WHERE p.born = date ?s',
  'INSERT INTO orders (id, person, total) VALUES (?i, ?i, ?d)',
  'INSERT INTO people (id, name, email, region) VALUES (?i, ?s, ?s, ?s) RETURNING email',
  'INSERT INTO orders VALUES (?i, ?i, ?d, DEFAULT) ON CONFLICT (id) DO UPDATE SET total = ?d WHERE orders.person = ?i',
  'UPDATE people SET email = ?s WHERE id = ?i',
  'UPDATE people SET name = ?s, balance = balance + ?d WHERE email = ?s RETURNING *',
  'UPDATE orders SET total = ?i WHERE ?i = ?i',
  'DELETE FROM orders WHERE id = ?i AND total <> ?d',
  'DELETE FROM orders WHERE ?s = ?s',
  'DELETE FROM people WHERE email = ?s OR id = -?i',
  'SELECT x FROM hidden WHERE x = ?i',
  'WITH w AS (SELECT id, email FROM people WHERE region = ?s) SELECT * FROM w WHERE id > ?i OFFSET ?i',
  'SELECT * FROM orders TABLESAMPLE system (?i) WHERE id = ?i',
  'SELECT a.*, ?s FROM people a WHERE a.id = ?i /* ?s */',
  'SELECT id FROM orders WHERE id = ?i; SELECT id FROM orders WHERE id = ?i',
  'BEGIN',
  'SET work_mem = ?i',
  'SELECT * FROM people WHERE id = $1 AND name = ?s',
  'EXPLAIN SELECT ?i',
  'VALUES (?i, ?s)',
] as const;

const text = fc.oneof(
  fc.constantFrom(
    '',
    'x',
    'eu',
    'people',
    'hidden',
    'public.people',
    'tickets',
    'role',
    'search_path',
    'sluice.mask_key_inner',
    '1',
    "'",
    "''",
    '\\',
    '%\\',
    '--',
    '/*',
    '*/',
    ';',
    '$1',
    'é数😀',
    '2020-01-01',
    ') OR (1=1',
  ),
  fc.string({ maxLength: 8 }).filter((value) => !value.includes('\0')),
);
const filled = fc.constantFrom(...TEMPLATES).chain((template) => {
  const holes = template.match(/\?[sid]/g) ?? [];
  return fc
    .tuple(
      ...holes.map((hole) =>
        hole === '?s'
          ? text.map((value) => `'${value.replaceAll("'", "''")}'`)
          : hole === '?i'
            ? fc.oneof(fc.constantFrom(0, 1, 2, 3, 7), fc.nat(999_999_999), fc.nat(9_999_999_999)).map(String)
            : fc.tuple(fc.nat(99), fc.nat(99)).map(([whole, part]) => `${whole}.${part}`),
      ),
    )
    .map((values) => {
      let index = 0;
      return template.replace(/\?[sid]/g, () => values[index++]!);
    });
});

describe('the plan cache', () => {
  it('answers what a fresh analysis answers, whatever the literals', () => {
    const { fresh, cached } = engines();
    const session = createSessionState(['public']);
    fc.assert(
      fc.property(filled, (sql) => {
        expect({ sql, plans: comparable(cached.analyse(request(sql), session)) }).toEqual({
          sql,
          plans: comparable(fresh.analyse(request(sql), session)),
        });
      }),
      { numRuns: 2_500 },
    );
    // It must have been used, or nothing was tested.
    expect(cached.statistics.shapeHits).toBeGreaterThan(200);
    expect(cached.statistics.exactHits).toBeGreaterThan(20);
    expect(cached.statistics.disagreements).toBe(0);
  });

  const statementsOf = (cached: CachedEngine, sql: (value: number) => string, count = 20): number => {
    const session = createSessionState(['public']);
    const before = cached.statistics.shapeHits;
    for (let value = 1; value <= count; value += 1) cached.analyse(request(sql(value)), session);
    return cached.statistics.shapeHits - before;
  };

  it('serves changing literals by shape after three statements', () => {
    const { cached } = engines();
    expect(statementsOf(cached, (value) => `SELECT * FROM people WHERE id = ${value}`)).toBe(17);
    expect(
      statementsOf(
        cached,
        (value) => `SELECT name FROM orders o JOIN people p ON p.id = o.person WHERE p.name = 'n${value}' LIMIT 5`,
      ),
    ).toBe(17);
    expect(statementsOf(cached, (value) => `INSERT INTO orders (id, person, total) VALUES (${value}, 1, ${value}.5)`)).toBe(17);
    expect(statementsOf(cached, (value) => `UPDATE orders SET total = ${value} WHERE id = ${value}`)).toBe(17);
  });

  it('never by shape where the value decides', () => {
    const { cached } = engines();
    const names = ['people', 'orders', 'hidden', 'tickets'];
    expect(statementsOf(cached, (value) => `SELECT '${names[value % 4]}'::regclass`)).toBe(0);
    expect(statementsOf(cached, (value) => `DELETE FROM orders WHERE ${value} = ${(value % 3) + 1}`)).toBe(0);
    expect(statementsOf(cached, (value) => `SET work_mem = ${value}`)).toBe(0);
    expect(statementsOf(cached, (value) => `SELECT x FROM hidden WHERE x = ${value}`)).toBe(0);
  });

  it('tells sessions, parameter types and protocols apart', () => {
    const { fresh, cached } = engines();
    const here = createSessionState(['public']);
    const there = createSessionState(['other', 'public']);
    const temporary = createSessionState(['public']);
    temporary.apply({ kind: 'create-temporary', name: 'orders', columns: ['id'] }, 'test');
    for (let round = 0; round < 3; round += 1) {
      for (let value = 1; value < 8; value += 1) {
        for (const session of [here, there, temporary]) {
          for (const types of [[], [23], [2205]]) {
            for (const protocol of ['simple', 'extended'] as const) {
              const sql = `SELECT id FROM orders WHERE id = ${value} AND person = $1`;
              expect(comparable(cached.analyse(request(sql, types, protocol), session))).toEqual(
                comparable(fresh.analyse(request(sql, types, protocol), session)),
              );
            }
          }
        }
      }
    }
    expect(cached.statistics.shapeHits).toBeGreaterThan(0);
    expect(cached.statistics.exactHits).toBeGreaterThan(0);
  });

  it('sees a change of the session', () => {
    const { cached } = engines();
    const session = createSessionState(['public']);
    const code = (): string | undefined => cached.analyse(request('SELECT id FROM orders'), session)[0]?.denial?.code;
    expect([code(), code()]).toEqual([undefined, undefined]);
    session.apply({ kind: 'set-search-path', path: ['other'], local: false }, 'test');
    expect(code()).toBe('SLUICE-201');
    session.error();
    session.ready('I');
    expect(code()).toBeUndefined();
  });

  it('checks what was never analysed: bytes that are not UTF-8, zero bytes, size', () => {
    const { cached } = engines();
    const session = createSessionState(['public']);
    for (let value = 1; value < 8; value += 1)
      cached.analyse(request(`SELECT name FROM people WHERE name = 'n${value}'`), session);
    expect(cached.statistics.shapeHits).toBeGreaterThan(0);
    const evil = (...bytes: readonly number[]): string | undefined =>
      cached.analyse(
        {
          ...request(''),
          sql: Buffer.concat([Buffer.from("SELECT name FROM people WHERE name = 'n"), Buffer.from(bytes), Buffer.from("'")]),
        },
        session,
      )[0]?.denial?.code;
    expect(evil(0xff)).toBe('SLUICE-106');
    expect(evil(0)).toBe('SLUICE-501');
    expect(evil(0x41)).toBeUndefined();
    expect(cached.analyse(request(`SELECT ${'('.repeat(3_000)}1${')'.repeat(3_000)}`), session)[0]?.denial?.code).toBe(
      'SLUICE-104',
    );
    expect(cached.analyse(request(`SELECT * FROM orders WHERE id IN (${'1,'.repeat(6_000)}1)`), session)[0]?.denial?.code).toBe(
      'SLUICE-104',
    );
  });

  it('stays within its bytes', () => {
    const { cached } = engines();
    const session = createSessionState(['public']);
    for (let value = 0; value < 3_000; value += 1)
      cached.analyse(request(`SELECT id AS column_${value} FROM orders WHERE total > ${value}`), session);
    expect(cached.statistics.bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(cached.statistics.bytes).toBeGreaterThan(1024 * 1024);
  });
});
