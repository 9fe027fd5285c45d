/**
 * The process in a pod put together. Listeners and health are there at once, whatever else is not: the operator may be down (then what it said
 * last is in the memory volume, or clients are told to wait), and so may the database.
 */
import type { EventLog } from '../../core/event-log.ts';
import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import type { Registry } from 'prom-client';
import { databaseKey } from '../../core/injection/sidecar-settings.ts';
import { signingKey } from '../../core/audit/keys.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { VERSION } from '../../core/version.ts';
import { systemClock } from '../bundle/clock.ts';
import { Collector } from '../collection/collector.ts';
import { countCollection } from '../collection/metrics.ts';
import { OperatorLink } from '../bundle/operator-link.ts';
import type { OutputCopy } from '../journal/standard-output.ts';
import { type Listener, type ListenAddress, listen, turnAway } from '../listen/listener.ts';
import { LargeAnalyser } from '../parser/large-analyser.ts';
import { type MetricsServer, serveMetrics } from '../telemetry/metrics-server.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { clientCertificate } from './client-certificate.ts';
import type { InjectedEnvironment } from './environment.ts';
import { countLink } from './link-metrics.ts';
import { PodDatabase } from './pod-database.ts';
import { Routing } from './routing.ts';

export interface SidecarOptions {
  readonly environment: InjectedEnvironment;
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly output: OutputCopy;
  readonly log: EventLog;
  /** Nothing can be served, and trying again in this process would not help. */
  readonly fatal: (error: unknown) => void;
}

export interface RunningSidecar {
  readonly addresses: readonly ListenAddress[];
  /** host:port */
  readonly health: string;
  /** Serves nobody new, lets transactions finish for at most `deadline` milliseconds, ends the rest. */
  drain(deadline: number): Promise<void>;
}

/** Milliseconds that the last records may take on their way to the operator, when the sidecar has to stop. */
const TAIL: readonly [least: number, most: number] = [3_000, 10_000];

/** Rejects with ListenError, or what binding the health address rejects with. */
export async function startSidecar(options: SidecarOptions): Promise<RunningSidecar> {
  const { environment, registry, log, fatal } = options;
  const { settings } = environment;
  const parser = await createWasmParser();
  const large = new LargeAnalyser();
  const databases = new Map<string, PodDatabase>();
  const key = signingKey();
  const collector = new Collector({ publicKey: key.publicKey, clock: systemClock, random: Math.random, log });
  const link = new OperatorLink({
    ...settings.operator,
    databases: settings.databases.map(databaseKey),
    version: VERSION,
    readToken: () => readFile(environment.tokenFile, 'utf8'),
    directory: environment.stateDirectory,
    uptime,
    clock: systemClock,
    random: Math.random,
    log,
    standing: (name) => databases.get(name)?.standing(),
    collection: collector,
    onIdentity: () => {
      try {
        for (const database of databases.values()) database.open();
      } catch (error) {
        fatal(error);
      }
    },
  });
  const telemetry = summed(options.telemetry, settings.databases.length);
  const collection = countCollection(
    registry,
    () => [...databases.values()].flatMap(({ shipper }) => shipper ?? []),
    () => systemClock.now(),
  );
  settings.databases.forEach((each, index) => {
    const name = databaseKey(each);
    databases.set(
      name,
      new PodDatabase({
        settings: each,
        stream: link.databases.get(name)!,
        identity: () => link.identity!,
        auditDirectory: environment.auditDirectory,
        auditTotal: environment.auditTotal / settings.databases.length,
        copy: (lines) => options.output.write(lines),
        collector,
        key,
        collection,
        parser,
        large,
        telemetry: telemetry[index]!,
        log,
        standingChanged: () => link.standingChanged(name),
      }),
    );
  });
  const all = [...databases.values()];
  countLink(registry, link, options.output);
  let listener: Listener | undefined;
  let health: MetricsServer | undefined;
  try {
    health = await serveMetrics(registry, environment.health.host, environment.health.port, {
      '/startupz': () => (listener === undefined ? 'not listening yet' : unheard(link)),
      '/healthz': () => undefined,
      '/readyz': () => unready(all),
    });
    listener = await openListeners(options, all);
  } catch (error) {
    await health?.close();
    throw error;
  }
  link.start();
  const opened = listener;
  const served = health;
  return {
    addresses: opened.addresses,
    health: served.listen,
    drain: async (deadline) => {
      const began = systemClock.monotonic();
      // Policies still change while transactions finish.
      await Promise.all(all.map((database) => database.drain(deadline)));
      opened.close();
      for (const database of all) database.end('stopped');
      await collector.finish(Math.min(TAIL[1], Math.max(TAIL[0], deadline - (systemClock.monotonic() - began))));
      link.close();
      collector.close();
      await Promise.all(all.map((database) => database.close()));
      await large.close();
      await served.close();
    },
  };
}

async function openListeners(
  { environment, telemetry, log }: SidecarOptions,
  databases: readonly PodDatabase[],
): Promise<Listener> {
  const secureContext = await clientCertificate({
    names: environment.settings.databases.flatMap(({ names, listen: addresses }) => [
      ...names,
      ...addresses.map(({ host }) => host),
    ]),
    stateDirectory: environment.stateDirectory,
    caFile: environment.clientCaFile,
    now: Date.now(),
    log,
  });
  const routing = new Routing(databases);
  const refused = (code: Parameters<typeof telemetry.refused>[0]): void => {
    telemetry.refusal(code);
    telemetry.refused(code);
  };
  return await listen({
    addresses: routing.addresses,
    secureContext: () => secureContext,
    onClient: (client) => {
      const found = routing.find(client);
      if (found instanceof PodDatabase) return found.serve(client);
      refused(found.code);
      return turnAway(client.socket, found);
    },
    // Keys are drawn at random: whose it is, only its owner finds.
    onCancel: async (key) => {
      await Promise.all(databases.map((database) => database.cancel(key)));
    },
    onRefused: ({ code }) => refused(code),
    onFault: (error) => log('error', 'internal-error', { error: error instanceof Error ? error.stack : String(error) }),
  });
}

/** Started means that somebody has said what is in force, for each Database: the operator now, or before a restart. */
function unheard(link: OperatorLink): string | undefined {
  if (link.refusal !== undefined) return `refused by the operator: ${link.refusal}`;
  const waiting = [...link.databases.values()].filter(({ heard }) => !heard).map(({ key }) => key);
  return waiting.length === 0 ? undefined : `the operator has not spoken about ${waiting.join(', ')} yet`;
}

/** Codes, not sentences: whoever reaches the pod can read them. */
function unready(databases: readonly PodDatabase[]): string | undefined {
  const problems = databases.flatMap(({ key, problem }) => (problem === undefined ? [] : [`${key}: ${problem}`]));
  return problems.length === 0 ? undefined : problems.join('\n');
}

/** Counters add up by themselves; of the gauge of sensitive columns every Database holds a part. */
function summed(telemetry: Telemetry, count: number): readonly Telemetry[] {
  const parts: ReadonlyMap<string, number>[] = Array.from({ length: count }, () => new Map());
  return parts.map((_, index) => ({
    ...telemetry,
    sensitiveColumns: (counts) => {
      parts[index] = counts;
      const sum = new Map<string, number>();
      for (const part of parts) for (const [name, columns] of part) sum.set(name, (sum.get(name) ?? 0) + columns);
      telemetry.sensitiveColumns(sum);
    },
  }));
}
