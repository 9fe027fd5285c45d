/**
 * The SQL core's door: text in, plans out. Pure and synchronous; parsing of oversized statements happens elsewhere (a worker)
 * and arrives here as an already parsed tree.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { ParseTree, SqlParser } from './parse/parser.ts';
import type { AnalyseRequest, AnalyseResult } from './plan.ts';
import type { SessionView } from './session-state.ts';

export interface EngineOptions {
  readonly catalog: Catalog;
  readonly bundle: Bundle;
  readonly parser: SqlParser;
  /** Random nonzero number mixed into generated names so that a client cannot collide with them on purpose. */
  readonly salt: string;
}

/** One engine per (catalog version, bundle version); replaced whole when either changes. */
export interface SqlEngine {
  readonly bundle: Bundle;
  readonly catalog: Catalog;
  /**
   * Never throws for anything the client wrote: what is wrong becomes a denied plan. `tree` is given when a worker has
   * parsed the text already.
   */
  analyse(request: AnalyseRequest, session: SessionView, tree?: ParseTree): AnalyseResult;
}
