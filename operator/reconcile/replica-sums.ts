/** The holder's side of replica-report.ts: the fresh reports, added up; those that nobody renews are removed. */
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { CONFIG_MAPS, type KubeApi } from '../api/kube-api.ts';
import type { DatabaseAcknowledgements, PolicyAcknowledgement } from '../distribute/acknowledgements.ts';
import type { ConfigMap } from '../materials/published.ts';
import type { Change, Informer } from '../watch/informer.ts';
import type { OpenInformer } from '../watch/open-informer.ts';
import { readReport, REPLICA_SELECTOR, type ReplicaReport } from './replica-report.ts';

/** Milliseconds without a change after which a replica's word counts no longer: three of its periods. */
const FRESH = 45_000;
const REMOVE = 300_000;
const LOOK = 15_000;
const MOST_REJECTIONS = 5;

interface Heard {
  readonly report: ReplicaReport;
  /** Monotonic milliseconds, by our own clock. */
  readonly at: number;
}

export interface ReplicaSumsOptions {
  readonly api: KubeApi;
  readonly open: OpenInformer;
  /** The operator's own. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: EventLog;
}

export class ReplicaSums {
  readonly #options: ReplicaSumsOptions;
  readonly #informer: Informer<ConfigMap>;
  readonly #heard = new Map<string, Heard>();
  readonly #listeners = new Set<(key: string) => void>();
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(options: ReplicaSumsOptions) {
    this.#options = options;
    const { open, namespace } = options;
    this.#informer = open<ConfigMap>({ resource: CONFIG_MAPS, namespace, labelSelector: REPLICA_SELECTOR });
    this.#informer.onChange((change) => this.#take(change));
  }

  get synced(): Promise<void> {
    return this.#informer.synced;
  }

  get hasSynced(): boolean {
    return this.#informer.hasSynced;
  }

  /** `key`: `namespace/name` of a Database. */
  of(key: string): DatabaseAcknowledgements {
    const policies = new Map<string, PolicyAcknowledgement>();
    const rejections = new Set<string>();
    let connected = 0;
    for (const { report, at } of this.#heard.values()) {
      const said = this.#isFresh(at) ? report.databases[key] : undefined;
      if (said === undefined) continue;
      connected += said.connected;
      for (const each of said.policies) {
        const id = JSON.stringify([each.namespace, each.name, each.generation]);
        const sum = policies.get(id);
        policies.set(id, {
          ...each,
          bound: each.bound + (sum?.bound ?? 0),
          programmed: each.programmed + (sum?.programmed ?? 0),
        });
      }
      for (const sentence of said.rejections) if (rejections.size < MOST_REJECTIONS) rejections.add(sentence);
    }
    return { connected, policies: [...policies.values()], rejections: [...rejections].sort() };
  }

  /** Called with each Database of which a replica says something else than before. */
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#informer.start();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#informer.stop();
  }

  #isFresh(at: number): boolean {
    return this.#options.clock.monotonic() - at < FRESH;
  }

  #take(change: Change<ConfigMap>): void {
    const { name } = change.object.metadata;
    const before = this.#heard.get(name)?.report;
    const report = change.type === 'deleted' ? undefined : readReport(change.object);
    if (report === undefined) this.#heard.delete(name);
    else this.#heard.set(name, { report, at: this.#options.clock.monotonic() });
    const keys = new Set([...Object.keys(before?.databases ?? {}), ...Object.keys(report?.databases ?? {})]);
    for (const key of keys)
      if (JSON.stringify(before?.databases[key]) !== JSON.stringify(report?.databases[key])) this.#tell(key);
  }

  #tell(key: string): void {
    for (const listener of [...this.#listeners]) listener(key);
  }

  #schedule(): void {
    if (!this.#stopped) this.#cancel = this.#options.clock.after(LOOK, () => void this.#look().finally(() => this.#schedule()));
  }

  /** Who has fallen silent no longer counts; who has been for long is gone. */
  async #look(): Promise<void> {
    const { api, namespace, clock, log } = this.#options;
    const now = clock.monotonic();
    for (const [name, { report, at }] of [...this.#heard]) {
      const silent = now - at;
      if (silent >= FRESH && silent < FRESH + 2 * LOOK) for (const key of Object.keys(report.databases)) this.#tell(key);
      if (silent < REMOVE) continue;
      this.#heard.delete(name);
      try {
        await api.delete(CONFIG_MAPS, { namespace, name });
        log('info', 'replica-report-removed', { configMap: name });
      } catch (error) {
        log('warn', 'replica-report-not-removed', { configMap: name, reason: (error as Error).message });
      }
    }
  }
}
