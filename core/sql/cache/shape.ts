/**
 * The shape of a statement: its bytes with a mark in place of each literal. Two statements of one shape differ in nothing but the
 * values of literals of the same class, so they have the same tokens, the same tree apart from those values, and the same places
 * apart from the literals' lengths.
 *
 * A literal may be left out of the key only in its plainest forms: `'…'` in one piece, an integer of up to nine digits (it always
 * fits int4), digits with a point between them. Every other form stands in the key as it is written.
 */
import { INVALID, NUMBER, STRING, Scanner } from '../text/scanner.ts';

export interface Shape {
  readonly key: string;
  /** Byte extents of the literals that the key leaves out: start, end, start, end, … */
  readonly literals: readonly number[];
}

const QUOTE = 0x27;
const POINT = 0x2e;
/** Cannot occur in a statement's text (zero bytes are refused), so no text looks like a mark. */
const MARKS = { string: '\0s', integer: '\0i', decimal: '\0d' } as const;

/** Undefined when the text does not lex. */
export function shapeOf(bytes: Buffer): Shape | undefined {
  const scanner = new Scanner(bytes);
  const literals: number[] = [];
  let key = '';
  let from = 0;
  while (scanner.next()) {
    if (scanner.kind === INVALID) return undefined;
    if (scanner.kind !== NUMBER && scanner.kind !== STRING) continue;
    const mark =
      scanner.kind === NUMBER ? numberMark(bytes, scanner.start, scanner.end) : stringMark(bytes, scanner.start, scanner.end);
    if (mark === undefined) continue;
    key += bytes.toString('latin1', from, scanner.start) + mark;
    literals.push(scanner.start, scanner.end);
    from = scanner.end;
  }
  return scanner.unterminatedComment ? undefined : { key: key + bytes.toString('latin1', from), literals };
}

function numberMark(bytes: Buffer, start: number, end: number): string | undefined {
  let point = -1;
  for (let offset = start; offset < end; offset += 1) {
    const byte = bytes[offset]!;
    if (byte === POINT && point === -1) point = offset;
    else if (byte < 0x30 || byte > 0x39) return undefined;
  }
  if (point === -1) return end - start <= 9 ? MARKS.integer : undefined;
  return point > start && point < end - 1 ? MARKS.decimal : undefined;
}

function stringMark(bytes: Buffer, start: number, end: number): string | undefined {
  if (bytes[start] !== QUOTE) return undefined;
  for (let offset = start + 1; offset < end - 1; offset += 1) {
    if (bytes[offset] !== QUOTE) continue;
    // Not doubled: the literal goes on in another line.
    if (bytes[offset + 1] !== QUOTE || offset + 1 >= end - 1) return undefined;
    offset += 1;
  }
  return MARKS.string;
}
