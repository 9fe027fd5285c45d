/**
 * What one chunk of client bytes led to: kept until its audit intents are durable, then written at once. When they cannot be,
 * everything since the first of them is taken back and refused (SLUICE-701), and the session lives on.
 */
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { SessionCore } from './core.ts';
import type { Expected, NewExpected } from './pipeline.ts';

export interface BatchOptions {
  readonly core: SessionCore;
  /** To the server. */
  readonly send: (buffers: readonly Buffer[]) => void;
  /** Adds refusals of all that was taken back to `out`; true when the last series has no Sync yet. */
  readonly refuse: (reason: Denial, taken: readonly Expected[], out: Buffer[]) => boolean;
  /** The journal has taken its time, and answered. */
  readonly committed: () => void;
}

export class Batch {
  readonly #options: BatchOptions;
  #out: Buffer[] = [];
  /** Where in #out the message of the first intent begins; -1: no intent yet. */
  #mark = -1;
  /** What was expected since the mark. */
  #marked: Expected[] = [];
  #committing = false;
  /** What must go behind what is being committed. */
  #deferred: (() => void)[] = [];

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /** The journal is being waited for. */
  get committing(): boolean {
    return this.#committing;
  }

  add(bytes: Buffer): void {
    this.#out.push(bytes);
  }

  expect(entry: NewExpected): Expected {
    const added = this.#options.core.pipeline.push(entry);
    if (this.#mark >= 0) this.#marked.push(added);
    return added;
  }

  /** An intent: from the current message on, nothing is sent without it. `flush` adds what came before that message. */
  mark(flush: () => void): void {
    if (this.#mark >= 0) return;
    flush();
    this.#mark = this.#out.length;
  }

  /** Behind what is being committed, or at once. */
  behind(action: () => void): void {
    if (this.#committing) this.#deferred.push(action);
    else action();
  }

  commit(): void {
    const { core, committed } = this.#options;
    if (!core.audit.hasIntents) {
      core.audit.flush();
      this.#write();
      return;
    }
    let promise: void | Promise<void>;
    try {
      promise = core.audit.commit();
    } catch (error) {
      this.#takeBack(error);
      return;
    }
    if (promise === undefined) {
      this.#write();
      return;
    }
    this.#committing = true;
    promise
      .then(
        () => this.#write(),
        (error: unknown) => this.#takeBack(error),
      )
      .then(() => {
        this.#committing = false;
        for (const action of this.#deferred.splice(0)) action();
        committed();
      })
      .catch((error: unknown) => core.fault(error));
  }

  #write(): void {
    const out = this.#out;
    this.#out = [];
    this.#mark = -1;
    this.#marked = [];
    if (out.length > 0) this.#options.send(out);
  }

  /** Nothing since the first intent is sent; each series and query in it is refused. */
  #takeBack(error: unknown): void {
    const { core, refuse } = this.#options;
    const reason = denial('SLUICE-701', 'the audit record cannot be written, so the statement was not run', {
      detail: error instanceof Error ? error.message : 'The journal failed.',
      hint: 'Try again later; the platform team is told by the metrics of the sidecar.',
    });
    const kept = this.#out.slice(0, Math.max(this.#mark, 0));
    const taken = this.#marked;
    this.#out = kept;
    this.#marked = [];
    this.#mark = -1;
    // Some may be gone already: an earlier error of this series skips them, sent or not.
    const alive = taken.filter((entry) => core.pipeline.has(entry));
    core.pipeline.retract(new Set(alive));
    for (const entry of alive) entry.abandoned?.();
    const open = refuse(reason, alive, kept);
    core.skipping = open || (core.skipping && alive.length === 0);
    this.#write();
  }
}
