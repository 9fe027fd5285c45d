/**
 * One Database, followed by the leader: looked at every minute and whenever something about it changes, its schema read again when that has
 * changed, its values sampled in the background. What goes wrong is tried again with growing pauses, and holds up no other Database.
 */
import type { EventLog } from '../../core/event-log.ts';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { Detection } from '../../sidecar/sensitivity/detection.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { Contact, Knowledge } from './catalogs.ts';
import { type Access, type Connection, connectDatabase, limited, ShareUsedError } from './connection.ts';
import { failure } from './contact.ts';
import { probeValue, readChanged, refusePooler, type SchemaReading } from './examine.ts';
import type { CatalogMetrics } from './metrics.ts';
import { endpointOf, Publication } from './publication.ts';
import { Slots } from './slots.ts';
import type { SharedSystemObjects } from './system-objects.ts';

/** Of all Databases together. Those that failed the last time wait among themselves. */
export interface Lanes {
  readonly connections: Slots;
  readonly suspects: Slots;
  /** Reading a schema takes memory; a sample takes time. */
  readonly readings: Slots;
  readonly suspectReadings: Slots;
  readonly samples: Slots;
}

export interface Timing {
  /** Milliseconds between looks nobody asked for. */
  readonly period: number;
  /** Bounds of the pause after a failure. */
  readonly pause: readonly [first: number, last: number];
  /** Of a sample's connection, before others get their turn. */
  readonly share: number;
}

export interface WatchedDatabaseOptions {
  readonly key: string;
  /** Undefined: something is missing, nothing is dialled. */
  readonly access: () => Access | undefined;
  readonly api: KubeApi;
  readonly namespace: string;
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly shared: SharedSystemObjects;
  readonly timing: Timing;
  readonly metrics: CatalogMetrics;
  readonly log: EventLog;
  readonly onChange: () => void;
}

const NONE_DETECTED: Classes = new Map();

export class WatchedDatabase {
  readonly #options: WatchedDatabaseOptions;
  readonly #publication: Publication;
  /** One connection at a time. */
  readonly #turn = new Slots(1);
  #attempt = new AbortController();
  #credentials = '';
  #addresses = '';
  #endpoint = '';
  #detects = false;
  #detection: Detection | undefined;
  #described: Catalog | undefined;
  #probe: string | undefined;
  #fingerprint = '';
  #failures = 0;
  #cancel: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #contact: Contact | undefined;
  #catalog: Catalog | undefined;
  #detected: Classes = NONE_DETECTED;
  #revision = 0;
  #serverVersion: string | undefined;

