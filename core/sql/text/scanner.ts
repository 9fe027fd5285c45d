/**
 * The lexical rules themselves, as a cursor over bytes that allocates nothing: `next()` moves to the following token and
 * leaves its kind and extent in fields. `lexer.ts` makes Token objects of it, `prescan.ts` counts with it before the parser
 * has seen anything, and the plan cache finds literals with it. It is total: bytes that PostgreSQL's scanner would reject
 * become a token of kind INVALID (an unterminated one reaches to the end), never an exception.
 *
 * The rules are those of src/backend/parser/scan.l, standard_conforming_strings on, UTF-8; the differential test in
 * lexer.test.ts holds it to libpg_query's own scanner.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

export const END = 0;
export const IDENTIFIER = 1;
export const QUOTED_IDENTIFIER = 2;
export const STRING = 3;
export const NUMBER = 4;
export const PARAMETER = 5;
export const OPERATOR = 6;
export const PUNCTUATION = 7;
export const INVALID = 8;

// Byte classes, one bit each.
const SPACE = 1; // space, \t \n \v \f \r
const IDENT_START = 2; // letters, _, every byte from 0x80
const IDENT_PART = 4; // the same, digits, $
const DIGIT = 8;
const OPERATOR_CHAR = 16; // ~!@#^&|`?+-*/%<>=
const SINGLE = 32; // ,()[];  (: and . have longer forms)
const NEWLINE = 64;
const HEX = 128;

const CLASS = new Uint8Array(256);
for (const byte of Buffer.from(' \t\n\v\f\r')) CLASS[byte]! |= SPACE;
for (const byte of Buffer.from('\n\r')) CLASS[byte]! |= NEWLINE;
for (let byte = 0x80; byte < 0x100; byte += 1) CLASS[byte]! |= IDENT_START | IDENT_PART;
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')) CLASS[byte]! |= IDENT_START | IDENT_PART;
for (const byte of Buffer.from('0123456789')) CLASS[byte]! |= IDENT_PART | DIGIT | HEX;
for (const byte of Buffer.from('abcdefABCDEF')) CLASS[byte]! |= HEX;
CLASS[0x24]! |= IDENT_PART;
for (const byte of Buffer.from('~!@#^&|`?+-*/%<>=')) CLASS[byte]! |= OPERATOR_CHAR;
for (const byte of Buffer.from(',()[];')) CLASS[byte]! |= SINGLE;

/** Characters that let a multi-character operator end in + or -. */
const LICENSED = new Uint8Array(256);
for (const byte of Buffer.from('~!@#^&|`?%')) LICENSED[byte] = 1;

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
const DASH = 0x2d;
const PLUS = 0x2b;
const SLASH = 0x2f;
const STAR = 0x2a;
const DOT = 0x2e;
const COLON = 0x3a;
const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;
const AMPERSAND = 0x26;

export class Scanner {
  readonly bytes: Uint8Array;
  readonly #end: number;
  /** Of the current token: one of the constants above. */
  kind = END;
  start = 0;
  /** Exclusive. */
  end = 0;
  /** The deepest nesting of block comments met so far. */
  commentDepth = 0;
  /** The longest run of operator characters met so far, inside comments too (not inside strings or names). */
  operatorRun = 0;
  /** True when an unterminated block comment was met. */
  unterminatedComment = false;

  /** Operator characters up to #runEnd, comments among them. */
  #run = 0;
  #runEnd = -1;
  /** The run of operator characters that was scanned last: its end, its last character of LICENSED, where its trailing + and - begin. */
  #operatorEnd = -1;
  #licensed = -1;
  #tail = 0;

