/** The two threads that have the file of the embedded store open: one writes, one reads. A thread that ends takes the other with it. */
import { Worker } from 'node:worker_threads';
import { StoreConflictError, StoreUnavailableError } from '../../../core/audit/store.ts';
import type { Answers, Failure, FromThread, Request, ThreadData } from './embedded-messages.ts';

type Role = ThreadData['role'];
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type Call = WithoutId<Request>;

/** The file is not what it was written as. */
export class StoreDamagedError extends Error {
  override readonly name = 'StoreDamagedError';
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

export class EmbeddedSession {
  readonly #threads: Readonly<Record<Role, Thread>>;
  readonly #onEnd: () => void;
  readonly #onRemoved: (records: number) => void;
  #next = 1;
  #ended: Error | undefined;

  private constructor(threads: Record<Role, Thread>, onEnd: () => void, onRemoved: (records: number) => void) {
    this.#threads = threads;
    this.#onEnd = onEnd;
    this.#onRemoved = onRemoved;
    for (const thread of Object.values(threads)) {
      thread.worker.on('message', (message: FromThread) => this.#received(thread, message));
      thread.worker.on('error', (error: unknown) =>
        this.#over(unavailable(`a thread of the audit store failed: ${String(error)}`)),
      );
      thread.worker.on('exit', () => this.#over(unavailable('a thread of the audit store ended')));
    }
  }

  /** @throws StoreDamagedError, StoreUnavailableError */
  static async open(
    data: Omit<ThreadData, 'role'>,
    onEnd: () => void,
    onRemoved: (records: number) => void,
  ): Promise<EmbeddedSession> {
    const writer = await startThread({ ...data, role: 'writer' });
    try {
      const reader = await startThread({ ...data, role: 'reader' });
      return new EmbeddedSession({ writer: thread(writer), reader: thread(reader) }, onEnd, onRemoved);
    } catch (error) {
      await writer.terminate();
      throw error;
    }
  }

  /** @throws StoreConflictError, StoreUnavailableError, StoreDamagedError */
  call<C extends Call>(role: Role, call: C): Promise<Answers[C['call']]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const { worker, pending } = this.#threads[role];
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      // The process lives for as long as somebody waits.
      if (pending.size === 0) worker.ref();
      pending.set(id, { resolve, reject });
      worker.postMessage({ ...call, id });
    });
  }

  /** What was asked is answered before. */
  async close(): Promise<void> {
    // The last that closes the file takes the log into it.
    await this.call('reader', { call: 'close' }).catch(() => {});
    await this.call('writer', { call: 'close' }).catch(() => {});
    await this.terminate();
  }

  async terminate(): Promise<void> {
    this.#over(unavailable('the audit store is closed'));
    await Promise.all(Object.values(this.#threads).map(({ worker }) => worker.terminate()));
  }

  #received({ worker, pending }: Thread, message: FromThread): void {
    if (message.kind === 'removed') this.#onRemoved(message.records);
    if (message.kind !== 'answer' && message.kind !== 'failure') return;
    const caller = pending.get(message.id);
    pending.delete(message.id);
    if (pending.size === 0) worker.unref();
    if (message.kind === 'answer') caller?.resolve(message.value as never);
    else caller?.reject(errorOf(message.failure));
  }

  #over(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const { pending } of Object.values(this.#threads)) {
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    }
    this.#onEnd();
    for (const { worker } of Object.values(this.#threads)) void worker.terminate();
  }
}

function thread(worker: Worker): Thread {
  return { worker, pending: new Map() };
}

async function startThread(workerData: ThreadData): Promise<Worker> {
  const worker = new Worker(moduleOfThread(), { workerData, resourceLimits: { maxOldGenerationSizeMb: 256 } });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onMessage = (message: FromThread): void => (message.kind === 'unopened' ? reject(errorOf(message.failure)) : resolve());
  const onError = (error: unknown): void => reject(unavailable(`a thread of the audit store failed: ${String(error)}`));
  const onExit = (): void => reject(unavailable('a thread of the audit store ended'));
  worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  try {
    await promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  } finally {
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
  }
  worker.unref();
  return worker;
}

/** TypeScript runs as it is; a bundle has JavaScript beside it. */
function moduleOfThread(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './embedded-thread.ts' : './audit-store-thread.js', import.meta.url);
}

function errorOf(failure: Failure): Error {
  if (failure.kind === 'conflict') return new StoreConflictError(failure.chain, failure.seq);
  if (failure.kind === 'damaged') return new StoreDamagedError(failure.reason);
  return unavailable(failure.reason);
}

function unavailable(reason: string): StoreUnavailableError {
  return new StoreUnavailableError(reason);
}
