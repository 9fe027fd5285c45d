/**
 * Records of a chain that had to be given up, in the file that begins the next: those that nobody else has, with the times that they had. What
 * speaks of the old chain itself (its files, keys and signatures) stays behind.
 */
import type * as nodeFs from 'node:fs';
import { Chain, type ChainHead } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { isRecord } from '../../core/json/read.ts';
import type { Segment } from './segments.ts';

export interface Resealing {
  /** Of the new file; written beside it first, so that it is there as a whole or not at all. */
  readonly path: string;
  readonly start: WithoutHeader<ChainStart>;
  /** Oldest first. */
  readonly segments: readonly Segment[];
  readonly chain: string;
  /** The first of that chain's records to be taken over; of the segments behind it all are. */
  readonly from: number;
  readonly clock: () => string;
  /** Of what was written. */
  readonly copy: (lines: Buffer) => void;
  readonly fs: typeof nodeFs;
}

export interface Resealed {
  readonly head: ChainHead;
  /** Bytes. */
  readonly size: number;
  /** Lines that are no records any more. */
  readonly unreadable: number;
}

const STEP = 256 * 1024;
const LEFT_BEHIND: ReadonlySet<unknown> = new Set(['chain-start', 'chain-key', 'checkpoint', 'chain-end']);

/** Throws what the file system throws; then there is no new file. */
export function reseal({ path, start, segments, chain: before, from, clock, copy, fs }: Resealing): Resealed {
  const chain = new Chain();
  const temporary = `${path}.tmp`;
  let size = 0;
  let unreadable = 0;
  const descriptor = fs.openSync(temporary, 'w', 0o600);
  try {
    const write = (text: string): void => {
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length; ) written += fs.writeSync(descriptor, bytes, written);
      size += bytes.length;
      copy(bytes);
    };
    write(chain.seal(start, clock()));
    for (const segment of segments)
      for (const lines of linesOf(segment, fs)) {
        let text = '';
        for (const line of lines) {
          const record = parsed(line);
          if (record === undefined) unreadable += 1;
          else if (isWanted(record, segment.chain === before ? from : 0))
            text += chain.seal(record.entry as unknown as AuditEntry, record.time);
        }
        if (text !== '') write(text);
      }
    if (unreadable > 0) {
      const lost: AuditEntry = { type: 'event', event: 'records-unreadable', detail: { records: unreadable } };
      write(chain.seal(lost, clock()));
    }
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(temporary, path);
  return { head: chain.head, size, unreadable };
}

interface Parsed {
  readonly seq: number;
  readonly time: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

function parsed(line: string): Parsed | undefined {
  try {
    const record: unknown = JSON.parse(line);
    if (!isRecord(record)) return undefined;
    const { v, seq, time, prev, ...entry } = record;
    return v === 1 && typeof seq === 'number' && typeof time === 'string' && typeof prev === 'string'
      ? { seq, time, entry }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Keys of images are wanted whatever was stored: what is sealed by them may come later. */
function isWanted({ seq, entry }: Parsed, from: number): boolean {
  return !LEFT_BEHIND.has(entry['type']) && (seq >= from || entry['type'] === 'sealing-key');
}

/** Whole lines, some at a time. A segment that cannot be read has none. */
function* linesOf({ path, size }: Segment, fs: typeof nodeFs): Iterable<readonly string[]> {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, 'r');
  } catch {
    return;
  }
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (let offset = 0; offset < size; ) {
      const bytes = Buffer.alloc(Math.min(STEP, size - offset));
      const count = fs.readSync(descriptor, bytes, 0, bytes.length, offset);
      if (count === 0) return;
      offset += count;
      const all = Buffer.concat([rest, bytes.subarray(0, count)]);
      const end = all.lastIndexOf(0x0a);
      rest = all.subarray(end + 1);
      if (end !== -1) yield all.toString('utf8', 0, end).split('\n');
    }
  } finally {
    fs.closeSync(descriptor);
  }
}
