/**
 * A server that lies about its schema: on the wire, and in documents that are well-formed and wrong. Either a schema comes of it that policies
 * can be compiled against and statements analysed with, or one declared error.
 */
import { buildCatalog, CatalogError } from '../../../core/catalog/build.ts';
import { Catalog } from '../../../core/catalog/catalog.ts';
import { createEngine } from '../../../core/sql/analyse.ts';
import { createWasmParser, type WasmParser } from '../../../core/sql/parse/wasm-parser.ts';
import { createSessionState } from '../../../core/sql/session-tracker.ts';
import { openQueryClient, type QueryClient } from '../../../sidecar/catalog/query-client.ts';
import { readCatalog, type ResultRows } from '../../../sidecar/catalog/reader.ts';
import { connectUpstream } from '../../../sidecar/upstream/connect.ts';
import { upstreamSettings } from '../../../sidecar/upstream/startup-settings.ts';
import { UpstreamError } from '../../../sidecar/upstream/upstream-error.ts';
import { startHostileRelay } from '../hostile-relay.ts';
import type { NetworkSetup } from '../network.ts';
import { compileOn } from '../policies.ts';
import { Random } from '../random.ts';
import { kindOf, type Tally } from '../target.ts';

const STATEMENTS = [
  'SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 1',
  "UPDATE customers SET city = 'x' WHERE id = 2",
  'SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid',
  'SELECT count(*), now(), ticket_summary(1) FROM order_totals',
];
const ODD: readonly unknown[] = [
  null,
  0,
  -1,
  1e300,
  0.5,
  2 ** 32,
  '',
  'x',
  '__proto__',
  'x'.repeat(10_000),
  '\0',
  true,
  [],
  [[]],
  {},
  [null],
  { a: 1 },
];

export async function fuzzSchema(setup: NetworkSetup, tally: Tally): Promise<void> {
  const random = new Random(setup.seed + 1);
  const parser = await createWasmParser();
  const relay = await startHostileRelay({
    port: setup.shop.server.port,
    forged: [Buffer.from('D\0\0\0\x08\0\0\0\0'), Buffer.from('Z\0\0\0\x05I')],
  });
  const honest = (await ask(setup.shop.server.port)).flat();
  const kinds = new Set<string>();
  let read = 0;
  const judged = async (work: () => unknown, input: string): Promise<void> => {
    tally.executions++;
    try {
      await work();
      read++;
    } catch (error) {
      if (error instanceof CatalogError || error instanceof UpstreamError) return;
      const { name, message, stack } = error as Error;
      const why = `schema: ${name}: ${message} ${/\bat .*\/((?:core|sidecar)\/[^)\s]+)/.exec(stack ?? '')?.[1] ?? ''}`;
      if (kinds.has(kindOf(why))) return;
      kinds.add(kindOf(why));
      setup.say(`  server: ${why} ${input.slice(0, 300)}`);
      tally.failures.push({ why, input: Buffer.from(input) });
    }
  };
  const end = Date.now() + setup.seconds * 1_000;
  while (Date.now() < end) {
    for (let count = 0; count < 10; count++) {
      const { rows, what } = changed(honest, random);
      await judged(() => use(buildCatalog(rows), parser), what);
    }
    relay.arm({
      phase: 'session',
      at: random.below(30),
      width: random.below(4),
      random: new Random(random.word()),
      onlyCut: false,
    });
    await judged(async () => use(buildCatalog((await ask(relay.port)).flat()), parser), 'on the wire');
  }
  tally.figures['schemas that were taken'] = read;
  await relay.stop();
}

async function ask(port: number): Promise<readonly ResultRows[]> {
  const connection = await connectUpstream({
    target: { host: '127.0.0.1', port, tls: { mode: 'Disable' } },
    user: 'shop_app',
    password: 'app',
    database: 'shop',
    settings: upstreamSettings('sluice/fuzz', []),
    timeout: 3_000,
  });
  const client: QueryClient = openQueryClient(connection, 3_000);
  try {
    let rows: readonly ResultRows[] = [];
    await readCatalog({ simpleQuery: async (sql) => (rows = await client.simpleQuery(sql)) });
    return rows;
  } finally {
    client.close();
  }
}

/** What a schema is for. */
function use(data: ReturnType<typeof buildCatalog>, parser: WasmParser): void {
  const catalog = new Catalog(data);
  const bundle = compileOn(catalog);
  if (bundle === undefined) return;
  const engine = createEngine({ catalog, bundle, parser, salt: '7f' });
  for (const sql of STATEMENTS) {
    const [plan] = engine.analyse(
      { sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] },
      createSessionState(['public']),
    );
    if (plan?.denial?.code === 'SLUICE-105') throw new Error(`SLUICE-105 ${plan.denial.detail ?? ''}`);
  }
}

/** One value of one document is another. */
function changed(honest: ResultRows, random: Random): { readonly rows: ResultRows; readonly what: string } {
  const at = random.below(honest.length);
  const [kind, text] = honest[at]!;
  const document: unknown = JSON.parse(text ?? 'null');
  const value = random.pick(ODD);
  const path: string[] = [];
  const result = replaced(document, random, value, path);
  const rows = honest.map((row, index) => (index === at ? [kind ?? null, JSON.stringify(result)] : row));
  return { rows, what: `${kind}.${path.join('.')} = ${JSON.stringify(value)?.slice(0, 40)}` };
}

function replaced(node: unknown, random: Random, value: unknown, path: string[]): unknown {
  const keys = typeof node === 'object' && node !== null ? Object.keys(node) : [];
  if (keys.length === 0 || random.once(6)) return value;
  const key = random.pick(keys);
  path.push(key);
  const copy = Array.isArray(node) ? [...node] : { ...(node as Record<string, unknown>) };
  (copy as Record<string, unknown>)[key] = replaced((node as Record<string, unknown>)[key], random, value, path);
  return copy;
}
