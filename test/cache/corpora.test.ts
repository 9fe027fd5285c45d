/**
 * The lexer and the plan cache over everything the other suites send: ordinary statements and attacks. Each statement is taken as it
 * is and with other literals; the lexer must agree with the server's scanner, and whatever the cache answers must be what a fresh
 * analysis answers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../core/policy/bundle.ts';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import { CachedEngine } from '../../core/sql/cache/cached-engine.ts';
import { createWasmParser, type WasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { AnalyseRequest, AnalyseResult } from '../../core/sql/plan.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { tokenize } from '../../core/sql/text/lexer.ts';
import { readPolicyFiles } from '../../sidecar/bundle/policy-files.ts';
import { CORPUS as ATTACKS } from '../attacks/corpus/index.ts';
import { CORPUS } from '../ordinary/corpus/index.ts';
import { catalogOf } from '../support/catalog.ts';
import { createServerScanner } from '../support/server-scanner.ts';
import { restrictivePolicy, startShop, type Shop } from '../support/shop.ts';

const STATEMENTS: readonly string[] = [
  ...new Set([
    ...CORPUS.flatMap(({ steps }) => steps),
    ...ATTACKS.flatMap(({ steps, twin }) => [steps, twin.steps].flatMap((list) => (typeof list === 'function' ? [] : list))),
  ]),
];

let shop: Shop;
let catalog: Catalog;
let parser: WasmParser;
let bundle: Bundle;

beforeAll(async () => {
  shop = await startShop(18, ['a'], { name: () => 'shop' });
  catalog = await catalogOf(shop.url('shop'));
  parser = await createWasmParser();
  bundle = await compiled();
});
afterAll(() => shop?.stop());

async function compiled(): Promise<Bundle> {
  const documents = loadDocuments(await readPolicyFiles([restrictivePolicy]));
  const result = compileBundle({
    database: documents.databases[0]!,
    policies: documents.policies,
    identity: { namespace: 'ai-agents', serviceAccount: 'support-agent' },
    catalog,
    detected: new Map(),
    now: 0,
  });
  if (result.bundle === undefined) throw new Error('no bundle');
  return result.bundle;
}

const request = (sql: string): AnalyseRequest => ({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] });
const comparable = (result: AnalyseResult): unknown => result.map(({ pinned: _, ...plan }) => plan);

/** The statement with its plain literals replaced, in four ways. */
function* variations(sql: string): Generator<string> {
  yield sql;
  const bytes = Buffer.from(sql);
  const literals = tokenize(bytes).filter((token) => token.kind === 'string' || token.kind === 'number');
  const words = ['eu', 'customers', "it''s; -- '' /*", '%'];
  for (let round = 0; round < 4; round += 1) {
    let result = '';
    let from = 0;
    for (const [index, token] of literals.entries()) {
      const text = bytes.toString('utf8', token.start, token.end);
      const other = /^'/.test(text)
        ? `'${words[(round + index) % 4]}'`
        : /^\d+$/.test(text)
          ? String((round + 1) * 7 + index)
          : text;
      result += bytes.toString('utf8', from, token.start) + other;
      from = token.end;
    }
    yield result + bytes.toString('utf8', from);
  }
}

describe('everything the other suites send', () => {
  it('is enough', () => {
    expect(STATEMENTS.length).toBeGreaterThan(500);
  });

  it('is read by the lexer as by the server', async () => {
    const scanner = await createServerScanner();
    const differing = STATEMENTS.flatMap((sql) => scanner.difference(Buffer.from(sql)) ?? []);
    expect(differing).toEqual([]);
  });

  it('is cached as it is analysed', () => {
    const fresh = createEngine({ catalog, bundle, parser, salt: '7f' });
    const cached = new CachedEngine(createEngine({ catalog, bundle, parser, salt: '7f' }), parser);
    const session = createSessionState(['public']);
    const differing: string[] = [];
    for (const statement of STATEMENTS) {
      if (statement.length > 20_000) continue;
      for (const sql of variations(statement)) {
        const expected = JSON.stringify(comparable(fresh.analyse(request(sql), session)));
        for (let round = 0; round < 2; round += 1) {
          if (JSON.stringify(comparable(cached.analyse(request(sql), session))) !== expected) differing.push(sql);
        }
      }
    }
    expect(differing).toEqual([]);
    expect(cached.statistics.shapeHits).toBeGreaterThan(100);
    expect(cached.statistics.disagreements).toBe(0);
  }, 300_000);
});
