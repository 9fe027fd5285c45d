/**
 * List, watch, bookmarks, and again. One loop does it, so that never more than one list or watch is under way:
 *
 *   list ──► watch from its version ──► ended: continue from the last version seen, after a jittered wait
 *    ▲                                   │
 *    └── version expired, refused thrice, or drift found ◄┘
 *
 * Beside it a comparison runs every ten minutes: the collection is listed while the watch goes on, and what differs and is not mended by the
 * watch within a while has been missed. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { statusError } from '../api/answers.ts';
import type { KubeApi, KubeObject, Resource, WatchEvent } from '../api/kube-api.ts';
import { type Backoff, fullJitter, pause } from './backoff.ts';
import { type ComparisonOutcome, compare, Touched } from './comparison.ts';
import { CLOSED, type Ending, endingOf } from './ending.ts';
import type { Change, Informer } from './informer.ts';
import { listAll, type Selection } from './paged-list.ts';
import { keyOf, Store } from './store.ts';
import { type RelistReason, SILENT_WATCH, type WatchTelemetry } from './telemetry.ts';

export interface InformerOptions<T extends KubeObject> extends Selection {
  readonly api: KubeApi;
  readonly resource: Resource;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly telemetry?: WatchTelemetry;
  readonly clock?: Clock;
  /** Between 0 and 1. */
  readonly random?: () => number;
  /** Makes smaller what is kept. managedFields are left out before. */
  readonly transform?: (object: T) => T;
  readonly pageSize?: number;
  /** Milliseconds between comparisons, about: 10 minutes. */
  readonly comparePeriod?: number;
  /** How long the watch may lag behind a list before that counts as missed. Milliseconds, 10 s. */
  readonly compareGrace?: number;
}

/** A watch that lasted so long, or told something, was a good one: the next failure starts with short waits again. Milliseconds. */
const GOOD_WATCH = 5_000;
/** Refusals in a row, without an event in between, until the version is given up. */
const REFUSALS = 3;
/** Comparisons in a row during which the watch broke, until there is a whole list instead. */
const UNJUDGED = 3;

export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  return new ListWatch(options);
}

