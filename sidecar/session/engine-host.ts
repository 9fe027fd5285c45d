/**
 * What the sessions of one listener share: the current engine (policy and catalog compiled together). Replaced whole when the
 * policy or the schema changes; a session looks it up per statement and never keeps it.
 */
import type { Code } from '../../core/errors/codes.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { AnalyseRequest, AnalyseResult } from '../../core/sql/plan.ts';
import type { SessionView } from '../../core/sql/session-state.ts';

export interface EngineHost {
  /** Undefined: no valid policy right now; everything is refused with `code`. */
  readonly engine: SqlEngine | undefined;
  /** Why there is none; shown to the client. */
  readonly reason?: string;
  /** Of that reason; SLUICE-703 where it is not given. */
  readonly code?: Code;
  /** A policy of the engine has ended although nobody has noticed yet: compiles what still holds. */
  policyEnded(): void;
  /** The schema may have changed (DDL of ours, 42P01 or 42703 from the server): resolves when re-read. Coalesced, rate-limited. */
  refreshCatalog(cause: string): Promise<void>;
  /** As `refreshCatalog`, once nobody has asked for a moment: where nothing waits for it, a reading's snapshot must not be in VACUUM's way. */
  refreshSoon(cause: string): void;
  /** Analyses what is too large for the event loop, in a disposable worker with a deadline; rejects when that is impossible now. */
  analyseLarge(
    engine: SqlEngine,
    request: AnalyseRequest,
    session: SessionView,
    altered: ReadonlySet<number>,
  ): Promise<AnalyseResult>;
  /** Called with the new engine (or undefined) after each replacement; returns the unsubscribe function. */
  onChange(listener: (engine: SqlEngine | undefined) => void): () => void;
}
