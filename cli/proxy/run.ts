/** `sluice proxy`: from options to a running proxy, and its orderly end. */
import type { EventLog } from '../../core/event-log.ts';
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { CatalogError } from '../../core/catalog/build.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { type Diagnostic, formatDiagnostic } from '../../core/policy/diagnostic.ts';
import type { Database } from '../../crds/database.ts';
import { DigestKeyError, readOrMakeDigestKey } from '../../sidecar/evidence/digest-key-file.ts';
import { openFileJournal } from '../../sidecar/journal/file-journal.ts';
import { type Journal, JournalError } from '../../sidecar/journal/journal.ts';
import { openStreamJournal } from '../../sidecar/journal/stream-journal.ts';
import { timestamps } from '../../sidecar/journal/timestamps.ts';
import { untilSignal } from '../../sidecar/telemetry/signals.ts';
import { ListenError } from '../../sidecar/listen/listener.ts';
import { AccessError } from '../../sidecar/proxy/access.ts';
import { FindingsError } from '../../core/sensitivity/findings.ts';
import { readFindings, writeFindings } from '../../sidecar/sensitivity/findings-file.ts';
import { NoPolicyError, type ProxyOptions, type RunningProxy, startProxy } from '../../sidecar/proxy/proxy.ts';
import { surviveDefects } from '../../sidecar/telemetry/last-resort.ts';
import { type MetricsServer, serveMetrics } from '../../sidecar/telemetry/metrics-server.ts';
import { prometheusTelemetry } from '../../sidecar/telemetry/telemetry.ts';
import { UpstreamError } from '../../sidecar/upstream/upstream-error.ts';
import type { DatabaseName, ListenAddress } from '../arguments.ts';
import { CliError } from '../errors.ts';
import { accessFor, openPolicies } from '../policies.ts';
import { VERSION } from '../../core/version.ts';
import { clientTls } from './client-tls.ts';

export interface ProxyCommandOptions {
  readonly policy: readonly string[];
  readonly as: Identity;
  readonly database: DatabaseName;
  readonly listen: ListenAddress;
  readonly upstream?: string;
  readonly audit: string;
  readonly auditKey?: string;
  readonly findings?: string;
  readonly durability?: 'Local' | 'Synced';
  readonly tls: string;
  readonly tlsCa?: string;
  readonly metrics?: ListenAddress;
  readonly logLevel: string;
}

/** How long transactions may take to finish after SIGTERM. */
const DRAIN_MS = 25_000;

