/**
 * The store that needs nothing: one SQLite file in the operator's volume. An append is durable (in the WAL, with fsync) when it resolves. A file
 * that turns out to be damaged is put aside under another name and said, never emptied or mended: what other replicas hold is copied again.
 */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { bound } from '../../../core/audit/facts.ts';
import {
  type AuditStore,
  type ChainBatch,
  type ChainEnding,
  type ChainStanding,
  type ExportMarks,
  type RecordFilter,
  type StoredChain,
  type StoredLine,
  StoreUnavailableError,
} from '../../../core/audit/store.ts';
import type { EventLog } from '../../../core/event-log.ts';
import type { Clock } from '../../../sidecar/bundle/clock.ts';
import { checkedBatch } from './batches.ts';
import type { Answers, ThreadData } from './embedded-messages.ts';
import type { Page, Position } from './embedded-reader.ts';
import { type Call, EmbeddedSession, StoreDamagedError } from './embedded-session.ts';

export interface EmbeddedStoreOptions {
  /** Made if it is not there. The file in it is `audit.db`. */
  readonly directory: string;
  /** Bytes of the file. */
  readonly size: number;
  /** RemoveOldest: room is made for new records. Refuse: they are refused until somebody makes room. */
  readonly whenFull: ThreadData['whenFull'];
  readonly clock: Pick<Clock, 'now'>;
  readonly log: EventLog;
  /** Records were removed because the file was full. */
  readonly onRemoved?: (records: number) => void;
}

/** Characters of lines that may wait for the disk; more are refused for now. */
const WAITING = 64 * 1024 * 1024;
const PRUNED_AT_ONCE = 500;

export class EmbeddedStore implements AuditStore, ExportMarks {
  readonly #options: EmbeddedStoreOptions;
  readonly #file: string;
  #session: Promise<EmbeddedSession> | undefined;
  #puttingAside: Promise<void> = Promise.resolve();
  /** Whose file has been put aside. */
  readonly #aside = new WeakSet<EmbeddedSession>();
  #waiting = 0;
  #closed = false;

  constructor(options: EmbeddedStoreOptions) {
    this.#options = options;
    this.#file = join(options.directory, 'audit.db');
  }

  /** Rejects with StoreUnavailableError where the file cannot be opened now. Not needed: whatever is called opens it. */
  async open(): Promise<void> {
    await this.#opened();
  }

  async append(batch: ChainBatch): Promise<void> {
    const checked = checkedBatch(batch);
    const received = batch.received === undefined ? this.#options.clock.now() * 1000 : bound(batch.received);
    const characters = checked.lines.reduce((sum, line) => sum + line.length, 0);
    if (this.#waiting > 0 && this.#waiting + characters > WAITING)
      throw new StoreUnavailableError('too many records wait for the disk of the audit store');
    this.#waiting += characters;
    try {
      await this.#call('writer', { call: 'append', batch: { batch: checked, received } });
    } finally {
      this.#waiting -= characters;
    }
  }

  ending(chain: string): Promise<ChainEnding | undefined> {
    return this.#call('reader', { call: 'ending', chain });
  }

  standing(chain: string, from: number): Promise<ChainStanding | undefined> {
    return this.#call('reader', { call: 'standing', chain, from });
  }

  chains(filter: RecordFilter = {}): AsyncIterable<StoredChain> {
    return this.#pages<StoredChain, number>((after = 0) =>
      this.#call('reader', { call: 'chains', filter: checkedFilter(filter), after }),
    );
  }

  lines(chain: string, from = 0): AsyncIterable<StoredLine> {
    return this.#pages<StoredLine, number>((next = from) => this.#call('reader', { call: 'lines', chain, from: next }));
  }

