/**
 * What the parser costs in time and memory, and which arrangement of it fits the budgets of the proxy: one command,
 *
 *   node bench/parser.ts [--parses 1000000] [--output json]
 *
 * Every case runs in a process of its own, because memory that WebAssembly has touched is returned only with its instance.
 * Results and the decision they led to: docs/adr/0001-parser.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createWasmParser, type WasmParser } from '../core/sql/parse/wasm-parser.ts';

interface Row {
  readonly case: string;
  readonly [figure: string]: string | number;
}

type Case = (parses: number) => Promise<Row>;

const KEEP = { retireAfter: Number.MAX_SAFE_INTEGER };
const binary = (): Uint8Array => readFileSync(createRequire(import.meta.url).resolve('libpg-query/wasm/libpg-query.wasm'));

const CASES: Readonly<Record<string, Case>> = {
  'empty process': async () => ({ case: 'empty process', 'RSS MiB': rss() }),
  load: async () => {
    const started = performance.now();
    const parser = await createWasmParser();
    const loaded = performance.now() - started;
    const first = timed(() => parser.parse(JOIN));
    return { case: 'load', 'load ms': round(loaded), 'first parse ms': round(first), 'RSS MiB': rss() };
  },
  'load, compiled once': async () => {
    const parser = await createWasmParser({ binary: binary() });
    const renewals: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      parser.parse(BOMB);
      const started = performance.now();
      await parser.ready();
      renewals.push(performance.now() - started);
    }
    return { case: 'new instance after a failure', 'median ms': round(median(renewals)), 'RSS MiB': rss() };
  },
  'join of five tables': (parses) => speed('join of five tables', JOIN, Math.min(parses, 20_000)),
  'join, tiering up': (parses) => speed('join of five tables, V8 tiering up', JOIN, Math.min(parses, 20_000), { tierUp: true }),
  'pgbench -S': (parses) =>
    speed('pgbench -S', 'SELECT abalance FROM pgbench_accounts WHERE aid = 4711', Math.min(parses, 20_000)),
  'insert of 1000 rows': (parses) => speed('insert of 1000 rows', insert(1_000), Math.min(parses, 200)),
  'parses, inline': async (parses) => {
    const parser = await createWasmParser(KEEP);
    const before = rss();
    varied(parser, Math.min(parses, 2_000));
    const early = rss();
    varied(parser, parses);
    const after = rss();
    const heap = process.memoryUsage().heapTotal;
    settle();
    return {
      case: `${parses} varied parses`,
      'RSS before': before,
      'after 2,000': early,
      after,
      'of it JS heap': Math.round(heap / 1024 / 1024),
      'after GC': rss(),
    };
  },
  'parses, optimising compiler': async (parses) => {
    const parser = await createWasmParser({ ...KEEP, tierUp: true });
    const before = rss();
    let peak = 0;
    const count = Math.min(parses, 100_000);
    for (let index = 0; index < count; index += 500) {
      varied(parser, 500);
      peak = Math.max(peak, rss());
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { case: `${count} parses, V8 tiering up`, 'RSS before': before, peak, after: rss() };
  },
  'syntax errors': async (parses) => {
    const parser = await createWasmParser(KEEP);
    const before = rss();
    const count = Math.min(parses, 200_000);
    for (let index = 0; index < count; index += 1) parser.parse(`SELECT a${index} FRO m t WHERE`);
    return { case: `${count} syntax errors`, 'RSS before': before, after: rss() };
  },
  'large, kept': async () => large('five of 200 KB, instance kept', KEEP),
  'large, retired': async () => large('five of 200 KB, instance retired', { binary: binary() }),
  'at the inline bound': async () => {
    const parser = await createWasmParser(KEEP);
    const before = rss();
    const sql = insert(850);
    let slowest = 0;
    for (let index = 0; index < 300; index += 1)
      slowest = Math.max(
        slowest,
        timed(() => parser.parse(sql)),
      );
    return { case: '300 at the inline bound', 'slowest ms': round(slowest), 'RSS before': before, after: rss() };
  },
  worker: async () => {
    const before = rss();
    const sql = insert(9_000);
    const started = performance.now();
    const worker = new Worker(WORKER, {
      eval: true,
      workerData: fileURLToPath(new URL('../core/sql/parse/wasm-parser.ts', import.meta.url)),
    });
    const json = await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage(sql);
    });
    const answered = performance.now() - started;
    const peak = rss();
    const parsed = timed(() => JSON.parse(json));
    await worker.terminate();
    settle();
    return {
      case: 'worker, 200 KB',
      'answer ms': round(answered),
      'JSON MB': round(json.length / 1e6),
      'JSON.parse ms': round(parsed),
      'RSS before': before,
      peak,
      'after worker': rss(),
    };
  },
};

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const ready = import(workerData).then(({ createWasmParser }) => createWasmParser());
parentPort.on('message', async (sql) => parentPort.postMessage((await ready).parseToJson(sql).json));
`;

const JOIN = `SELECT o.id, c.name, p.title, l.quantity, s.carrier FROM orders o JOIN customers c ON c.id = o.customer_id
  JOIN lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id LEFT JOIN shipments s ON s.order_id = o.id
  WHERE c.region = $1 AND o.created_at > now() - interval '30 days' ORDER BY o.created_at DESC LIMIT 20`;
const BOMB = `SELECT ${'1+'.repeat(30_000)}1`;

function insert(rows: number): string {
  return `INSERT INTO t VALUES ${Array.from({ length: rows }, (_, index) => `(${index}, 'value ${index}', 1)`).join(', ')}`;
}

/** Statements that differ in names, literals and shape, as from several programs. */
function varied(parser: WasmParser, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const table = `table_${index % 997}`;
    switch (index % 5) {
      case 0:
        parser.parse(`SELECT a, b FROM ${table} WHERE id = ${index}`);
        break;
      case 1:
        parser.parse(`INSERT INTO ${table} (a, b) VALUES (${index}, 'x${index}') RETURNING id`);
        break;
      case 2:
        parser.parse(`UPDATE ${table} SET a = a + ${index} WHERE b = 'y${index}' AND c IS NOT NULL`);
        break;
      case 3:
        parser.parse(
          `WITH w AS (SELECT * FROM ${table}) SELECT count(*) FROM w JOIN u USING (id) GROUP BY x HAVING count(*) > ${index % 7}`,
        );
        break;
      default:
        parser.parse(JOIN.replace('20', String(index)));
    }
  }
}

