/**
 * Parses large statements in a worker thread: one at a time, with a deadline, a short queue, and a thread that is thrown away after a
 * failure, after some statements (the memory that WebAssembly has touched is returned only with it) and when nothing has come for a
 * while. A hostile statement can cost its own session a few seconds and this process nothing but a thread.
 */
import { Worker } from 'node:worker_threads';
import type { ParseTree } from '../../core/sql/parse/parser.ts';
import type { TextOutcome } from '../../core/sql/parse/wasm-parser.ts';

export type LargeOutcome = { readonly ok: true; readonly tree: ParseTree } | { readonly ok: false; readonly message: string };

export interface LargeParserOptions {
  /** Milliseconds for one statement, starting the thread included. */
  readonly deadline?: number;
  /** Statements that may wait. */
  readonly queue?: number;
  /** Statements after which the thread is replaced. */
  readonly statementsPerWorker?: number;
  /** Milliseconds without work after which the thread is ended. */
  readonly idle?: number;
  /** The worker's module; by default the one beside this file. */
  readonly worker?: URL;
}

interface Job {
  readonly sql: string;
  readonly resolve: (outcome: LargeOutcome) => void;
  readonly reject: (error: Error) => void;
}

export class LargeParser {
  readonly #options: Required<LargeParserOptions>;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #worker: Worker | undefined;
  #parsed = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LargeParserOptions = {}) {
    this.#options = { deadline: 5_000, queue: 16, statementsPerWorker: 20, idle: 10_000, worker: defaultWorker(), ...options };
  }

  /** A syntax error is `ok: false`. Rejects when it took too long, when too many are waiting, or after `close`. */
  parse(sql: string): Promise<LargeOutcome> {
    if (this.#closed) return Promise.reject(new Error('the parser is closed'));
    if (this.#waiting.length >= this.#options.queue)
      return Promise.reject(new Error('too many large statements are waiting to be parsed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sql, resolve, reject });
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
    this.#timer = setTimeout(
      () => this.#fail(new Error(`parsing took longer than ${this.#options.deadline} ms`)),
      this.#options.deadline,
    );
    (this.#worker ??= this.#start()).postMessage(job.sql);
  }

  #start(): Worker {
    this.#parsed = 0;
    const worker = new Worker(this.#options.worker, {
      // The stack is for deep trees, the heap for the JSON text; the C side has its own bound inside WebAssembly.
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 8 },
      stdout: false,
      stderr: false,
    });
    worker.unref();
    worker.on('message', (outcome: TextOutcome) => {
      if (worker === this.#worker) this.#answer(outcome);
    });
    worker.on('error', (error: unknown) => {
      if (worker === this.#worker) this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', () => {
      if (worker === this.#worker) this.#fail(new Error('the parser thread ended'));
    });
    return worker;
  }

  #answer(outcome: TextOutcome): undefined {
    const job = this.#current;
    if (job === undefined) return;
    if (!outcome.ok && outcome.reason === 'broken') return this.#fail(new Error(outcome.message));
    this.#current = undefined;
    this.#parsed += 1;
    if (this.#parsed >= this.#options.statementsPerWorker) void this.#discard();
    if (outcome.ok) job.resolve({ ok: true, tree: JSON.parse(outcome.json) as ParseTree });
    else job.resolve({ ok: false, message: outcome.message });
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
    await worker?.terminate();
  }
}

/** TypeScript runs as it is; a bundle has JavaScript beside it. */
function defaultWorker(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './parser-worker.js', import.meta.url);
}
