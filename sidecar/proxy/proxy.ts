/**
 * The process put together: policies and schema into an engine, a listener, a session for each client, a connection upstream
 * for each session. Everything that can fail at start fails here, before the first client is accepted.
 */
import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { readCatalog, probeCatalog } from '../catalog/reader.ts';
import { openQueryClient, type QueryClient } from '../catalog/query-client.ts';
import type { Diagnostic } from '../../core/policy/diagnostic.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import { CachedEngine } from '../../core/sql/cache/cached-engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { PolicyHost } from '../bundle/host.ts';
import { systemClock } from '../bundle/clock.ts';
import type { PolicySource } from '../bundle/policy-source.ts';
import type { Journal } from '../journal/journal.ts';
import type { Findings } from '../../core/sensitivity/findings.ts';
import { Detection } from '../sensitivity/detection.ts';
import { LargeAnalyser } from '../parser/large-analyser.ts';
import { listen, type ListenAddress } from '../listen/listener.ts';
import type { SessionEnvironment } from '../session/environment.ts';
import { SessionRegistry } from '../session/registry.ts';
import { serveSession } from '../session/session.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { connectUpstream, sendCancel, type UpstreamConnection } from '../upstream/connect.ts';
import { upstreamSettings } from '../upstream/startup-settings.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { Access } from './access.ts';

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', event: string, detail?: Readonly<Record<string, unknown>>) => void;

export interface ProxyOptions {
  readonly source: PolicySource;
  readonly identity: Identity;
  readonly listen: readonly ListenAddress[];
  /** Absent: clients are told that there is no TLS. */
  readonly secureContext?: () => SecureContext;
  /** Asked for each connection. Throws AccessError. */
  readonly access: () => Access;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly reportDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
  /** What detection found in earlier runs, and where to keep it. */
  readonly findings?: Findings;
  readonly saveFindings?: (findings: Findings) => Promise<void>;
}

/** Characters that rewriting may add in the event loop; a statement that needs more goes to the worker. */
const INLINE_ADDED = 32 * 1024;

/** How long clients wait for detection to look into values, milliseconds; it goes on afterwards. Enough for an ordinary database. */
const SAMPLE_WAIT = 250;

export interface RunningProxy {
  readonly addresses: readonly ListenAddress[];
  readonly host: PolicyHost;
  /** Serves nobody new, lets transactions finish for at most `deadline` milliseconds, ends the rest. */
  drain(deadline: number): Promise<void>;
}

