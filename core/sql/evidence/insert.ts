/** An insertion into a text that was itself made by edits, given as one more edit of the client's text. */
import type { Edit } from '../plan.ts';
import { keptApart } from '../text/edits.ts';

export interface EditedText {
  readonly text: string;
  /** Sorted, relative to the client's text. */
  readonly edits: readonly Edit[];
}

/**
 * `at`: byte offset in `planned.text`, of which byte 0 is `start` in the client's text. Where it falls on or into a replacement, that grows.
 */
export function insertInto(planned: EditedText & { readonly start?: number }, at: number, insertion: string): EditedText {
  const bytes = Buffer.from(planned.text);
  const { replacement } = keptApart(bytes, { start: at, end: at, replacement: insertion });
  const text = bytes.toString('utf8', 0, at) + replacement + bytes.toString('utf8', at);
  const edits: Edit[] = [];
  // Where the text and the client's text stand, in bytes.
  let own = 0;
  let client = planned.start ?? 0;
  let placed = false;
  for (const edit of planned.edits) {
    const unchanged = edit.start - client;
    if (!placed && at < own + unchanged) {
      edits.push({ start: client + at - own, end: client + at - own, replacement });
      placed = true;
    }
    own += unchanged;
    const length = Buffer.byteLength(edit.replacement);
    if (!placed && at <= own + length) {
      const whole = Buffer.from(edit.replacement);
      const [before, after] = [whole.toString('utf8', 0, at - own), whole.toString('utf8', at - own)];
      edits.push({ ...edit, replacement: before + replacement + after });
      placed = true;
    } else edits.push(edit);
    own += length;
    client = edit.end;
  }
  if (!placed) edits.push({ start: client + at - own, end: client + at - own, replacement });
  return { text, edits };
}
