/** The segments of a journal, as whoever reads them needs to know them. */

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

/** A journal that can be read while it is written, by whoever carries its records elsewhere. */
export interface CollectedJournal {
  readonly directory: string;
  readonly chain: string;
  /** seq at which this process began to write. */
  readonly begun: number;
  /** The last record. */
  readonly end: { readonly seq: number; readonly hash: string };
  /** No more fits in. */
  readonly isFull: boolean;
  /** Oldest first; the last is being written. */
  segments(): readonly Segment[];
  /** The seq that follows the last record of a segment. Reads it, if it is not one of this process. */
  endOf(segment: Segment): number;
  /** Removes what may be removed, as far as room is needed. */
  prune(): void;
  /** Gives up a chain for another, which holds its records from `from` on once more. Throws JournalError. */
  replace(given: { readonly chain: string; readonly reason: string; readonly from: number }): void;
}
