/**
 * Runs one target in a thread of its own, so that an input that never comes back, or takes all memory, ends the thread and not the run: the
 * input that was under way stands in memory shared with the thread.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { CatalogData } from '../../core/catalog/model.ts';
import { keep, kept } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { loop } from './loop.ts';
import type { Tally, ThreadTarget } from './target.ts';

export interface ThreadRun {
  readonly target: string;
  readonly catalog: CatalogData;
  readonly seed: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
  /** Inputs that reached new code are kept on disk. */
  readonly grow: boolean;
}

interface Ordered {
  readonly target: string;
  readonly catalog: CatalogData;
  readonly seed: number;
  readonly duration: number;
  readonly guided: boolean;
  /** What a guided run before this one found. */
  readonly found: readonly Uint8Array[];
  readonly shared: SharedArrayBuffer;
}

type Told =
  | { readonly kind: 'progress'; readonly executions: number; readonly pool: number; readonly blocks: number }
  | { readonly kind: 'failure'; readonly why: string; readonly input: Uint8Array }
  | {
      readonly kind: 'done';
      readonly executions: number;
      readonly replayed: number;
      readonly blocks: number;
      readonly found: readonly Uint8Array[];
      readonly figures: Readonly<Record<string, number | string>>;
    };

const LARGEST_INPUT = 256 * 1024;
/** Without a sign of life for this long the input under way is at fault. */
const PATIENCE = 60_000;
/** New files of one run, the smallest first. */
const MOST_GROWN = 40;
const LARGEST_GROWN = 2_048;

const TARGETS: Readonly<Record<string, string>> = {
  frames: './targets/frames.ts',
  shape: './targets/shape.ts',
  policy: './targets/policy.ts',
  statements: './targets/statements.ts',
};

export async function loadTarget(name: string): Promise<ThreadTarget> {
  return ((await import(TARGETS[name]!)) as { readonly target: ThreadTarget }).target;
}

/** Counting blocks makes everything several times slower: a part of the time goes into finding inputs, the rest into using them. */
const GUIDED = 0.35;

/** Goes on in a new thread after one has ended badly, until the time is over. */
export async function runInThread(options: ThreadRun): Promise<Tally> {
  const tally: Tally = { executions: 0, failures: [], leaks: [], deaths: 0, figures: {} };
  const began = Date.now();
  const found: Uint8Array[] = [];
  for (const guided of [true, false]) {
    const end = began + options.seconds * 1_000 * (guided ? GUIDED : 1);
    for (let attempt = 0; attempt < 3; attempt++) {
      const seed = options.seed + 2 * attempt + (guided ? 0 : 1);
      const order: Order = { seed, duration: Math.max(1_000, end - Date.now()), guided, found };
      if ((await oneThread(options, order, tally)) || Date.now() >= end) break;
    }
  }
  return tally;
}

interface Order {
  readonly seed: number;
  readonly duration: number;
  readonly guided: boolean;
  /** Grows in a guided run. */
  readonly found: Uint8Array[];
}

/** False when the thread ended badly. */
async function oneThread(options: ThreadRun, order: Order, tally: Tally): Promise<boolean> {
  const shared = new SharedArrayBuffer(8 + LARGEST_INPUT);
  const target = await loadTarget(options.target);
  const data: Ordered = {
    target: options.target,
    catalog: options.catalog,
    seed: order.seed,
    duration: order.duration,
    guided: order.guided,
    found: order.found,
    shared,
  };
  const worker = new Worker(new URL(import.meta.url), { workerData: data, resourceLimits: { maxOldGenerationSizeMb: 768 } });
  const count = new Int32Array(shared, 0, 2);
  let done = false;
  let fine = true;
  let executions = 0;
  let before = -1;
  let told = Date.now();
  const saving: Promise<unknown>[] = [];
  await new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      const now = Atomics.load(count, 0);
      if (now !== before) {
        before = now;
        told = Date.now();
      } else if (Date.now() - told > PATIENCE) {
        ended(`does not come back within ${PATIENCE / 1000} s`);
        void worker.terminate();
      }
    }, 1_000);
    const ended = (why: string): void => {
      if (done) return;
      done = true;
      fine = false;
      clearInterval(watch);
      const input = Buffer.from(new Uint8Array(shared, 8, Atomics.load(count, 1)));
      tally.failures.push({ why: `${options.target} ${why}`, input });
      tally.executions += executions;
      saving.push(keep(options.target, 'ended', input, target.extension));
      resolve();
    };
    worker.on('message', (message: Told) => {
      if (message.kind === 'progress') {
        executions = message.executions;
      } else if (message.kind === 'failure') {
        const input = Buffer.from(message.input);
        tally.failures.push({ why: message.why, input });
        options.say(`  ${options.target}: ${message.why}`);
        saving.push(keep(options.target, 'failed', input, target.extension));
      } else {
        done = true;
        clearInterval(watch);
        tally.executions += message.executions;
        addFigures(tally.figures, message.figures);
        if (order.guided) Object.assign(tally.figures, { replayed: message.replayed, 'blocks reached': message.blocks });
        order.found.push(...message.found);
        if (options.grow) saving.push(...grow(options.target, message.found, target.extension));
        void worker.terminate();
        resolve();
      }
    });
    worker.on('error', (error) => ended(`ended the thread: ${error.message}`));
    worker.on('exit', () => ended('ended the thread'));
  });
  await Promise.all(saving);
  return fine;
}

function addFigures(to: Record<string, number | string>, from: Readonly<Record<string, number | string>>): void {
  for (const [name, value] of Object.entries(from)) to[name] = typeof value === 'number' ? Number(to[name] ?? 0) + value : value;
}

function grow(target: string, found: readonly Uint8Array[], extension: string): readonly Promise<unknown>[] {
  return found
    .filter(({ length }) => length <= LARGEST_GROWN)
    .sort((a, b) => a.length - b.length)
    .slice(0, MOST_GROWN)
    .map((bytes) => keep(target, 'found', Buffer.from(bytes), extension));
}

async function work({ target: name, catalog, seed, duration, guided, found: given, shared }: Ordered): Promise<void> {
  const coverage = guided ? new Coverage() : undefined;
  const target = await loadTarget(name);
  const inputs = [...(await kept(name)).map(({ bytes }) => bytes), ...given.map((bytes) => Buffer.from(bytes))];
  const fuzzed = await target.prepare({ catalog, kept: inputs, seed });
  const count = new Int32Array(shared, 0, 2);
  const room = new Uint8Array(shared, 8);
  const tell = (message: Told): void => parentPort?.postMessage(message);
  const { executions, replayed, blocks, found } = await loop({
    target,
    fuzzed,
    coverage,
    kept: inputs,
    seed,
    duration,
    about: (input) => {
      room.set(input.length > LARGEST_INPUT ? input.subarray(0, LARGEST_INPUT) : input);
      Atomics.store(count, 1, Math.min(input.length, LARGEST_INPUT));
      Atomics.add(count, 0, 1);
    },
    failed: ({ why, input }) => tell({ kind: 'failure', why, input }),
    progress: (runs, pool, reached) => tell({ kind: 'progress', executions: runs, pool, blocks: reached }),
  });
  tell({ kind: 'done', executions, replayed, blocks, found, figures: fuzzed.figures() });
}

if (!isMainThread) await work(workerData as Ordered);
