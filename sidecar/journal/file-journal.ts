/**
 * The journal on a file: one line a record, appended with one write a batch. `Local` is reached when write(2) has returned (the
 * records survive this process), `Synced` when fdatasync has (they survive the machine's power loss); syncs are grouped.
 *
 * A write that fails half-way (disk full) is cut off again, so that the file always ends on a record of the chain; until a
 * write succeeds the journal is unhealthy and every append throws.
 */
import * as nodeFs from 'node:fs';
import { Chain, EMPTY_CHAIN, hashLine, type ChainHead } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import { JournalError, type Journal } from './journal.ts';
import { lockFile, type FileLock } from './lock.ts';
import { type Timed, WriteBehind } from './write-behind.ts';

export interface FileJournalOptions {
  readonly path: string;
  /** Asked for each append where it is a function. */
  readonly durability: 'Local' | 'Synced' | (() => 'Local' | 'Synced');
  /** What the file's first record says, `continues` being where the chain stands; for an existing file an event says who went on. */
  readonly start: Omit<WithoutHeader<ChainStart>, 'type'>;
  /** Called with the lines that have just been written: for a copy elsewhere. Must not throw. */
  readonly copy?: (lines: Buffer) => void;
  /** RFC 3339 UTC with microseconds. */
  readonly clock: () => string;
  readonly fs?: typeof nodeFs;
  /** Milliseconds between looks at whether the file is still where it was. */
  readonly lookEvery?: number;
  /** Milliseconds between attempts to write again after a failure. */
  readonly retryEvery?: number;
}

/** What was found at the end of an existing file. */
export interface Recovered {
  readonly head: ChainHead;
  /** Bytes that belong to the chain. */
  readonly size: number;
  /** Bytes of a record whose writing was cut short. */
  readonly torn: Buffer;
}

const NEWLINE = 0x0a;
const TAIL_STEP = 64 * 1024;
/** A record is never larger than this; a longer last line means that the file is something else. */
const MAX_RECORD = 1024 * 1024;

/** Opens or continues a journal. Throws JournalError with one clear sentence when the file cannot serve. */
export function openFileJournal(options: FileJournalOptions): FileJournal {
  const fs = options.fs ?? nodeFs;
  let lock: FileLock | undefined;
  try {
    lock = lockFile(`${options.path}.lock`, fs);
    const descriptor = fs.openSync(options.path, 'a+', 0o600);
    return new FileJournal(descriptor, recover(descriptor, fs), lock, options, fs);
  } catch (error) {
    lock?.release();
    if (error instanceof JournalError) throw error;
    throw new JournalError(`cannot write the audit file ${options.path}: ${reason(error)}`, { cause: error });
  }
}

