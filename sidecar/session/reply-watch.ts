/**
 * Notices a server that is there no more although its connection is: something in between still acknowledges what we send, and
 * nothing comes back. Only where the policy limits how long a statement may take can silence be told from work: the server
 * enforces that limit itself, so when it stays silent for the limit of everything it owes and a good while longer, it is given
 * up. COMMIT and Sync have no such limit (deferred triggers, standbys that must confirm), nor has a COPY that waits for its client.
 */
import type { SessionCore } from './core.ts';

export interface ReplyWatchOptions {
  readonly core: SessionCore;
  /** Milliseconds beyond what the statements may take. */
  readonly grace: number;
  /** False while we do not read, because the client does not. */
  readonly reading: () => boolean;
  readonly silent: () => void;
}

export class ReplyWatch {
  readonly #options: ReplyWatchOptions;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ReplyWatchOptions) {
    this.#options = options;
  }

  /** Something came from the server. */
  heard(): void {
    this.#since = performance.now();
  }

  /** Something went to the server. */
  sent(): void {
    if (this.#timer !== undefined || this.#limit() === undefined) return;
    this.#since = performance.now();
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const limit = this.#limit();
    const left = limit === undefined ? 0 : limit - (performance.now() - this.#since);
    this.#timer = setTimeout(() => this.#look(), Math.max(left, 100));
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const limit = this.#limit();
    if (limit === undefined) return;
    if (!this.#options.reading()) this.#since = performance.now();
    if (performance.now() - this.#since >= limit) this.#options.silent();
    else this.#arm();
  }

  /** Milliseconds of silence that are too many for what is owed now; undefined: any silence is fine. */
  #limit(): number | undefined {
    const { core, grace } = this.#options;
    const timeout = core.engine?.bundle.limits.statementTimeout;
    const { head } = core.pipeline;
    if (timeout === undefined || head === undefined || core.copyIn === 'active') return undefined;
    if (head.kind === 'sync' || head.ends) return undefined;
    // What belongs to one execution (Parse, Bind, our own counts around it) shares its limit.
    let statements = 0;
    for (const { pieces } of core.pipeline) for (const piece of pieces ?? []) if (piece.role === 'client') statements += 1;
    return timeout * Math.max(1, statements) + grace;
  }
}
