/** What all questions are: fed statement by statement, they give out rows on the way or at the end, and say how these are shown. */
import type { RecordFilter } from '../store.ts';
import type { OtherRecord, Statement } from './statements.ts';

/** One row of an answer: flat, of plain values. What is absent is not known. */
export type Answer = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Column {
  /** Of the answer. */
  readonly key: string;
  /** In a table; CSV and JSON have the key. */
  readonly title: string;
  /** Left out of the table, where there is no room; CSV and JSON have it. */
  readonly wide?: true;
  readonly right?: true;
}

export interface Question {
  readonly columns: readonly Column[];
  /** What stores may narrow down to. */
  readonly filter: RecordFilter;
  statement(statement: Statement): readonly Answer[];
  other?(record: OtherRecord): readonly Answer[];
  /** Once, after the last statement. */
  end(): readonly Answer[];
}

/** Too many different things to hold: the question has to be narrowed. */
export class TooManyError extends Error {
  constructor(what: string, limit: number) {
    super(
      `there are more than ${limit} different ${what}: narrow the period, or ask about one table, service account or Database`,
    );
    this.name = 'TooManyError';
  }
}

/** Characters of the names of all groups. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

/** Groups with a bound, in the order in which they were first seen. */
export class Groups<G> {
  readonly #groups = new Map<string, G>();
  readonly #what: string;
  readonly #limit: number;
  #characters = 0;

  constructor(what: string, limit = 200_000) {
    this.#what = what;
    this.#limit = limit;
  }

  /** The group of these parts; `begin` makes it the first time. Throws TooManyError. */
  of(parts: readonly string[], begin: () => G): G {
    const key = JSON.stringify(parts);
    let group = this.#groups.get(key);
    if (group !== undefined) return group;
    this.#characters += key.length;
    if (this.#groups.size >= this.#limit || this.#characters > MOST_CHARACTERS)
      throw new TooManyError(this.#what, Math.min(this.#limit, this.#groups.size));
    group = begin();
    this.#groups.set(key, group);
    return group;
  }

  values(): readonly G[] {
    return [...this.#groups.values()];
  }
}

/** By several keys, each ascending, or descending with `-` before it; the same for the same answers whatever their order was. */
export function sorted<A extends Answer>(answers: readonly A[], ...keys: readonly string[]): readonly A[] {
  return answers.toSorted((a, b) => {
    for (const key of keys) {
      const down = key.startsWith('-');
      const name = down ? key.slice(1) : key;
      const order = compare(a[name], b[name]);
      if (order !== 0) return down ? -order : order;
    }
    return 0;
  });
}

function compare(a: Answer[string], b: Answer[string]): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const left = Array.isArray(a) ? a.join('\0') : String(a ?? '');
  const right = Array.isArray(b) ? b.join('\0') : String(b ?? '');
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `namespace/serviceaccount`. */
export function subjectOf({ owner }: { readonly owner: Statement['owner'] }): string {
  return `${owner.identity.namespace}/${owner.identity.serviceAccount}`;
}
