/** A reconciler behind a work queue: one key is never worked on twice at a time, failures come again with backoff. */

export interface Controller {
  /** Soon; a key that waits already is not added twice, one in work comes again afterwards. */
  enqueue(key: string): void;
  enqueueAfter(key: string, milliseconds: number): void;
  start(): void;
  /** Resolves when what is in work has ended. */
  stop(): Promise<void>;
}

/** Throwing means: again, with backoff. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<{ readonly requeueAfterMs?: number } | undefined>;

/** Trying again would not help: the object must change first. */
export class TerminalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TerminalError';
  }
}
