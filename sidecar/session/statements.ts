/**
 * Prepared statements and portals by name. SQL and protocol share one namespace for each (`EXECUTE s1` runs what Parse called
 * s1, Execute "c" runs what DECLARE called c), so what SQL defined is looked up in the session state and what the protocol
 * defined is told to it.
 *
 * A name becomes real when the server says so: a Parse that fails leaves an older statement of that name in place. Until then
 * a definition is *pending*. Messages of the same series (up to its Sync) may rely on it, for if it fails they are skipped;
 * later ones must wait for the answer.
 */
import type { StatementValues } from '../../core/audit/statement-values.ts';
import type { ColumnDescription } from '../../core/wire/server-messages.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import type { SessionState, SessionView } from '../../core/sql/session-state.ts';

export interface PreparedStatement {
  /** '' is the unnamed one. */
  readonly name: string;
  /** What the client sent; a copy. Null: defined by SQL. */
  readonly sql: Buffer | null;
  readonly parameterTypes: readonly number[];
  /** The types of its parameters as the server has said them. */
  described?: readonly number[];
  /** The columns of its rows as the server has said them of the text that it holds. */
  columns?: readonly ColumnDescription[] | undefined;
  /** Null: an empty query. */
  plan: StatementPlan | null;
  /** With which it was last analysed. */
  engine: SqlEngine | null;
  /** Under which session it was last analysed. */
  view: ViewMark;
  /** Counts decisions that asked for another text: what was bound before cannot go on. */
  revision: number;
  /** It was analysed for a Bind too large to be changed: nothing rides along (AnalyseRequest.countOnly). */
  countOnly: boolean;
  /** The text the server holds under this name, to see whether a new analysis asks for another one. */
  upstream: string | null;
  /** Defined by SQL: the policy it was prepared under. */
  readonly policyVersion?: string;
}

/**
 * What a decision depended on in the session. The state replaces these rather than changing them, so identity tells; what runs
 * another prepared statement or a cursor depends on all of it.
 */
export interface ViewMark {
  readonly searchPath: readonly string[];
  readonly temporary: ReadonlyMap<string, unknown>;
  readonly epoch: number;
}

export function viewMark(state: SessionView): ViewMark {
  return { searchPath: state.searchPath, temporary: state.temporary, epoch: state.epoch };
}

export function sameView(mark: ViewMark, state: SessionView, plan: StatementPlan | null): boolean {
  if (plan?.uses !== undefined && mark.epoch !== state.epoch) return false;
  return mark.searchPath === state.searchPath && mark.temporary === state.temporary;
}

export interface Portal {
  readonly name: string;
  /** Null: a cursor that SQL declared. */
  readonly statement: PreparedStatement | null;
  readonly plan: StatementPlan | null;
  /** Of its results, as the Bind has them. */
  readonly resultFormats?: readonly number[] | undefined;
  /** Digests of the values that were bound, where they are wanted. */
  readonly bound?: StatementValues | undefined;
  /** Rows passed on so far, over all Executes. */
  rows: number;
  /** An Execute ended before the portal did. */
  portion?: boolean;
  /** `PreparedStatement.revision` at Bind. */
  readonly revision: number;
}

/** 'wait': a pending definition of an earlier series decides. */
export type Lookup<T> = T | 'unknown' | 'wait';

interface Pending<T> {
  readonly group: number;
  readonly value: T | null;
}

/** Bounds what a session can make us keep. */
export const MAX_STATEMENTS = 5_000;
export const MAX_STATEMENT_BYTES = 32 * 1024 * 1024;

export class Statements {
  readonly #state: SessionState;
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #portals = new Map<string, Portal>();
  readonly #pendingStatements = new Map<string, Pending<PreparedStatement>>();
  readonly #pendingPortals = new Map<string, Pending<Portal>>();
  /** Rows fetched so far from cursors that SQL declared. */
  readonly #cursorRows = new Map<string, number>();
  readonly #cursorVersions = new Map<string, string>();
  #bytes = 0;
  #pendingBytes = 0;

  constructor(state: SessionState) {
    this.#state = state;
  }

  /** False when the session holds as much as it may. */
  hasRoom(bytes: number): boolean {
    const count = this.#statements.size + this.#pendingStatements.size;
    return count < MAX_STATEMENTS && this.#bytes + this.#pendingBytes + bytes <= MAX_STATEMENT_BYTES;
  }

  statement(name: string, group: number): Lookup<PreparedStatement> {
    const pending = this.#pendingStatements.get(name);
    if (pending !== undefined) return pending.group === group ? (pending.value ?? 'unknown') : 'wait';
    const known = this.#statements.get(name);
    if (known !== undefined) return known;
    const prepared = name === '' ? undefined : this.#state.prepared.get(name);
    if (prepared === undefined) return 'unknown';
    return {
      name,
      sql: null,
      parameterTypes: [],
      plan: prepared.plan,
      engine: null,
      view: viewMark(this.#state),
      revision: 0,
      countOnly: false,
      upstream: null,
      policyVersion: prepared.policyVersion,
    };
  }

  portal(name: string, group: number): Lookup<Portal> {
    const pending = this.#pendingPortals.get(name);
    if (pending !== undefined) return pending.group === group ? (pending.value ?? 'unknown') : 'wait';
    const known = this.#portals.get(name);
    if (known !== undefined) return known;
    const cursor = name === '' ? undefined : this.#state.cursors.get(name);
    if (cursor === undefined) return 'unknown';
    return { name, statement: null, plan: cursor.plan, revision: 0, rows: this.#cursorRows.get(name) ?? 0 };
  }

  /** A Parse was sent. The two outcomes are called by the pipeline. */
  defineStatement(statement: PreparedStatement, group: number, policyVersion: string): Outcomes {
    const pending = { group, value: statement };
    this.#pendingStatements.set(statement.name, pending);
    const size = statement.sql?.length ?? 0;
    this.#pendingBytes += size;
    const outcomes = this.#outcomes(this.#pendingStatements, statement.name, pending, () => {
      this.#forget(statement.name);
      this.#statements.set(statement.name, statement);
      this.#bytes += statement.sql?.length ?? 0;
      if (statement.name !== '' && statement.plan !== null) {
        const { name, plan, parameterTypes } = statement;
        this.#state.apply({ kind: 'prepare', name, plan, parameters: parameterTypes.length }, policyVersion);
      }
    });
    return {
      confirmed: () => {
        this.#pendingBytes -= size;
        outcomes.confirmed();
      },
      abandoned: () => {
        this.#pendingBytes -= size;
        outcomes.abandoned();
      },
    };
  }

