/**
 * A statement's text with every comment made of spaces, byte for byte, so that all places stay what they are. For the server a
 * comment is white space; the parser library hands comments out as tokens, and where the grammar looks one word ahead
 * (`NOT IN`, `NULLS FIRST`, `WITH ORDINALITY`, `WITH TIME ZONE`) a comment in between makes it read something else.
 */
import { Scanner } from './scanner.ts';

const SPACE = 0x20;
const SLASH = 0x2f;
const STAR = 0x2a;
const MINUS = 0x2d;

/** The same buffer when there is no comment in it. Comments inside a literal that goes on in another line belong to the literal. */
export function blankComments(bytes: Buffer): Buffer {
  if (bytes.indexOf('--') === -1 && bytes.indexOf('/*') === -1) return bytes;
  const scanner = new Scanner(bytes);
  let blanked: Buffer | undefined;
  let from = 0;
  for (let more = true; more; from = scanner.end) {
    more = scanner.next();
    const to = more ? scanner.start : bytes.length;
    for (let at = from; at < to; at += 1) {
      const comment = (bytes[at] === SLASH && bytes[at + 1] === STAR) || (bytes[at] === MINUS && bytes[at + 1] === MINUS);
      if (!comment) continue;
      // Between two tokens there are only white space and comments. Line ends before a comment go as well: without the comment they
      // would make one literal of two (`'a'`, a line end, `/**/ 'b'`), where the server sees a mistake.
      blanked ??= Buffer.from(bytes);
      blanked.fill(SPACE, from, to);
      break;
    }
  }
  return blanked ?? bytes;
}