  /** Scans bytes [start, end). */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#end = end;
    this.end = start;
  }

  /** Moves to the next token; false at the end. */
  next(): boolean {
    const at = this.#skipGap(this.end);
    this.start = at;
    if (at >= this.#end) {
      this.kind = END;
      this.end = at;
      return false;
    }
    this.#token(at);
    return true;
  }

  /** The byte at `offset`, or -1 outside the range. */
  #at(offset: number): number {
    return offset < this.#end ? this.bytes[offset]! : -1;
  }

  #is(offset: number, mask: number): boolean {
    return offset < this.#end && (CLASS[this.bytes[offset]!]! & mask) !== 0;
  }

  /** Whitespace and comments. */
  #skipGap(offset: number): number {
    for (;;) {
      while (this.#is(offset, SPACE)) offset += 1;
      const byte = this.#at(offset);
      if (byte === DASH && this.#at(offset + 1) === DASH) offset = this.#lineEnd(offset);
      else if (byte === SLASH && this.#at(offset + 1) === STAR) offset = this.#blockComment(offset);
      else return offset;
    }
  }

  #lineEnd(offset: number): number {
    while (offset < this.#end && !this.#is(offset, NEWLINE)) offset += 1;
    return offset;
  }

  #blockComment(offset: number): number {
    let depth = 0;
    // The server's scanner takes a whole run of operator characters, comment marks included, before it looks at what they are.
    let run = this.#runEnd === offset ? this.#run : 0;
    while (offset < this.#end) {
      const byte = this.bytes[offset]!;
      run = (CLASS[byte]! & OPERATOR_CHAR) !== 0 ? run + 1 : 0;
      offset += 1;
      if (byte === SLASH && this.#at(offset) === STAR) {
        depth += 1;
        if (depth > this.commentDepth) this.commentDepth = depth;
        offset += 1;
        run += 1;
      } else if (byte === STAR && this.#at(offset) === SLASH) {
        depth -= 1;
        offset += 1;
        run += 1;
      }
      if (run > this.operatorRun) this.operatorRun = run;
      if (depth === 0) {
        this.#run = run;
        this.#runEnd = offset;
        return offset;
      }
    }
    this.unterminatedComment = true;
    return offset;
  }

  #token(at: number): undefined {
    const byte = this.bytes[at]!;
    const bits = CLASS[byte]!;
    if ((bits & IDENT_START) !== 0) return this.#word(at, byte);
    if ((bits & DIGIT) !== 0) return this.#number(at);
    if ((bits & SINGLE) !== 0) return this.#set(PUNCTUATION, at + 1);
    if ((bits & OPERATOR_CHAR) !== 0) return this.#operator(at);
    if (byte === QUOTE) return this.#string(at, false);
    if (byte === DOUBLE_QUOTE) return this.#quotedIdentifier(at + 1, false);
    if (byte === DOLLAR) return this.#dollar(at);
    if (byte === COLON) {
      const following = this.#at(at + 1);
      return this.#set(PUNCTUATION, following === COLON || following === EQUALS ? at + 2 : at + 1);
    }
    if (byte === DOT) {
      if (this.#is(at + 1, DIGIT)) return this.#number(at);
      return this.#set(PUNCTUATION, this.#at(at + 1) === DOT ? at + 2 : at + 1);
    }
    this.#set(INVALID, at + 1);
  }

  #set(kind: number, end: number): undefined {
    this.kind = kind;
    this.end = end;
  }

  #word(at: number, byte: number): undefined {
    const following = this.#at(at + 1);
    if (following === QUOTE) {
      // N'…' stays in two: the server's scanner reads NCHAR and a string, and the tree's locations name the string.
      const letter = byte | 0x20;
      if (letter === 0x65) return this.#string(at + 1, true); // e
      if (letter === 0x62 || letter === 0x78) return this.#bits(at + 1); // b x
    } else if (following === AMPERSAND && (byte | 0x20) === 0x75) {
      const third = this.#at(at + 2);
      if (third === QUOTE) {
        this.#string(at + 2, false);
        return this.#uescape();
      }
      if (third === DOUBLE_QUOTE) return this.#quotedIdentifier(at + 3, true);
    }
    let end = at + 1;
    while (this.#is(end, IDENT_PART)) end += 1;
    this.#set(IDENTIFIER, end);
  }

  /** `quote` is the offset of the opening quote; continuation lines are part of the token. */
  #string(quote: number, escapes: boolean): undefined {
    let offset = quote + 1;
    while (offset < this.#end) {
      const byte = this.bytes[offset]!;
      if (byte === BACKSLASH && escapes) offset += 2;
      else if (byte !== QUOTE) offset += 1;
      else if (this.#at(offset + 1) === QUOTE) offset += 2;
      else {
        const next = this.#continuation(offset + 1);
        if (next === -1) return this.#set(STRING, offset + 1);
        offset = next;
      }
    }
    this.#set(INVALID, this.#end);
  }

  /** B'…' and X'…': a doubled quote does not stand for a quote. */
  #bits(quote: number): undefined {
    let offset = quote + 1;
    while (offset < this.#end) {
      if (this.bytes[offset] !== QUOTE) offset += 1;
      else {
        const next = this.#continuation(offset + 1);
        if (next === -1) return this.#set(STRING, offset + 1);
        offset = next;
      }
    }
    this.#set(INVALID, this.#end);
  }

  /**
   * A string goes on after a gap that holds a line break and no block comment: the offset after the opening quote of the
   * next segment, or -1.
   */
  #continuation(offset: number): number {
    while (this.#is(offset, SPACE) && !this.#is(offset, NEWLINE)) offset += 1;
    if (this.#at(offset) === DASH && this.#at(offset + 1) === DASH) offset = this.#lineEnd(offset);
    if (!this.#is(offset, NEWLINE)) return -1;
    for (;;) {
      while (this.#is(offset, SPACE)) offset += 1;
      if (this.#at(offset) === QUOTE) return offset + 1;
      if (this.#at(offset) !== DASH || this.#at(offset + 1) !== DASH) return -1;
      offset = this.#lineEnd(offset);
      if (offset >= this.#end) return -1;
    }
  }

  /** `offset` is after the opening quote. */
  #quotedIdentifier(offset: number, unicode: boolean): undefined {
    const first = offset;
    while (offset < this.#end) {
      if (this.bytes[offset] !== DOUBLE_QUOTE) offset += 1;
      else if (this.#at(offset + 1) === DOUBLE_QUOTE) offset += 2;
      else {
        this.#set(offset === first ? INVALID : QUOTED_IDENTIFIER, offset + 1);
        if (unicode) this.#uescape();
        return;
      }
    }
    this.#set(INVALID, this.#end);
  }

  /** After U&'…' or U&"…": takes in `UESCAPE 'c'` when it follows. */
  #uescape(): undefined {
    const { kind, start, end } = this;
    if (kind === INVALID) return;
    const word = this.#skipGap(end);
    let matched = word + 7 <= this.#end && !this.#is(word + 7, IDENT_PART);
    for (let index = 0; matched && index < 7; index += 1) matched = (this.bytes[word + index]! | 0x20) === UESCAPE[index];
    if (!matched) return;
    const literal = this.#skipGap(word + 7);
    // Only these three are strings to the server here; never #token, which could come back to this place without end.
    const byte = this.#at(literal);
    this.kind = INVALID;
    if (byte === QUOTE) this.#string(literal, false);
    else if ((byte | 0x20) === 0x65 && this.#at(literal + 1) === QUOTE) this.#string(literal + 1, true);
    else if (byte === DOLLAR) this.#dollar(literal);
    const isString = this.kind === STRING;
    this.start = start;
    this.#set(isString ? kind : INVALID, isString ? this.end : word + 7);
  }

  #dollar(at: number): undefined {
    if (this.#is(at + 1, DIGIT)) {
      let end = at + 1;
      while (this.#is(end, DIGIT)) end += 1;
      if (!this.#is(end, IDENT_START)) return this.#set(PARAMETER, end);
      while (this.#is(end, IDENT_PART)) end += 1;
      return this.#set(INVALID, end);
    }
    let tag = at + 1;
    if (this.#is(tag, IDENT_START)) while (this.#is(tag, IDENT_PART) && this.bytes[tag] !== DOLLAR) tag += 1;
    if (this.#at(tag) !== DOLLAR) return this.#set(INVALID, at + 1);
    const length = tag + 1 - at;
    for (let offset = tag + 1; offset + length <= this.#end; offset += 1) {
      if (this.bytes[offset] !== DOLLAR) continue;
      let same = 1;
      while (same < length && this.bytes[offset + same] === this.bytes[at + same]) same += 1;
      if (same === length) return this.#set(STRING, offset + length);
    }
    this.#set(INVALID, this.#end);
  }

  #digits(offset: number, mask: number): number {
    // Digits with single underscores between them.
    for (;;) {
      if (this.#is(offset, mask)) offset += 1;
      else if (this.#at(offset) === UNDERSCORE && this.#is(offset + 1, mask)) offset += 2;
      else return offset;
    }
  }

  #number(at: number): undefined {
    if (this.bytes[at] === 0x30) {
      const letter = this.#at(at + 1) | 0x20;
      if (letter === 0x78 || letter === 0x6f || letter === 0x62) return this.#radix(at, letter);
    }
    let end = this.bytes[at] === DOT ? at : this.#digits(at, DIGIT);
    if (this.#at(end) === DOT && this.#at(end + 1) !== DOT) {
      end += 1;
      if (this.#is(end, DIGIT)) end = this.#digits(end, DIGIT);
    }
    if ((this.#at(end) | 0x20) === 0x65) {
      const sign = this.#at(end + 1);
      const signed = sign === PLUS || sign === DASH;
      const exponent = signed ? end + 2 : end + 1;
      if (this.#is(exponent, DIGIT)) end = this.#digits(exponent, DIGIT);
      else if (signed) return this.#set(INVALID, exponent);
    }
    this.#numberEnd(end, true);
  }

  /** 0x…, 0o…, 0b… */
  #radix(at: number, letter: number): undefined {
    let end = at + 2;
    for (;;) {
      const digit = this.#at(end) === UNDERSCORE ? end + 1 : end;
      if (!this.#radixDigit(digit, letter)) break;
      end = digit + 1;
    }
    this.#numberEnd(end, end > at + 2);
  }

  #radixDigit(offset: number, letter: number): boolean {
    if (letter === 0x78) return this.#is(offset, HEX);
    const byte = this.#at(offset);
    return byte >= 0x30 && byte <= (letter === 0x6f ? 0x37 : 0x31);
  }

  /** A number directly followed by a letter is an error on every server that we support. */
  #numberEnd(end: number, valid: boolean): undefined {
    if (valid && !this.#is(end, IDENT_START)) return this.#set(NUMBER, end);
    while (this.#is(end, IDENT_PART)) end += 1;
    this.#set(INVALID, end);
  }

  /**
   * As the SQL standard wants `a*-b` read, + and - end an operator only if it has a character that the standard does not use; without
   * one, a run like `+-+-` is as many operators. What is known of a run is kept, so that no byte is looked at again for each of them.
   */
  #operator(at: number): undefined {
    if (at >= this.#operatorEnd) this.#scanOperators(at);
    let end = this.#operatorEnd;
    if (this.#licensed < at) end = Math.max(at + 1, Math.min(end, this.#tail));
    const arrow = end - at === 2 && this.bytes[at] === EQUALS && this.bytes[at + 1] === 0x3e;
    if (end - at >= MAXIMUM_NAME) this.#set(INVALID, end);
    else this.#set(arrow ? PUNCTUATION : OPERATOR, end);
  }

  /** The operator characters from `at` on, up to a comment. */
  #scanOperators(at: number): undefined {
    let end = at;
    this.#licensed = -1;
    this.#tail = at;
    while (this.#is(end, OPERATOR_CHAR)) {
      const byte = this.bytes[end]!;
      const following = this.#at(end + 1);
      if (end > at && ((byte === SLASH && following === STAR) || (byte === DASH && following === DASH))) break;
      if (LICENSED[byte] === 1) this.#licensed = end;
      if (byte !== PLUS && byte !== DASH) this.#tail = end + 1;
      end += 1;
    }
    this.#operatorEnd = end;
    this.#run = end - at + (this.#runEnd === at ? this.#run : 0);
    this.#runEnd = end;
    if (this.#run > this.operatorRun) this.operatorRun = this.#run;
  }
}

/** NAMEDATALEN: an operator must be shorter. */
const MAXIMUM_NAME = 64;
const UESCAPE = Buffer.from('uescape');
