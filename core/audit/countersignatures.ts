/**
 * What the log of the cluster says of other chains: which record stood where, whose they are, and how they ended. Some 40 bytes a checkpoint.
 * What stands behind the last checkpoint of a log waits until it is known that the log is not broken there.
 */
import type { Identity } from '../identity/identity.ts';
import { isSameIdentity } from './certificate.ts';
import { isRecord, type ParsedRecord } from './parsed-record.ts';
import type { Vouched } from './verify-report.ts';

export interface ChainFate {
  readonly identity: Identity;
  readonly database: string | undefined;
  /** RFC 3339 of the last countersignature. */
  readonly last: string;
  readonly ended: 'ended' | 'vanished' | undefined;
}

interface Countersigned {
  readonly chain: string;
  readonly position: number;
  readonly hash: string;
  readonly identity: Identity;
  readonly database?: string;
  readonly ended?: 'ended' | 'vanished';
  readonly time: string;
}

const HASH = /^[0-9a-f]{64}$/;
const HASH_BYTES = 32;

export class Countersignatures {
  readonly #chains = new Map<string, Places>();
  #waiting: Countersigned[] = [];

  /** Takes it, or says why it contradicts what was said before. For records of any type; those that are none are left alone. */
  add(record: ParsedRecord): string | undefined {
    if (record.type !== 'countersignature') return undefined;
    if (!isCountersignature(record)) return 'it is not a countersignature';
    const { chain, position, hash, identity, database } = record;
    const waiting = this.#waiting.filter((each) => each.chain === chain);
    const before = this.#chains.get(chain) ?? waiting[0];
    if (before !== undefined && (!isSameIdentity(before.identity, identity) || before.database !== database))
      return `says that chain ${chain} is of another pod or Database than it was countersigned for before`;
    const there = this.#chains.get(chain)?.at(position) ?? waiting.find((each) => each.position === position)?.hash;
    if (there !== undefined && there !== hash)
      return `says that another record is at seq ${position} of chain ${chain} than was countersigned before`;
    this.#waiting.push(record);
    return undefined;
  }

  /** Of everything that was added since. `proven`: it is under the signature of somebody who is trusted. */
  settle(proven: boolean): void {
    for (const each of this.#waiting) {
      const places = this.#chains.get(each.chain) ?? new Places(each.identity, each.database);
      this.#chains.set(each.chain, places);
      places.add(each, proven);
    }
    this.#waiting = [];
  }

  /** The log is broken there. */
  discard(): void {
    this.#waiting = [];
  }

  /** In the order of their positions. */
  of(chain: string): Iterable<Vouched> {
    return this.#chains.get(chain) ?? [];
  }

  fate(chain: string): ChainFate | undefined {
    return this.#chains.get(chain);
  }

  get chains(): Iterable<string> {
    return this.#chains.keys();
  }
}

function isCountersignature(record: object): record is Countersigned {
  const { chain, position, hash, identity, database, ended, time } = record as Readonly<Record<string, unknown>>;
  return (
    typeof chain === 'string' &&
    Number.isSafeInteger(position) &&
    (position as number) >= 0 &&
    typeof hash === 'string' &&
    HASH.test(hash) &&
    isRecord(identity) &&
    isSameIdentity(identity, identity) &&
    (database === undefined || typeof database === 'string') &&
    (ended === undefined || ended === 'ended' || ended === 'vanished') &&
    typeof time === 'string'
  );
}

/** Of one chain; sorted by position, since checkpoints are countersigned in their order (any other costs a move). */
class Places implements ChainFate, Iterable<Vouched> {
  last = '';
  ended: 'ended' | 'vanished' | undefined;
  readonly identity: Identity;
  readonly database: string | undefined;
  readonly #positions: number[] = [];
  readonly #proven: boolean[] = [];
  #hashes: Buffer = Buffer.alloc(4 * HASH_BYTES);

  constructor(identity: Identity, database: string | undefined) {
    this.identity = identity;
    this.database = database;
  }

  at(position: number): string | undefined {
    const index = this.#indexOf(position);
    return this.#positions[index] === position ? this.#hash(index) : undefined;
  }

  add({ position, hash, time, ended }: Countersigned, proven: boolean): void {
    this.last = time;
    this.ended = ended ?? this.ended;
    const index = this.#indexOf(position);
    if (this.#positions[index] === position) return;
    const length = this.#positions.length * HASH_BYTES;
    if (length === this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes, Buffer.alloc(length)]);
    this.#hashes.copyWithin((index + 1) * HASH_BYTES, index * HASH_BYTES, length);
    this.#hashes.write(hash, index * HASH_BYTES, 'hex');
    this.#positions.splice(index, 0, position);
    this.#proven.splice(index, 0, proven);
  }

  *[Symbol.iterator](): Iterator<Vouched> {
    for (const [index, position] of this.#positions.entries())
      yield { position, hash: this.#hash(index), proven: this.#proven[index]! };
  }

  #hash(index: number): string {
    return this.#hashes.toString('hex', index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** Of the first that is not below. */
  #indexOf(position: number): number {
    const positions = this.#positions;
    if (positions.length === 0 || positions.at(-1)! < position) return positions.length;
    let low = 0;
    for (let high = positions.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
