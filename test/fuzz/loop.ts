/**
 * The loop of a target that runs in a thread: replay what is kept, then draw, check and keep what reaches new code. Coverage is looked at once
 * a batch; only when a batch reached something new is it run again one by one to see which input did.
 */
import type { Coverage } from './coverage.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import { type Failure, type Fuzzed, kindOf, type ThreadTarget } from './target.ts';

export interface LoopOptions {
  readonly target: ThreadTarget;
  readonly fuzzed: Fuzzed;
  readonly coverage: Coverage | undefined;
  readonly kept: readonly Buffer[];
  readonly seed: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Called with every input before it runs: what to blame when it never comes back. */
  readonly about: (input: Buffer) => void;
  readonly failed: (failure: Failure) => void;
  /** Called about once a second. */
  readonly progress: (executions: number, pool: number, blocks: number) => void;
}

const BATCH = 256;
/** How much slower everything is while blocks are counted. */
const COUNTING = 4;
const SEEDS_SHARE = 0.25;
const LARGEST_POOL = 4_000;
/** Of one kind. */
const MOST_FAILURES = 3;

export interface LoopResult {
  readonly executions: number;
  readonly replayed: number;
  readonly blocks: number;
  /** What reached something new in this run. */
  readonly found: readonly Buffer[];
}

export async function loop(options: LoopOptions): Promise<LoopResult> {
  const { fuzzed, coverage, target } = options;
  const random = new Random(options.seed);
  const kinds = new Map<string, number>();
  const pool: Buffer[] = [];
  const found: Buffer[] = [];
  let executions = 0;

  const run = (input: Buffer): string | undefined => {
    options.about(input);
    executions++;
    const began = performance.now();
    const why = verdict(fuzzed, input);
    if (why !== undefined || performance.now() - began <= target.slowest) return why;
    return tooSlow(fuzzed, input, target.slowest * (coverage === undefined ? 1 : COUNTING));
  };
  const judge = async (input: Buffer, why: string): Promise<void> => {
    const kind = kindOf(why);
    const times = kinds.get(kind) ?? 0;
    kinds.set(kind, times + 1);
    if (times >= MOST_FAILURES) return;
    const same = (candidate: Buffer): boolean => {
      options.about(candidate);
      const now = verdict(fuzzed, candidate);
      return now !== undefined && kindOf(now) === kind;
    };
    const smaller = why.startsWith('slow') ? input : await shrink(input, target.pieces as never, same);
    options.failed({ why, input: smaller });
  };

  for (const input of options.kept) {
    const why = run(input);
    if (why !== undefined) await judge(input, why);
    pool.push(input);
  }
  const replayed = executions;
  const end = performance.now() + options.duration;
  // The seeds as they are, in another order each time, for as long as they do not take all of the time.
  const enough = performance.now() + options.duration * SEEDS_SHARE;
  for (const input of shuffled(fuzzed.seeds, random)) {
    const why = performance.now() < enough ? run(input) : undefined;
    if (why !== undefined) await judge(input, why);
    pool.push(input);
  }
  coverage?.take();

  let told = performance.now();
  while (performance.now() < end) {
    const batch: Buffer[] = [];
    for (let count = 0; count < BATCH; count++) {
      // Half of the draws start from what was found lately: there is the most to learn.
      const input = fuzzed.draw(random, () =>
        random.once(2) ? pool[Math.max(0, pool.length - 1 - random.below(64))]! : random.pick(pool),
      );
      const why = run(input);
      if (why !== undefined) await judge(input, why);
      batch.push(input);
    }
    if (coverage !== undefined && coverage.take() > 0) {
      for (const input of attribute(coverage, batch, (each) => void verdict(fuzzed, each))) {
        pool.push(input);
        found.push(input);
      }
      if (pool.length > LARGEST_POOL) pool.splice(random.below(pool.length), pool.length - LARGEST_POOL);
    }
    if (performance.now() - told > 1_000) {
      told = performance.now();
      options.progress(executions, pool.length, coverage?.size ?? 0);
      // Lets messages out and timers run.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { executions, replayed, blocks: coverage?.size ?? 0, found };
}

function shuffled<T>(list: readonly T[], random: Random): readonly T[] {
  const mixed = [...list];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

function verdict(fuzzed: Fuzzed, input: Buffer): string | undefined {
  try {
    return fuzzed.check(input);
  } catch (error) {
    return `threw ${error instanceof Error ? `${error.name}: ${error.message} ${firstFrame(error)}` : String(error)}`;
  }
}

function firstFrame(error: Error): string {
  return /\bat .*\/((?:core|crds|sidecar|test)\/[^)\s]+)/.exec(error.stack ?? '')?.[1] ?? '';
}

/** In time of this thread alone: the machine may be busy with something else. */
function tooSlow(fuzzed: Fuzzed, input: Buffer, limit: number): string | undefined {
  const before = process.threadCpuUsage();
  verdict(fuzzed, input);
  const { user, system } = process.threadCpuUsage(before);
  const took = (user + system) / 1_000;
  return took > limit ? `slow: ${Math.round(took)} ms` : undefined;
}

/** The batch as a whole was new; whose doing it was is told only by what a first run of each half reaches: keep the likely ones. */
function attribute(coverage: Coverage, batch: readonly Buffer[], run: (input: Buffer) => void): readonly Buffer[] {
  // Blocks are counted once, so new ones are forgotten before each is run again.
  const fresh = coverage.forget();
  const kept: Buffer[] = [];
  for (const input of batch) {
    run(input);
    if (coverage.take() > 0) kept.push(input);
    if (coverage.missing(fresh) === 0) break;
  }
  return kept;
}
