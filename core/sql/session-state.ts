/**
 * What the analyser needs to know of a session, and how statements change it. The session layer calls `apply` only after
 * the server confirmed the statement (CommandComplete), so that a failed SET or PREPARE leaves no trace. search_path follows
 * transactions and savepoints as PostgreSQL's GUC stack does (SET LOCAL ends with the transaction; a rolled-back SET is undone).
 */
import type { SessionEffect, StatementPlan } from './plan.ts';

export interface PreparedEntry {
  readonly plan: StatementPlan;
  readonly parameters: number;
  /** Bundle version under which it was analysed. */
  readonly policyVersion: string;
}

export interface CursorEntry {
  readonly plan: StatementPlan;
  readonly hold: boolean;
}

export interface TemporaryRelation {
  readonly name: string;
  /** Null when the columns are not known (CREATE TEMP TABLE AS with opaque parts). */
  readonly columns: readonly string[] | null;
}

/** The analyser's read-only view. */
export interface SessionView {
  /** Schemas in order as the server would search them, without the implicit pg_temp and pg_catalog in front. */
  readonly searchPath: readonly string[];
  readonly prepared: ReadonlyMap<string, PreparedEntry>;
  readonly cursors: ReadonlyMap<string, CursorEntry>;
  readonly temporary: ReadonlyMap<string, TemporaryRelation>;
  /** Changes whenever anything above changes: part of the plan cache key. */
  readonly epoch: number;
}

export interface SessionState extends SessionView {
  /** The server completed the statement. */
  apply(effect: SessionEffect, policyVersion: string): void;
  /**
   * The server sent an ErrorResponse: what the current transaction (an implicit one included) did is undone, at once for a
   * statement's own effect, with ROLLBACK TO or at the end for the rest.
   */
  error(): void;
  /** ReadyForQuery said I, T or E: ends implicit transactions, undoes what a failed transaction did. */
  ready(status: 'I' | 'T' | 'E'): void;
}
