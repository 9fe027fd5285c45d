/**
 * Replacements of byte ranges, collected while a statement is analysed and applied at once. Order of discovery is not
 * order of text, the same place may be found twice (the parser duplicates subtrees), and two different opinions about one
 * place are a bug that must deny the statement instead of producing some text.
 *
 * Rules: identical edits collapse; insertions (start = end) at one place keep the order in which they came and stand before a
 * replacement that starts there, after one that ends there; anything else that overlaps is refused.
 */
import { deny } from '../../errors/denial.ts';
import type { Edit } from '../plan.ts';

/**
 * Characters that rewriting may add to what one message carries. A short statement can name a wide table a thousand times, and what
 * comes out is parsed once more.
 */
export const MAXIMUM_ADDED = 160 * 1024;

/** Denies with SLUICE-104. */
export function tooMuchRewriting(): never {
  return deny('SLUICE-104', 'The statement refers to protected tables too many times.', {
    rule: 'floor',
    hint: 'Refer to each table once, for example in a WITH query, or split the statement.',
  });
}

export class EditList {
  #edits: Edit[] = [];
  #added = 0;
  readonly #maximum: number;

  constructor(maximum = MAXIMUM_ADDED) {
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#edits.length;
  }

  add(edit: Edit): void {
    if (!(edit.start >= 0 && edit.end >= edit.start)) conflict(edit);
    this.#added += edit.replacement.length;
    if (this.#added > this.#maximum) tooMuchRewriting();
    this.#edits.push(edit);
  }

  /**
   * Takes the edits that lie within [start, end) out of the list and returns the range's text with them applied, for a
   * replacement that encloses them. Insertions at the very ends belong to the outside and stay.
   */
  take(bytes: Buffer, start: number, end: number): string {
    const inside = (edit: Edit): boolean =>
      edit.start >= start && edit.end <= end && !(edit.start === edit.end && (edit.start === start || edit.end === end));
    const taken = new EditList(this.#maximum);
    taken.#edits = this.#edits.filter(inside);
    this.#edits = this.#edits.filter((edit) => !inside(edit));
    return taken.apply(bytes, [start, end]).toString('utf8');
  }

  /** Sorted, without duplicates. Throws SLUICE-105 on overlaps. */
  sorted(): readonly Edit[] {
    const order = this.#edits.map((edit, index) => ({ edit, index }));
    order.sort(
      (a, b) => a.edit.start - b.edit.start || Number(isReplacement(a.edit)) - Number(isReplacement(b.edit)) || a.index - b.index,
    );
    const result: Edit[] = [];
    let covered = 0;
    for (const { edit } of order) {
      if (repeats(result, edit)) continue;
      if (edit.start < covered) conflict(edit);
      result.push(edit);
      covered = edit.end;
    }
    return result;
  }

  /** The bytes of `range` with all edits applied. Throws SLUICE-105 on overlaps and on edits outside the range. */
  apply(bytes: Buffer, range: readonly [start: number, end: number]): Buffer {
    const edits = this.sorted();
    const [start, end] = range;
    const parts: Buffer[] = [];
    let offset = start;
    for (const edit of edits) {
      if (edit.start < start || edit.end > end) conflict(edit);
      parts.push(bytes.subarray(offset, edit.start), Buffer.from(edit.replacement, 'utf8'));
      offset = edit.end;
    }
    parts.push(bytes.subarray(offset, end));
    return Buffer.concat(parts);
  }
}

/**
 * The edit with a space wherever its text would become one token with its neighbour: `x=''AND` needs none as long as a string
 * stands there.
 */
export function keptApart(bytes: Buffer, edit: Edit): Edit {
  const { start, end, replacement } = edit;
  const before = start === 0 ? 0 : bytes[start - 1]!;
  const after = bytes[end] ?? 0;
  if (replacement === '') return end > start && join(before, after) ? { ...edit, replacement: ' ' } : edit;
  const text = Buffer.from(replacement);
  const left = join(before, text[0]!) ? ' ' : '';
  const right = join(text.at(-1)!, after) ? ' ' : '';
  return left === '' && right === '' ? edit : { ...edit, replacement: left + replacement + right };
}

function join(left: number, right: number): boolean {
  if (isNamePart(left)) return isNamePart(right) || right === 0x27;
  return left === right && (left === 0x27 || left === 0x22);
}

/** Letters, digits, `_`, `$`, and every byte of a longer character. */
function isNamePart(byte: number): boolean {
  return byte >= 0x80 || byte === 0x24 || byte === 0x5f || /[0-9A-Za-z]/.test(String.fromCharCode(byte));
}

/** Whether an equal edit of the same place is among the last ones. */
function repeats(sorted: readonly Edit[], edit: Edit): boolean {
  for (let index = sorted.length - 1; index >= 0 && sorted[index]!.start === edit.start; index -= 1) {
    if (same(sorted[index]!, edit)) return true;
  }
  return false;
}

function isReplacement(edit: Edit): boolean {
  return edit.end > edit.start;
}

function same(a: Edit, b: Edit): boolean {
  return a.start === b.start && a.end === b.end && a.replacement === b.replacement;
}

function conflict(edit: Edit): never {
  return deny('SLUICE-105', 'The statement could not be rewritten safely: two changes meet in one place.', {
    location: Math.max(0, edit.start),
    rule: 'floor',
  });
}