/** Rejects with UpstreamError, ListenError, AccessError, CatalogError or NoPolicyError: each message is one clear sentence. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { source, identity, access, journal, telemetry, log } = options;
  const [parser, schema] = await Promise.all([createWasmParser(), openSchemaReader(options)]);
  const large = new LargeAnalyser();
  const detection = new Detection({
    connect: async () => openQueryClient(await connect(access(), identity, [], [])),
    clock: systemClock,
    telemetry,
    log,
    ...(options.findings === undefined ? {} : { findings: options.findings }),
    ...(options.saveFindings === undefined ? {} : { save: options.saveFindings }),
  });
  const host = new PolicyHost({
    source,
    identity,
    readCatalog: () => schema.use(readCatalog),
    probeCatalog: () => schema.use(probeCatalog),
    createEngine: (catalog, bundle) =>
      new CachedEngine(
        createEngine({ catalog, bundle, parser, salt: randomBytes(6).toString('hex'), maximumAdded: INLINE_ADDED }),
        parser,
      ),
    detection: {
      describe: (catalog) => schema.use((client) => detection.describe(catalog, client)),
      classes: (catalog) => detection.classes(catalog),
      sample: () => detection.sample(),
      onChange: (listener) => detection.onChange(listener),
    },
    analyseLarge: (engine, request, session, altered) => large.analyse(engine, request, session, altered),
    clock: systemClock,
    report: options.reportDiagnostics,
    catalogFailed: (error) => log('warn', 'schema-not-read', { reason: (error as Error).message }),
  });
  try {
    await host.start();
    if (host.engine === undefined) throw new NoPolicyError(host.reason);
    await atMost(SAMPLE_WAIT, host.sampled);
    const registry = new SessionRegistry();
    const environment: SessionEnvironment = {
      host,
      journal,
      registry,
      telemetry,
      connect: async ({ passed, ours }, signal) => {
        try {
          return await connect(access(), identity, passed, ours, signal);
        } catch (error) {
          if (error instanceof UpstreamError) {
            telemetry.upstreamFailed(error.code);
            log('warn', 'upstream-failed', { code: error.code, reason: error.message });
          }
          throw error;
        }
      },
      sendCancel: (key) => sendCancel(access().target, key),
      clock: { now: () => Date.now(), monotonic: () => performance.now() * 1000 },
      randomBytes: (count) => randomBytes(count),
      log: (event, detail) => log(event === 'internal-error' ? 'error' : 'info', event, detail),
    };
    const listener = await listen({
      addresses: options.listen,
      ...(options.secureContext === undefined ? {} : { secureContext: options.secureContext }),
      onClient: (client) => serveSession(client, environment),
      onCancel: (key) => registry.cancel(key),
      onRefused: ({ code }) => {
        telemetry.refusal(code);
        telemetry.refused(code);
      },
      onFault: (error) => log('error', 'internal-error', { error: error instanceof Error ? error.stack : String(error) }),
    });
    return {
      addresses: listener.addresses,
      host,
      drain: async (deadline) => {
        // Open until the last session is gone: newcomers are told why they are not served, and cancel requests still arrive.
        await registry.drain(deadline);
        listener.close();
        host.close();
        detection.close();
        source.close();
        schema.close();
        await large.close();
      },
    };
  } catch (error) {
    host.close();
    detection.close();
    schema.close();
    throw error;
  }
}

async function atMost(milliseconds: number, until: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([until, late]);
  clearTimeout(timer);
}

/** The identity is not granted anything on this database. */
export class NoPolicyError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NoPolicyError';
  }
}

function connect(
  access: Access,
  identity: Identity,
  passed: readonly (readonly [string, string])[],
  ours: readonly (readonly [string, string])[],
  signal?: AbortSignal,
): Promise<UpstreamConnection> {
  const name = [
    'sluice',
    identity.namespace,
    identity.serviceAccount,
    ...(identity.pod === undefined ? [] : [identity.pod]),
  ].join('/');
  return connectUpstream({
    target: access.target,
    user: access.user,
    ...(access.password === undefined ? {} : { password: access.password }),
    database: access.database,
    requireChannelBinding: access.requireChannelBinding,
    settings: upstreamSettings(name, passed, [...ours, ...access.maskKey]),
    ...(signal === undefined ? {} : { signal }),
  });
}

interface SchemaReader {
  use<T>(query: (client: QueryClient) => Promise<T>): Promise<T>;
  close(): void;
}

/** One connection for reading the schema, made again when it is lost; what is asked of it happens one after the other. */
async function openSchemaReader(options: ProxyOptions): Promise<SchemaReader> {
  const open = async (): Promise<QueryClient> => openQueryClient(await connect(options.access(), options.identity, [], []));
  let client: Promise<QueryClient> = open();
  let queue: Promise<unknown> = client;
  await client;
  return {
    use(query) {
      const result = queue.then(async () => {
        const before = performance.now();
        try {
          const answer = await query(await client);
          options.telemetry.catalogRead('ok', (performance.now() - before) / 1000);
          return answer;
        } catch (error) {
          options.telemetry.catalogRead('failed', (performance.now() - before) / 1000);
          client.then((lost) => lost.close()).catch(() => {});
          client = open();
          client.catch(() => {});
          throw error;
        }
      });
      queue = result.catch(() => {});
      return result;
    },
    close: () => void client.then((open) => open.close()).catch(() => {}),
  };
}
