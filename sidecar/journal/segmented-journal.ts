/**
 * The journal in segments: files of one directory, of which the last is written. One chain runs through all of them; each says in its first
 * record where the one before it ended, and can be verified by itself. A process begins a new one, whatever became of the last, and where that
 * cannot be gone on from, a new chain that says which it replaces. Together they take no more than so many bytes: the oldest are removed,
 * and a record says so, unless they have to be kept until somebody else has them.
 */
import type { EventLog } from '../../core/event-log.ts';
import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import { type ChainHead, EMPTY_CHAIN } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { type FileJournal, openFileJournal, recover } from './file-journal.ts';
import { JournalError, type Journal } from './journal.ts';
import { type FileLock, lockFile } from './lock.ts';
import { reseal } from './resealed.ts';
import { linkOf, SegmentReader, SegmentsBrokenError } from './segment-reader.ts';
import { type CollectedJournal, firstRecord, type Segment } from './segments.ts';

export interface SegmentedJournalOptions {
  readonly directory: string;
  /** Bytes after which a segment is followed by another. */
  readonly segment: number;
  /** Bytes of all together; at least two segments are kept. */
  readonly total: number;
  readonly durability: () => 'Local' | 'Synced';
  /** Without the chain's name, which is that of the last segment, or drawn. */
  readonly start: Omit<WithoutHeader<ChainStart>, 'type' | 'continues' | 'replaces' | 'chain'>;
  readonly clock: () => string;
  readonly copy?: (lines: Buffer) => void;
  /** What becomes of segments before there is room for more. `lost`: they may be removed, and a record says so. Absent: all are. */
  readonly standing?: (segment: Segment, end: number) => 'kept' | 'stored' | 'lost';
  /** What a segment ends with. */
  readonly closing?: () => readonly AuditEntry[];
  readonly log: EventLog;
  readonly fs?: typeof nodeFs;
}

const NAME = /^\d{8}\.jsonl$/;

/** The segments of a directory, oldest first. */
export function segmentsOf(directory: string, fs: typeof nodeFs = nodeFs): readonly string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(directory, name));
}

export interface SegmentedJournal extends Journal, CollectedJournal {
  /**
   * Gives the chain up for a new one, in a new segment: somebody knows a continuation of it that is not here. `unstored`: what of it, and of those
   * behind it, nobody else has; it is written once more. Throws JournalError.
   */
  replaceChain(reason: string, unstored?: { readonly chain: string; readonly from: number }): void;
}

