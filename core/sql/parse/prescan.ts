/**
 * A linear look at the bytes before the parser sees them. The grammar's own defences come too late for a process that serves
 * many sessions: deep nesting overflows the stack and ruins the parser's instance, nested comments and long operator runs are
 * quadratic in PostgreSQL's scanner, a NUL ends the text early, a large statement holds up everyone and leaves its memory
 * behind. docs/adr/0001-parser.md has the measurements behind the bounds.
 *
 * The scan uses the lexer that is held to the server's scanner, so strings, comments and dollar quotes cannot fool it.
 * *Depth* is an upper bound of the tree's depth: brackets and CASE open a level, every token adds one until a comma, AND, OR or
 * WHEN starts a sibling; joins and set operations, which lean on everything before them, add for as long as their level lasts.
 */
import { isUtf8 } from 'node:buffer';
import { type Denial, denial } from '../../errors/denial.ts';
import { END, IDENTIFIER, PUNCTUATION, Scanner } from '../text/scanner.ts';

export interface PrescanBounds {
  readonly bytes: number;
  readonly tokens: number;
  readonly depth: number;
  readonly commentDepth: number;
  readonly operatorRun: number;
  readonly statements: number;
}

/** Analysed in place: the dearest statement within these takes some 15 ms, in which every other session waits. */
export const INLINE_BOUNDS: PrescanBounds = {
  bytes: 64 * 1024,
  tokens: 1_200,
  depth: 300,
  commentDepth: 32,
  operatorRun: 256,
  statements: 25,
};

/**
 * Beyond these a statement is refused (SLUICE-104); between the two it is analysed in a worker, where it holds up nobody but
 * whoever has a large statement, too.
 */
export const HARD_BOUNDS: PrescanBounds = {
  bytes: 1024 * 1024,
  tokens: 100_000,
  depth: 1_000,
  commentDepth: 32,
  operatorRun: 2_048,
  statements: 200,
};

export type PrescanResult =
  | { readonly path: 'inline' }
  | { readonly path: 'worker' }
  | { readonly path: 'refused'; readonly denial: Denial };

/** Below this no bound can matter, and most statements are. */
const SHORT = 512;

/** Where `sql` may be parsed. Refuses NUL (SLUICE-501), invalid UTF-8 (SLUICE-106), and what exceeds `hard` (SLUICE-104). */
export function prescan(sql: Buffer, inline: PrescanBounds = INLINE_BOUNDS, hard: PrescanBounds = HARD_BOUNDS): PrescanResult {
  if (sql.includes(0)) {
    return refuse(denial('SLUICE-501', 'A statement must not contain a zero byte.', { rule: 'floor' }));
  }
  if (!isUtf8(sql)) {
    return refuse(
      denial('SLUICE-106', 'The statement is not valid UTF-8.', {
        rule: 'floor',
        hint: 'Send text in UTF-8; client_encoding is always UTF8 here.',
      }),
    );
  }
  if (sql.length > hard.bytes) return tooLarge('size', `${sql.length} bytes`, `${hard.bytes} bytes`);
  if (sql.length <= SHORT) return { path: 'inline' };
  const measure = measureStatement(sql, hard);
  for (const [bound, name] of NAMES) {
    if (measure[bound] > hard[bound]) return tooLarge(name, `more than ${hard[bound]}`, String(hard[bound]));
  }
  return { path: NAMES.some(([bound]) => measure[bound] > inline[bound]) ? 'worker' : 'inline' };
}

const NAMES: readonly (readonly [keyof PrescanBounds, string])[] = [
  ['bytes', 'size in bytes'],
  ['tokens', 'number of tokens'],
  ['depth', 'nesting depth'],
  ['commentDepth', 'nesting of comments'],
  ['operatorRun', 'run of operator characters'],
  ['statements', 'number of statements'],
];

function refuse(reason: Denial): PrescanResult {
  return { path: 'refused', denial: reason };
}

function tooLarge(what: string, found: string, limit: string): PrescanResult {
  return refuse(
    denial('SLUICE-104', `The statement is too large or too complex: ${what} is ${found}.`, {
      rule: 'floor',
      hint: `Split it into smaller statements (limit: ${limit}); load bulk data with COPY or with parameters.`,
    }),
  );
}

