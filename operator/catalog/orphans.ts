/**
 * What was published of a Database outlives it for an hour: one that is deleted and created again (by whoever keeps it in git) keeps what was
 * found in it. Then it goes.
 */
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, CONFIG_MAPS, type KubeApi } from '../api/kube-api.ts';
import { CONTENT_LABEL, type ConfigMap, DATABASE_LABEL } from '../materials/published.ts';

export interface OrphansOptions {
  readonly api: KubeApi;
  /** The operator's own. */
  readonly namespace: string;
  readonly clock: Clock;
  /** `namespace/name`: whether there is such a Database, readable or not. */
  readonly exists: (database: string) => boolean;
  readonly log: EventLog;
  /** Milliseconds: between looks, and how long an orphan is kept. */
  readonly times?: { readonly period: number; readonly keep: number };
}

const TIMES = { period: 600_000, keep: 3_600_000 };
const SELECTOR = `${CONTENT_LABEL} in (findings,catalog)`;
const PAGE = 20;

export class Orphans {
  readonly #options: OrphansOptions;
  /** Name of the ConfigMap → monotonic milliseconds when it was seen alone first. */
  readonly #since = new Map<string, number>();
  #cancel: () => void = () => undefined;
  #looking: Promise<void> | undefined;
  #abort = new AbortController();

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  start(): void {
    this.#abort = new AbortController();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#abort.abort();
    await this.#looking;
    this.#since.clear();
  }

  #schedule(): void {
    const { clock, times = TIMES } = this.#options;
    this.#cancel = clock.after(times.period, () => {
      this.#looking = this.#look(this.#abort.signal)
        .catch((error: Error) => {
          if (!this.#abort.signal.aborted) this.#options.log('warn', 'orphans-not-looked-for', { reason: error.message });
        })
        .finally(() => {
          if (!this.#abort.signal.aborted) this.#schedule();
        });
    });
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { api, namespace, clock, exists, times = TIMES } = this.#options;
    const alone = new Set<string>();
    let next: string | undefined;
    do {
      const page = await api.list<ConfigMap>(CONFIG_MAPS, {
        namespace,
        labelSelector: SELECTOR,
        limit: PAGE,
        signal,
        ...(next === undefined ? {} : { continue: next }),
      });
      for (const { metadata } of page.items) {
        const database = metadata.annotations?.[DATABASE_LABEL];
        if (database !== undefined && !exists(database)) alone.add(metadata.name);
      }
      next = page.continue === '' ? undefined : page.continue;
    } while (next !== undefined);
    for (const name of [...this.#since.keys()]) if (!alone.has(name)) this.#since.delete(name);
    for (const name of alone) {
      const since = this.#since.get(name) ?? clock.monotonic();
      this.#since.set(name, since);
      if (clock.monotonic() - since >= times.keep) await this.#remove(name, signal);
    }
  }

  async #remove(name: string, signal: AbortSignal): Promise<void> {
    const { api, namespace, log } = this.#options;
    signal.throwIfAborted();
    await api.delete(CONFIG_MAPS, { namespace, name }, signal).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
    this.#since.delete(name);
    log('info', 'published-removed', { configMap: name });
  }
}
