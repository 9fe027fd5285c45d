/**
 * Analyses large statements in a worker thread, so that the event loop and with it every other session goes on: one at a time,
 * with a deadline, a short queue, and a thread that is thrown away after a failure, after much work (the memory that WebAssembly
 * has touched is returned only with it) and when nothing has come for a while. A hostile statement can cost its own session a
 * few seconds and this process nothing but a thread.
 */
import { randomBytes } from 'node:crypto';
import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { CatalogData } from '../../core/catalog/model.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { AnalyseRequest, AnalyseResult } from '../../core/sql/plan.ts';
import type { SessionView } from '../../core/sql/session-state.ts';
import type { FromWorker, ToWorker } from './messages.ts';

export interface LargeAnalyserOptions {
  /** Milliseconds for one statement. */
  readonly deadline?: number;
  /** Milliseconds for a thread to start. */
  readonly start?: number;
  /** Statements that may wait. */
  readonly queue?: number;
  /** Statements, and bytes of them, after which the thread is replaced. */
  readonly statementsPerWorker?: number;
  readonly bytesPerWorker?: number;
  /** Milliseconds without work after which the thread is ended. */
  readonly idle?: number;
  /** The worker's module; by default the one beside this file. */
  readonly worker?: URL;
}

interface Job {
  readonly engine: SqlEngine;
  readonly message: Extract<ToWorker, { kind: 'analyse' }>;
  readonly resolve: (result: AnalyseResult) => void;
  readonly reject: (error: Error) => void;
}

const MIB = 1024 * 1024;

export class LargeAnalyser {
  readonly #options: Required<LargeAnalyserOptions>;
  readonly #waiting: Job[] = [];
  /** Catalogs as the worker wants them: made once, shared with every thread. */
  readonly #catalogs = new WeakMap<CatalogData, SharedArrayBuffer>();
  #current: Job | undefined;
  #worker: Worker | undefined;
  #ready = false;
  /** What the thread has been given. */
  #engine: SqlEngine | undefined;
  #statements = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LargeAnalyserOptions = {}) {
    this.#options = {
      deadline: 5_000,
      start: 10_000,
      queue: 16,
      statementsPerWorker: 500,
      bytesPerWorker: 4 * MIB,
      idle: 10_000,
      worker: defaultWorker(),
      ...options,
    };
  }

  /** As `analyseMessage`. Rejects when it took too long, when too many are waiting, or after `close`. */
  analyse(
    engine: SqlEngine,
    request: AnalyseRequest,
    session: SessionView,
    altered: ReadonlySet<number>,
  ): Promise<AnalyseResult> {
    if (this.#closed) return Promise.reject(new Error('the parser is closed'));
    if (this.#waiting.length >= this.#options.queue)
      return Promise.reject(new Error('too many large statements are waiting to be parsed'));
    const message: Job['message'] = {
      kind: 'analyse',
      request,
      session: travelling(session, request.sql),
      altered: [...altered],
    };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ engine, message, resolve, reject });
      this.#next();
    });
  }

  /** Ends the thread; what waits is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const jobs = this.#current === undefined ? this.#waiting.splice(0) : [this.#current, ...this.#waiting.splice(0)];
    this.#current = undefined;
    clearTimeout(this.#timer);
    for (const job of jobs) job.reject(new Error('the parser is closed'));
    await this.#discard();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    clearTimeout(this.#timer);
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#timer = setTimeout(() => void this.#discard(), this.#options.idle);
      this.#timer.unref();
      return;
    }
    this.#current = job;
    if (this.#worker === undefined) this.#start();
    else if (this.#ready) this.#begin(job);
  }

  #start(): void {
    this.#statements = 0;
    this.#bytes = 0;
    this.#ready = false;
    const worker = new Worker(this.#options.worker, {
      // The stack is for deep trees, the heap for trees; the C side has its own bound inside WebAssembly.
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16, stackSizeMb: 8 },
      stdout: false,
      stderr: false,
    });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (answer: FromWorker) => {
      if (worker === this.#worker) this.#answer(answer);
    });
    worker.on('error', (error: unknown) => {
      if (worker === this.#worker) this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', () => {
      if (worker === this.#worker) this.#fail(new Error('the parser thread ended'));
    });
    this.#limit(this.#options.start, 'starting the parser');
  }

  #limit(milliseconds: number, what: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(new Error(`${what} took longer than ${milliseconds} ms`)), milliseconds);
  }

  #begin(job: Job): void {
    const worker = this.#worker!;
    this.#limit(this.#options.deadline, 'parsing');
    if (this.#engine !== job.engine) {
      this.#engine = job.engine;
      const { catalog, bundle } = job.engine;
      post(worker, { kind: 'engine', catalog: this.#catalog(catalog.data), bundle, salt: randomBytes(6).toString('hex') });
    }
    post(worker, job.message);
  }

  #catalog(data: CatalogData): SharedArrayBuffer {
    let shared = this.#catalogs.get(data);
    if (shared === undefined) {
      const bytes = serialize(data);
      shared = new SharedArrayBuffer(bytes.length);
      new Uint8Array(shared).set(bytes);
      this.#catalogs.set(data, shared);
    }
    return shared;
  }

  #answer(answer: FromWorker): undefined {
    const job = this.#current;
    if (answer.kind === 'ready') {
      this.#ready = true;
      if (job !== undefined) this.#begin(job);
      return;
    }
    if (job === undefined) return;
    if (answer.kind === 'broken') return this.#fail(new Error('the statement ruined the parser'));
    this.#current = undefined;
    this.#statements += 1;
    this.#bytes += job.message.request.sql.length;
    if (this.#statements >= this.#options.statementsPerWorker || this.#bytes >= this.#options.bytesPerWorker)
      void this.#discard();
    job.resolve(answer.plans);
    this.#next();
  }

  /** The thread is of no use any more; whoever was being served is told why. */
  #fail(error: Error): undefined {
    const job = this.#current;
    this.#current = undefined;
    void this.#discard();
    job?.reject(error);
    this.#next();
  }

  async #discard(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#engine = undefined;
    await worker?.terminate();
  }
}

function post(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

/** More than these are not sent along: copying them would hold up the event loop. */
const MOST_NAMES = 200;
const RUNS_BY_NAME = /execute|fetch|move|close|deallocate|declare/i;

/** The session without what the statement cannot ask for. */
function travelling(session: SessionView, sql: Buffer): SessionView {
  const { searchPath, temporary, epoch } = session;
  const byName = session.prepared.size + session.cursors.size <= MOST_NAMES && RUNS_BY_NAME.test(sql.toString('latin1'));
  return {
    searchPath,
    temporary: new Map(temporary),
    epoch,
    prepared: byName ? new Map(session.prepared) : new Map(),
    cursors: byName ? new Map(session.cursors) : new Map(),
  };
}

/** TypeScript runs as it is; a bundle has JavaScript beside it. */
function defaultWorker(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './parser-worker.js', import.meta.url);
}