/** The figures that the bounds limit; stops early, with figures beyond `limit`, once one of them is exceeded. */
export function measureStatement(sql: Buffer, limit: PrescanBounds = HARD_BOUNDS): PrescanBounds {
  const scanner = new Scanner(sql);
  const levels = new Levels();
  let tokens = 0;
  let statements = 0;
  let inStatement = false;
  while (scanner.next()) {
    tokens += 1;
    if (scanner.kind === PUNCTUATION && scanner.end - scanner.start === 1 && sql[scanner.start] === SEMICOLON) {
      levels.restart();
      inStatement = false;
      continue;
    }
    if (!inStatement) {
      statements += 1;
      inStatement = true;
    }
    levels.token(sql, scanner);
    if (tokens > limit.tokens || levels.deepest > limit.depth || scanner.commentDepth > limit.commentDepth) break;
    if (scanner.operatorRun > limit.operatorRun || statements > limit.statements) break;
  }
  return {
    bytes: sql.length,
    tokens,
    depth: levels.deepest,
    commentDepth: scanner.commentDepth,
    operatorRun: scanner.operatorRun,
    statements: scanner.kind === END ? statements : Math.max(statements, 1),
  };
}

const SEMICOLON = 0x3b;
const COMMA = 0x2c;

type Opening = '(' | '[' | 'case';

interface Level {
  readonly opening: Opening | null;
  /** Tokens since the last sibling began. */
  chain: number;
  /** Joins and set operations of this level. */
  sticky: number;
  /** How many BETWEENs still wait for their AND, which begins no sibling. */
  between: number;
}

class Levels {
  #levels: Level[] = [{ opening: null, chain: 0, sticky: 0, between: 0 }];
  /** Sum of all levels' chains and stickies, plus one per level. */
  #depth = 0;
  deepest = 0;

  /** A new statement. */
  restart(): void {
    this.#levels = [{ opening: null, chain: 0, sticky: 0, between: 0 }];
    this.#depth = 0;
  }

  token(sql: Buffer, scanner: Scanner): void {
    const level = this.#levels.at(-1)!;
    level.chain += 1;
    this.#depth += 1;
    if (this.#depth > this.deepest) this.deepest = this.#depth;
    if (scanner.kind === PUNCTUATION) this.#punctuation(sql[scanner.start]!, scanner.end - scanner.start, level);
    else if (scanner.kind === IDENTIFIER && scanner.end - scanner.start <= LONGEST_WORD) this.#word(sql, scanner, level);
  }

  #punctuation(byte: number, length: number, level: Level): void {
    if (length !== 1) return;
    if (byte === 0x28) this.#open('(');
    else if (byte === 0x5b) this.#open('[');
    else if (byte === 0x29) this.#close('(');
    else if (byte === 0x5d) this.#close('[');
    else if (byte === COMMA) this.#sibling(level);
  }

  #word(sql: Buffer, scanner: Scanner, level: Level): void {
    switch (sql.toString('latin1', scanner.start, scanner.end).toLowerCase()) {
      case 'and':
        if (level.between > 0) level.between -= 1;
        else this.#sibling(level);
        return;
      case 'or':
        this.#sibling(level);
        return;
      case 'when':
      case 'then':
      case 'else':
        if (level.opening === 'case') this.#sibling(level);
        return;
      case 'between':
        level.between += 1;
        return;
      case 'case':
        this.#open('case');
        return;
      case 'end':
        if (level.opening === 'case') this.#close('case');
        return;
      case 'natural':
        // Merges all columns of both sides, again at every further join.
        this.#lean(level, NATURAL);
        return;
      case 'join':
      case 'union':
      case 'intersect':
      case 'except':
        this.#lean(level, 1);
        return;
      default:
    }
  }

  #lean(level: Level, weight: number): void {
    level.sticky += weight;
    this.#depth += weight;
  }

  #sibling(level: Level): void {
    this.#depth -= level.chain;
    level.chain = 0;
  }

  #open(opening: Opening): void {
    this.#levels.push({ opening, chain: 0, sticky: 0, between: 0 });
    this.#depth += 1;
  }

  /** Closes down to the nearest such opening; a closing without one changes nothing (the grammar will reject it). */
  #close(opening: Opening): void {
    let index = this.#levels.length - 1;
    while (index > 0 && this.#levels[index]!.opening !== opening) index -= 1;
    if (index === 0) return;
    for (const level of this.#levels.splice(index)) this.#depth -= level.chain + level.sticky + 1;
  }
}

/** What a NATURAL JOIN counts for. */
const NATURAL = 20;

/** `intersect`. */
const LONGEST_WORD = 9;
