/**
 * The queue of replies that a server still owes. PostgreSQL answers strictly in order, so what a reply belongs to is the
 * entry at the head: a message of the client's, or one of ours whose replies the client must not see. Entries also carry
 * what becomes true only when the server says so (a name that is defined, an execution that ends).
 *
 * After an error the server skips everything up to the next Sync, simple queries included; `failGroup` does the same here.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
import type { Denial } from '../../core/errors/denial.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import type { FrameTap } from '../../core/wire/frame-walker.ts';
import type { ReturnedRows } from '../evidence/returned-rows.ts';
import type { WriteRecorder } from '../evidence/write-recorder.ts';
import type { Portal, PreparedStatement } from './statements.ts';

/** One audited run of one statement. */
export interface Execution {
  /** Names the intent and its outcome. */
  readonly id: string;
  readonly plan: StatementPlan;
  /** The bundle under which it was allowed. */
  readonly policyVersion: string;
  /** Microseconds of a monotonic clock. */
  readonly started: number;
  /** The limit on rows written that applies to it, where one does. */
  readonly maxAffected?: number;
  /** Sees the rows that it returns, where they are to be recorded. */
  returned?: ReturnedRows;
  /** What it writes, where that is recorded. */
  readonly recorder?: WriteRecorder;
  settled: boolean;
}

/** The text that went upstream, so that error positions in it can be given in the client's own text. */
export interface SentText {
  /** What the client sent; a copy. */
  readonly client: Buffer;
  /** In the order sent, joined by `separator`. `plan` is null for a helper of ours. */
  readonly parts: readonly { readonly text: string; readonly plan: StatementPlan | null }[];
  readonly separator: string;
}

/**
 * One statement's part of the replies. `baseline` and `check` are our helpers around a write: the check fails (division by
 * zero) when too many rows were written.
 */
export interface Piece {
  readonly role: 'client' | 'baseline' | 'check';
  readonly execution?: Execution;
  /** Rows that may be passed on; Infinity for no limit. */
  readonly rowLimit: number;
  /** CommandComplete is kept back until the check that follows has passed. */
  readonly held?: boolean;
  /** Sees its rows on their way to the client; rows that are not for the client are dropped whatever it says. */
  readonly tap?: FrameTap;
}

export type ReplyKind = 'parse' | 'bind' | 'describe' | 'execute' | 'close' | 'sync' | 'query';

export interface Expected {
  readonly kind: ReplyKind;
  /** Which Sync ends the series it belongs to. */
  readonly group: number;
  /** Ours: successful replies are not passed on. */
  readonly silent?: boolean;
  /** Ours and made to fail: the client gets this in the place of the server's error. */
  readonly refusal?: Denial;
  /** The statement text a refusal's location points into. */
  readonly refusedText?: Buffer;
  /** Nothing is known under that name here, so the server must not know it either. */
  readonly mustFail?: boolean;
  /** For `describe`: the rows that the server describes are not the client's to see. */
  readonly noData?: boolean;
  /** For `describe`: the first column is ours. */
  readonly cut?: boolean;
  /** For `query` and `execute`. */
  readonly pieces?: readonly Piece[];
  readonly statement?: PreparedStatement;
  /** For `describe`: the statement, its own or a portal's. */
  readonly describes?: PreparedStatement;
  /** The text that it then had: of another, what the server says is of no use. */
  readonly describedText?: string | null;
  readonly portal?: Portal;
  /** For `close`: what is closed. */
  readonly closes?: { readonly kind: 'S' | 'P'; readonly name: string };
  readonly sent?: SentText;
  /** Called instead of anything else when the reply never comes (skipped, or connection lost). */
  readonly abandoned?: () => void;
  /** Called when the server said yes. */
  readonly confirmed?: () => void;
  /** Statements before this one in `pieces` are done. */
  piece: number;
  /** An error has been answered: only ReadyForQuery is still to come. */
  failed: boolean;
  /** Part of a series of which the client has been told that it failed: its replies are dropped. */
  muted: boolean;
  /** Runs something that changes what later statements mean. */
  readonly effects: boolean;
  /** Runs something that ends a transaction. */
  readonly ends: boolean;
  /** Runs something whose limit on rows may still turn into an error of ours. */
  readonly limited: boolean;
}

export type NewExpected = Omit<Expected, 'piece' | 'failed' | 'muted' | 'effects' | 'ends' | 'limited'> & {
  readonly muted?: boolean;
};