class ListWatch<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #options: InformerOptions<T>;
  readonly #selection: Selection;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #telemetry: WatchTelemetry;
  readonly #store = new Store<T>();
  readonly #touched = new Touched();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #backoff: Backoff;
  readonly #what: string;
  #resolveSynced: () => void = () => {};
  #hasSynced = false;
  /** Of the run that may still speak: what an earlier one delivers late is dropped. */
  #generation = 0;
  #stopping: AbortController | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** The watch that is open. */
  #watch: AbortController | undefined;
  #contacts = 0;
  #relistWanted: RelistReason | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    const { namespace, labelSelector, fieldSelector, resource } = options;
    this.#selection = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#telemetry = options.telemetry ?? SILENT_WATCH;
    this.#backoff = fullJitter(this.#random);
    this.#what = namespace === undefined ? resource.plural : `${resource.plural} of ${namespace}`;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(namespace, name);
  }

  list(): readonly T[] {
    return this.#store.list();
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new AbortController();
    this.#generation += 1;
    this.#relistWanted = 'start';
    const { signal } = this.#stopping;
    this.#running = Promise.all([this.#follow(this.#generation, signal), this.#compareNowAndThen(signal)]);
  }

  async stop(): Promise<void> {
    this.#generation += 1;
    this.#stopping?.abort();
    await this.#running;
    this.#stopping = undefined;
  }

  async #follow(generation: number, signal: AbortSignal): Promise<void> {
    let version = '';
    let refusals = 0;
    while (!signal.aborted) {
      let wait = 0;
      const began = this.#clock.monotonic();
      let ending: Ending;
      if (this.#relistWanted !== undefined) {
        const why = this.#relistWanted;
        const listed = await this.#relist(generation, signal);
        if (signal.aborted) return;
        if (typeof listed === 'string') {
          version = listed;
          refusals = 0;
          this.#relistWanted = undefined;
          this.#telemetry.relisted(why);
          continue;
        }
        ending = listed;
        this.#telemetry.listFailed(ending.reason);
        wait = this.#backoff.next();
      } else {
        const watched = await this.#watchFrom(version, generation, signal);
        if (signal.aborted) return;
        ending = watched.ending;
        const wanted = this.#relistWanted as RelistReason | undefined;
        this.#telemetry.ended(wanted === undefined ? ending.reason : 'relist');
        if (wanted !== undefined) continue;
        const good = this.#clock.monotonic() - began >= GOOD_WATCH;
        const progressed = watched.version !== version;
        if (good || progressed) this.#backoff.reset();
        refusals = progressed ? 0 : refusals + (ending.answered ? 1 : 0);
        version = watched.version;
        if (ending.expired) this.#relistWanted = 'expired';
        else if (refusals >= REFUSALS) this.#relistWanted = 'stuck';
        // Neither the end of its time nor an expired version is a failure, unless they come again and again.
        wait = good && (ending.reason === 'closed' || ending.expired) ? 0 : this.#backoff.next();
      }
      if (ending.retryAfterMs !== undefined) wait = Math.max(wait, ending.retryAfterMs + this.#random() * 1_000);
      if (wait > 0) await pause(this.#clock, wait, signal);
    }
  }

  /** The version to watch from, or why there is none. */
  async #relist(generation: number, signal: AbortSignal): Promise<string | Ending> {
    const { api, resource, pageSize = 500 } = this.#options;
    let objects: T[] = [];
    try {
      const version = await listAll<T>(api, resource, this.#selection, pageSize, signal, (items, first) => {
        if (first) objects = [];
        for (const item of items) objects.push(this.#slim(item));
        this.#telemetry.contact();
      });
      if (generation !== this.#generation) return CLOSED;
      this.#touched.all();
      this.#publish(this.#store.replace(objects));
      this.#hasSynced = true;
      this.#resolveSynced();
      return version;
    } catch (error) {
      if (!signal.aborted) this.#options.log.warn({ watch: this.#what, err: error }, 'list-failed');
      return endingOf(error);
    }
  }

  /** Until it ends. Answers the last version that was seen. */
  async #watchFrom(from: string, generation: number, signal: AbortSignal): Promise<{ version: string; ending: Ending }> {
    const { api, resource, log } = this.#options;
    const watch = new AbortController();
    const end = (): void => watch.abort();
    signal.addEventListener('abort', end, { once: true });
    this.#watch = watch;
    let version = from;
    try {
      // client-go asks for 5 to 10 minutes; shorter, because a half-open connection is noticed at the latest then.
      const timeoutSeconds = 240 + Math.floor(this.#random() * 60);
      const watching = { ...this.#selection, resourceVersion: from, timeoutSeconds, signal: watch.signal };
      for await (const event of api.watch<T>(resource, watching)) {
        if (generation !== this.#generation || watch.signal.aborted) break;
        this.#telemetry.contact();
        this.#contacts += 1;
        if (event.type === 'ERROR') throw statusError(event.object);
        this.#take(event);
        version = event.object.metadata.resourceVersion ?? version;
      }
      return { version, ending: CLOSED };
    } catch (error) {
      const ending = endingOf(error);
      if (!watch.signal.aborted) log.info({ watch: this.#what, reason: ending.reason, err: error }, 'watch-ended');
      return { version, ending };
    } finally {
      this.#watch = undefined;
      signal.removeEventListener('abort', end);
      watch.abort();
    }
  }

  #take(event: Exclude<WatchEvent<T>, { readonly type: 'ERROR' }>): void {
    if (event.type === 'BOOKMARK') return;
    const object = this.#slim(event.object);
    this.#touched.add(keyOf(object));
    this.#publish(event.type === 'DELETED' ? this.#store.remove(object) : this.#store.put(object));
  }

  async #compareNowAndThen(signal: AbortSignal): Promise<void> {
    const { comparePeriod = 600_000 } = this.#options;
    let unjudged = 0;
    while (!signal.aborted) {
      // After an inconclusive one the next comes sooner.
      const period = unjudged > 0 ? comparePeriod / 10 : comparePeriod;
      await pause(this.#clock, period * (0.8 + this.#random() * 0.4), signal);
      if (signal.aborted) return;
      const outcome = await this.#compareOnce(signal);
      if (signal.aborted) return;
      unjudged = outcome === 'unjudged' ? unjudged + 1 : 0;
      if (outcome === 'drift' || outcome === 'silent') this.#relistNow(outcome);
      if (unjudged >= UNJUDGED) {
        unjudged = 0;
        this.#relistNow('unjudged');
      }
    }
  }

  async #compareOnce(signal: AbortSignal): Promise<ComparisonOutcome['verdict']> {
    const { api, resource, pageSize = 500, compareGrace = 10_000, log } = this.#options;
    const watch = this.#watch;
    if (watch === undefined) return 'unjudged';
    const outcome = await compare({
      list: (keep) => listAll<T>(api, resource, this.#selection, pageSize, signal, keep),
      states: () => this.#store.states(),
      touched: this.#touched,
      undisturbed: () => this.#watch === watch && !signal.aborted,
      grace: () => pause(this.#clock, compareGrace / 2, signal),
      contacts: () => this.#contacts,
    });
    if (outcome.verdict !== 'unjudged') this.#telemetry.compared();
    if (outcome.verdict === 'drift') {
      this.#telemetry.drifted(outcome.missed.length);
      log.error({ watch: this.#what, missed: outcome.missed.length, some: outcome.missed.slice(0, 10) }, 'watch-missed-changes');
    }
    return outcome.verdict;
  }

  #relistNow(reason: RelistReason): void {
    this.#relistWanted ??= reason;
    this.#watch?.abort();
  }

  #slim(object: T): T {
    const { transform, log } = this.#options;
    const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & { readonly managedFields?: unknown };
    const slim: T = { ...object, metadata };
    if (transform === undefined) return slim;
    try {
      return transform(slim);
    } catch (error) {
      this.#telemetry.handlerFailed();
      log.error({ watch: this.#what, err: error }, 'transform-failed');
      return slim;
    }
  }

  #publish(changes: readonly Change<T>[]): void {
    this.#telemetry.objects(this.#store.size);
    for (const change of changes) {
      for (const listener of this.#listeners) this.#call(listener, change);
    }
  }

  #call(listener: (change: Change<T>) => unknown, change: Change<T>): void {
    const failed = (error: unknown): void => {
      this.#telemetry.handlerFailed();
      this.#options.log.error({ watch: this.#what, err: error }, 'handler-failed');
    };
    try {
      // An asynchronous one is not waited for, but must not end the process either.
      const answer = listener(change);
      if (answer instanceof Promise) answer.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