/** Resolves after an orderly end. Throws CliError with one sentence when it cannot start. */
export async function runProxy(options: ProxyCommandOptions): Promise<void> {
  const logger = pino(
    { level: options.logLevel, base: { identity: `${options.as.namespace}/${options.as.serviceAccount}` } },
    pino.destination(2),
  );
  const registry = new Registry();
  const telemetry = prometheusTelemetry(registry);
  const log: EventLog = (level, event, detail) => logger[level]({ ...detail }, event);
  surviveDefects(log, telemetry);
  const report = (diagnostics: readonly Diagnostic[]): void => {
    telemetry.policyLoaded(diagnostics.some((each) => each.severity === 'error') ? 'rejected' : 'ok');
    for (const diagnostic of diagnostics) {
      const level = diagnostic.severity === 'error' ? 'error' : diagnostic.severity === 'warning' ? 'warn' : 'info';
      logger[level]({ reason: diagnostic.reason }, formatDiagnostic(diagnostic));
    }
  };
  const source = await openPolicies(options.policy, options.database, report);
  const database = source.current.database!;
  const access = accessFor(options.upstream, source);
  access();
  const secureContext = await clientTls(options);
  let journal: Journal | undefined;
  let metrics: MetricsServer | undefined;
  let proxy: RunningProxy;
  try {
    journal = openJournal(options, database);
    const opened = journal;
    if (options.metrics !== undefined)
      metrics = await serveMetrics(registry, options.metrics.host, options.metrics.port, {
        '/healthz': () => unhealthy(opened, proxy),
      });
    proxy = await startProxy({
      source,
      identity: options.as,
      listen: [options.listen],
      ...(secureContext === undefined ? {} : { secureContext }),
      access,
      journal,
      telemetry,
      log,
      reportDiagnostics: report,
      ...(await findingsOf(options.findings, log)),
      ...digestKeyOf(options.auditKey, log),
    });
  } catch (error) {
    source.close();
    await metrics?.close();
    await journal?.close();
    throw startFailure(error, options);
  }
  warnOfPowers(proxy, log);
  // Before anyone can know that we are up: a signal that follows at once must drain, too.
  const ended = untilSignal();
  const address = proxy.addresses[0]!;
  const ready = {
    msg: 'ready',
    listen: `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`,
    identity: `${options.as.namespace}/${options.as.serviceAccount}`,
    database: `${database.metadata.namespace}/${database.metadata.name}`,
    mode: proxy.host.engine?.bundle.mode,
    version: VERSION,
    ...(metrics === undefined ? {} : { metrics: metrics.listen }),
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const signal = await ended;
  log('info', 'draining', { signal });
  await proxy.drain(DRAIN_MS);
  await metrics?.close();
  await journal.close();
  log('info', 'stopped');
}

async function findingsOf(path: string | undefined, log: EventLog): Promise<Pick<ProxyOptions, 'findings' | 'saveFindings'>> {
  if (path === undefined) return {};
  return {
    findings: await readFindings(path),
    saveFindings: (findings) =>
      writeFindings(path, findings).catch((error: NodeJS.ErrnoException) =>
        log('warn', 'findings-not-kept', { path, reason: error.code ?? 'unknown error' }),
      ),
  };
}

function digestKeyOf(path: string | undefined, log: EventLog): Pick<ProxyOptions, 'digestKey'> {
  if (path === undefined) return {};
  const { key, made } = readOrMakeDigestKey(path);
  if (made) log('info', 'digest-key-made', { path });
  return { digestKey: key };
}

function openJournal(options: ProxyCommandOptions, database: Database): Journal {
  const start = {
    chain: randomUUID(),
    product: `sluice ${VERSION}`,
    identity: { ...options.as, node: hostname() },
    database: {
      namespace: database.metadata.namespace,
      name: database.metadata.name,
      ...(database.spec.environment === undefined ? {} : { environment: database.spec.environment }),
    },
  };
  const wanted = options.durability ?? database.spec.audit.durability;
  if (wanted === 'Replicated')
    throw new CliError(
      'Database.spec.audit.durability Replicated needs an operator; standalone, give --durability Local or Synced',
    );
  if (options.audit !== '-') return openFileJournal({ path: options.audit, durability: wanted, start, clock: timestamps() });
  if (wanted === 'Synced') throw new CliError('standard output cannot be synced: give --audit FILE, or --durability Local');
  return openStreamJournal({ descriptor: 1, start, clock: timestamps() });
}

function unhealthy(journal: Journal, proxy: RunningProxy | undefined): string | undefined {
  if (!journal.healthy) return 'audit records cannot be written';
  if (proxy?.host.engine === undefined) return proxy?.host.reason ?? 'starting';
  return undefined;
}

function warnOfPowers(proxy: RunningProxy, log: EventLog): void {
  const powers = proxy.host.engine?.catalog.data.powers ?? [];
  if (powers.length > 0) {
    log('warn', 'powerful-login', {
      powers,
      hint: 'Sluice enforces in front of the server; give it a login that can do no more than the policies need.',
    });
  }
}

function startFailure(error: unknown, options: ProxyCommandOptions): unknown {
  if (
    error instanceof JournalError ||
    error instanceof ListenError ||
    error instanceof AccessError ||
    error instanceof CatalogError ||
    error instanceof DigestKeyError ||
    error instanceof FindingsError
  ) {
    return new CliError(error.message, 1, { cause: error });
  }
  if (error instanceof UpstreamError)
    return new CliError(error.hint === undefined ? error.message : `${error.message} (${error.hint})`, 1, { cause: error });
  if (error instanceof NoPolicyError)
    return new CliError(`nothing is granted to ${options.as.namespace}/${options.as.serviceAccount}: ${error.message}`);
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return new CliError(`cannot serve metrics: ${error.message}`);
  return error;
}
