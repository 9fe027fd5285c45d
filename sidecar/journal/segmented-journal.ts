/**
 * The journal in segments: files of one directory, of which the last is written. One chain runs through all of them; each says in its first
 * record where the one before it ended, and can be verified by itself. A process begins a new one, whatever became of the last, and where that
 * cannot be gone on from, a new chain that says which it replaces. Together they take no more than so many bytes: the oldest are removed,
 * and a record says so.
 */
import type { EventLog } from '../../core/event-log.ts';
import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import type { ChainHead } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { type FileJournal, openFileJournal, recover } from './file-journal.ts';
import { JournalError, type Journal } from './journal.ts';
import { type FileLock, lockFile } from './lock.ts';

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
  readonly log: EventLog;
  readonly fs?: typeof nodeFs;
}

const NAME = /^\d{8}\.jsonl$/;
const FIRST_LINE = 16 * 1024;

/** The segments of a directory, oldest first. */
export function segmentsOf(directory: string, fs: typeof nodeFs = nodeFs): readonly string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(directory, name));
}

export interface SegmentedJournal extends Journal {
  /** The chain that is written now. */
  readonly chain: string;
  /** What its next record has to carry. */
  readonly head: ChainHead;
  /** Gives the chain up for a new one, in a new segment: somebody knows a continuation of it that is not here. Throws JournalError. */
  replaceChain(reason: string): void;
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
  #chain: string;
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
    this.#current = this.#open(this.#number + 1, origin);
    this.#number += 1;
    if (unusable !== undefined)
      this.#current.append([{ type: 'event', event: 'segment-unusable', detail: { segment: unusable } }]);
    if (tornBytes > 0) this.#current.append([{ type: 'event', event: 'record-torn', detail: { bytes: tornBytes } }]);
    this.#prune();
  }

  get chain(): string {
    return this.#chain;
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

  replaceChain(reason: string): void {
    const before = this.#current;
    before.flush();
    const replaces = { chain: this.#chain, ...before.end, reason };
    const chain = randomUUID();
    this.#current = this.#open(this.#number + 1, { replaces }, chain);
    this.#chain = chain;
    this.#number += 1;
    this.#options.log('warn', 'chain-replaced', { chain, before: replaces.chain, reason });
    this.#leave(before);
  }

  /** A segment that cannot be followed by another goes on growing: records count more than sizes. */
  #roll(): void {
    const before = this.#current;
    try {
      before.flush();
      this.#current = this.#open(this.#number + 1, { continues: before.end });
      this.#number += 1;
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
    this.#prune();
  }

  #open(number: number, origin: Origin, chain = this.#chain): FileJournal {
    const { directory, durability, start, clock, copy } = this.#options;
    return openFileJournal({
      path: join(directory, `${String(number).padStart(8, '0')}.jsonl`),
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

  /** Where a segment's numbers began again at 0 (releases before 0.3.0) they do not name a record of its chain. */
  #follow(descriptor: number, end: { readonly seq: number; readonly hash: string }, tornBytes: number): Predecessor {
    const start = this.#firstRecord(descriptor);
    const { chain, continues } = start;
    if (typeof chain !== 'string') return { origin: {}, tornBytes };
    if (start.seq === 0 && continues !== undefined)
      return { origin: { replaces: { chain, ...end, reason: 'its records are numbered for each file' } }, tornBytes };
    return { chain, origin: { continues: end }, tornBytes };
  }

  #firstRecord(descriptor: number): { readonly seq?: unknown; readonly chain?: unknown; readonly continues?: unknown } {
    const bytes = Buffer.alloc(FIRST_LINE);
    const count = this.#fs.readSync(descriptor, bytes, 0, FIRST_LINE, 0);
    try {
      const [line = ''] = bytes.toString('utf8', 0, count).split('\n');
      const record: unknown = JSON.parse(line);
      return typeof record === 'object' && record !== null ? record : {};
    } catch {
      return {};
    }
  }

  #prune(): void {
    const { directory, total, log } = this.#options;
    const segments = segmentsOf(directory, this.#fs).map((path) => ({ path, size: this.#fs.statSync(path).size }));
    let bytes = segments.reduce((sum, { size }) => sum + size, 0);
    const removed: string[] = [];
    for (const { path, size } of segments.slice(0, -2)) {
      if (bytes <= total) break;
      this.#fs.rmSync(path, { force: true });
      bytes -= size;
      removed.push(path.slice(-14));
    }
    if (removed.length === 0) return;
    const detail = { first: removed[0]!, last: removed.at(-1)!, segments: removed.length };
    log('warn', 'segments-removed', detail);
    this.#current.append([{ type: 'event', event: 'segments-removed', detail }]);
  }
}
