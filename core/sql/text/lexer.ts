/**
 * PostgreSQL's lexical rules over bytes (https://www.postgresql.org/docs/current/sql-syntax-lexical.html), with
 * standard_conforming_strings on.
 */
import { IDENTIFIER, INVALID, NUMBER, OPERATOR, PARAMETER, PUNCTUATION, QUOTED_IDENTIFIER, STRING, Scanner } from './scanner.ts';

export type TokenKind =
  /** `value` is folded to lower case (ASCII only). Keywords are identifiers here. */
  | 'identifier'
  /** "…" and U&"…"; `value` is decoded. A U&"…" token includes its UESCAPE clause. */
  | 'quoted-identifier'
  /**
   * '…', E'…', U&'…' (UESCAPE included), B'…', X'…', $tag$…$tag$; continuation lines included. N'…' is an identifier and a
   * string, since that is where the tree's locations point.
   */
  | 'string'
  | 'number'
  | 'parameter'
  | 'operator'
  /** One of ( ) [ ] , ; : . and the two-character ones :: .. := => */
  | 'punctuation'
  /** What the server's scanner rejects: never met in a text that the parser accepted. */
  | 'invalid';

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

const KINDS: readonly TokenKind[] = (() => {
  const kinds: TokenKind[] = ['invalid'];
  kinds[IDENTIFIER] = 'identifier';
  kinds[QUOTED_IDENTIFIER] = 'quoted-identifier';
  kinds[STRING] = 'string';
  kinds[NUMBER] = 'number';
  kinds[PARAMETER] = 'parameter';
  kinds[OPERATOR] = 'operator';
  kinds[PUNCTUATION] = 'punctuation';
  kinds[INVALID] = 'invalid';
  return kinds;
})();

/** All tokens of bytes [start, end); comments and whitespace are not tokens. Never throws. */
export function tokenize(bytes: Buffer, start = 0, end = bytes.length): Token[] {
  const scanner = new Scanner(bytes, start, end);
  const tokens: Token[] = [];
  while (scanner.next()) tokens.push(new LexedToken(bytes, KINDS[scanner.kind]!, scanner.start, scanner.end, tokens.length));
  return tokens;
}

/** Most tokens are only passed over, so names are decoded when asked for. */
class LexedToken implements Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly index: number;
  readonly #bytes: Buffer;
  #value: string | undefined;

  constructor(bytes: Buffer, kind: TokenKind, start: number, end: number, index: number) {
    this.#bytes = bytes;
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.index = index;
  }

  get value(): string {
    return (this.#value ??= this.#decode());
  }

  #decode(): string {
    switch (this.kind) {
      case 'identifier':
        return truncateIdentifier(foldCase(this.#bytes.toString('utf8', this.start, this.end)));
      case 'quoted-identifier':
        return truncateIdentifier(decodeQuotedIdentifier(this.#bytes, this.start, this.end));
      case 'operator':
      case 'parameter':
      case 'punctuation':
        return this.#bytes.toString('latin1', this.start, this.end);
      case 'string':
      case 'number':
      case 'invalid':
        return '';
    }
  }
}

/** As the server folds unquoted names in a UTF-8 database: A to Z only. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** NAMEDATALEN - 1 bytes, cut at a character boundary, as truncate_identifier does. */
export function truncateIdentifier(name: string): string {
  if (name.length <= 21 || Buffer.byteLength(name) <= 63) return name;
  const bytes = Buffer.from(name);
  let end = 63;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

function decodeQuotedIdentifier(bytes: Buffer, start: number, end: number): string {
  if (bytes[start] === 0x22) return bytes.toString('utf8', start + 1, end - 1).replaceAll('""', '"');
  let close = start + 3;
  while (bytes[close] !== 0x22 || bytes[close + 1] === 0x22) close += bytes[close] === 0x22 ? 2 : 1;
  const raw = bytes.toString('utf8', start + 3, close).replaceAll('""', '"');
  return decodeUnicodeEscapes(raw, escapeOf(bytes, close + 1, end));
}

/** The character of `UESCAPE 'c'` in bytes [start, end), backslash when there is no such clause. '' when it is not plain. */
function escapeOf(bytes: Buffer, start: number, end: number): string {
  if (start === end) return '\\';
  return bytes[end - 1] === 0x27 && bytes[end - 3] === 0x27 ? String.fromCharCode(bytes[end - 2]!) : '';
}

/** `\0061` and `\+000061`; '' when it is malformed or the escape character is not plain, so that it matches no name. */
function decodeUnicodeEscapes(raw: string, escapeCharacter: string): string {
  if (escapeCharacter === '') return '';
  let decoded = '';
  for (let index = 0; index < raw.length; ) {
    const character = raw[index]!;
    if (character !== escapeCharacter) {
      decoded += character;
      index += 1;
    } else if (raw[index + 1] === escapeCharacter) {
      decoded += escapeCharacter;
      index += 2;
    } else {
      const long = raw[index + 1] === '+';
      const digits = long ? raw.slice(index + 2, index + 8) : raw.slice(index + 1, index + 5);
      if (!/^(?:[0-9a-fA-F]{4}|[0-9a-fA-F]{6})$/.test(digits) || digits.length !== (long ? 6 : 4)) return '';
      const code = Number.parseInt(digits, 16);
      if (code === 0 || code > 0x10ffff) return '';
      decoded += String.fromCodePoint(code);
      index += long ? 8 : 5;
    }
  }
  return decoded;
}
