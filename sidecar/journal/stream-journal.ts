/**
 * The journal on standard output, for `--audit -` and for log collectors. Written synchronously, so that a record is out of this
 * process before its statement is forwarded; a reader that stops reading stops the statements, not the memory.
 */
import { writeSync } from 'node:fs';
import { Chain } from '../../core/audit/chain.ts';
import type { ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { JournalError, type Journal } from './journal.ts';
import { type Timed, WriteBehind } from './write-behind.ts';

export interface StreamJournalOptions {
  readonly descriptor: number;
  readonly start: Omit<WithoutHeader<ChainStart>, 'type' | 'continues'>;
  readonly clock: () => string;
  /** Milliseconds a full pipe may stay full before statements are refused. */
  readonly patience?: number;
}

const RETRY_MS = 5;

export function openStreamJournal(options: StreamJournalOptions): Journal {
  const chain = new Chain();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let healthy = true;
  /** Bytes of a line that went out only in part: the rest must follow before anything else. */
  let rest: Buffer = Buffer.alloc(0);

  const flush = (): void => {
    let waited = 0;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(options.descriptor, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        if (waited >= (options.patience ?? 2000)) throw new Error('nobody reads it');
        Atomics.wait(pause, 0, 0, RETRY_MS);
        waited += RETRY_MS;
      }
    }
  };
  const write = (records: readonly Timed[]): void => {
    const before = chain.head;
    let bytes: Buffer = Buffer.alloc(0);
    try {
      flush();
      bytes = Buffer.from(records.map(({ entry, time }) => chain.seal(entry, time)).join(''));
      rest = bytes;
      flush();
      healthy = true;
    } catch (error) {
      healthy = false;
      // Nothing of the batch is out: it never happened. Partly out: it belongs to the chain, and its rest goes first.
      if (bytes.length > 0 && rest.length === bytes.length) {
        rest = Buffer.alloc(0);
        chain.rewind(before);
      } else if (bytes.length > 0) behind.taken();
      throw new JournalError(`cannot write audit records to the output: ${(error as Error).message}`, { cause: error });
    }
  };
  const behind = new WriteBehind(write, options.clock);
  behind.write([{ type: 'chain-start', ...options.start }]);
  return {
    get healthy() {
      return healthy;
    },
    append: (entries) => behind.write(entries),
    defer: (entry) => behind.defer(entry),
    close: async () => {
      behind.write([]);
      flush();
    },
  };
}
