/**
 * What a session has made of itself, kept in step with the server's own rules about transactions:
 *
 * - search_path and temporary relations follow transactions and savepoints; SET LOCAL ends with the transaction;
 * - prepared statements do not: a PREPARE survives the ROLLBACK around it;
 * - cursors end with their transaction unless WITH HOLD, those made in a transaction that rolls back end in any case, and a
 *   CLOSE is never undone.
 *
 * Statements outside a transaction block share an implicit transaction up to the next ReadyForQuery. When in doubt the tracker
 * forgets: a name that it no longer knows is looked up among the governed relations or refused, which is the safe side.
 * https://www.postgresql.org/docs/current/sql-set.html, sql-declare.html, protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
import type { SessionEffect } from './plan.ts';
import type { CursorEntry, PreparedEntry, SessionState, TemporaryRelation } from './session-state.ts';

/** A new session whose server-side search_path is `defaultSearchPath` (the login's own, resolved). */
export function createSessionState(defaultSearchPath: readonly string[]): SessionState {
  return new SessionTracker(defaultSearchPath);
}

interface Temporary extends TemporaryRelation {
  readonly dropOnCommit: boolean;
}

/** What a rollback goes back to. The maps are replaced, never changed, so that keeping one costs nothing. */
interface Snapshot {
  readonly path: readonly string[];
  readonly sessionPath: readonly string[];
  readonly temporary: ReadonlyMap<string, Temporary>;
  readonly cursors: ReadonlyMap<string, CursorEntry>;
}

class SessionTracker implements SessionState {
  readonly #defaultPath: readonly string[];
  /** In effect now. */
  #path: readonly string[];
  /** What remains after the transaction: #path without SET LOCAL. */
  #sessionPath: readonly string[];
  #temporary: ReadonlyMap<string, Temporary> = new Map();
  #prepared: ReadonlyMap<string, PreparedEntry> = new Map();
  #cursors: ReadonlyMap<string, CursorEntry> = new Map();
  #epoch = 0;
  /** Where the current transaction, implicit or not, began; undefined outside. */
  #start: Snapshot | undefined;
  #savepoints: { readonly name: string; readonly snapshot: Snapshot }[] = [];
  /** Inside BEGIN … COMMIT. */
  #block = false;
  #failed = false;

  constructor(defaultPath: readonly string[]) {
    this.#defaultPath = defaultPath;
    this.#path = defaultPath;
    this.#sessionPath = defaultPath;
  }

  get searchPath(): readonly string[] {
    return this.#path;
  }
  get prepared(): ReadonlyMap<string, PreparedEntry> {
    return this.#prepared;
  }
  get cursors(): ReadonlyMap<string, CursorEntry> {
    return this.#cursors;
  }
  get temporary(): ReadonlyMap<string, TemporaryRelation> {
    return this.#temporary;
  }
  get epoch(): number {
    return this.#epoch;
  }

