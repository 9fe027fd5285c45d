/**
 * What an audit record says about a statement without saying any value: the text with every literal replaced by `$n`, in one
 * layout, and a hash of it that groups statements which differ in literals and layout only. Made from tokens, so that it
 * exists for statements that do not parse, too. Comments are dropped: people put values into them.
 */
import { createHash } from 'node:crypto';
import { foldCase } from './lexer.ts';
import { IDENTIFIER, INVALID, NUMBER, PARAMETER, PUNCTUATION, STRING, Scanner } from './scanner.ts';

export interface Fingerprint {
  /** 32 hex digits. */
  readonly fingerprint: string;
  /** At most 4 KiB of UTF-8; `…` marks that there was more. */
  readonly normalised: string;
}

const MAXIMUM_NORMALISED = 4_096;

/** Of bytes [start, end). The hash is over all of it, also what is cut from the normalised text. */
export function fingerprint(bytes: Buffer, start = 0, end = bytes.length): Fingerprint {
  let text = '';
  for (const piece of pieces(bytes, start, end)) text += piece;
  return { fingerprint: createHash('sha256').update(text).digest('hex').slice(0, 32), normalised: shorten(text) };
}

function shorten(text: string): string {
  if (text.length <= MAXIMUM_NORMALISED / 4 || Buffer.byteLength(text) <= MAXIMUM_NORMALISED) return text;
  const bytes = Buffer.from(text);
  let end = MAXIMUM_NORMALISED - 3;
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
}

/** The tokens as normalised text, each with the space before it. */
function* pieces(bytes: Buffer, start: number, end: number): Generator<string> {
  const scanner = new Scanner(bytes, start, end);
  let literal = highestParameter(bytes, start, end);
  let previous = '';
  let previousKind = -1;
  while (scanner.next()) {
    let text: string;
    switch (scanner.kind) {
      case STRING:
      case NUMBER:
        literal += 1;
        text = `$${literal}`;
        break;
      case INVALID:
        // May be an unterminated string.
        text = '?';
        break;
      case IDENTIFIER:
        text = foldCase(bytes.toString('utf8', scanner.start, scanner.end));
        break;
      default:
        text = bytes.toString('utf8', scanner.start, scanner.end);
    }
    yield (previousKind !== -1 && needsSpace(previous, previousKind, text, scanner.kind) ? ' ' : '') + text;
    previous = text;
    previousKind = scanner.kind;
  }
}

function highestParameter(bytes: Buffer, start: number, end: number): number {
  const scanner = new Scanner(bytes, start, end);
  let highest = 0;
  while (scanner.next()) {
    if (scanner.kind !== PARAMETER) continue;
    const number = Number(bytes.toString('latin1', scanner.start + 1, scanner.end));
    if (number > highest && number <= 65_535) highest = number;
  }
  return highest;
}

const NO_SPACE_BEFORE: ReadonlySet<string> = new Set([')', ']', ',', ';', '.', '::', '[', ':']);
const NO_SPACE_AFTER: ReadonlySet<string> = new Set(['(', '[', '.', '::', ':']);
/** Before a parenthesis these are no function names. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'in values and or not as from where on exists using over select any all case when then else join union except intersect into set by having limit offset returning with filter distinct'.split(
    ' ',
  ),
);

function needsSpace(previous: string, previousKind: number, text: string, kind: number): boolean {
  if (previousKind === PUNCTUATION && NO_SPACE_AFTER.has(previous)) return false;
  if (kind === PUNCTUATION && NO_SPACE_BEFORE.has(text)) return false;
  if (kind === PUNCTUATION && text === '(') return previousKind !== IDENTIFIER || KEYWORDS.has(previous);
  return true;
}

const TRACEPARENT = /\btraceparent='([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})'/;

/**
 * The W3C trace context that sqlcommenter puts into a comment at the end (or the start) of a statement; a claim of the
 * client's. https://google.github.io/sqlcommenter/spec/
 */
export function traceparent(bytes: Buffer, start = 0, end = bytes.length): string | undefined {
  if (bytes.indexOf('traceparent', start, 'latin1') === -1) return undefined;
  const scanner = new Scanner(bytes, start, end);
  let gap = start;
  let first: string | undefined;
  while (scanner.next()) {
    first ??= bytes.toString('latin1', start, scanner.start);
    gap = scanner.end;
  }
  const last = bytes.toString('latin1', gap, end);
  return (TRACEPARENT.exec(last) ?? TRACEPARENT.exec(first ?? ''))?.[1];
}
