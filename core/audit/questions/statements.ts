/**
 * Lines into statements: an intent, its outcome, and whose chain they stand in. Records of any number of chains may come mixed, as long as
 * those of one come nearly in their order (a store goes by time, and clocks are set back). What is held is the open statements alone, and of them at most so many.
 */
import { kindOfChain } from '../chain-names.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Intent, Outcome } from '../record.ts';
import type { ChainOwner, StoredLine } from '../store.ts';
import { type ReadRecord, readRecord } from './reading.ts';

export interface Statement {
  readonly chain: string;
  readonly owner: ChainOwner;
  readonly intent: Intent;
  /** Absent: it runs still, the process ended, or the outcome is not in what was read. */
  readonly outcome?: Outcome;
}

/** A record that is neither intent nor outcome. */
export interface OtherRecord {
  readonly chain: string;
  readonly owner: ChainOwner;
  readonly record: Exclude<ReadRecord, Intent | Outcome>;
}

export interface Listener {
  /** When the statement's outcome has been read, or will not be. */
  statement(statement: Statement): void;
  other?(record: OtherRecord): void;
}

/** Characters of the records of open statements. */
const MOST_CHARACTERS = 128 * 1024 * 1024;
/** More open statements than this and the older half is given out without outcomes. */
const MAX_OPEN = 100_000;

const NOBODY: Identity = { namespace: '', serviceAccount: '' };
const UNKNOWN: ChainOwner = { identity: NOBODY, kind: 'sidecar' };

export class StatementReader {
  readonly #listener: Listener;
  readonly #owners: Map<string, ChainOwner>;
  readonly #open = new Map<string, Statement & { readonly length: number }>();
  #characters = 0;
  readonly #maxOpen: number;
  #records = 0;
  #unreadable = 0;
  #unpaired = 0;
  readonly #early = new EarlyOutcomes();

  /** `owners`: as whoever stored the chains has verified them. Of other chains the owner is what their first record says. */
  constructor(listener: Listener, owners: ReadonlyMap<string, ChainOwner> = new Map(), maxOpen = MAX_OPEN) {
    this.#listener = listener;
    this.#owners = new Map(owners);
    this.#maxOpen = maxOpen;
  }

  /** Records read; lines that are none; statements given out without outcome because too many were open. */
  get counts(): { readonly records: number; readonly unreadable: number; readonly unpaired: number } {
    return { records: this.#records, unreadable: this.#unreadable, unpaired: this.#unpaired };
  }

  line({ chain, line }: StoredLine): void {
    const record = readRecord(line);
    if (record === undefined) {
      this.#unreadable += 1;
      return;
    }
    this.#records += 1;
    if (record.type === 'chain-start' && !this.#owners.has(chain)) this.#owners.set(chain, ownerOf(record));
    if (record.type === 'intent') this.#intent(chain, record, line.length);
    else if (record.type === 'outcome') this.#outcome(chain, record, line.length);
    else this.#listener.other?.({ chain, owner: this.#owner(chain), record });
  }

  /** What is open has no outcome. */
  end(): void {
    for (const key of [...this.#open.keys()]) this.#giveOut(key);
  }

  #intent(chain: string, intent: Intent, length: number): void {
    const key = `${chain} ${intent.statement}`;
    this.#giveOut(key);
    const early = this.#early.take(key);
    if (early !== undefined) {
      this.#listener.statement({ chain, owner: this.#owner(chain), intent, outcome: early });
      return;
    }
    this.#open.set(key, { chain, owner: this.#owner(chain), intent, length });
    this.#characters += length;
    if (this.#open.size > this.#maxOpen || this.#characters > MOST_CHARACTERS) this.#relieve();
  }

  /** Many at once: to find the oldest of a Map costs as much as has been removed from its front. */
  #relieve(): void {
    const many = Math.ceil(this.#open.size / 2);
    for (const oldest of [...this.#open.keys()].slice(0, many)) this.#giveOut(oldest);
    this.#unpaired += many;
  }

  #outcome(chain: string, outcome: Outcome, length: number): void {
    const key = `${chain} ${outcome.statement}`;
    if (this.#open.has(key)) this.#giveOut(key, outcome);
    else this.#early.add(key, outcome, length);
  }

  #giveOut(key: string, outcome?: Outcome): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    const { length, ...statement } = open;
    this.#characters -= length;
    this.#listener.statement(outcome === undefined ? statement : { ...statement, outcome });
  }

  #owner(chain: string): ChainOwner {
    return this.#owners.get(chain) ?? UNKNOWN;
  }
}

function ownerOf(start: Extract<ReadRecord, { readonly type: 'chain-start' }>): ChainOwner {
  const { chain, identity, database } = start;
  const kind = kindOfChain(chain);
  return database === undefined ? { identity, kind } : { identity, database: `${database.namespace}/${database.name}`, kind };
}

/** Of each of two generations. Most outcomes without intent have it outside of what was asked for. */
const MOST_EARLY = 5_000;

/** Outcomes whose intents may yet come. */
class EarlyOutcomes {
  #young = new Map<string, Outcome>();
  #old = new Map<string, Outcome>();
  #characters = 0;

  add(key: string, outcome: Outcome, length: number): void {
    this.#young.set(key, outcome);
    this.#characters += length;
    if (this.#young.size < MOST_EARLY && this.#characters < MOST_CHARACTERS / 4) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#characters = 0;
  }

  take(key: string): Outcome | undefined {
    const outcome = this.#young.get(key) ?? this.#old.get(key);
    if (outcome === undefined) return undefined;
    this.#young.delete(key);
    this.#old.delete(key);
    return outcome;
  }
}