  /** A Parse of another text under its name goes out: what SQL runs under that name behind it is that text. */
  preparedAgain({ name, plan, parameterTypes }: PreparedStatement, policyVersion: string): void {
    if (name === '' || plan === null || !this.#state.prepared.has(name)) return;
    this.#state.apply({ kind: 'prepare', name, plan, parameters: parameterTypes.length }, policyVersion);
  }

  /** A Bind was sent. */
  definePortal(portal: Portal, group: number, policyVersion: string): Outcomes {
    const pending = { group, value: portal };
    this.#pendingPortals.set(portal.name, pending);
    return this.#outcomes(this.#pendingPortals, portal.name, pending, () => {
      this.#portals.set(portal.name, portal);
      if (portal.name !== '' && portal.plan !== null) {
        this.#state.apply({ kind: 'declare-cursor', name: portal.name, plan: portal.plan, hold: false }, policyVersion);
        this.#cursorVersions.set(portal.name, policyVersion);
      }
    });
  }

  /** A Close (or what amounts to one) was sent. */
  close(kind: 'S' | 'P', name: string, group: number, policyVersion: string): Outcomes {
    const pending = { group, value: null };
    if (kind === 'S') {
      this.#pendingStatements.set(name, pending);
      return this.#outcomes(this.#pendingStatements, name, pending, () => this.deallocated(name, policyVersion));
    }
    this.#pendingPortals.set(name, pending);
    return this.#outcomes(this.#pendingPortals, name, pending, () => {
      this.#portals.delete(name);
      if (name !== '' && this.#state.cursors.has(name)) this.#state.apply({ kind: 'close-cursor', name }, policyVersion);
    });
  }

  /** A protocol-level Close was confirmed. */
  deallocated(name: string, policyVersion: string): void {
    this.#forget(name);
    if (name !== '' && this.#state.prepared.has(name)) this.#state.apply({ kind: 'deallocate', name }, policyVersion);
  }

  /** SQL ran DEALLOCATE, DISCARD or CLOSE: the state knows already. Null: all. */
  sqlDeallocated(name: string | null): void {
    if (name !== null) this.#forget(name);
    else for (const known of [...this.#statements.keys()]) if (known !== '') this.#forget(known);
  }

  /** Null: all. */
  sqlClosed(name: string | null): void {
    if (name === null) {
      this.#portals.clear();
      this.#cursorRows.clear();
    } else {
      this.#portals.delete(name);
      this.#cursorRows.delete(name);
    }
  }

  /** A simple query, or a Parse of the unnamed statement, drops the unnamed one as soon as the server begins with it. */
  dropUnnamed(group: number): Outcomes {
    return this.close('S', '', group, '');
  }

  /** Portals end with their transaction; cursors WITH HOLD stay known to the state. */
  transactionEnded(): void {
    this.#portals.clear();
    for (const map of [this.#cursorRows, this.#cursorVersions]) {
      for (const name of map.keys()) if (!this.#state.cursors.has(name)) map.delete(name);
    }
  }

  /** Rows that went to the client through a cursor by FETCH or Execute. */
  countCursorRows(name: string, rows: number): void {
    if (rows > 0) this.#cursorRows.set(name, (this.#cursorRows.get(name) ?? 0) + rows);
    const portal = this.#portals.get(name);
    if (portal !== undefined) portal.rows += rows;
  }

  cursorRows(name: string): number {
    return this.#portals.get(name)?.rows ?? this.#cursorRows.get(name) ?? 0;
  }

  /** DECLARE made a cursor of this name anew. */
  cursorDeclared(name: string, policyVersion: string): void {
    this.#cursorRows.delete(name);
    this.#portals.delete(name);
    this.#cursorVersions.set(name, policyVersion);
  }

  /** The policy under which a cursor or portal was made; undefined where that is not known. */
  cursorVersion(name: string): string | undefined {
    return this.#cursorVersions.get(name);
  }

  #forget(name: string): void {
    const known = this.#statements.get(name);
    if (known === undefined) return;
    this.#bytes -= known.sql?.length ?? 0;
    this.#statements.delete(name);
  }

  #outcomes<T>(map: Map<string, Pending<T>>, name: string, pending: Pending<T>, become: () => void): Outcomes {
    const settle = (): void => {
      if (map.get(name) === pending) map.delete(name);
    };
    return {
      confirmed: () => {
        settle();
        become();
      },
      abandoned: settle,
    };
  }
}

export interface Outcomes {
  readonly confirmed: () => void;
  readonly abandoned: () => void;
}
