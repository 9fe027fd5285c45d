/** The segments of a journal, as whoever carries its records elsewhere needs to know them. */
import type * as nodeFs from 'node:fs';
import type { ChainHead } from '../../core/audit/chain.ts';
import { isRecord } from '../../core/json/read.ts';

export interface Segment {
  /** That of its name. */
  readonly number: number;
  readonly path: string;
  readonly chain: string;
  /** seq of its first record. */
  readonly first: number;
  /** Bytes that belong to the chain; of the one that is being written, those written so far. */
  readonly size: number;
  /** A later segment begins a chain that holds whatever of this one had not been stored: nobody needs it. */
  readonly superseded: boolean;
}

/** A journal that can be read while it is written. */
export interface CollectedJournal {
  readonly directory: string;
  readonly chain: string;
  /** seq at which this process began to write. */
  readonly begun: number;
  /** What the next record has to carry. */
  readonly head: ChainHead;
  /** No more fits in, because of records that have to be kept. */
  readonly isFull: boolean;
  /** Oldest first; the last is being written. */
  segments(): readonly Segment[];
  /** The seq that follows the last record of a segment. */
  endOf(segment: Segment): number;
  /** Removes what may be removed, as far as room is needed. */
  prune(): void;
  /** Gives up a chain for another, which holds its records from `from` on once more. Throws JournalError. */
  replaceChain(reason: string, unstored: { readonly chain: string; readonly from: number }): void;
}

const FIRST_LINE = 64 * 1024;

/** What the first record of a segment says; empty: it has none. */
export function firstRecord(
  descriptor: number,
  fs: typeof nodeFs,
): { readonly seq?: unknown; readonly chain?: unknown; readonly continues?: unknown; readonly replaces?: unknown } {
  const bytes = Buffer.alloc(FIRST_LINE);
  const count = fs.readSync(descriptor, bytes, 0, FIRST_LINE, 0);
  try {
    const [line = ''] = bytes.toString('utf8', 0, count).split('\n');
    const record: unknown = JSON.parse(line);
    return isRecord(record) ? record : {};
  } catch {
    return {};
  }
}