  apply(effect: SessionEffect, policyVersion: string): void {
    if (effect.kind === 'none' || effect.kind === 'schema-change' || effect.kind === 'discard-plans') return;
    this.#epoch += 1;
    if (effect.kind === 'commit' || effect.kind === 'rollback') {
      this.#end(effect.kind === 'commit' && !this.#failed);
      if (effect.chain) this.#begin();
      return;
    }
    this.#start ??= this.#snapshot();
    switch (effect.kind) {
      case 'begin':
        this.#block = true;
        return;
      case 'savepoint':
        this.#savepoints.push({ name: effect.name, snapshot: this.#snapshot() });
        return;
      case 'release':
        this.#savepoints.splice(this.#savepoint(effect.name));
        return;
      case 'rollback-to':
        this.#rollbackTo(effect.name);
        return;
      case 'set-search-path':
        this.#path = effect.path;
        if (!effect.local) this.#sessionPath = effect.path;
        return;
      case 'reset-search-path':
        this.#path = this.#defaultPath;
        this.#sessionPath = this.#defaultPath;
        return;
      case 'prepare':
        this.#prepared = set(this.#prepared, effect.name, { plan: effect.plan, parameters: effect.parameters, policyVersion });
        return;
      case 'deallocate':
        this.#prepared = effect.name === null ? new Map() : without(this.#prepared, [effect.name]);
        return;
      case 'declare-cursor':
        this.#cursors = set(this.#cursors, effect.name, { plan: effect.plan, hold: effect.hold });
        return;
      case 'close-cursor':
        this.#cursors = effect.name === null ? new Map() : without(this.#cursors, [effect.name]);
        return;
      case 'create-temporary': {
        const { name, columns, dropOnCommit = false } = effect;
        this.#temporary = set(this.#temporary, name, { name, columns, dropOnCommit });
        return;
      }
      case 'drop-temporary':
        this.#temporary = without(this.#temporary, effect.names);
        return;
      case 'discard-temp':
        this.#temporary = new Map();
        return;
      case 'discard-all':
        this.#discardAll();
        return;
    }
  }

  error(): void {
    this.#failed = true;
  }

  ready(status: 'I' | 'T' | 'E'): void {
    if (status === 'E') this.#failed = true;
    else if (status === 'T') {
      if (!this.#block) this.#begin();
      this.#failed = false;
    } else {
      // A block that the server has left without our having seen COMMIT succeed was rolled back.
      if (this.#start !== undefined) {
        this.#epoch += 1;
        this.#end(!this.#block && !this.#failed);
      }
      this.#failed = false;
    }
  }

  #begin(): void {
    this.#start ??= this.#snapshot();
    this.#block = true;
  }

  #snapshot(): Snapshot {
    return { path: this.#path, sessionPath: this.#sessionPath, temporary: this.#temporary, cursors: this.#cursors };
  }

  /** The end of a transaction. */
  #end(committed: boolean): void {
    if (committed) {
      this.#path = this.#sessionPath;
      this.#cursors = filter(this.#cursors, (_, cursor) => cursor.hold);
      this.#temporary = filter(this.#temporary, (_, relation) => !relation.dropOnCommit);
    } else if (this.#start !== undefined) {
      this.#restore(this.#start);
      // Local settings of the transaction, and cursors that were never held, are over in any case.
      this.#path = this.#sessionPath;
      this.#cursors = filter(this.#cursors, (_, cursor) => cursor.hold);
    }
    this.#start = undefined;
    this.#savepoints = [];
    this.#block = false;
    this.#failed = false;
  }

  #restore(snapshot: Snapshot): void {
    this.#path = snapshot.path;
    this.#sessionPath = snapshot.sessionPath;
    this.#temporary = snapshot.temporary;
    this.#cursors = filter(this.#cursors, (name, cursor) => snapshot.cursors.get(name) === cursor);
  }

  #rollbackTo(name: string): void {
    const index = this.#savepoint(name);
    const savepoint = this.#savepoints[index];
    if (savepoint === undefined) return;
    this.#restore(savepoint.snapshot);
    this.#savepoints.splice(index + 1);
    this.#failed = false;
  }

  /** The newest of that name; past the end when there is none. */
  #savepoint(name: string): number {
    const index = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
    return index === -1 ? this.#savepoints.length : index;
  }

  #discardAll(): void {
    this.#path = this.#defaultPath;
    this.#sessionPath = this.#defaultPath;
    this.#temporary = new Map();
    this.#prepared = new Map();
    this.#cursors = new Map();
  }
}

function set<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, keys: readonly string[]): ReadonlyMap<string, V> {
  return filter(map, (key) => !keys.includes(key));
}

function filter<V>(map: ReadonlyMap<string, V>, keep: (key: string, value: V) => boolean): ReadonlyMap<string, V> {
  return map.size === 0 ? map : new Map([...map].filter(([key, value]) => keep(key, value)));
}
