/** What is verified as a whole: lines of many chains, wherever they are kept. Whoever reads files or a store makes one of these. */
import type { TrustAnchors } from './certificate.ts';
import { EMPTY_CHAIN } from './chain.ts';
import { isPlace, isRecord, parseRecord } from './parsed-record.ts';
import type { ChainOwner } from './store.ts';

/** A file, or what a store has of a chain. */
export interface TrailPart {
  /** As people know it. */
  readonly source: string;
  /** seq of its first record, as that says itself; undefined where it says nothing. */
  readonly first: number | undefined;
  /** Numbered from 0 although it goes on from another file (before 0.2.0). */
  readonly renumbered?: boolean;
  /** It may begin with any record: older ones may be gone from a store. */
  readonly middle: boolean;
  /** Lines without their newlines, some at a time; may be asked for more than once. Returns the bytes after the last newline. */
  lines(): AsyncGenerator<readonly Buffer[], number>;
}

export interface TrailChain {
  /** Undefined: what is there does not say. */
  readonly chain: string | undefined;
  /** Under whose name a store keeps it. */
  readonly owner?: ChainOwner;
  /** seq of the first record that there should be: a store knows what it has removed itself. Undefined: it may begin anywhere. */
  readonly begins?: number;
  /** In any order. */
  readonly parts: readonly TrailPart[];
}

export interface Trail {
  readonly chains: readonly TrailChain[];
  /** Nothing has been left out: a chain that was countersigned and is not here is missing. */
  readonly complete: boolean;
}

/** Where the log of the cluster stood, as published outside of the store. */
export interface PublishedHead {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

/** What an auditor keeps: the anchors, and how far the log had come then. */
export interface Trusted {
  readonly anchors: TrustAnchors;
  readonly head?: PublishedHead;
}

/** Lines that `describePart` wants of a file. */
export const DESCRIBED_BY = 5;

/**
 * What the first lines of a file say of it. Believed by nobody: it decides only what is read after what. Where the file begins is what most of
 * them say, so that a record that was changed is found in its place and not elsewhere.
 */
export function describePart(
  lines: readonly Buffer[],
): Pick<TrailPart, 'first' | 'renumbered'> & { readonly chain: string | undefined } {
  const [start, ...more] = lines.slice(0, DESCRIBED_BY).map((line) => parseRecord(line));
  if (start === undefined || typeof start === 'string' || start.type !== 'chain-start')
    return { chain: undefined, first: undefined };
  const { chain, seq, continues, prev } = start;
  const renumbered = seq === 0 && prev === EMPTY_CHAIN.hash && isRecord(continues);
  const votes = more.map((record, index) => (typeof record === 'string' ? undefined : Number(record.seq) - 1 - index));
  const name = typeof chain === 'string' ? chain : undefined;
  const own = votes.length === 0 || continues === undefined || isPlace(continues, Number(seq) - 1, prev) ? seq : undefined;
  return { chain: name, first: placeOf(own, mostFrequent(votes)), renumbered };
}

/** A record too many or too few among the first few does not move a file. */
function placeOf(own: unknown, others: number | undefined): number | undefined {
  if (!Number.isSafeInteger(own)) return others;
  return others === undefined || Math.abs((own as number) - others) <= 1 ? (own as number) : others;
}

function mostFrequent(votes: readonly unknown[]): number | undefined {
  const valid = votes.filter((vote): vote is number => Number.isSafeInteger(vote));
  const count = (vote: number): number => valid.filter((each) => each === vote).length;
  return valid.reduce<number | undefined>(
    (best, vote) => (best !== undefined && count(best) >= count(vote) ? best : vote),
    undefined,
  );
}
