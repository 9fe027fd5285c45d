/**
 * The engine in force: policies and schema compiled together, compiled again when either changes or a policy ends by itself,
 * replaced whole. Without a valid policy there is no engine and nothing is served.
 */
import { catalogFingerprint } from '../../core/catalog/build.ts';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import type { Code } from '../../core/errors/codes.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import { canonicalHash } from '../../core/json/canonical-json.ts';
import { type CompileResult, compileBundle } from '../../core/policy/compile.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { Classes } from '../../core/policy/sensitivity.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { EngineHost } from '../session/engine-host.ts';
import { CatalogRefresh } from './catalog-refresh.ts';
import type { Clock } from './clock.ts';
import type { PolicySource } from './policy-source.ts';

/** Which columns are sensitive without anybody saying so (sidecar/sensitivity). */
export interface HostDetection {
  /** To be called with a schema before it is put to use. Rejects when the server cannot be reached. */
  readonly describe: (catalog: Catalog) => Promise<void>;
  readonly classes: (catalog: Catalog) => Classes;
  /** Looks into values, in the background. Must not reject; resolves when there is nothing left to look at. */
  readonly sample: () => Promise<void>;
  /** Called when `classes` may have changed. */
  readonly onChange: (listener: () => void) => () => void;
}

export interface PolicyHostOptions {
  readonly source: PolicySource;
  readonly identity: Identity;
  /** Over a connection of its own. Rejects when the server cannot be reached or does not answer. */
  readonly readCatalog: () => Promise<CatalogData>;
  /** A short text that changes when the schema does; without it the schema is read whole each time. */
  readonly probeCatalog?: () => Promise<string>;
  readonly createEngine: (catalog: Catalog, bundle: Bundle) => SqlEngine;
  readonly analyseLarge: EngineHost['analyseLarge'];
  readonly detection: HostDetection;
  readonly clock: Clock;
  /** What compiling found, when it differs from the last time. */
  readonly report: (diagnostics: readonly Diagnostic[]) => void;
  /** The schema could not be read again; the last one stays in force. */
  readonly catalogFailed: (error: unknown) => void;
  /** Milliseconds between reads of the schema that nobody asked for. */
  readonly catalogPeriod?: number;
}

const NONE_DETECTED: Classes = new Map();
const UNREAD = 'The schema of the database has not been read yet.';
/** Bounds of the time between attempts to read the schema for the first time, milliseconds. */
const FIRST_READ: readonly [first: number, last: number] = [250, 10_000];
/** Milliseconds. */
const LOOK_AT_CLOCK = 15_000;
/** Milliseconds in which nobody asked. The periodic reading comes whatever is asked. */
const SOON = 1_000;

export class PolicyHost implements EngineHost {
  readonly analyseLarge: EngineHost['analyseLarge'];
  readonly #options: PolicyHostOptions;
  readonly #listeners = new Set<(engine: SqlEngine | undefined) => void>();
  readonly #refresh: CatalogRefresh;
  readonly #unsubscribe: readonly (() => void)[];
  #catalog: Catalog | undefined;
  /** The one detection knows all about. */
  #described: Catalog | undefined;
  #catalogVersion = '';
  #probe: string | undefined;
  /** Counts the databases that there have been. */
  #epoch = 0;
  #closed = false;
  #sampled: Promise<void> = Promise.resolve();
  #firstReading: Promise<void> = Promise.resolve();
  #engine: SqlEngine | undefined;
  /** Bundle version and catalog version of the engine. */
  #engineKey = '';
  #reason: string | undefined = UNREAD;
  #code: Code = 'SLUICE-710';
  #reported = '';
  #cancelExpiry: () => void = () => undefined;
  #cancelSoon: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;
  /** Attempts to read the schema that have failed since it was last known. */
  #failures = 0;
  #persistent = false;
  /** There was no Database when we last looked. */
  #absent = false;