  records(filter: RecordFilter): AsyncIterable<StoredLine> {
    return this.#pages<StoredLine, Position>((after) =>
      this.#call('reader', { call: 'records', filter: checkedFilter(filter), after }),
    );
  }

  async prune(before: string): Promise<number> {
    const time = bound(before);
    let all = 0;
    for (;;) {
      const removed = await this.#call('writer', { call: 'prune', before: time, most: PRUNED_AT_ONCE });
      if (removed === 0) return all;
      all += removed;
    }
  }

  /** Bytes of the file that are in use. */
  used(): Promise<number> {
    return this.#call('writer', { call: 'used' });
  }

  /** Up to where (seq) somebody else has been told of each chain. */
  exported(consumer: string): Promise<Readonly<Record<string, number>>> {
    return this.#call('reader', { call: 'exported', consumer });
  }

  /** Never goes back. */
  async setExported(consumer: string, marks: Readonly<Record<string, number>>): Promise<void> {
    await this.#call('writer', { call: 'set-exported', consumer, marks });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const session = await this.#session?.catch(() => undefined);
    await session?.close();
    await this.#puttingAside;
  }

  async *#pages<T, C>(page: (from: C | undefined) => Promise<Page<T, C>>): AsyncGenerator<T, undefined> {
    let from: C | undefined;
    do {
      const { items, next } = await page(from);
      yield* items;
      from = next;
    } while (from !== undefined);
  }

  async #call<C extends Call>(role: ThreadData['role'], call: C): Promise<Answers[C['call']]> {
    const session = await this.#opened();
    try {
      return await session.call(role, call);
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      await this.#putAside(error, session);
      throw new StoreUnavailableError(`the file of the audit store was damaged and has been put aside: ${error.message}`);
    }
  }

  #opened(): Promise<EmbeddedSession> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('the audit store is closed'));
    if (this.#session === undefined) {
      const opening = this.#open();
      this.#session = opening;
      opening.catch(() => {
        if (this.#session === opening) this.#session = undefined;
      });
    }
    return this.#session;
  }

  async #open(): Promise<EmbeddedSession> {
    await this.#puttingAside;
    const { directory, size, whenFull } = this.#options;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new StoreUnavailableError(`the directory of the audit store cannot be made: ${(error as Error).message}`);
    }
    try {
      return await this.#start({ file: this.#file, size, whenFull });
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      await this.#putAside(error);
      return await this.#start({ file: this.#file, size, whenFull }).catch((again: Error) => {
        throw again instanceof StoreUnavailableError ? again : new StoreUnavailableError(again.message);
      });
    }
  }

  async #start(data: Omit<ThreadData, 'role'>): Promise<EmbeddedSession> {
    let opened: EmbeddedSession | undefined;
    const ended = (): void => {
      void this.#session?.then(
        (session) => {
          if (session === opened) this.#session = undefined;
        },
        () => {},
      );
    };
    opened = await EmbeddedSession.open(data, ended, (records) => {
      this.#options.log('warn', 'audit-store-full', { records, size: data.size });
      this.#options.onRemoved?.(records);
    });
    return opened;
  }

  /** Once for each session, whoever found it. */
  #putAside(error: StoreDamagedError, session?: EmbeddedSession): Promise<void> {
    if (session !== undefined && this.#aside.has(session)) return this.#puttingAside;
    if (session !== undefined) this.#aside.add(session);
    const work = this.#puttingAside.then(async () => {
      await session?.terminate();
      const name = `${this.#file}.damaged-${new Date(this.#options.clock.now()).toISOString().replaceAll(':', '')}`;
      // The file last: while it is under its own name, nothing new is begun beside it.
      for (const suffix of ['-wal', '-shm', '']) await rename(`${this.#file}${suffix}`, `${name}${suffix}`).catch(ignoreAbsent);
      this.#options.log('error', 'audit-store-damaged', { reason: error.message, kept: name });
    });
    this.#puttingAside = work.catch(() => {});
    return work.catch((failed: Error) => {
      throw new StoreUnavailableError(`the damaged file of the audit store cannot be put aside: ${failed.message}`);
    });
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Only what a thread can be sent. @throws RangeError where a time is none */
function checkedFilter(filter: RecordFilter): RecordFilter {
  if (filter.from !== undefined) bound(filter.from);
  if (filter.to !== undefined) bound(filter.to);
  return structuredClone(filter);
}
