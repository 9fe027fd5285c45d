/** A real server with a small schema, the real command in front of it, and relays that break the line on either side. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AuditRecord, Intent, Outcome } from '../../core/audit/record.ts';
import { startLocalPostgres, type LocalPostgres } from '../support/postgres.ts';
import { must, rows } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { WireClient } from '../support/wire-client.ts';
import { type ChaosRelay, startChaosRelay } from './chaos-relay.ts';
import type { Trail } from './judge.ts';

export const policyFile = fileURLToPath(new URL('policy.yaml', import.meta.url));
export const patientPolicy = fileURLToPath(new URL('patient-policy.yaml', import.meta.url));
const command = fileURLToPath(new URL('../../bin/sluice', import.meta.url));
const run = promisify(execFile);

export interface Laboratory {
  readonly server: LocalPostgres;
  /** Superuser, straight to the server. */
  readonly admin: WireClient;
  connect(): Promise<WireClient>;
  stop(): Promise<void>;
}

export async function startLaboratory(major: 15 | 18, settings: Readonly<Record<string, string>> = {}): Promise<Laboratory> {
  const server = await startLocalPostgres({ major, settings: { max_connections: '300', ...settings } });
  const connect = (database = 'shop'): Promise<WireClient> =>
    WireClient.connect({ port: server.port, password: server.password, database, timeout: 60_000 });
  try {
    const first = await connect('postgres');
    await must(first, 'CREATE DATABASE shop');
    await first.close();
    const admin = await connect();
    await must(admin, await readFile(new URL('schema.sql', import.meta.url), 'utf8'));
    return {
      server,
      admin,
      connect: () => connect(),
      stop: async () => {
        await admin.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export interface LaneOptions {
  readonly policy?: string;
  readonly as?: string;
  readonly extra?: readonly string[];
  readonly audit?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One Sluice with a relay on either side. */
export interface Lane {
  readonly sluice: RunningSluice;
  /** Lanes on the same server, itself included: each has a reader of the schema there. */
  peers: number;
  /** Straight to the server, for this lane alone. */
  readonly admin: WireClient;
  /** Between clients and Sluice. */
  readonly front: ChaosRelay;
  /** Between Sluice and the server. */
  readonly back: ChaosRelay;
  /** Of the metrics endpoint. */
  metrics(): Promise<string>;
  alive(): boolean;
  stop(): Promise<void>;
}

export async function startLane(laboratory: Laboratory, options: LaneOptions = {}): Promise<Lane> {
  const back = await startChaosRelay({ port: laboratory.server.port });
  const { password } = laboratory.server;
  const sluice = await startSluice({
    policy: [options.policy ?? policyFile],
    as: options.as ?? 'ai-agents/agent',
    upstream: `postgres://postgres:${password}@127.0.0.1:${back.port}/shop`,
    ...(options.audit === undefined ? {} : { audit: options.audit }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    extra: ['--metrics', '127.0.0.1:0', '--log-level', 'warn', ...(options.extra ?? [])],
  });
  const front = await startChaosRelay({ port: sluice.port });
  const admin = await laboratory.connect();
  const address = /"metrics":"([^"]+)"/.exec(sluice.output())?.[1] ?? '';
  return {
    sluice,
    peers: 1,
    admin,
    front,
    back,
    metrics: async () => (await fetch(`http://${address}/metrics`)).text(),
    alive: () => isAlive(sluice.pid),
    stop: async () => {
      await admin.close();
      await sluice.stop();
      await front.stop();
      await back.stop();
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Rows of `marks` by step, for one run. */
export async function marksOf(admin: WireClient, runName: string): Promise<Readonly<Record<string, number>>> {
  const found = await rows(admin, `SELECT step, count(*) FROM marks WHERE run = '${runName}' GROUP BY step`);
  return Object.fromEntries(found.map(([step, count]) => [step ?? '', Number(count)]));
}

/** Waits until at most `count` connections of Sluice are left; returns those that should have gone. */
export async function settled(admin: WireClient, count: number, patience = 10_000): Promise<readonly string[]> {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await rows(
      admin,
      "SELECT pid, state, wait_event, left(query, 60) FROM pg_stat_activity WHERE application_name LIKE 'sluice/%' ORDER BY backend_start",
    );
    if (found.length <= count) return [];
    if (Date.now() > deadline) return found.slice(count).map((fields) => fields.join(' | '));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What `sluice audit verify` says of a journal, as complaints. */
export async function verifyAudit(file: string): Promise<readonly string[]> {
  const { stdout } = await run(command, ['audit', 'verify', file, '-o', 'json']).catch((error: { stdout: string }) => error);
  const report = JSON.parse(stdout) as {
    valid: boolean;
    fault?: { reason: string };
    outcomeUnknown: string[];
    tornBytes: number;
  };
  return [
    ...(report.valid ? [] : [`the audit chain is broken: ${report.fault?.reason ?? 'unknown'}`]),
    ...(report.outcomeUnknown.length > 0 ? [`${report.outcomeUnknown.length} intents without an outcome`] : []),
    ...(report.tornBytes > 0 ? [`${report.tornBytes} torn bytes in the journal`] : []),
  ];
}

export async function readAudit(file: string): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) records.push(JSON.parse(line) as AuditRecord);
  return records;
}

/** Intents and outcomes by the first six digits of their trace: the run. */
export function trailsByRun(records: readonly AuditRecord[]): ReadonlyMap<string, Trail> {
  const outcomes = new Map<string, Outcome>();
  for (const record of records) if (record.type === 'outcome') outcomes.set(record.statement, record);
  const runs = new Map<string, Map<string, { intent: Intent; outcome: Outcome | undefined }[]>>();
  for (const record of records) {
    if (record.type !== 'intent' || record.trace === undefined) continue;
    const trace = record.trace.slice(3, 35);
    const name = trace.slice(0, 6);
    const trail = runs.get(name) ?? new Map<string, { intent: Intent; outcome: Outcome | undefined }[]>();
    runs.set(name, trail);
    const entries = trail.get(trace) ?? [];
    trail.set(trace, entries);
    entries.push({ intent: record, outcome: outcomes.get(record.statement) });
  }
  return runs;
}
