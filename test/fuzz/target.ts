/** What one fuzz target is, and what a run of it gives back. */
import type { CatalogData } from '../../core/catalog/model.ts';
import type { Random } from './random.ts';
import type { Pieces } from './shrink.ts';

/** Something an input did that nothing may do. */
export interface Failure {
  /** The same for failures of one kind: only a few of each are kept. */
  readonly why: string;
  readonly input: Buffer;
}

/** What a run adds up to. */
export interface Tally {
  executions: number;
  readonly failures: Failure[];
  /** Protected values that reached a client. */
  readonly leaks: string[];
  deaths: number;
  readonly figures: Record<string, number | string>;
}

/** A target that runs inside one thread, synchronously, guided by coverage. */
export interface Fuzzed {
  readonly seeds: readonly Buffer[];
  /** A new input; `pick` draws one of those that were worth keeping. */
  draw(random: Random, pick: () => Buffer): Buffer;
  /** Undefined: as demanded. Otherwise why not, in words that do not depend on the input's details. Throwing is a failure too. */
  check(input: Buffer): string | undefined;
  figures(): Readonly<Record<string, number | string>>;
}

export interface ThreadTarget {
  readonly name: string;
  /** Of the files kept. */
  readonly extension: string;
  readonly pieces: Pieces<number> | Pieces<string>;
  /** Longer ones are failures, in milliseconds. */
  readonly slowest: number;
  /** Called after coverage has been started: the product is loaded here. */
  prepare(setup: ThreadSetup): Promise<Fuzzed>;
}

export interface ThreadSetup {
  /** Of the shop. */
  readonly catalog: CatalogData;
  readonly kept: readonly Buffer[];
  readonly seed: number;
}

/** Failures of one kind have one name: whatever is a detail of the input is left out. */
export function kindOf(why: string): string {
  return why
    .replaceAll(/"[^"]*"|'[^']*'/g, '"…"')
    .replaceAll(/\d+/g, 'n')
    .slice(0, 160);
}
