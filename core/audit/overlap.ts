/** Parts of one chain that hold the same records (copies, a file beside a store): those that were read are read again to be compared. */
import type { TrailPart } from './trail.ts';
import type { Place } from './verify-report.ts';

interface Range {
  readonly part: TrailPart;
  /** Records of the part that were new when it was read: [first, next). */
  readonly first: number;
  readonly next: number;
}

export class Overlap {
  readonly #read: Range[] = [];

  add(part: TrailPart, first: number, next: number | undefined): void {
    if (next !== undefined && next > first) this.#read.push({ part, first, next });
  }

  /** What is known from `seq` on, in order. */
  async *from(seq: number): AsyncGenerator<{ readonly line: Buffer; readonly place: Place }> {
    for (const { part, first, next } of this.#read) {
      if (next <= seq) continue;
      let at = part.first ?? first;
      let place = { line: 1, offset: 0, source: part.source };
      for await (const lines of part.lines())
        for (const line of lines) {
          if (at >= Math.max(seq, first) && at < next) yield { line, place };
          at += 1;
          place = { ...place, line: place.line + 1, offset: place.offset + line.length + 1 };
        }
    }
  }
}
