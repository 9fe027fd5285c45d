/**
 * PostgreSQL's lexical rules over bytes (https://www.postgresql.org/docs/current/sql-syntax-lexical.html), with
 * standard_conforming_strings on.
 */
export type TokenKind =
  /** `value` is folded to lower case (ASCII only). Keywords are identifiers here. */
  | 'identifier'
  /** "…" and U&"…"; `value` is decoded. A U&"…" token includes its UESCAPE clause. */
  | 'quoted-identifier'
  /** '…', E'…', U&'…' (UESCAPE included), B'…', X'…', N'…', $tag$…$tag$; continuation lines included. */
  | 'string'
  | 'number'
  | 'parameter'
  | 'operator'
  /** One of ( ) [ ] , ; : . and the two-character ones :: .. := => */
  | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  /** Byte offsets, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Decoded name, operator or punctuation text; '' for strings and numbers. */
  readonly value: string;
  /** Position in the token list. */
  readonly index: number;
}
