/** The leader's look at all trusted Databases. Nothing of an untrusted namespace is in the view, so nothing there is ever dialled. */
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { Materials } from '../materials/materials.ts';
import type { GovernedObjects } from '../view/create-cluster-view.ts';
import { objectKey, splitKey } from '../view/governed-object.ts';
import type { Catalogs, Knowledge } from './catalogs.ts';
import type { Access } from './connection.ts';
import { type CatalogMetrics, UNCOUNTED } from './metrics.ts';
import { Orphans, type OrphansOptions } from './orphans.ts';
import { Slots } from './slots.ts';
import { SharedSystemObjects } from './system-objects.ts';
import { type Lanes, type Timing, WatchedDatabase } from './watched-database.ts';

export interface CatalogsOptions {
  readonly view: GovernedObjects;
  readonly materials: Materials;
  readonly api: KubeApi;
  /** The operator's own. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly metrics?: CatalogMetrics;
  readonly timing?: Partial<Timing>;
  readonly orphans?: OrphansOptions['times'];
}

/** Of all Databases together. */
const LANES = { connections: 16, suspects: 8, readings: 2, suspectReadings: 1, samples: 4 };
const TIMING: Timing = { period: 60_000, pause: [5_000, 300_000], share: 45_000 };

export function createCatalogs(options: CatalogsOptions): Catalogs {
  return new AllDatabases(options);
}

class AllDatabases implements Catalogs {
  readonly #options: CatalogsOptions;
  readonly #shared = new SharedSystemObjects();
  readonly #lanes: Lanes;
  readonly #orphans: Orphans;
  readonly #watched = new Map<string, WatchedDatabase>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #listeners = new Set<(key: string) => void>();
  #unsubscribe: readonly (() => void)[] = [];

  constructor(options: CatalogsOptions) {
    this.#options = options;
    this.#lanes = {
      connections: new Slots(LANES.connections),
      suspects: new Slots(LANES.suspects),
      readings: new Slots(LANES.readings),
      suspectReadings: new Slots(LANES.suspectReadings),
      samples: new Slots(LANES.samples),
    };
    const { api, namespace, clock, view, log, orphans } = options;
    this.#orphans = new Orphans({
      api,
      namespace,
      clock,
      log,
      exists: (key) => view.rawDatabase(key) !== undefined,
      ...(orphans === undefined ? {} : { times: orphans }),
    });
  }

  of(key: string): Knowledge | undefined {
    return this.#watched.get(key)?.knowledge;
  }

  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    const { view, materials } = this.#options;
    if (this.#unsubscribe.length > 0) return;
    this.#unsubscribe = [view.onChange((key) => this.#refresh(key)), materials.onChange((key) => this.#refresh(key))];
    for (const database of view.databases()) this.#refresh(objectKey(database));
    this.#orphans.start();
  }

  async stop(): Promise<void> {
    if (this.#unsubscribe.length > 0) await this.#orphans.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    for (const key of [...this.#watched.keys()]) this.#drop(key);
    await Promise.all(this.#leaving);
  }

  #refresh(key: string): void {
    if (this.#options.view.database(...splitKey(key)) === undefined) {
      this.#drop(key);
      return;
    }
    let watched = this.#watched.get(key);
    if (watched === undefined) this.#watched.set(key, (watched = this.#watch(key)));
    const found = this.#options.materials.of(key);
    if (found !== undefined && found.findings === undefined) watched.findingsRemoved();
    watched.refresh();
  }

  #watch(key: string): WatchedDatabase {
    const { api, namespace, clock, log, metrics = UNCOUNTED, timing } = this.#options;
    return new WatchedDatabase({
      key,
      access: () => this.#access(key),
      api,
      namespace,
      clock,
      lanes: this.#lanes,
      shared: this.#shared,
      timing: { ...TIMING, ...timing },
      metrics,
      log,
      onChange: () => {
        for (const listener of [...this.#listeners]) listener(key);
      },
    });
  }

  #drop(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    this.#watched.delete(key);
    const left = watched.stop().finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
    for (const listener of [...this.#listeners]) listener(key);
  }

  #access(key: string): Access | undefined {
    const { view, materials } = this.#options;
    const database = view.database(...splitKey(key));
    const found = materials.of(key);
    const login = found?.login();
    if (database === undefined || found === undefined || login === undefined || found.addresses.length === 0) return undefined;
    // Without the CA it names it would be verified against the public roots instead.
    if (database.spec.tls.caSecretRef !== undefined && found.ca === undefined) return undefined;
    return { database, login, ca: found.ca, addresses: found.addresses };
  }
}
