/**
 * The journal in segments: files of one directory, of which the last is written. Each is a chain that can be verified by itself, and says in
 * its first record where the one before it ended. A process begins a new one, whatever became of the last. Together they take no more
 * than so many bytes: the oldest are removed, and a record says so.
 */
import type { EventLog } from '../../core/event-log.ts';
import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
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
  readonly start: Omit<WithoutHeader<ChainStart>, 'type' | 'continues' | 'chain'>;
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

/** Throws JournalError with one clear sentence when the directory cannot serve. */
export function openSegmentedJournal(options: SegmentedJournalOptions): Journal {
  const fs = options.fs ?? nodeFs;
  let lock: FileLock | undefined;
  try {
    fs.mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    lock = lockFile(join(options.directory, 'lock'), fs);
    return new SegmentedJournal(options, lock, fs);
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

/** How the last segment of an earlier process ends. */
interface Predecessor {
  readonly chain: string | undefined;
  readonly continues: { readonly seq: number; readonly hash: string };
  readonly tornBytes: number;
}

class SegmentedJournal implements Journal {
  readonly #options: SegmentedJournalOptions;
  readonly #fs: typeof nodeFs;
  readonly #lock: FileLock;
  readonly #chain: string;
  #number: number;
  #current: FileJournal;

  constructor(options: SegmentedJournalOptions, lock: FileLock, fs: typeof nodeFs) {
    this.#options = options;
    this.#fs = fs;
    this.#lock = lock;
    const segments = segmentsOf(options.directory, fs);
    this.#number = segments.length === 0 ? 0 : Number(segments.at(-1)!.slice(-14, -6));
    const { predecessor, unusable } = this.#predecessor(segments);
    this.#chain = predecessor?.chain ?? randomUUID();
    this.#current = this.#open(this.#number + 1, predecessor?.continues);
    this.#number += 1;
    if (unusable !== undefined)
      this.#current.append([{ type: 'event', event: 'segment-unusable', detail: { segment: unusable } }]);
    if (predecessor !== undefined && predecessor.tornBytes > 0)
      this.#current.append([{ type: 'event', event: 'record-torn', detail: { bytes: predecessor.tornBytes } }]);
    this.#prune();
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

  /** A segment that cannot be followed by another goes on growing: records count more than sizes. */
  #roll(): void {
    const before = this.#current;
    try {
      before.flush();
      this.#current = this.#open(this.#number + 1, before.end);
      this.#number += 1;
    } catch (error) {
      this.#options.log('warn', 'segment-not-begun', { reason: (error as Error).message });
      return;
    }
    before
      .close()
      .catch((error: unknown) => this.#options.log('error', 'segment-not-closed', { reason: (error as Error).message }));
    this.#prune();
  }

  #open(number: number, continues: { readonly seq: number; readonly hash: string } | undefined): FileJournal {
    const { directory, durability, start, clock, copy } = this.#options;
    return openFileJournal({
      path: join(directory, `${String(number).padStart(8, '0')}.jsonl`),
      durability,
      start: { chain: this.#chain, ...start, ...(continues === undefined ? {} : { continues }) },
      clock,
      ...(copy === undefined ? {} : { copy }),
      fs: this.#fs,
    });
  }

  /** Segments of which not even the first record was written are none, and would stand between the others. */
  #predecessor(segments: readonly string[]): { predecessor?: Predecessor; unusable?: string } {
    for (const path of segments.toReversed()) {
      const descriptor = this.#fs.openSync(path, 'r');
      try {
        const { head, size, torn } = recover(descriptor, this.#fs);
        if (size === 0) {
          this.#fs.rmSync(path, { force: true });
          continue;
        }
        return {
          predecessor: {
            chain: this.#chainOf(descriptor),
            continues: { seq: head.seq - 1, hash: head.hash },
            tornBytes: torn.length,
          },
        };
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        this.#options.log('error', 'segment-unusable', { segment: path, reason: error.message });
        return { unusable: path.slice(-14) };
      } finally {
        this.#fs.closeSync(descriptor);
      }
    }
    return {};
  }

  #chainOf(descriptor: number): string | undefined {
    const bytes = Buffer.alloc(FIRST_LINE);
    const count = this.#fs.readSync(descriptor, bytes, 0, FIRST_LINE, 0);
    try {
      const [line = ''] = bytes.toString('utf8', 0, count).split('\n');
      const { chain } = JSON.parse(line) as { chain?: unknown };
      return typeof chain === 'string' ? chain : undefined;
    } catch {
      return undefined;
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
