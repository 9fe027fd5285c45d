/**
 * The SQL core's door: text in, plans out. Pure and synchronous; what is too large for an event loop is given to an engine in
 * a thread of its own.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { SqlParser } from './parse/parser.ts';
import type { AnalyseRequest, AnalyseResult } from './plan.ts';
import type { SessionView } from './session-state.ts';

export interface EngineOptions {
  readonly catalog: Catalog;
  readonly bundle: Bundle;
  readonly parser: SqlParser;
  /** Random nonzero number mixed into generated names so that a client cannot collide with them on purpose. */
  readonly salt: string;
  /** Characters that rewriting may add to what one message carries; see text/edits.ts. */
  readonly maximumAdded?: number;
}

/** One engine per (catalog version, bundle version); replaced whole when either changes. */
export interface SqlEngine {
  readonly bundle: Bundle;
  readonly catalog: Catalog;
  /** Never throws for anything the client wrote: what is wrong becomes a denied plan. */
  analyse(request: AnalyseRequest, session: SessionView): AnalyseResult;
  /** The answer to this was found elsewhere, by an engine over the same bundle and catalog: it need not be looked for again. */
  keep?(request: AnalyseRequest, session: SessionView, result: AnalyseResult): void;
}
