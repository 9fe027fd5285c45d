/**
 * Error positions. The server counts characters, from 1, in the text that it was sent; the client must read a position in its
 * own text. https://www.postgresql.org/docs/current/protocol-error-fields.html (field P)
 */
import type { Edit } from '../plan.ts';

export interface RewrittenText {
  /** The client's whole text. */
  readonly client: Buffer;
  /** The bytes of it that the rewritten text stands for. */
  readonly range: readonly [start: number, end: number];
  /** Sorted, not overlapping, relative to the client's whole text. */
  readonly edits: readonly Edit[];
}

/**
 * The client's position (characters from 1, in its whole text) for `position` in the rewritten text of one statement. Inside
 * a replacement it is where the replaced text started, so that nothing of the replacement can be measured.
 */
export function clientPosition(text: RewrittenText, position: number): number {
  const { client, range, edits } = text;
  let left = position - 1;
  let offset = range[0];
  for (const edit of edits) {
    const unchanged = characters(client, offset, edit.start);
    if (left < unchanged) return characterPosition(client, advance(client, offset, left));
    left -= unchanged;
    const inserted = [...edit.replacement].length;
    if (left < inserted) return characterPosition(client, edit.start);
    left -= inserted;
    offset = edit.end;
  }
  return characterPosition(client, Math.min(advance(client, offset, left), range[1]));
}

/** The 1-based character position of a byte offset. */
export function characterPosition(bytes: Buffer, offset: number): number {
  return characters(bytes, 0, offset) + 1;
}

function characters(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let offset = start; offset < end; offset += 1) if ((bytes[offset]! & 0xc0) !== 0x80) count += 1;
  return count;
}

function advance(bytes: Buffer, offset: number, count: number): number {
  while (count > 0 && offset < bytes.length) {
    offset += 1;
    while (offset < bytes.length && (bytes[offset]! & 0xc0) === 0x80) offset += 1;
    count -= 1;
  }
  return offset;
}
