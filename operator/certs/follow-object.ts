/**
 * Keeps an eye on one object of the API: looks when a watch says that it has changed, every few seconds in case the watch has missed something,
 * and when asked. A watch event only means "look": a read is never older than the read before it, an event may be.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi, ObjectRef, Resource } from '../api/kube-api.ts';
import { pause } from '../watch/backoff.ts';

export interface FollowOptions {
  readonly api: KubeApi;
  readonly resource: Resource;
  readonly ref: ObjectRef;
  /** Reads the object and acts on it; the answer is the resourceVersion that was read. May reject: logged, and tried again. */
  readonly look: (signal: AbortSignal) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds, 10 s. */
  readonly pollEvery?: number | undefined;
}

export interface Follower {
  /** Resolves when it has been looked at once more. Never rejects. */
  look(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const POLL_EVERY = 10_000;
const RETRY_AFTER = 1000;
const WATCH_SECONDS = 240;

export function followObject(options: FollowOptions): Follower {
  return new ObjectFollower(options);
}

class ObjectFollower implements Follower {
  readonly #options: FollowOptions;
  readonly #stopped = new AbortController();
  readonly #where: { readonly object: string };
  #version: string | undefined;
  /** Of the last look. */
  #failure: string | undefined;
  #looking: Promise<void> = Promise.resolve();
  #following: Promise<void> | undefined;
  #cancelPoll: () => void = () => {};

  constructor(options: FollowOptions) {
    this.#options = options;
    const { resource, ref } = options;
    this.#where = { object: [resource.kind, ref.namespace, ref.name].filter((part) => part !== undefined).join('/') };
  }

  start(): void {
    if (this.#following !== undefined) return;
    this.#following = this.#follow();
    this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelPoll();
    await this.#following;
    await this.#looking;
  }

  /** One look after another. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      const { signal } = this.#stopped;
      if (signal.aborted) return;
      try {
        this.#version = await this.#options.look(signal);
        if (this.#failure !== undefined) this.#options.log.info(this.#where, 'object-read-again');
        this.#failure = undefined;
      } catch (error) {
        this.#version = undefined;
        if (!signal.aborted) this.#failed(reasonOf(error));
      }
    });
    return this.#looking;
  }

  /** Tried every second: said when it begins, and when the reason is another one. */
  #failed(reason: string): void {
    const level = reason === this.#failure ? 'debug' : 'warn';
    this.#failure = reason;
    this.#options.log[level]({ ...this.#where, reason }, 'object-not-read-or-written');
  }

  #poll(): void {
    this.#cancelPoll = this.#options.clock.after(this.#options.pollEvery ?? POLL_EVERY, () => {
      void this.look().then(() => this.#stopped.signal.aborted || this.#poll());
    });
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.look();
      try {
        await this.#watch();
      } catch (error) {
        if (!signal.aborted) this.#options.log.debug({ ...this.#where, reason: reasonOf(error) }, 'watch-ended');
      }
      await pause(this.#options.clock, RETRY_AFTER, signal);
    }
  }

  async #watch(): Promise<void> {
    const { api, resource, ref } = this.#options;
    if (this.#version === undefined) return;
    const events = api.watch(resource, {
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      fieldSelector: `metadata.name=${ref.name}`,
      resourceVersion: this.#version,
      timeoutSeconds: WATCH_SECONDS,
      signal: this.#stopped.signal,
    });
    for await (const { type } of events) {
      if (type === 'ERROR') return;
      if (type !== 'BOOKMARK') await this.look();
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
