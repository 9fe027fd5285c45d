/**
 * Entries that may wait a little. They go out in front of the next ones that may not, in one write; when none come, a timer
 * sends them. A write that fails leaves them here.
 */
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';

/** What becomes a record, with the time it will carry. */
export interface Timed {
  readonly entry: AuditEntry | WithoutHeader<ChainStart>;
  readonly time: string;
}

const DELAY_MS = 10;

export class WriteBehind {
  readonly #write: (records: readonly Timed[]) => void;
  readonly #clock: () => string;
  #waiting: Timed[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `write` throws when the records are not out; if they belong to the chain all the same, it calls `taken` before. */
  constructor(write: (records: readonly Timed[]) => void, clock: () => string) {
    this.#write = write;
    this.#clock = clock;
  }

  defer(entry: AuditEntry): void {
    this.#waiting.push({ entry, time: this.#clock() });
    this.#timer ??= setTimeout(() => this.#late(), DELAY_MS);
  }

  /** Writes what waits, then `entries`. Throws what `write` throws; then what waited still waits. */
  write(entries: readonly (AuditEntry | WithoutHeader<ChainStart>)[]): void {
    const time = this.#clock();
    const records = [...this.#waiting, ...entries.map((entry) => ({ entry, time }))];
    if (records.length === 0) return;
    this.#write(records);
    this.taken();
  }

  /** Goes out before everything that waits; of several beginnings that could not be written the last counts. */
  first(entry: AuditEntry | WithoutHeader<ChainStart>): void {
    const waiting = this.#waiting.filter((timed) => timed.entry.type !== 'chain-start');
    this.#waiting = [{ entry, time: this.#clock() }, ...waiting];
  }

  /** What waits is in the chain now. */
  taken(): void {
    this.#waiting = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #late(): void {
    this.#timer = undefined;
    try {
      this.write([]);
    } catch {
      // The journal is unhealthy now; whatever is written next takes them along.
    }
  }
}
