/**
 * One Database put together: policies and schema into an engine, a session for each client, a connection upstream for each session. Standalone
 * there is one in a process, in a pod one for each Database that the pod uses.
 */
import type { EventLog } from '../../core/event-log.ts';
import { randomBytes } from 'node:crypto';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Findings } from '../../core/sensitivity/findings.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import { CachedEngine } from '../../core/sql/cache/cached-engine.ts';
import type { SqlParser } from '../../core/sql/parse/parser.ts';
import type { BackendKey } from '../../core/wire/server-messages.ts';
import type { CancelRequest } from '../../core/wire/startup.ts';
import { systemClock } from '../bundle/clock.ts';
import { PolicyHost } from '../bundle/host.ts';
import type { PolicySource } from '../bundle/policy-source.ts';
import { openQueryClient } from '../catalog/query-client.ts';
import { probeCatalog, readCatalog } from '../catalog/reader.ts';
import type { Journal } from '../journal/journal.ts';
import type { AcceptedClient } from '../listen/listener.ts';
import type { LargeAnalyser } from '../parser/large-analyser.ts';
import { Detection } from '../sensitivity/detection.ts';
import type { SessionEnvironment } from '../session/environment.ts';
import { SessionRegistry } from '../session/registry.ts';
import { serveSession } from '../session/session.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { connectUpstream, sendCancel, type UpstreamConnection } from '../upstream/connect.ts';
import { upstreamSettings } from '../upstream/startup-settings.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { Access } from './access.ts';
import { DatabaseKeys } from '../evidence/database-keys.ts';
import { SchemaReader } from './schema-reader.ts';

export interface ServedDatabaseOptions {
  readonly source: PolicySource;
  /** Asked whenever it matters: facts about the pod may come later. */
  readonly identity: () => Identity;
  /** Asked for each connection. Throws AccessError or UpstreamError. */
  readonly access: () => Access;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
  readonly log: EventLog;
  readonly reportDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
  readonly parser: SqlParser;
  readonly large: LargeAnalyser;
  /** What detection found earlier, or elsewhere. */
  readonly findings?: Findings;
  /** Where to keep what it finds. */
  readonly saveFindings?: (findings: Findings) => Promise<void>;
  /** Values are looked at somewhere else, and what was found is given to `detection.receive`. */
  readonly sampledElsewhere?: boolean;
  /** Milliseconds after which the connection that reads the schema is closed if it is not used. Default: never. */
  readonly schemaIdle?: number;
}

/** Characters that rewriting may add in the event loop; a statement that needs more goes to the worker. */
const INLINE_ADDED = 32 * 1024;

export class ServedDatabase {
  readonly host: PolicyHost;
  readonly detection: Detection;
  readonly registry = new SessionRegistry();
  readonly schema: SchemaReader;
  /** Of its evidence. */
  readonly keys: DatabaseKeys;
  readonly #options: ServedDatabaseOptions;
  readonly #environment: SessionEnvironment;
  /** Of connections, by the key that cancels what runs on them. */
  readonly #targets = new WeakMap<BackendKey, UpstreamTarget>();

  constructor(options: ServedDatabaseOptions) {
    this.#options = options;
    const { source, telemetry, log, parser, large, identity, journal } = options;
    this.keys = new DatabaseKeys({ journal, clock: systemClock, randomBytes, log });
    this.schema = new SchemaReader({
      open: async () => openQueryClient(await this.#connect([], [])),
      telemetry,
      ...(options.schemaIdle === undefined ? {} : { idle: options.schemaIdle }),
    });
    this.detection = new Detection({
      ...(options.sampledElsewhere === true ? {} : { connect: async () => openQueryClient(await this.#connect([], [])) }),
      clock: systemClock,
      telemetry,
      log,
      ...(options.findings === undefined ? {} : { findings: options.findings }),
      ...(options.saveFindings === undefined ? {} : { save: options.saveFindings }),
    });
    this.host = new PolicyHost({
      source,
      get identity() {
        return identity();
      },
      readCatalog: () => this.schema.use(readCatalog),
      probeCatalog: () => this.schema.use(probeCatalog),
      createEngine: (catalog, bundle) =>
        new CachedEngine(
          createEngine({ catalog, bundle, parser, salt: randomBytes(6).toString('hex'), maximumAdded: INLINE_ADDED }),
          parser,
        ),
      detection: {
        describe: (catalog) => this.schema.use((client) => this.detection.describe(catalog, client)),
        classes: (catalog) => this.detection.classes(catalog),
        sample: () => this.detection.sample(),
        onChange: (listener) => this.detection.onChange(listener),
      },
      analyseLarge: (engine, request, session, altered) => large.analyse(engine, request, session, altered),
      clock: systemClock,
      report: options.reportDiagnostics,
      catalogFailed: (error) => log('warn', 'schema-not-read', { reason: (error as Error).message }),
    });
    this.host.onChange((engine) => this.keys.configure(engine?.bundle.audit));
    this.#environment = this.#sessionEnvironment();
  }

  /** Serves the client to its end, or tells it why not. Never rejects. */
  async serve(client: AcceptedClient): Promise<void> {
    const { ready } = this.keys;
    if (ready !== undefined) await ready;
    // It may have left meanwhile.
    if (client.socket.destroyed) return;
    return serveSession(client, this.#environment);
  }

  /** Whether it is a key of ours nobody is told. */
  async cancel(key: CancelRequest): Promise<void> {
    await this.registry.cancel(key);
  }

  /** Nobody new, and what is there ends by itself or at the deadline (milliseconds). */
  drain(deadline: number): Promise<void> {
    return this.registry.drain(deadline);
  }

  /** After `drain`. */
  close(): void {
    this.host.close();
    this.detection.close();
    this.schema.close();
    this.keys.close();
  }

  #sessionEnvironment(): SessionEnvironment {
    const { journal, telemetry, log, access } = this.#options;
    return {
      host: this.host,
      journal,
      registry: this.registry,
      telemetry,
      evidence: () => this.keys,
      connect: async ({ passed, ours }, signal) => {
        try {
          return await this.#connect(passed, ours, signal);
        } catch (error) {
          if (error instanceof UpstreamError) {
            telemetry.upstreamFailed(error.code);
            log('warn', 'upstream-failed', { code: error.code, reason: error.message });
          }
          throw error;
        }
      },
      // Where it went, whatever holds now: a policy that is withdrawn must stop what runs under it.
      sendCancel: async (key) => await sendCancel(this.#targets.get(key) ?? access().target, key),
      clock: { now: () => Date.now(), monotonic: () => performance.now() * 1000 },
      randomBytes: (count) => randomBytes(count),
      log: (event, detail) => log(event === 'internal-error' ? 'error' : 'info', event, detail),
    };
  }

  async #connect(
    passed: readonly (readonly [string, string])[],
    ours: readonly (readonly [string, string])[],
    signal?: AbortSignal,
  ): Promise<UpstreamConnection> {
    const access = this.#options.access();
    const { namespace, serviceAccount, pod } = this.#options.identity();
    const name = ['sluice', namespace, serviceAccount, ...(pod === undefined ? [] : [pod])].join('/');
    const connection = await connectUpstream({
      target: access.target,
      user: access.user,
      ...(access.password === undefined ? {} : { password: access.password }),
      database: access.database,
      requireChannelBinding: access.requireChannelBinding,
      settings: upstreamSettings(name, passed, [...ours, ...access.maskKey]),
      ...(signal === undefined ? {} : { signal }),
    });
    if (connection.key !== undefined) this.#targets.set(connection.key, access.target);
    return connection;
  }
}
