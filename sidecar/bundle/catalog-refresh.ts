/**
 * When the schema is read again: on request, and every minute. Requests that come while a read is under way share the next
 * one, because what they are about may have happened after this one's snapshot. Each read is owed a pause in proportion to what
 * it cost, so that a client that provokes unknown names all day takes a small share of the server and no more. A migration, which
 * changes the schema a few dozen times and is done, need not wait: some pauses may be owed.
 */
import type { Clock } from './clock.ts';

export interface RefreshOptions {
  readonly clock: Clock;
  /** Reads the schema; must not reject. */
  readonly read: (cause: string) => Promise<void>;
  /** Milliseconds between reads nobody asked for. */
  readonly period: number;
  /** Pause after a read, in multiples of how long it took. */
  readonly pauseFactor: number;
  /** Bounds of the pause, milliseconds. */
  readonly pause: readonly [least: number, most: number];
  /** How much of them may be owed before a read has to wait, milliseconds. */
  readonly credit: number;
}

export class CatalogRefresh {
  readonly #options: RefreshOptions;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** When everything that is owed will have been paid. */
  #paidAt = 0;
  #cancelPeriod: () => void = () => undefined;
  #closed = false;

  constructor(options: RefreshOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Resolves when a read that began after this call has ended. */
  request(cause: string): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#next ??= this.#begin(cause, this.#running ?? Promise.resolve());
    return this.#next;
  }

  close(): void {
    this.#closed = true;
    this.#cancelPeriod();
  }

  async #begin(cause: string, before: Promise<void>): Promise<void> {
    await before;
    await this.#pause();
    this.#running = this.#next;
    this.#next = undefined;
    if (this.#closed) return;
    const { clock } = this.#options;
    const start = clock.monotonic();
    await this.#options.read(cause);
    const [least, most] = this.#options.pause;
    const end = clock.monotonic();
    const owed = Math.min(most, Math.max(least, (end - start) * this.#options.pauseFactor));
    this.#paidAt = Math.max(this.#paidAt, end) + owed;
    this.#schedule();
  }

  #pause(): Promise<void> {
    const rest = this.#paidAt - this.#options.credit - this.#options.clock.monotonic();
    if (rest <= 0) return Promise.resolve();
    return new Promise((resolve) => void this.#options.clock.after(rest, resolve));
  }

  #schedule(): void {
    this.#cancelPeriod();
    if (this.#closed) return;
    this.#cancelPeriod = this.#options.clock.after(this.#options.period, () => void this.request('period'));
  }
}
