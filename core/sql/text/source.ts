/** The bytes of what the client sent in one message, with tokens made on demand. Offsets are bytes, as in the parse tree. */
import type { Token } from './lexer.ts';

export interface Source {
  readonly bytes: Buffer;
  /** The text as a JavaScript string (only for the parser and for slices that are known to be ASCII). */
  readonly text: string;
  slice(start: number, end: number): string;
  /** The first token that starts at or after `offset`; comments and whitespace are not tokens. */
  tokenAt(offset: number): Token | undefined;
  /** The token after / before one; undefined at the ends. */
  next(token: Token): Token | undefined;
  previous(token: Token): Token | undefined;
  /** The dotted name that starts at `offset`: its tokens' extent, UESCAPE clauses and inner comments included. */
  nameAt(offset: number): { readonly start: number; readonly end: number; readonly parts: readonly string[] };
  /** Offset of the parenthesis matching the one at `open`. */
  closing(open: number): number;
}
