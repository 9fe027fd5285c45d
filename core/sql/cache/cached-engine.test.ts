import { beforeAll, describe, expect, it } from 'vitest';
import type { SqlEngine } from '../engine.ts';
import { createWasmParser, type WasmParser } from '../parse/wasm-parser.ts';
import type { AnalyseRequest, StatementPlan } from '../plan.ts';
import { createSessionState } from '../session-tracker.ts';
import { CachedEngine } from './cached-engine.ts';

let parser: WasmParser;
beforeAll(async () => {
  parser = await createWasmParser();
});

/** An engine that answers what `describe` says, and counts how often it was asked. */
function fake(describe: (sql: string) => Partial<StatementPlan>): { readonly engine: SqlEngine; asked: number } {
  const counter = { asked: 0 };
  const analyse = (request: AnalyseRequest): readonly StatementPlan[] => {
    counter.asked += 1;
    const text = request.sql.toString();
    return [
      {
        decision: 'allow',
        kind: 'select',
        range: [0, request.sql.length],
        text,
        rewritten: false,
        edits: [],
        facts: { reads: [], writes: [], masks: {}, filters: {}, functions: [], rules: [] },
        effect: { kind: 'none' },
        writesRows: false,
        touchesGoverned: false,
        returnsRows: true,
        cacheable: true,
        pinned: [],
        fingerprint: 'f',
        normalised: 'n',
        ...describe(text),
      },
    ];
  };
  const engine = { analyse } as unknown as SqlEngine;
  return Object.assign(counter, { engine });
}

const run = (cached: CachedEngine, sql: string): StatementPlan =>
  cached.analyse({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] }, createSessionState(['public']))[0]!;

describe('CachedEngine', () => {
  it('asks once for the same text', () => {
    const inner = fake(() => ({}));
    const cached = new CachedEngine(inner.engine, parser);
    for (let round = 0; round < 5; round += 1) run(cached, 'SELECT a FROM t');
    expect(inner.asked).toBe(1);
  });

  it('moves edits along with the literals', () => {
    const inner = fake((sql) => {
      const start = sql.indexOf('WHERE');
      return {
        rewritten: true,
        edits: [
          { start: 14, end: 15, replacement: '"t"' },
          { start, end: start, replacement: '/*é*/' },
        ],
        text: sql.replace(' t', ' "t"').replace('WHERE', '/*é*/WHERE'),
      };
    });
    const cached = new CachedEngine(inner.engine, parser);
    for (const value of ["'a'", "'bb'", "'c'"]) run(cached, `SELECT a FROM t WHERE b = ${value} AND c = 1`);
    expect(inner.asked).toBe(3);
    const plan = run(cached, "SELECT a FROM t WHERE b = 'dddé' AND c = 123");
    expect(inner.asked).toBe(3);
    expect(plan.text).toBe('SELECT a FROM "t" /*é*/WHERE b = \'dddé\' AND c = 123');
    expect(plan.range).toEqual([0, Buffer.byteLength("SELECT a FROM t WHERE b = 'dddé' AND c = 123")]);
  });

  it.each<[string, (sql: string) => Partial<StatementPlan>]>([
    [
      'copies a literal into an edit',
      (sql) => ({ edits: [{ start: 0, end: 0, replacement: /'.*'/.exec(sql)![0] }], text: /'.*'/.exec(sql)![0] + sql }),
    ],
    ['says something else of another value', (sql) => ({ touchesGoverned: sql.includes("'2'") })],
    ['writes something else for the second value', (sql) => ({ text: sql.includes("'2'") ? 'SELECT 1' : sql })],
    ['writes something else for the third value', (sql) => ({ text: sql.includes("'3'") ? 'SELECT 1' : sql })],
  ])('never caches by shape when the analyser %s without pinning it', (_, describe) => {
    const inner = fake(describe);
    const cached = new CachedEngine(inner.engine, parser);
    for (let value = 1; value <= 9; value += 1) run(cached, `SELECT a FROM t WHERE b = '${value}'`);
    expect(inner.asked).toBe(9);
    expect(cached.statistics).toMatchObject({ disagreements: 1, shapeHits: 0 });
  });

  it.each<[string, Partial<StatementPlan>]>([
    ['pinned', { pinned: [26] }],
    ['all pinned', { pinned: 'all' }],
    ['not cacheable', { cacheable: false }],
    ['with an effect', { effect: { kind: 'begin' } }],
    ['observed', { observed: [] }],
    ['using a cursor', { uses: { cursor: 'c' } }],
    ['denied', { decision: 'deny', cacheable: false }],
    ['with an edit at the literal', { edits: [{ start: 29, end: 30, replacement: '' }] }],
  ])('asks again for another literal when the plan is %s', (_, plan) => {
    const inner = fake(() => plan);
    const cached = new CachedEngine(inner.engine, parser);
    for (let value = 1; value <= 6; value += 1) run(cached, `SELECT a FROM t WHERE b = '${value}'`);
    expect(inner.asked).toBe(6);
  });

  it('serves only statements with the same pinned values', () => {
    const inner = fake((sql) => ({ pinned: [sql.indexOf("'p")], touchesGoverned: sql.includes("'p1'") }));
    const cached = new CachedEngine(inner.engine, parser);
    for (let value = 1; value <= 40; value += 1) {
      const plan = run(cached, `SELECT a FROM t WHERE b = 'p${value % 2}' AND c = ${value}`);
      expect(plan.touchesGoverned).toBe(value % 2 === 1);
    }
    expect(cached.statistics.shapeHits).toBeGreaterThan(30);
    expect(cached.statistics.disagreements).toBe(0);
  });
});