/** Throws JournalError with one clear sentence when the directory cannot serve. */
export function openSegmentedJournal(options: SegmentedJournalOptions): SegmentedJournal {
  const fs = options.fs ?? nodeFs;
  let lock: FileLock | undefined;
  try {
    fs.mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    lock = lockFile(join(options.directory, 'lock'), fs);
    return new Segments(options, lock, fs);
  } catch (error) {
    lock?.release();
    if (error instanceof JournalError) throw error;
    throw new JournalError(
      `cannot write audit files in ${options.directory}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
      {
        cause: error,
      },
    );
  }
}

/** What a segment goes on from. */
type Origin = Pick<WithoutHeader<ChainStart>, 'continues' | 'replaces'>;

/** How the last segment of an earlier process ends. */
interface Predecessor {
  /** Undefined: not to be gone on from. */
  readonly chain?: string;
  readonly origin: Origin;
  readonly tornBytes: number;
  /** Name of a segment that is something else. */
  readonly unusable?: string;
}

class Segments implements SegmentedJournal {
  readonly #options: SegmentedJournalOptions;
  readonly #fs: typeof nodeFs;
  readonly #lock: FileLock;
  readonly begun: number;
  /** Has got what it ends with. */
  #closing: FileJournal | undefined;
  /** Those before the current one; in order. Without those that are something else. */
  #before: Segment[] = [];
  /** Of files that are something else. */
  #foreign = 0;
  #chain: string;
  #first: number;
  #number: number;
  #current: FileJournal;

  constructor(options: SegmentedJournalOptions, lock: FileLock, fs: typeof nodeFs) {
    this.#options = options;
    this.#fs = fs;
    this.#lock = lock;
    const segments = segmentsOf(options.directory, fs);
    this.#number = segments.length === 0 ? 0 : Number(segments.at(-1)!.slice(-14, -6));
    const { chain, origin, tornBytes, unusable } = this.#predecessor(segments);
    this.#chain = chain ?? randomUUID();
    this.#before = this.#known(segmentsOf(options.directory, fs), origin.replaces !== undefined);
    this.#first = this.begun = origin.continues === undefined ? 0 : origin.continues.seq + 1;
    this.#current = this.#open(this.#number + 1, origin);
    this.#number += 1;
    if (unusable !== undefined)
      this.#current.append([{ type: 'event', event: 'segment-unusable', detail: { segment: unusable } }]);
    if (tornBytes > 0) this.#current.append([{ type: 'event', event: 'record-torn', detail: { bytes: tornBytes } }]);
    this.prune();
  }

  get directory(): string {
    return this.#options.directory;
  }

  get chain(): string {
    return this.#chain;
  }

  get isFull(): boolean {
    if (this.#bytes < this.#options.total) return false;
    this.prune();
    return this.#bytes >= this.#options.total && this.#options.standing !== undefined && this.#isKept(this.#before[0]);
  }

  segments(): readonly Segment[] {
    return [...this.#before, this.#last];
  }

  endOf(segment: Segment): number {
    if (segment.number === this.#number) return this.#current.head.seq;
    const next = this.segments().find(({ number }) => number > segment.number);
    if (next?.chain === segment.chain) return next.first;
    const descriptor = this.#fs.openSync(segment.path, 'r');
    try {
      return recover(descriptor, this.#fs).head.seq;
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  get head(): ChainHead {
    return this.#current.head;
  }

  get healthy(): boolean {
    return this.#current.healthy;
  }

  append(entries: readonly AuditEntry[]): void | Promise<void> {
    if (this.#current.size >= this.#options.segment) this.#roll();
    return this.#current.append(entries);
  }

  defer(entry: AuditEntry): void {
    this.#current.defer(entry);
  }

  async close(): Promise<void> {
    try {
      await this.#current.close();
    } finally {
      this.#lock.release();
    }
  }

  replaceChain(reason: string, unstored?: { readonly chain: string; readonly from: number }): void {
    const before = this.#current;
    before.flush();
    const chain = randomUUID();
    const held = this.segments();
    const replaced = { chain: this.#chain, ...before.end, reason };
    if (unstored === undefined) this.#begin(chain, 0, this.#open(this.#number + 1, { replaces: replaced }, chain));
    else this.#beginAgain(chain, reason, unstored);
    this.#before = held.map((segment) => ({ ...segment, superseded: true })).concat(this.#before.slice(held.length));
    this.#options.log('warn', 'chain-replaced', { chain, before: replaced.chain, reason });
    this.#leave(before);
  }

  /** The new chain's first file is written before anything of the old one is given up. */
  #beginAgain(chain: string, reason: string, { chain: before, from }: { readonly chain: string; readonly from: number }): void {
    const { start, clock, copy = () => {}, directory } = this.#options;
    const held = this.segments().filter(({ superseded }) => !superseded);
    const at = held.findIndex(({ chain: name }) => name === before);
    const segments = at === -1 ? held : held.slice(at);
    const number = this.#number + 1;
    const path = join(directory, nameOf(number));
    const replaces = { chain: before, seq: from - 1, hash: this.#hashBefore(segments, before, from), reason };
    try {
      const origin = { type: 'chain-start', chain, ...start, replaces } as const;
      const { head, size } = reseal({ path, start: origin, segments, chain: before, from, clock, copy, fs: this.#fs });
      this.#number = number;
      const continues = { seq: head.seq - 1, hash: head.hash };
      const next = this.#open(number + 1, { continues }, chain);
      this.#number = number - 1;
      this.#begin(chain, head.seq, next, { number, path, chain, first: 0, size, superseded: false });
    } catch (error) {
      if (error instanceof JournalError) throw error;
      throw new JournalError(`cannot begin another chain: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, {
        cause: error,
      });
    }
  }

  /** As far as the files say. */
  #hashBefore(segments: readonly Segment[], chain: string, from: number): string {
    if (chain === this.#chain && from === this.#current.head.seq) return this.#current.head.hash;
    const reader = new SegmentReader(() => segments, this.#fs);
    try {
      reader.seek(chain, from);
      const batch = reader.read(1);
      return (batch === undefined ? undefined : linkOf(batch.lines[0]!)) ?? EMPTY_CHAIN.hash;
    } catch (error) {
      if (error instanceof SegmentsBrokenError) return EMPTY_CHAIN.hash;
      throw error;
    } finally {
      reader.close();
    }
  }

  /** The segment that is written is another from here on. `between`: one that was written as a whole. */
  #begin(chain: string, first: number, next: FileJournal, between?: Segment): void {
    this.#before.push(this.#last);
    if (between !== undefined) this.#before.push(between);
    this.#number = (between?.number ?? this.#number) + 1;
    this.#chain = chain;
    this.#first = first;
    this.#current = next;
  }

  /** A segment that cannot be followed by another goes on growing: records count more than sizes. */
  #roll(): void {
    const before = this.#current;
    try {
      before.flush();
      // Once, also where the next cannot be begun yet.
      if (this.#closing !== before) before.append(this.#options.closing?.() ?? []);
      this.#closing = before;
      this.#begin(this.#chain, before.head.seq, this.#open(this.#number + 1, { continues: before.end }));
    } catch (error) {
      this.#options.log('warn', 'segment-not-begun', { reason: (error as Error).message });
      return;
    }
    this.#leave(before);
  }

  #leave(before: FileJournal): void {
    before
      .close()
      .catch((error: unknown) => this.#options.log('error', 'segment-not-closed', { reason: (error as Error).message }));
    this.prune();
  }

  #open(number: number, origin: Origin, chain = this.#chain): FileJournal {
    const { directory, durability, start, clock, copy } = this.#options;
    return openFileJournal({
      path: join(directory, nameOf(number)),
      durability,
      start: { chain, ...start, ...origin },
      clock,
      ...(copy === undefined ? {} : { copy }),
      fs: this.#fs,
    });
  }

  /** Segments of which not even the first record was written are none, and would stand between the others. */
  #predecessor(segments: readonly string[]): Predecessor {
    for (const path of segments.toReversed()) {
      const descriptor = this.#fs.openSync(path, 'r');
      try {
        const { head, size, torn } = recover(descriptor, this.#fs);
        if (size === 0) {
          this.#fs.rmSync(path, { force: true });
          continue;
        }
        return this.#follow(descriptor, { seq: head.seq - 1, hash: head.hash }, torn.length);
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        this.#options.log('error', 'segment-unusable', { segment: path, reason: error.message });
        return { origin: {}, tornBytes: 0, unusable: path.slice(-14) };
      } finally {
        this.#fs.closeSync(descriptor);
      }
    }
    return { origin: {}, tornBytes: 0 };
  }

  /** Where a segment's numbers began again at 0 (releases before 0.2.0) they do not name a record of its chain. */
  #follow(descriptor: number, end: { readonly seq: number; readonly hash: string }, tornBytes: number): Predecessor {
    const start = firstRecord(descriptor, this.#fs);
    const { chain, continues } = start;
    if (typeof chain !== 'string') return { origin: {}, tornBytes };
    if (start.seq === 0 && continues !== undefined)
      return { origin: { replaces: { chain, ...end, reason: 'its records are numbered for each file' } }, tornBytes };
    return { chain, origin: { continues: end }, tornBytes };
  }

  get #last(): Segment {
    return {
      number: this.#number,
      path: join(this.#options.directory, nameOf(this.#number)),
      chain: this.#chain,
      first: this.#first,
      size: this.#current.size,
      superseded: false,
    };
  }

  get #bytes(): number {
    let bytes = this.#foreign + this.#current.size;
    for (const { size } of this.#before) bytes += size;
    return bytes;
  }

  /** Of an earlier process. `replaced`: what we begin does not go on from them. */
  #known(paths: readonly string[], replaced: boolean): Segment[] {
    const segments: Segment[] = [];
    let since = replaced ? paths.length : 0;
    for (const [index, path] of paths.entries()) {
      const { size } = this.#fs.statSync(path);
      const descriptor = this.#fs.openSync(path, 'r');
      try {
        const { seq, chain, replaces } = firstRecord(descriptor, this.#fs);
        if (replaces !== undefined && !replaced) since = index;
        if (typeof chain !== 'string' || typeof seq !== 'number') this.#foreign += size;
        else segments.push({ number: Number(path.slice(-14, -6)), path, chain, first: seq, size, superseded: false });
      } finally {
        this.#fs.closeSync(descriptor);
      }
    }
    const kept = paths.slice(since);
    return segments.map((segment) => ({ ...segment, superseded: !kept.includes(segment.path) }));
  }

  #isKept(segment: Segment | undefined): boolean {
    return segment !== undefined && this.#standingOf(segment) === 'kept';
  }

  #standingOf(segment: Segment): 'kept' | 'stored' | 'lost' {
    if (segment.superseded) return 'stored';
    return this.#options.standing?.(segment, this.endOf(segment)) ?? 'lost';
  }

  prune(): void {
    const { total, log } = this.#options;
    const removed: Segment[] = [];
    let stored = true;
    while (this.#before.length > 1 && this.#bytes > total) {
      const [oldest] = this.#before as [Segment];
      const standing = this.#standingOf(oldest);
      if (standing === 'kept') break;
      this.#fs.rmSync(oldest.path, { force: true });
      this.#before.shift();
      removed.push(oldest);
      stored &&= standing === 'stored';
    }
    if (removed.length === 0) return;
    const detail = { first: removed[0]!.path.slice(-14), last: removed.at(-1)!.path.slice(-14), segments: removed.length };
    log(stored ? 'debug' : 'warn', 'segments-removed', { ...detail, stored });
    if (!stored) this.#current.append([{ type: 'event', event: 'segments-removed', detail }]);
  }
}

function nameOf(number: number): string {
  return `${String(number).padStart(8, '0')}.jsonl`;
}
