/** How far a long scan is: a line on a terminal that is written over and removed; nothing anywhere else. */
import type { Writable } from 'node:stream';
import { timeOfLine } from '../../../core/audit/questions/reading.ts';

/** Records between two looks at the clock. */
const EVERY = 20_000;
/** Milliseconds before it is said at all, and between two times. */
const PATIENCE = 1_000;

export class Progress {
  readonly #out: Writable;
  readonly #shown: boolean;
  readonly #now: () => number;
  #records = 0;
  #last: number;
  #written = false;

  constructor(out: Writable & { readonly isTTY?: boolean }, now: () => number) {
    this.#out = out;
    this.#shown = out.isTTY === true;
    this.#now = now;
    this.#last = now();
  }

  line(line: string): void {
    this.#records += 1;
    if (!this.#shown || this.#records % EVERY !== 0) return;
    const now = this.#now();
    if (now - this.#last < PATIENCE) return;
    this.#last = now;
    this.#written = true;
    this.#out.write(`\r\u001b[K${this.#records.toLocaleString('en')} records, ${timeOfLine(line) ?? ''}`);
  }

  end(): void {
    if (this.#written) this.#out.write('\r\u001b[K');
    this.#written = false;
  }
}
