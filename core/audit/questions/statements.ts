/**
 * Lines into statements: an intent, its outcome, and whose chain they stand in. Records of any number of chains may come mixed, as long as
 * those of one come in their order. What is held is the open statements alone, and of them at most so many.
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

/** More open statements than this and the oldest is given out without its outcome. */
const MAX_OPEN = 100_000;

const NOBODY: Identity = { namespace: '', serviceAccount: '' };
const UNKNOWN: ChainOwner = { identity: NOBODY, kind: 'sidecar' };

export class StatementReader {
  readonly #listener: Listener;
  readonly #owners: Map<string, ChainOwner>;
  readonly #open = new Map<string, Statement>();
  readonly #maxOpen: number;
  #records = 0;
  #unreadable = 0;
  #unpaired = 0;

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
    if (record.type === 'intent') this.#intent(chain, record);
    else if (record.type === 'outcome') this.#outcome(chain, record);
    else this.#listener.other?.({ chain, owner: this.#owner(chain), record });
  }

  /** What is open has no outcome. */
  end(): void {
    for (const statement of this.#open.values()) this.#listener.statement(statement);
    this.#open.clear();
  }

  #intent(chain: string, intent: Intent): void {
    const key = `${chain} ${intent.statement}`;
    this.#giveOut(key);
    this.#open.set(key, { chain, owner: this.#owner(chain), intent });
    if (this.#open.size <= this.#maxOpen) return;
    const [oldest] = this.#open.keys();
    this.#unpaired += 1;
    this.#giveOut(oldest!);
  }

  #outcome(chain: string, outcome: Outcome): void {
    const key = `${chain} ${outcome.statement}`;
    const statement = this.#open.get(key);
    if (statement === undefined) return;
    this.#open.delete(key);
    this.#listener.statement({ ...statement, outcome });
  }

  #giveOut(key: string): void {
    const statement = this.#open.get(key);
    if (statement === undefined) return;
    this.#open.delete(key);
    this.#listener.statement(statement);
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
