/**
 * PostgreSQL's own grammar behind a narrow door. Implementations: `wasm-parser.ts` (inline) and the sidecar's worker.
 */
import type { ParseResult } from '@pgsql/types';

/** The tree as libpg_query gives it: byte offsets, zero and false fields left out. */
export type ParseTree = ParseResult;

export type ParseOutcome =
  | { readonly ok: true; readonly tree: ParseTree }
  /** The grammar rejected it; `location` is a zero-based byte offset where known. */
  | { readonly ok: false; readonly reason: 'syntax'; readonly message: string; readonly location?: number }
  /** The parser failed in any other way (stack, memory, trap): its instance has been discarded. */
  | { readonly ok: false; readonly reason: 'broken'; readonly message: string };

export interface SqlParser {
  /** Synchronous. `sql` has passed `prescan` within the inline bounds. */
  parse(sql: string): ParseOutcome;
}