export class FileJournal implements Journal {
  #descriptor: number;
  readonly #fs: typeof nodeFs;
  readonly #lock: FileLock;
  #chain: Chain;
  readonly #options: FileJournalOptions;
  readonly #behind: WriteBehind;
  #size: number;
  /** The file holds bytes behind the chain's end, which must be cut before anything else. */
  #dirty: boolean;
  #healthy = true;
  #closed = false;
  /** When the file was last seen in its place. */
  #seen = performance.now();
  #retry: NodeJS.Timeout | undefined;
  /** Since when, and how many appends have failed. */
  #failing: { readonly since: string; appends: number } | undefined;
  /** The sync that is under way, and the one that will cover what was written since it began. */
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  constructor(descriptor: number, recovered: Recovered, lock: FileLock, options: FileJournalOptions, fs: typeof nodeFs) {
    this.#descriptor = descriptor;
    this.#fs = fs;
    this.#lock = lock;
    this.#options = options;
    const { continues } = options.start;
    this.#chain = new Chain(recovered.size === 0 && continues !== undefined ? after(continues) : recovered.head);
    this.#size = recovered.size;
    const { torn } = recovered;
    this.#dirty = torn.length > 0;
    this.#behind = new WriteBehind((records) => this.#write(records), options.clock);
    this.#behind.write([recovered.size === 0 ? { type: 'chain-start', ...options.start } : this.#takenOver(torn)]);
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /** What the next record has to carry. */
  get head(): ChainHead {
    return this.#chain.head;
  }

  /** Of the last record. */
  get end(): { readonly seq: number; readonly hash: string } {
    const { seq, hash } = this.#chain.head;
    return { seq: seq - 1, hash };
  }

  /** Writes what was deferred. Throws JournalError. */
  flush(): void {
    this.#behind.write([]);
  }

  append(entries: readonly AuditEntry[]): void | Promise<void> {
    if (this.#closed) throw new JournalError('the audit file is closed');
    if (entries.length === 0) return undefined;
    this.#followFile();
    this.#behind.write(entries);
    const { durability } = this.#options;
    return (typeof durability === 'function' ? durability() : durability) === 'Synced' ? this.#sync() : undefined;
  }

  defer(entry: AuditEntry): void {
    if (!this.#closed) this.#behind.defer(entry);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    try {
      this.#behind.write([]);
      await this.#sync();
    } finally {
      this.#fs.closeSync(this.#descriptor);
      this.#lock.release();
    }
  }

  #write(records: readonly Timed[]): void {
    const before = this.#chain.head;
    const bytes = Buffer.from(records.map(({ entry, time }) => this.#chain.seal(entry, time)).join(''));
    try {
      if (this.#dirty) this.#fs.ftruncateSync(this.#descriptor, this.#size);
      this.#dirty = true;
      let written = 0;
      while (written < bytes.length) written += this.#fs.writeSync(this.#descriptor, bytes, written);
      this.#size += bytes.length;
      this.#dirty = false;
      this.#healthy = true;
      this.#failing = undefined;
      this.#options.copy?.(bytes);
    } catch (error) {
      this.#chain.rewind(before);
      this.#healthy = false;
      this.#cut();
      this.#retryLater();
      throw new JournalError(`cannot write the audit file ${this.#options.path}: ${reason(error)}`, { cause: error });
    }
  }

  /** Nobody may come to try again while we are unhealthy, so we do; what the gap was is the first thing that is written. */
  #retryLater(): void {
    this.#failing ??= { since: this.#options.clock(), appends: 0 };
    this.#failing.appends += 1;
    if (this.#closed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      if (this.#healthy || this.#closed) return;
      const { since = '', appends = 0 } = this.#failing ?? {};
      try {
        this.#followFile();
        this.#behind.write([{ type: 'event', event: 'records-failed', detail: { since, appends } }]);
      } catch {
        this.#retryLater();
      }
    }, this.#options.retryEvery ?? 1_000).unref();
  }

  /**
   * A file that was removed or moved away takes no more records: they would be written where nobody looks for them. The chain goes on
   * in a new file in its place.
   */
  #followFile(): void {
    const now = performance.now();
    if (now - this.#seen < (this.#options.lookEvery ?? 100)) return;
    const { path } = this.#options;
    const there = this.#fs.statSync(path, { throwIfNoEntry: false });
    const ours = this.#fs.fstatSync(this.#descriptor);
    if (there === undefined || there.ino !== ours.ino || there.dev !== ours.dev) this.#moveTo(path);
    this.#seen = now;
  }

  #moveTo(path: string): void {
    const head = this.#chain.head;
    let descriptor: number | undefined;
    try {
      descriptor = this.#fs.openSync(path, 'a+', 0o600);
      const found = recover(descriptor, this.#fs);
      const before = this.#descriptor;
      this.#descriptor = descriptor;
      this.#size = found.size;
      this.#dirty = found.torn.length > 0;
      this.#chain = new Chain(found.size === 0 ? head : found.head);
      if (found.size === 0) this.#behind.first(this.#continued(head));
      else if (found.head.hash !== head.hash) this.#behind.first(this.#takenOver(found.torn, head));
      this.#fs.closeSync(before);
    } catch (error) {
      if (descriptor !== undefined && descriptor !== this.#descriptor) this.#fs.closeSync(descriptor);
      this.#healthy = false;
      this.#retryLater();
      if (error instanceof JournalError) throw error;
      throw new JournalError(`cannot write the audit file ${path}: ${reason(error)}`, { cause: error });
    }
  }

  /** What a new file begins with. A chain that has no record yet has nothing to go on from. */
  #continued({ seq, hash }: ChainHead): WithoutHeader<ChainStart> {
    const { continues, replaces, ...start } = this.#options.start;
    if (seq > 0) return { type: 'chain-start', ...start, continues: { seq: seq - 1, hash } };
    return { type: 'chain-start', ...this.#options.start };
  }

  /** What is said in a file that holds another chain. `before`: where ours stood. */
  #takenOver(torn: Buffer, before?: ChainHead): AuditEntry {
    const { chain, product } = this.#options.start;
    const detail = { chain, product, tornBytes: torn.length, tornSha256: hashLine(torn) };
    const left = before === undefined ? {} : { beforeSeq: before.seq - 1, beforeHash: before.hash };
    return { type: 'event', event: 'chain-continued', detail: { ...detail, ...left } };
  }

  /** What was written in part goes now if it can; else the next write begins with it. */
  #cut(): void {
    try {
      this.#fs.ftruncateSync(this.#descriptor, this.#size);
      this.#dirty = false;
    } catch {
      this.#dirty = true;
    }
  }

  /** Settles when everything written until now is on the medium. At most one fdatasync runs, at most one waits. */
  #sync(): Promise<void> {
    if (this.#syncing === undefined) return (this.#syncing = this.#fdatasync());
    this.#nextSync ??= this.#syncing.then(
      () => this.#startNext(),
      () => this.#startNext(),
    );
    return this.#nextSync;
  }

  #startNext(): Promise<void> {
    this.#nextSync = undefined;
    this.#syncing = this.#fdatasync();
    return this.#syncing;
  }

