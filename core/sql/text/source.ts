/** The bytes of what the client sent in one message, with tokens made on demand. Offsets are bytes, as in the parse tree. */
import { deny } from '../../errors/denial.ts';
import { type Token, tokenize } from './lexer.ts';

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

/** A Source over `bytes`, which must be valid UTF-8 and must not change. Nothing is lexed before the first question. */
export function createSource(bytes: Buffer): Source {
  return new TokenizedSource(bytes);
}

class TokenizedSource implements Source {
  readonly bytes: Buffer;
  #text: string | undefined;
  #tokens: readonly Token[] | undefined;
  /** Index of the opening token -> index of the closing one. */
  #pairs: ReadonlyMap<number, number> | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get text(): string {
    return (this.#text ??= this.bytes.toString('utf8'));
  }

  slice(start: number, end: number): string {
    return this.bytes.toString('utf8', start, end);
  }

  tokenAt(offset: number): Token | undefined {
    const tokens = this.#all();
    let low = 0;
    let high = tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tokens[middle]!.start < offset) low = middle + 1;
      else high = middle;
    }
    return tokens[low];
  }

  next(token: Token): Token | undefined {
    return this.#all()[token.index + 1];
  }

  previous(token: Token): Token | undefined {
    return this.#all()[token.index - 1];
  }

  /** Throws SLUICE-105 when no name starts exactly there: tree and text disagree. */
  nameAt(offset: number): { readonly start: number; readonly end: number; readonly parts: readonly string[] } {
    const first = this.tokenAt(offset);
    if (first === undefined || first.start !== offset || !isName(first))
      return disagreement(offset, 'no name where the parser saw one');
    const parts = [first.value];
    let end = first.end;
    for (let dot = this.next(first); dot !== undefined && dot.value === '.' && dot.kind === 'punctuation'; ) {
      const part = this.next(dot);
      if (part === undefined || !isName(part)) break;
      parts.push(part.value);
      end = part.end;
      dot = this.next(part);
    }
    return { start: offset, end, parts };
  }

  /** Works for ( and [. Throws SLUICE-105 when there is no such pair. */
  closing(open: number): number {
    const token = this.tokenAt(open);
    if (token === undefined || token.start !== open) return disagreement(open, 'no parenthesis where one was expected');
    const close = (this.#pairs ??= pair(this.#all())).get(token.index);
    if (close === undefined) return disagreement(open, 'unbalanced parenthesis');
    return this.#all()[close]!.start;
  }

  #all(): readonly Token[] {
    return (this.#tokens ??= tokenize(this.bytes));
  }
}

function isName(token: Token): boolean {
  return token.kind === 'identifier' || token.kind === 'quoted-identifier';
}

function disagreement(location: number, what: string): never {
  return deny('SLUICE-105', `The statement could not be rewritten safely: ${what}.`, { location, rule: 'floor' });
}

function pair(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind !== 'punctuation') continue;
    if (token.value === '(' || token.value === '[') open.push(token);
    else if (token.value === ')' || token.value === ']') {
      const opening = open.pop();
      if (opening === undefined || (opening.value === '(') !== (token.value === ')')) return pairs;
      pairs.set(opening.index, token.index);
    }
  }
  return pairs;
}