  constructor(options: WatchedDatabaseOptions) {
    this.#options = options;
    this.#publication = new Publication({
      api: options.api,
      namespace: options.namespace,
      database: options.key,
      log: (level, event, detail) => options.log(level, event, { database: options.key, ...detail }),
    });
  }

  get knowledge(): Knowledge {
    return {
      contact: this.#contact,
      catalog: this.#catalog,
      detected: this.#detected,
      revision: this.#revision,
      serverVersion: this.#serverVersion,
      problems: this.#publication.problems,
    };
  }

  /** Something about it may have changed. */
  refresh(): void {
    if (this.#closed) return;
    const access = this.#options.access();
    const { database, login, ca } = access ?? {};
    const credentials = JSON.stringify([database?.spec.endpoint, database?.spec.tls, login, ca]);
    const addresses = (access?.addresses ?? []).join();
    const detects = database?.spec.sensitivity.detection === 'Automatic';
    const same = credentials === this.#credentials && detects === this.#detects && addresses === this.#addresses;
    if (same) return;
    if (credentials !== this.#credentials) {
      // What is under way is about what no longer counts.
      this.#attempt.abort();
      this.#attempt = new AbortController();
      this.#failures = 0;
    }
    this.#credentials = credentials;
    this.#addresses = addresses;
    this.#detects = detects;
    const endpoint = database === undefined ? this.#endpoint : endpointOf(database);
    if (endpoint !== this.#endpoint) this.#moved(endpoint);
    if (access === undefined) {
      this.#cancel();
      this.#contact = undefined;
      this.#changed();
      return;
    }
    this.#soon(0);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#attempt.abort();
    this.#detection?.close();
    await this.#running;
    await this.#detection?.sample();
  }

  /** The findings' ConfigMap is not there. */
  findingsRemoved(): void {
    this.#publication.findingsRemoved();
  }

  /** Another server, or another database on it. */
  #moved(endpoint: string): void {
    this.#endpoint = endpoint;
    this.#catalog = undefined;
    this.#described = undefined;
    this.#probe = undefined;
    this.#fingerprint = '';
    this.#detected = NONE_DETECTED;
    this.#revision += 1;
    this.#serverVersion = undefined;
  }

  #soon(milliseconds: number): void {
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#options.clock.after(milliseconds, () => this.#go());
  }

  #go(): void {
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#look().finally(() => {
      this.#running = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.#soon(0);
    });
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { signal } = this.#attempt;
    const access = this.#options.access();
    if (access === undefined || signal.aborted) return;
    const { clock, metrics, log, key, timing } = this.#options;
    const began = clock.monotonic();
    let contact: Contact = { ok: true };
    try {
      if (!(await this.#begin(access, signal))) return this.#soon(timing.pause[0]);
      await this.#connected(access, signal, (connection) => this.#examine(access, connection, signal));
    } catch (error) {
      if (signal.aborted) return;
      const { namespace } = access.database.metadata;
      contact = failure(error, `${namespace}/${access.database.spec.credentialsSecretRef?.name}`);
      log('warn', 'database-not-read', { database: key, reason: contact.reason, detail: contact.message });
    }
    if (this.#closed || signal.aborted) return;
    metrics.looked(contact.ok ? 'ok' : contact.reason, (clock.monotonic() - began) / 1000);
    this.#failures = contact.ok ? 0 : this.#failures + 1;
    this.#contact = contact;
    this.#changed();
    const [first, last] = timing.pause;
    this.#soon(contact.ok ? timing.period : Math.min(last, first * 2 ** (this.#failures - 1)));
    if (!contact.ok) return;
    await this.#publish(access, signal);
    if (this.#detects) void this.#detection?.sample();
  }

  /** What earlier leaders have published. False: the API server could not be asked. */
  async #begin(access: Access, signal: AbortSignal): Promise<boolean> {
    if (this.#detection !== undefined) return true;
    try {
      const findings = await this.#publication.findings(signal);
      const catalog = await this.#publication.catalog(access.database, signal);
      if (signal.aborted) return false;
      this.#detection = this.#createDetection(findings);
      if (catalog !== undefined && this.#catalog === undefined) {
        this.#catalog = catalog;
        this.#detected = this.#detects ? this.#detection.classes(catalog) : NONE_DETECTED;
        this.#revision += 1;
        this.#changed();
      }
      return true;
    } catch (error) {
      if (!signal.aborted)
        this.#options.log('warn', 'published-not-read', { database: this.#options.key, reason: (error as Error).message });
      return false;
    }
  }

  async #examine(access: Access, connection: Connection, signal: AbortSignal): Promise<void> {
    this.#serverVersion = connection.serverVersion;
    const { readings, suspectReadings } = this.#options.lanes;
    const lane = this.#failures > 0 ? suspectReadings : readings;
    const reading = await readChanged(connection, this.#probe, () => lane.acquire(signal));
    if (signal.aborted) return;
    const catalog = reading === undefined ? this.#catalog : this.#catalogOf(reading);
    if (catalog === undefined) return;
    const detects = access.database.spec.sensitivity.detection === 'Automatic';
    if (detects && this.#described !== catalog) {
      await this.#detection?.describe(catalog, connection);
      if (signal.aborted) return;
      this.#described = catalog;
    }
    const detected = detects ? (this.#detection?.classes(catalog) ?? NONE_DETECTED) : NONE_DETECTED;
    if (catalog !== this.#catalog || detected !== this.#detected) this.#revision += 1;
    this.#catalog = catalog;
    this.#detected = detected;
    if (reading !== undefined) {
      this.#probe = reading.probe;
      this.#fingerprint = reading.fingerprint;
    }
  }

  #catalogOf({ data, fingerprint }: SchemaReading): Catalog {
    const same = this.#catalog !== undefined && fingerprint === this.#fingerprint;
    return same ? this.#catalog! : new Catalog(this.#options.shared.share(data));
  }

  async #publish(access: Access, signal: AbortSignal): Promise<void> {
    const before = JSON.stringify(this.#publication.problems);
    if (this.#catalog !== undefined) await this.#publication.publishCatalog(access.database, this.#catalog.data, signal);
    if (this.#detects && this.#detection !== undefined) await this.#save(signal);
    if (before !== JSON.stringify(this.#publication.problems)) this.#changed();
  }

  async #save(signal: AbortSignal): Promise<void> {
    const detection = this.#detection;
    if (detection === undefined || signal.aborted) return;
    const more = await this.#publication.publishFindings(detection.findings, signal);
    if (more === undefined || signal.aborted || this.#closed) return;
    // Another leader has found more: detection goes on from there.
    detection.close();
    this.#described = undefined;
    this.#detection = this.#createDetection(more);
    this.#soon(0);
  }

  #createDetection(findings: Detection['findings']): Detection {
    const { clock, metrics, log, key } = this.#options;
    const detection = new Detection({
      clock,
      findings,
      connect: () => this.#sampleConnection(),
      save: () => this.#save(this.#attempt.signal),
      telemetry: { sensitiveColumns: () => {}, tableSampled: (sqlstate) => metrics.tableSampled(sqlstate) },
      log: (level, event, detail) => {
        const quiet = this.#closed || detail?.['reason'] === new ShareUsedError().message;
        log(quiet ? 'debug' : level, event, { database: key, ...detail });
      },
    });
    detection.onChange(() => {
      if (this.#detection !== detection || this.#catalog === undefined || !this.#detects) return;
      this.#detected = detection.classes(this.#catalog);
      this.#revision += 1;
      this.#changed();
    });
    return detection;
  }

  async #connected(access: Access, signal: AbortSignal, use: (connection: Connection) => Promise<void>): Promise<void> {
    const release = await this.#turn.acquire(signal);
    try {
      const { connections, suspects } = this.#options.lanes;
      const done = await (this.#failures > 0 ? suspects : connections).acquire(signal);
      const probe = probeValue();
      try {
        const connection = await connectDatabase(access, probe, this.#options.clock, signal);
        try {
          await refusePooler(connection, probe);
          await use(connection);
        } finally {
          connection.close();
          await connection.closed;
        }
      } finally {
        done();
      }
    } finally {
      release();
    }
  }

  async #sampleConnection(): Promise<Connection> {
    const { signal } = this.#attempt;
    const { lanes, clock, timing } = this.#options;
    // First the place among all Databases: whoever waits for that must not keep this one from being looked at.
    const held = [await lanes.samples.acquire(signal)];
    const free = (): void => {
      for (const release of held) release();
    };
    try {
      held.push(await this.#turn.acquire(signal));
      const access = this.#options.access();
      if (access === undefined) throw new ShareUsedError();
      const connection = await connectDatabase(access, probeValue(), clock, signal);
      const { close, ...rest } = limited(connection, timing.share, clock);
      return {
        ...rest,
        close() {
          close();
          void connection.closed.then(free);
        },
      };
    } catch (error) {
      free();
      throw error;
    }
  }

  #changed(): void {
    if (!this.#closed) this.#options.onChange();
  }
}