  #fdatasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fs.fdatasync(this.#descriptor, (error) => {
        if (this.#nextSync === undefined) this.#syncing = undefined;
        if (error === null || error === undefined) return resolve();
        // After a failed fsync the kernel may have dropped the pages: nothing written before can be trusted to be there.
        this.#healthy = false;
        reject(new JournalError(`cannot sync the audit file ${this.#options.path}: ${reason(error)}`, { cause: error }));
      });
    });
  }
}

/** Throws JournalError when the file is something else. */
export function recover(descriptor: number, fs: typeof nodeFs): Recovered {
  const size = fs.fstatSync(descriptor).size;
  const tail = readTail(descriptor, size, fs);
  const end = tail.lastIndexOf(NEWLINE);
  const torn = tail.subarray(end + 1);
  if (end === -1) {
    if (size > MAX_RECORD) throw new JournalError('the audit file exists and is not an audit file');
    return { head: EMPTY_CHAIN, size: 0, torn };
  }
  const line = tail.subarray(tail.lastIndexOf(NEWLINE, end - 1) + 1, end);
  const seq = sequenceOf(line);
  if (seq === undefined) throw new JournalError('the audit file exists and its last line is not an audit record');
  return { head: { seq: seq + 1, hash: hashLine(line) }, size: size - torn.length, torn };
}

/** Enough of the file's end to hold the last whole line. */
function readTail(descriptor: number, size: number, fs: typeof nodeFs): Buffer {
  for (let length = Math.min(TAIL_STEP, size); ; length = Math.min(length * 4, size)) {
    const tail = Buffer.alloc(length);
    let read = 0;
    while (read < length) {
      const count = fs.readSync(descriptor, tail, read, length - read, size - length + read);
      if (count === 0) break;
      read += count;
    }
    const end = tail.lastIndexOf(NEWLINE);
    const whole = end > 0 && tail.lastIndexOf(NEWLINE, end - 1) !== -1;
    if (whole || length === size || length > 2 * MAX_RECORD) return tail;
  }
}

function after({ seq, hash }: { readonly seq: number; readonly hash: string }): ChainHead {
  return { seq: seq + 1, hash };
}

function sequenceOf(line: Buffer): number | undefined {
  try {
    const record = JSON.parse(line.toString('utf8')) as { v?: unknown; seq?: unknown };
    return record.v === 1 && typeof record.seq === 'number' && Number.isSafeInteger(record.seq) ? record.seq : undefined;
  } catch {
    return undefined;
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  const known: Record<string, string> = {
    ENOSPC: 'no space left on the device',
    EACCES: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOENT: 'the directory does not exist',
    EISDIR: 'it is a directory',
    EDQUOT: 'disk quota exceeded',
    EFBIG: 'the file may not grow any further',
  };
  return known[code ?? ''] ?? error.message;
}