  constructor(options: PolicyHostOptions) {
    this.#options = options;
    this.analyseLarge = options.analyseLarge;
    this.#refresh = new CatalogRefresh({
      clock: options.clock,
      read: () => this.#reread(),
      period: options.catalogPeriod ?? 60_000,
      pauseFactor: 10,
      pause: [100, 5000],
      credit: 20_000,
    });
    this.#unsubscribe = [
      options.source.onChange(() => this.#policiesChanged()),
      options.detection.onChange(() => this.#compile()),
    ];
  }

  get engine(): SqlEngine | undefined {
    return this.#engine;
  }

  get reason(): string {
    return this.#reason ?? '';
  }

  get code(): Code {
    return this.#code;
  }

  /** Reads the schema for the first time and compiles. Rejects with what `readCatalog` rejects with. */
  async start(): Promise<void> {
    await this.#read();
  }

  /** As `start`, for when the server, or the policies, may be a long time coming: goes on until the schema has been read. */
  startEventually(): void {
    this.#persistent = true;
    this.#absent = this.#options.source.current.database === undefined;
    this.#compile();
    this.#firstReading = this.refreshCatalog('start');
  }

  /** Resolves when the first attempt to read this database's schema has ended, well or not. Never rejects. */
  get firstReading(): Promise<void> {
    return this.#firstReading;
  }

  /** What is at the end of our connections is another database now, or may be: nothing we knew of its schema counts. */
  forgetCatalog(): void {
    this.#catalog = undefined;
    this.#described = undefined;
    this.#catalogVersion = '';
    this.#probe = undefined;
    this.#engineKey = '';
    this.#epoch += 1;
    this.#failures = 0;
    this.#compile();
    this.#firstReading = this.refreshCatalog('another database');
  }

  /** Whether a schema is known; without one there is no engine, however valid the policies. */
  get knowsCatalog(): boolean {
    return this.#catalog !== undefined;
  }

  /** Resolves when detection has looked into what there was to look into; at once where it is off. Never rejects. */
  get sampled(): Promise<void> {
    return this.#sampled;
  }

  /** Never rejects: when the schema cannot be read, the last one stays in force, and columns it does not know are not shown. */
  refreshCatalog(cause: string): Promise<void> {
    return this.#refresh.request(cause);
  }

  refreshSoon(cause: string): void {
    this.#cancelSoon();
    this.#cancelSoon = this.#options.clock.after(SOON, () => void this.refreshCatalog(cause));
  }

  policyEnded(): void {
    this.#compile();
  }

  onChange(listener: (engine: SqlEngine | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#refresh.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#cancelExpiry();
    this.#cancelSoon();
    this.#cancelRetry();
    this.#closed = true;
    this.#listeners.clear();
  }

  async #reread(): Promise<void> {
    // Nothing to dial with; it is read when there is again.
    if (this.#persistent && this.#options.source.current.database === undefined) return;
    try {
      await this.#read();
      this.#failures = 0;
    } catch (error) {
      if (this.#closed) return;
      this.#options.catalogFailed(error);
      if (this.#catalog === undefined && this.#persistent) this.#retry(error);
    }
  }

  /** Clients are told why, and nobody but us would ask again. */
  #retry(error: unknown): void {
    const [first, last] = FIRST_READ;
    if (this.#options.source.current.database !== undefined)
      this.#replace(undefined, `${UNREAD} ${clientReason(error)}`, 'SLUICE-710');
    this.#cancelRetry();
    this.#cancelRetry = this.#options.clock.after(
      Math.min(last, first * 2 ** this.#failures),
      () => void this.refreshCatalog('retry'),
    );
    this.#failures += 1;
  }

  async #read(): Promise<void> {
    // Before the schema itself: a change in between is then seen by the next probe.
    const epoch = this.#epoch;
    const probe = await this.#options.probeCatalog?.();
    if (probe !== undefined && probe === this.#probe && this.#catalog !== undefined) return this.#detect(this.#catalog);
    const data = await this.#options.readCatalog();
    const version = catalogFingerprint(data);
    this.#probe = probe;
    if (version === this.#catalogVersion && this.#catalog !== undefined) return this.#detect(this.#catalog);
    const catalog = new Catalog(data);
    // Before it is put to use: a new column is masked before its first row is shown.
    await this.#describe(catalog);
    if (epoch !== this.#epoch) throw new Error('the schema is of a database that is no longer ours');
    this.#catalog = catalog;
    this.#catalogVersion = version;
    this.#compile();
    await this.#detect(catalog);
  }

  get #detects(): boolean {
    return this.#options.source.current.database?.spec.sensitivity.detection === 'Automatic';
  }

  async #describe(catalog: Catalog): Promise<void> {
    if (!this.#detects || this.#described === catalog) return;
    await this.#options.detection.describe(catalog);
    this.#described = catalog;
  }

  /** Values change without the schema: there may always be something to look at. */
  async #detect(catalog: Catalog): Promise<void> {
    if (!this.#detects) return;
    if (this.#described !== catalog) {
      await this.#describe(catalog);
      this.#compile();
    }
    this.#sampled = this.#options.detection.sample();
  }

  /** Detection may have been switched on: names and types count at once, the rest follows. */
  #policiesChanged(): void {
    this.#compile();
    const absent = this.#options.source.current.database === undefined;
    const back = this.#persistent && this.#absent && !absent;
    this.#absent = absent;
    if (back) this.#firstReading = this.refreshCatalog('policies');
    else if (this.#detects && this.#described !== this.#catalog) void this.refreshCatalog('detection');
  }

  #compile(): void {
    const { source, identity, clock } = this.#options;
    const { database, policies, reason, code } = source.current;
    if (database === undefined) {
      this.#replace(undefined, reason ?? 'The Database was withdrawn.', code);
      return;
    }
    if (this.#catalog === undefined) {
      if (this.#code !== 'SLUICE-710') this.#replace(undefined, UNREAD, 'SLUICE-710');
      return;
    }
    const now = clock.now();
    const detected = this.#detects ? this.#options.detection.classes(this.#catalog) : NONE_DETECTED;
    const result = compileBundle({ database, policies, identity, catalog: this.#catalog, detected, now });
    this.#report(result);
    this.#watchExpiry(result.nextChange, now, policies);
    if (result.bundle === undefined) this.#replace(undefined, notBoundReason(result));
    else this.#use(this.#catalog, result.bundle);
  }

  /** The same policies over the same schema keep their engine, and with it its cached plans. */
  #use(catalog: Catalog, bundle: Bundle): void {
    const key = `${bundle.version} ${this.#catalogVersion}`;
    if (key === this.#engineKey && this.#engine !== undefined) return;
    this.#engineKey = key;
    this.#replace(this.#options.createEngine(catalog, bundle), undefined);
  }

  #replace(engine: SqlEngine | undefined, reason: string | undefined, code: Code = 'SLUICE-703'): void {
    const before = this.#engine;
    this.#engine = engine;
    this.#reason = reason;
    this.#code = code;
    if (engine === undefined && before === undefined) return;
    for (const listener of [...this.#listeners]) listener(engine);
  }

  #report(result: CompileResult): void {
    const located = result.diagnostics.map((diagnostic) => this.#options.source.current.locate(diagnostic));
    const text = canonicalHash(located);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.report(located);
  }

  /** Timers know nothing of a clock that is set, or of a machine that slept: it is looked at every so often. */
  #watchExpiry(nextChange: number | undefined, now: number, policies: PolicySource['current']['policies']): void {
    this.#cancelExpiry();
    const expires = policies.some((policy) => policy.spec.validUntil !== undefined);
    const wait = Math.min(nextChange === undefined ? LOOK_AT_CLOCK : nextChange - now, LOOK_AT_CLOCK);
    this.#cancelExpiry = expires ? this.#options.clock.after(wait, () => this.#compile()) : () => undefined;
  }
}

/** What clients may know of it: neither host nor login. */
function clientReason(error: unknown): string {
  return error instanceof UpstreamError
    ? `Sluice says: ${error.denial.message} (${error.denial.code}).`
    : 'It is being tried again.';
}

function notBoundReason(result: CompileResult): string {
  const errors = result.diagnostics.filter((diagnostic) => diagnostic.reason === 'NotBound' || diagnostic.reason === 'Expired');
  return errors.at(-1)?.message ?? 'No policy binds this identity.';
}
