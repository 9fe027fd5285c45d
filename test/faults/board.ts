/** Collects what the cases of one family show into a row of the scoreboard. */
import type { Difference, RunOptions, Scoreboard } from '../scoreboard/suite.ts';

export class Board {
  readonly #suite: string;
  readonly #what: string;
  readonly #options: RunOptions;
  readonly #differences: Difference[] = [];
  readonly figures: Record<string, number | string> = {};
  #cases = 0;
  deaths = 0;

  constructor(family: string, what: string, options: RunOptions) {
    this.#suite = `faults/${family}`;
    this.#what = what;
    this.#options = options;
  }

  /** False when only others were asked for. */
  wants(name: string): boolean {
    const { only } = this.#options;
    return only.length === 0 || only.some((wanted) => name.startsWith(wanted) || wanted === this.#suite.slice('faults/'.length));
  }

  /** One case; no complaints: as it should be. */
  add(name: string, complaints: readonly string[]): void {
    this.#cases += 1;
    if (complaints.length === 0) return;
    const seen = complaints.slice(0, 4).join('; ');
    if (this.#differences.length < 20) this.#options.say(`  ${this.#suite} ${name}: ${seen}`);
    this.#differences.push({ name, seen });
  }

  /** Runs it, when it is wanted; what it throws is a complaint. */
  async case(name: string, check: () => Promise<readonly string[]>): Promise<void> {
    if (!this.wants(name)) return;
    const began = performance.now();
    let complaints: readonly string[];
    try {
      complaints = await check();
    } catch (error) {
      complaints = [
        error instanceof Error ? `${error.message} ${(error.stack ?? '').split('\n')[1]?.trim() ?? ''}` : String(error),
      ];
    }
    this.add(name, complaints);
    if (process.env['SLUICE_FAULTS_VERBOSE'] !== undefined)
      this.#options.say(`  ${name}: ${complaints.length === 0 ? 'ok' : 'BAD'} (${Math.round(performance.now() - began)} ms)`);
  }

  row(): Scoreboard {
    return {
      suite: this.#suite,
      what: this.#what,
      cases: this.#cases,
      identical: this.#cases - this.#differences.length,
      refusedByFloor: 0,
      floors: {},
      unstable: 0,
      differences: this.#differences,
      leaks: [],
      deaths: this.deaths,
      figures: this.figures,
    };
  }
}