async function speed(name: string, sql: string, count: number, options = {}): Promise<Row> {
  const parser = await createWasmParser(options);
  for (let index = 0; index < count / 10; index += 1) parser.parse(sql);
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) times.push(timed(() => parser.parse(sql)));
  const text: number[] = [];
  for (let index = 0; index < count; index += 1) text.push(timed(() => parser.parseToJson(sql)));
  return {
    case: name,
    bytes: sql.length,
    'parse µs': round(median(times) * 1000),
    'without JSON.parse µs': round(median(text) * 1000),
    'p99 µs': round(percentile(times, 0.99) * 1000),
  };
}

async function large(name: string, options: Parameters<typeof createWasmParser>[0]): Promise<Row> {
  const parser = await createWasmParser(options);
  parser.parse(JOIN);
  const before = rss();
  const sql = `SELECT ${'a,'.repeat(100_000)}a`;
  let slowest = 0;
  let peak = 0;
  for (let index = 0; index < 5; index += 1) {
    slowest = Math.max(
      slowest,
      timed(() => parser.parse(sql)),
    );
    peak = Math.max(peak, rss());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  settle();
  return { case: name, 'slowest ms': round(slowest), 'RSS before': before, peak, after: rss() };
}

function settle(): void {
  for (let index = 0; index < 4; index += 1) globalThis.gc?.();
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / 1024 / 1024);
}

function timed(action: () => unknown): number {
  const started = performance.now();
  action();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function option(name: string, fallback: string): string {
  const index = process.argv.indexOf(name);
  return index === -1 ? fallback : (process.argv[index + 1] ?? fallback);
}

async function main(): Promise<void> {
  const parses = Number(option('--parses', '1000000'));
  const one = option('--case', '');
  if (one !== '') {
    console.log(JSON.stringify(await CASES[one]!(parses)));
    process.exit(0);
  }
  const rows = Object.keys(CASES).map((name) => {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), '--case', name, '--parses', String(parses)];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 20 })) as Row;
  });
  if (option('--output', 'text') === 'json') console.log(JSON.stringify(rows, null, 2));
  else
    for (const { case: name, ...figures } of rows)
      console.log(
        `${name.padEnd(36)} ${Object.entries(figures)
          .map(([key, value]) => `${key} ${value}`)
          .join('   ')}`,
      );
}

await main();
