/**
 * Records as they stand in the journal's segments, in batches, from any of them on. Files are the queue: nothing is kept in memory but where we are,
 * and nothing is read behind what the journal says it has written.
 */
import * as nodeFs from 'node:fs';
import type { Segment } from './segments.ts';

export interface RecordBatch {
  /** seq of the first line. */
  readonly first: number;
  /** Without newlines. */
  readonly lines: readonly string[];
  readonly bytes: number;
  /** Where its first line begins. */
  readonly place: Place;
}

export interface Place {
  readonly segment: number;
  /** Bytes. */
  readonly offset: number;
  readonly seq: number;
}

/** What is in the segments is not what has to be there: a file was removed, or changed. */
export class SegmentsBrokenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SegmentsBrokenError';
  }
}

/** A record has at most 1 MiB. */
const MOST = 1024 * 1024 + 64 * 1024;
const STEP = 256 * 1024;
const NEWLINE = 0x0a;

export class SegmentReader {
  readonly #segments: () => readonly Segment[];
  readonly #fs: typeof nodeFs;
  #place: Place | undefined;
  #open: { readonly segment: number; readonly descriptor: number } | undefined;

  /** `segments`: of the journal as they are now, oldest first. */
  constructor(segments: () => readonly Segment[], fs: typeof nodeFs = nodeFs) {
    this.#segments = segments;
    this.#fs = fs;
  }

  get place(): Place | undefined {
    return this.#place;
  }

  /** To a place that it was at before. */
  goTo(place: Place): void {
    this.#place = place;
  }

  /** To the record of this seq, which may be the next to be written. Throws SegmentsBrokenError when it is not there. */
  seek(chain: string, seq: number): void {
    this.close();
    const own = this.#segments().filter((segment) => segment.chain === chain);
    const segment = own.findLast(({ first }) => first <= seq);
    if (segment === undefined) throw new SegmentsBrokenError(`the record ${seq} is not there any more`);
    const offset = this.#offsetOf(segment, seq - segment.first);
    if (offset === undefined) throw new SegmentsBrokenError(`the record ${seq} is not where it has to be`);
    this.#place = { segment: segment.number, offset, seq };
  }

  /** What follows, at most so many bytes or one line; undefined: nothing yet. Throws SegmentsBrokenError. */
  read(limit: number): RecordBatch | undefined {
    for (;;) {
      const place = this.#place;
      if (place === undefined) return undefined;
      const segments = this.#segments();
      const index = segments.findIndex(({ number }) => number === place.segment);
      const segment = segments[index];
      if (segment === undefined) throw new SegmentsBrokenError('a segment was removed before it was read');
      const bytes = this.#lines(segment, place.offset, limit);
      if (bytes.length > 0) return this.#batch(place, bytes);
      const next = segments[index + 1];
      // What follows the last newline of one that is not written any more was being written when its process died.
      if (next === undefined || next.chain !== segment.chain) return undefined;
      if (next.first !== place.seq) throw new SegmentsBrokenError(`records ${place.seq} to ${next.first - 1} are missing`);
      this.#place = { segment: next.number, offset: 0, seq: next.first };
    }
  }

  close(): void {
    if (this.#open !== undefined) this.#fs.closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  #batch(place: Place, bytes: Buffer): RecordBatch {
    const lines = bytes.toString('utf8', 0, bytes.length - 1).split('\n');
    const head = lines[0]!;
    if (seqOf(head) !== place.seq) throw new SegmentsBrokenError(`the record ${place.seq} is not where it has to be`);
    this.#place = { segment: place.segment, offset: place.offset + bytes.length, seq: place.seq + lines.length };
    return { first: place.seq, lines, bytes: bytes.length, place };
  }

  /** Whole lines from there on. */
  #lines(segment: Segment, offset: number, limit: number): Buffer {
    for (let length = limit; ; length = MOST) {
      const bytes = this.#bytes(segment, offset, Math.min(length, segment.size - offset));
      const end = bytes.lastIndexOf(NEWLINE);
      if (end !== -1) return bytes.subarray(0, end + 1);
      if (length >= MOST) throw new SegmentsBrokenError('a record is too large');
      if (bytes.length < length) return Buffer.alloc(0);
    }
  }

  #offsetOf(segment: Segment, lines: number): number | undefined {
    let left = lines;
    for (let offset = 0; left > 0; ) {
      const bytes = this.#bytes(segment, offset, Math.min(STEP, segment.size - offset));
      if (bytes.length === 0) return undefined;
      let at = -1;
      while (left > 0 && (at = bytes.indexOf(NEWLINE, at + 1)) !== -1) left -= 1;
      if (left === 0) return offset + at + 1;
      offset += bytes.length;
    }
    return 0;
  }

  #bytes(segment: Segment, offset: number, length: number): Buffer {
    if (length <= 0) return Buffer.alloc(0);
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    try {
      const descriptor = this.#descriptor(segment);
      while (read < length) {
        const count = this.#fs.readSync(descriptor, bytes, read, length - read, offset + read);
        if (count === 0) break;
        read += count;
      }
    } catch (error) {
      throw new SegmentsBrokenError(`a segment cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
    }
    return bytes.subarray(0, read);
  }

  #descriptor(segment: Segment): number {
    if (this.#open?.segment === segment.number) return this.#open.descriptor;
    this.close();
    this.#open = { segment: segment.number, descriptor: this.#fs.openSync(segment.path, 'r') };
    return this.#open.descriptor;
  }
}

/** Ours always begin like this; of anything else nothing is known. */
function seqOf(line: string): number | undefined {
  const match = /^\{"v":1,"seq":(\d{1,15}),/.exec(line);
  return match === null ? undefined : Number(match[1]);
}

/** SHA-256 (hex) of the line before, as this one says. */
export function linkOf(line: string): string | undefined {
  return /^\{"v":1,"seq":\d{1,15},"time":"[^"]{1,40}","prev":"([0-9a-f]{64})"/.exec(line)?.[1];
}

/** RFC 3339. */
export function timeOf(line: string): string | undefined {
  return /^\{"v":1,"seq":\d{1,15},"time":"([^"]{1,40})"/.exec(line)?.[1];
}
