/**
 * What keeps collected records: a contract that the embedded store and PostgreSQL meet alike, and that questions and verification are asked
 * against. Lines are kept byte for byte; everything else that a store has is derived from them and may be built again.
 */
import type { Identity } from '../identity/identity.ts';

/** A stretch of one chain without gaps. */
export interface ChainBatch {
  readonly chain: string;
  /** As verified by whoever received it; never taken from the lines. */
  readonly owner: ChainOwner;
  /** seq of the first line. */
  readonly first: number;
  /** Without newlines. Their links (seq, prev) have been checked within the batch. */
  readonly lines: readonly string[];
  /** RFC 3339: when a replica first had them, of a copy. Now if absent. Retention goes by it, so that a writer's clock decides nothing. */
  readonly received?: string;
}

export interface ChainOwner {
  readonly identity: Identity;
  /** `namespace/name`; absent for the operator's own. */
  readonly database?: string;
  /** sidecar: of a pod. operator: admin records of a replica. cluster: countersignatures. */
  readonly kind: 'sidecar' | 'operator' | 'cluster';
}

export interface ChainEnding {
  /** The next seq that would be new. */
  readonly next: number;
  /** SHA-256 (hex) of the last line. */
  readonly hash: string;
}

export interface StoredChain extends ChainEnding {
  readonly chain: string;
  readonly owner: ChainOwner;
  /** Stretches that are there, in order: [first, next). More than one: there are gaps (other replicas may hold them). */
  readonly stretches: readonly (readonly [first: number, next: number])[];
  /** RFC 3339 of the first and last record. */
  readonly from: string;
  readonly to: string;
  /** Everything before this seq has been removed by retention, and is not taken again. */
  readonly removed?: number;
}

/** What somebody who goes on with a chain has to know. */
export interface ChainStanding {
  readonly owner: ChainOwner;
  /** As of StoredChain. */
  readonly stretches: readonly (readonly [first: number, next: number])[];
  /** Everything before this seq has been removed by retention, and is not taken again. */
  readonly removed: number;
  /** SHA-256 (hex) of the last line of the stretch that goes on (goesOn); absent where there is none. */
  readonly hash?: string;
}

export interface StoredLine {
  readonly chain: string;
  readonly seq: number;
  /** Without newline; the very bytes. */
  readonly line: string;
  /** RFC 3339: when a replica first had it, where that is known. */
  readonly received?: string;
}

/**
 * Narrows what is read, by what stores have indexes for. A store may return more than asked for (never less): whoever asked looks at each
 * record again. Conditions of intents select whole statements: intent and outcome.
 */
export interface RecordFilter {
  /** RFC 3339, [from, to). */
  readonly from?: string;
  readonly to?: string;
  readonly chains?: readonly string[];
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly podUid?: string;
  /** `namespace/name`. */
  readonly database?: string;
  /** `schema.name` as records spell it. */
  readonly relation?: string;
  /** rowDigest. */
  readonly row?: string;
  readonly decision?: 'allow' | 'deny';
  readonly trace?: string;
  readonly fingerprint?: string;
  readonly types?: readonly string[];
}

export interface AuditStore {
  /**
   * Resolves when all lines are durable; lines that are there already are compared and not stored again. Rejects with StoreConflictError when
   * one that is there is another, with StoreUnavailableError when it cannot be done now.
   */
  append(batch: ChainBatch): Promise<void>;
  /** Where a chain ends, without gaps before; undefined: nothing of it is there. */
  ending(chain: string): Promise<ChainEnding | undefined>;
  /** What of this chain is there, for somebody whose first record is `from`; undefined: nothing is. As cheap with a million chains as with one. */
  standing(chain: string, from: number): Promise<ChainStanding | undefined>;
  chains(filter?: RecordFilter): AsyncIterable<StoredChain>;
  /** In the order of chain and seq. */
  lines(chain: string, from?: number): AsyncIterable<StoredLine>;
  /** In the order of time, as near as records of different chains can be. */
  records(filter: RecordFilter): AsyncIterable<StoredLine>;
  /** Removes records received before that time, whole stretches from the oldest on; the last of a chain stays. Resolves to their number. */
  prune(before: string): Promise<number>;
  close(): Promise<void>;
}

/** Beside the records: up to where (seq) somebody else has been told of each chain, by consumer. Kept as durably as they are. */
export interface ExportMarks {
  exported(consumer: string): Promise<Readonly<Record<string, number>>>;
  /** Never goes back. */
  setExported(consumer: string, marks: Readonly<Record<string, number>>): Promise<void>;
}

/** The stretch that `from` (or `removed`, where that is more) is in, or just behind: new records go on at its end. */
export function goesOn(
  { stretches, removed }: Pick<ChainStanding, 'stretches' | 'removed'>,
  from: number,
): ChainStanding['stretches'][number] | undefined {
  const at = Math.max(from, removed);
  return stretches.find(([begin, end]) => begin <= at && at <= end);
}

/** Another line is there at that place: a fork. */
export class StoreConflictError extends Error {
  readonly chain: string;
  readonly seq: number;

  constructor(chain: string, seq: number) {
    super(`chain ${chain} has another record at seq ${seq}`);
    this.name = 'StoreConflictError';
    this.chain = chain;
    this.seq = seq;
  }
}

/** One sentence why; it may work later. */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}
