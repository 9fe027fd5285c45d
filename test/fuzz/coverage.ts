/**
 * Which blocks of the product an input reached, from V8's own block coverage of this thread. Must be started before the product's modules
 * are loaded: functions compiled earlier are counted whole.
 */
import { Session } from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}
interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

const PRODUCT = /\/(?:core|crds)\/(?!.*\.test\.ts)/;

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();
  /** Of the last `take` that found any. */
  #fresh: readonly string[] = [];

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks reached so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** How many blocks ran since the last call that had not run before. */
  take(): number {
    const fresh: string[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) return;
      for (const script of answer.result as readonly ScriptCoverage[]) {
        if (!PRODUCT.test(script.url)) continue;
        for (const { ranges } of script.functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count === 0) continue;
            const block = `${script.url}:${startOffset}:${endOffset}`;
            if (this.#seen.has(block)) continue;
            this.#seen.add(block);
            fresh.push(block);
          }
        }
      }
    });
    if (fresh.length > 0) this.#fresh = fresh;
    return fresh.length;
  }

  /** Takes back what the last `take` found, so that running its inputs one by one shows whose it was. */
  forget(): readonly string[] {
    for (const block of this.#fresh) this.#seen.delete(block);
    return this.#fresh;
  }

  /** How many of these have not been reached since. */
  missing(blocks: readonly string[]): number {
    return blocks.filter((block) => !this.#seen.has(block)).length;
  }

  stop(): void {
    this.#session.disconnect();
  }
}