export class Pipeline {
  #entries: (Expected | undefined)[] = [];
  #first = 0;
  /** Executions under way that change what later statements mean. */
  #effects = 0;
  /** Names being defined or closed. */
  #names = 0;
  #ends = 0;
  #limited = 0;
  #readies = 0;
  /** The head is another entry now. */
  onHead: (head: Expected | undefined) => void = () => {};

  get length(): number {
    return this.#entries.length - this.#first;
  }

  get head(): Expected | undefined {
    return this.#entries[this.#first];
  }

  get pendingEffects(): number {
    return this.#effects;
  }

  get pendingNames(): number {
    return this.#names;
  }

  /** Executions of COMMIT or ROLLBACK. */
  get pendingEnds(): number {
    return this.#ends;
  }

  /** ReadyForQuery messages to come. */
  get pendingReadies(): number {
    return this.#readies;
  }

  /** Whether an execution's limit may still turn into an error of ours. */
  get guarded(): boolean {
    return this.#limited > 0;
  }

  has(entry: Expected): boolean {
    for (const one of this) if (one === entry) return true;
    return false;
  }

  *[Symbol.iterator](): Iterator<Expected> {
    for (let i = this.#first; i < this.#entries.length; i++) yield this.#entries[i]!;
  }

  push(entry: NewExpected): Expected {
    const added: Expected = {
      ...entry,
      piece: 0,
      failed: false,
      muted: entry.muted === true,
      effects: some(entry, (piece) => changesMeaning(piece.execution?.plan)),
      ends: some(entry, (piece) => endsTransaction(piece.execution?.plan)),
      limited: some(entry, (piece) => piece.rowLimit !== Number.POSITIVE_INFINITY),
    };
    this.#entries.push(added);
    this.#count(added, 1);
    if (this.length === 1) this.onHead(added);
    return added;
  }

  /** The head was answered. */
  pop(): void {
    const head = this.#entries[this.#first];
    if (head === undefined) return;
    this.#entries[this.#first++] = undefined;
    if (this.#first > 512) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.#count(head, -1);
    this.onHead(this.head);
  }

  /**
   * The head failed in the extended protocol: it and all that follows up to the next Sync will not be answered. Returns what
   * was skipped, the failed one first, and whether that Sync has been sent already.
   */
  failGroup(): { readonly skipped: readonly Expected[]; readonly synced: boolean } {
    const skipped: Expected[] = [];
    while (this.head !== undefined && this.head.kind !== 'sync') {
      skipped.push(this.head);
      this.#entries[this.#first++] = undefined;
    }
    for (const entry of skipped) this.#count(entry, -1);
    this.onHead(this.head);
    return { skipped, synced: this.head !== undefined };
  }

  /** Takes back entries whose messages were never sent: the newest ones. */
  retract(entries: ReadonlySet<Expected>): void {
    const before = this.head;
    const kept: (Expected | undefined)[] = [];
    for (const entry of this) {
      if (entries.has(entry)) this.#count(entry, -1);
      else kept.push(entry);
    }
    this.#entries = kept;
    this.#first = 0;
    if (this.head !== before) this.onHead(this.head);
  }

  /** The connection is gone: everything that was owed. */
  clear(): readonly Expected[] {
    const lost = [...this];
    this.#entries = [];
    this.#first = 0;
    this.#effects = 0;
    this.#names = 0;
    this.#ends = 0;
    this.#limited = 0;
    this.#readies = 0;
    return lost;
  }

  #count(entry: Expected, by: 1 | -1): void {
    if (entry.kind === 'parse' || entry.kind === 'bind' || entry.kind === 'close') this.#names += by;
    if (entry.kind === 'sync' || entry.kind === 'query') this.#readies += by;
    if (entry.effects) this.#effects += by;
    if (entry.ends) this.#ends += by;
    if (entry.limited) this.#limited += by;
  }
}

function some(entry: NewExpected, test: (piece: Piece) => boolean): boolean {
  if (entry.kind !== 'query' && entry.kind !== 'execute') return false;
  for (const piece of entry.pieces ?? []) if (piece.role === 'client' && test(piece)) return true;
  return false;
}

function endsTransaction(plan: StatementPlan | undefined): boolean {
  return plan?.effect.kind === 'commit' || plan?.effect.kind === 'rollback';
}

/** Whether later statements can mean something else once this one is done (transaction control is looked at apart). */
export function changesMeaning(plan: StatementPlan | undefined): boolean {
  switch (plan?.effect.kind) {
    case undefined:
    case 'none':
    case 'begin':
    case 'savepoint':
    case 'release':
    case 'commit':
    case 'rollback':
      return false;
    default:
      return true;
  }
}
