/** Intents and outcomes of a chain have to pair. */
import type { ParsedRecord } from './parsed-record.ts';

/** More open statements than this and the rest is only counted. */
const MAX_OPEN = 100_000;

export class OpenStatements {
  #allowed = 0;
  #denied = 0;
  /** The intents of the first outcomes are not among what is looked at. */
  #beganBefore = false;
  readonly #open = new Set<string>();

  get counts(): { readonly allowed: number; readonly denied: number } {
    return { allowed: this.#allowed, denied: this.#denied };
  }

  /** Without an outcome. */
  get open(): readonly string[] {
    return [...this.#open];
  }

  beganBefore(): void {
    this.#beganBefore = true;
  }

  /** What is wrong with this record, in its place; undefined also for records that are neither. */
  fault(record: ParsedRecord): string | undefined {
    if (record.type !== 'intent' && record.type !== 'outcome') return undefined;
    const { statement } = record;
    if (typeof statement !== 'string') return 'statement is missing';
    if (record.type === 'outcome') {
      const known = this.#open.delete(statement) || this.#open.size >= MAX_OPEN || this.#beganBefore;
      return known ? undefined : 'outcome without an intent';
    }
    if (record.decision === 'deny') this.#denied += 1;
    else this.#allowed += 1;
    if (this.#open.has(statement)) return 'a second intent for the same statement';
    if (this.#open.size < MAX_OPEN) this.#open.add(statement);
    return undefined;
  }
}
