/** Counts over the values of one column or one JSON path. A value is looked at and forgotten; of it remain counts and a hash, which stays here. */
import type { ColumnProfile } from '../profile.ts';
import { recognise } from './recognise.ts';
import { shapeOf } from './shape.ts';

/** More different values than a sample has rows need not be told apart. */
const MOST_DISTINCT = 2_048;

export class Tally {
  #values = 0;
  #nulls = 0;
  #characters = 0;
  #longest = 0;
  #words = 0;
  readonly #hashes = new Set<number>();
  readonly #recognised = new Map<string, number>();
  /** A value counts once for each recogniser. */
  readonly #found = new Set<string>();
  readonly #note = (id: string): void => {
    this.#found.add(id);
  };

  get values(): number {
    return this.#values;
  }

  addNull(): void {
    this.#nulls++;
  }

  /** Blank values say nothing. */
  add(value: string, ids: readonly string[] = []): void {
    const shape = shapeOf(value);
    if (shape.text === '') return;
    this.#values++;
    this.#characters += shape.text.length;
    this.#longest = Math.max(this.#longest, shape.text.length);
    this.#words += shape.words;
    if (this.#hashes.size < MOST_DISTINCT) this.#hashes.add(hashOf(shape.text));
    this.#found.clear();
    for (const id of ids) this.#found.add(id);
    recognise(shape, this.#note);
    for (const id of this.#found) this.#recognised.set(id, (this.#recognised.get(id) ?? 0) + 1);
  }

  profile(paths?: Readonly<Record<string, ColumnProfile>>): ColumnProfile {
    const mean = (sum: number): number => (this.#values === 0 ? 0 : sum / this.#values);
    return {
      values: this.#values,
      nulls: this.#nulls,
      recognised: Object.fromEntries([...this.#recognised].sort(([a], [b]) => (a < b ? -1 : 1))),
      distinct: this.#hashes.size,
      length: { mean: mean(this.#characters), largest: this.#longest },
      words: mean(this.#words),
      ...(paths === undefined ? {} : { paths }),
    };
  }
}

/** FNV-1a, 32 bits. Case and blanks count. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
