/**
 * Keys that wait for work, after client-go's workqueue: `dirty` needs work, `processing` is in work. A key that is added while it waits is
 * there once; one that is added while it is in work comes again afterwards, and not before. So no key is ever worked on twice at a time, and
 * no change goes unnoticed. https://pkg.go.dev/k8s.io/client-go/util/workqueue
 */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { FailureBackoff, TokenBucket } from './rate-limit.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Called when there is something to take that was not there before. */
  readonly onReady: () => void;
  readonly backoff?: FailureBackoff;
  readonly bucket?: TokenBucket;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #backoff: FailureBackoff;
  readonly #bucket: TokenBucket;
  /** In the order in which they came. */
  readonly #waiting = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #later = new Map<string, { readonly due: number; readonly cancel: () => void }>();
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#onReady = options.onReady;
    this.#backoff = options.backoff ?? new FailureBackoff();
    this.#bucket = options.bucket ?? new TokenBucket(options.clock);
  }

  /** Keys that could be taken now. */
  get depth(): number {
    return this.#waiting.size;
  }

  get inWork(): number {
    return this.#processing.size;
  }

  /** Says whether it was not to be worked on anyway. */
  add(key: string): boolean {
    if (this.#closed || this.#dirty.has(key)) return false;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) {
      this.#waiting.add(key);
      this.#onReady();
    }
    return true;
  }

  /** Of several times the earliest counts. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    if (milliseconds <= 0) return void this.add(key);
    const due = this.#clock.monotonic() + milliseconds;
    const other = this.#later.get(key);
    if (other !== undefined && other.due <= due) return;
    other?.cancel();
    const cancel = this.#clock.after(milliseconds, () => {
      this.#later.delete(key);
      // The timers of a process fire early for what is longer than they can count (24 days).
      this.addAfter(key, Math.ceil(due - this.#clock.monotonic()));
    });
    this.#later.set(key, { due, cancel });
  }

  /** After a failure: later each time, and never more than the bucket allows over all keys. Answers when. */
  addFailed(key: string, atLeast = 0): number {
    const wait = Math.max(this.#backoff.next(key), this.#bucket.reserve(), atLeast);
    this.addAfter(key, wait);
    return wait;
  }

  /** It went well: the next failure is a first one. */
  forget(key: string): void {
    this.#backoff.forget(key);
  }

  /** The next key, now in work until `done`. */
  take(): string | undefined {
    if (this.#closed) return undefined;
    const { value: key, done } = this.#waiting.values().next();
    if (done) return undefined;
    this.#waiting.delete(key);
    this.#dirty.delete(key);
    this.#processing.add(key);
    return key;
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key) && !this.#closed) {
      this.#waiting.add(key);
      this.#onReady();
    }
    if (this.#processing.size === 0) this.#drained?.();
  }

  /** Nothing is taken or added any more. Resolves when what is in work is done. */
  close(): Promise<void> {
    this.#closed = true;
    for (const { cancel } of this.#later.values()) cancel();
    this.#later.clear();
    this.#waiting.clear();
    this.#dirty.clear();
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }
}
