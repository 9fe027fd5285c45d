/**
 * What the SQL core answers about one statement: the contract between analysis and everything that acts on it (session,
 * journal, `sluice check`). A plan is immutable and may be cached; nothing in it depends on who asks later.
 */
import type { Denial } from '../errors/denial.ts';
import type { Action } from '../policy/bundle.ts';
import type { PlannedEvidence } from './evidence/planned.ts';

/** The statement's class, for audit, metrics and the session's bookkeeping. */
export type StatementKind =
  | 'select'
  | 'insert'
  | 'update'
  | 'delete'
  | 'merge'
  | 'values'
  | 'copy-to'
  | 'copy-from'
  | 'explain'
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'release'
  | 'rollback-to'
  | 'set'
  | 'show'
  | 'reset'
  | 'discard'
  | 'prepare'
  | 'execute'
  | 'deallocate'
  | 'declare-cursor'
  | 'fetch'
  | 'move'
  | 'close-cursor'
  | 'listen'
  | 'unlisten'
  | 'notify'
  | 'lock'
  | 'truncate'
  | 'call'
  | 'create'
  | 'alter'
  | 'drop'
  | 'other';

/** `replacement` stands where bytes [start, end) of the original stood. Sorted, never overlapping. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

export interface RelationUse {
  /** 0: the catalog does not know it (transparent bundles only). */
  readonly oid: number;
  /** `schema.name`, quoted as SQL; of an unknown one as it was written. */
  readonly relation: string;
  /** Column names; whole-row references list all the subject has. */
  readonly columns: readonly string[];
  readonly action: Action;
}

/** What is recorded about a statement. Never a literal of the client's. */
export interface StatementFacts {
  readonly reads: readonly RelationUse[];
  readonly writes: readonly RelationUse[];
  /** `schema.table.column` -> mask kind. */
  readonly masks: Readonly<Record<string, string>>;
  /** `schema.table.column` -> sensitivity class, of columns that are read as they are stored. Absent: none. */
  readonly clear?: Readonly<Record<string, string>>;
  /** `schema.table` -> the policies whose filter applies. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly functions: readonly string[];
  /** Policies and built-in rules that decided, most specific first. */
  readonly rules: readonly string[];
}

/** What the statement does to the session when it succeeds; applied by SessionState.apply after the server said so. */
export type SessionEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit'; readonly chain: boolean }
  | { readonly kind: 'rollback'; readonly chain: boolean }
  | { readonly kind: 'savepoint'; readonly name: string }
  | { readonly kind: 'release'; readonly name: string }
  | { readonly kind: 'rollback-to'; readonly name: string }
  /** searchPath: the new effective list of schemas. */
  | { readonly kind: 'set-search-path'; readonly path: readonly string[]; readonly local: boolean }
  | { readonly kind: 'reset-search-path' }
  | { readonly kind: 'discard-all' }
  | { readonly kind: 'discard-temp' }
  | { readonly kind: 'discard-plans' }
  | { readonly kind: 'prepare'; readonly name: string; readonly plan: StatementPlan; readonly parameters: number }
  | { readonly kind: 'deallocate'; readonly name: string | null }
  | { readonly kind: 'declare-cursor'; readonly name: string; readonly plan: StatementPlan; readonly hold: boolean }
  | { readonly kind: 'close-cursor'; readonly name: string | null }
  | {
      readonly kind: 'create-temporary';
      readonly name: string;
      readonly columns: readonly string[] | null;
      /** ON COMMIT DROP: gone when the transaction ends. */
      readonly dropOnCommit?: boolean;
    }
  | { readonly kind: 'drop-temporary'; readonly names: readonly string[] }
  /** The catalog must be read again before the next statement is analysed. */
  | { readonly kind: 'schema-change' };

export interface StatementPlan {
  readonly decision: 'allow' | 'deny';
  /** Present when denied. */
  readonly denial?: Denial;
  /** Observe: what Enforce would have said. */
  readonly observed?: readonly Denial[];
  readonly kind: StatementKind;
  /** Byte range [start, end) of the statement in the text the client sent, without its `;`. */
  readonly range: readonly [start: number, end: number];
  /** What goes upstream for this statement. The original bytes when nothing was rewritten. */
  readonly text: string;
  readonly rewritten: boolean;
  /** Relative to the client's whole text (not to the range). */
  readonly edits: readonly Edit[];
  readonly facts: StatementFacts;
  readonly effect: SessionEffect;
  /** True if it can insert, update or delete rows, anywhere in it (CTEs, MERGE, COPY FROM, EXECUTE of one that does). */
  readonly writesRows: boolean;
  /** True if any governed (masked, filtered, column-limited) relation is touched: server texts are then scrubbed harder. */
  readonly touchesGoverned: boolean;
  /**
   * The statement carries a RETURNING list that the client did not write (the check of new rows): RowDescription and DataRow of
   * it must not reach the client, Describe answers NoData, and Execute goes upstream without a row limit.
   */
  readonly swallowRows?: true;
  /**
   * With Database.spec.audit.rows, of a statement that writes. Where it has a column, the first column of the result is ours: it is
   * cut off RowDescription and every DataRow (all of them are dropped with `swallowRows`).
   */
  readonly evidence?: PlannedEvidence;
  /** True if rows may reach the client (DataRow or CopyData). */
  readonly returnsRows: boolean;
  /** Only these are allowed to be executed more than once without looking again (no literal-pinned session decision). */
  readonly cacheable: boolean;
  /**
   * Byte offsets (in the client's whole text) of the literals whose value decided something: a cache by shape keys on them.
   * Absent or 'all': every literal did.
   */
  readonly pinned?: readonly number[] | 'all';
  /** Hex; the same for statements that differ only in literals and layout. */
  readonly fingerprint: string;
  /** The statement with every literal replaced by `$n` placeholders, at most 4 KiB. */
  readonly normalised: string;
  /** Names of SQL-level prepared statements or cursors it runs (EXECUTE, FETCH): re-checked at execution. */
  readonly uses?: { readonly prepared?: string; readonly cursor?: string };
  /** For `copy-from`: CopyData from the client follows. */
  readonly copyIn?: boolean;
}

export interface AnalyseRequest {
  /** Valid UTF-8 without NUL (the wire layer has checked). */
  readonly sql: Buffer;
  /** `extended` allows one statement only. */
  readonly protocol: 'simple' | 'extended';
  /** Parameter type OIDs of Parse, 0 = unspecified. */
  readonly parameterTypes: readonly number[];
  /** No column of ours may be added for evidence: its rows are only counted. */
  readonly countOnly?: true;
}

/** One plan a statement, in order; none for an empty query. If any is denied the session runs none of them. */
export type AnalyseResult = readonly StatementPlan[];
