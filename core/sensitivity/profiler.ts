/**
 * Looks at the sampled values of one column and keeps counts. Memory is bounded whatever the values are: a value is cut, a column has so
 * many JSON paths and no more, and every recogniser is linear in the value's length.
 */
import type { ColumnFacts } from './facts.ts';
import { type ColumnProfile, SAMPLE_CHARACTERS } from './profile.ts';
import { arrayElements } from './values/array.ts';
import { scanJson } from './values/json.ts';
import { Tally } from './values/tally.ts';

const MOST_PATHS = 64;
/** Every path beyond MOST_PATHS. */
const OTHER = '*';

export class ColumnProfiler {
  readonly #array: boolean;
  readonly #maybeJson: boolean;
  readonly #whole = new Tally();
  readonly #paths = new Map<string, Tally>();

  constructor(column: ColumnFacts) {
    this.#array = column.array;
    this.#maybeJson = column.kind === 'json' || column.kind === 'text';
  }

  /** As the server prints it; null is NULL. */
  add(value: string | null): void {
    if (value === null) {
      this.#whole.addNull();
      return;
    }
    const text = value.length > SAMPLE_CHARACTERS ? value.slice(0, SAMPLE_CHARACTERS) : value;
    if (!this.#array) this.#addOne(text);
    else for (const element of arrayElements(text)) this.#addOne(element);
  }

  #addOne(text: string): void {
    if (!this.#maybeJson || !this.#addJson(text)) this.#whole.add(text);
  }

  #addJson(text: string): boolean {
    const first = text.charCodeAt(0);
    if (first !== 123 && first !== 91 && first > 32) return false;
    let leaves = 0;
    const scanned = scanJson(text, (path, value) => {
      leaves++;
      this.#tally(path).add(value);
    });
    // `[redacted]` and `{}` of other kinds are text that only begins like JSON.
    if (!scanned || (leaves === 0 && text.length > 4)) return false;
    this.#whole.add('{}', ['json']);
    return true;
  }

  #tally(path: string): Tally {
    let tally = this.#paths.get(path);
    if (tally !== undefined) return tally;
    const name = this.#paths.size < MOST_PATHS ? path : OTHER;
    tally = this.#paths.get(name);
    if (tally === undefined) this.#paths.set(name, (tally = new Tally()));
    return tally;
  }

  profile(): ColumnProfile {
    if (this.#paths.size === 0) return this.#whole.profile();
    const paths: Record<string, ColumnProfile> = {};
    for (const [path, tally] of [...this.#paths].sort(([a], [b]) => (a < b ? -1 : 1))) paths[path] = tally.profile();
    return this.#whole.profile(paths);
  }
}
