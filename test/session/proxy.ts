/** A listener on loopback in front of a real server, with everything a test wants to look at or to break. */
import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { AuditEntry } from '../../core/audit/record.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { AnalyseRequest, AnalyseResult } from '../../core/sql/plan.ts';
import { listen } from '../../sidecar/listen/listener.ts';
import type { EngineHost } from '../../sidecar/session/engine-host.ts';
import { SessionRegistry } from '../../sidecar/session/registry.ts';
import type { SessionEnvironment } from '../../sidecar/session/environment.ts';
import { serveSession } from '../../sidecar/session/session.ts';
import { type Journal, JournalError } from '../../sidecar/journal/journal.ts';
import type { Telemetry } from '../../sidecar/telemetry/telemetry.ts';
import { connectUpstream, sendCancel } from '../../sidecar/upstream/connect.ts';
import { upstreamSettings } from '../../sidecar/upstream/startup-settings.ts';
import type { LocalPostgres } from '../support/postgres.ts';

export class FakeHost implements EngineHost {
  #engine: SqlEngine | undefined;
  readonly #listeners = new Set<(engine: SqlEngine | undefined) => void>();
  refreshes: string[] = [];
  reason = 'no policy in this test';

  constructor(engine: SqlEngine | undefined) {
    this.#engine = engine;
  }
  get engine(): SqlEngine | undefined {
    return this.#engine;
  }
  set(engine: SqlEngine | undefined): void {
    this.#engine = engine;
    for (const listener of this.#listeners) listener(engine);
  }
  policyEnded(): void {}
  refreshSoon(cause: string): void {
    void this.refreshCatalog(cause);
  }

  async refreshCatalog(cause: string): Promise<void> {
    this.refreshes.push(cause);
  }
  /** What a worker would answer, and what it was asked. */
  large: AnalyseResult | null = null;
  parsed: string[] = [];
  async analyseLarge(_engine: SqlEngine, { sql }: AnalyseRequest): Promise<AnalyseResult> {
    this.parsed.push(sql.toString());
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.large === null) throw new Error('no worker here');
    return this.large;
  }
  onChange(listener: (engine: SqlEngine | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export class MemoryJournal implements Journal {
  entries: AuditEntry[] = [];
  /** Sizes of the appends. */
  appends: number[] = [];
  failing = false;
  /** Settles later when set, as fdatasync would. */
  delay: number | null = null;

  append(entries: readonly AuditEntry[]): void | Promise<void> {
    if (this.failing) {
      if (this.delay === null) throw new JournalError('disk full');
      return new Promise((_, reject) => setTimeout(() => reject(new JournalError('disk full')), this.delay ?? 0));
    }
    this.appends.push(entries.length);
    this.entries.push(...entries);
    if (this.delay !== null) return new Promise((resolve) => setTimeout(resolve, this.delay ?? 0));
  }
  defer(entry: AuditEntry): void {
    if (!this.failing) this.entries.push(entry);
  }
  get healthy(): boolean {
    return !this.failing;
  }
  async close(): Promise<void> {}

  of<T extends AuditEntry['type']>(type: T): Extract<AuditEntry, { type: T }>[] {
    return this.entries.filter((entry): entry is Extract<AuditEntry, { type: T }> => entry.type === type);
  }
}

export interface TestProxy {
  readonly port: number;
  readonly host: FakeHost;
  readonly journal: MemoryJournal;
  readonly registry: SessionRegistry;
  readonly logs: { event: string; detail: Readonly<Record<string, unknown>> }[];
  stop(): Promise<void>;
}

export interface ProxyOptions {
  readonly telemetry?: Telemetry;
  readonly timeouts?: SessionEnvironment['timeouts'];
  readonly evidence?: SessionEnvironment['evidence'];
}

export async function startProxy(
  server: Pick<LocalPostgres, 'port' | 'password'>,
  engine: SqlEngine | undefined,
  options: ProxyOptions = {},
): Promise<TestProxy> {
  const host = new FakeHost(engine);
  const journal = new MemoryJournal();
  const registry = new SessionRegistry();
  const logs: TestProxy['logs'] = [];
  const target = { host: '127.0.0.1', port: server.port, tls: { mode: 'Disable' as const } };
  const environment: SessionEnvironment = {
    host,
    journal,
    registry,
    connect: (settings, signal) =>
      connectUpstream({
        target,
        user: 'postgres',
        password: server.password,
        database: host.engine?.bundle.database.database ?? 'postgres',
        settings: upstreamSettings('sluice/test', settings.passed, settings.ours),
        signal,
      }),
    sendCancel: (key) => sendCancel(target, key),
    clock: { now: () => Date.now(), monotonic: () => performance.now() * 1000 },
    randomBytes,
    ...(options.telemetry === undefined ? {} : { telemetry: options.telemetry }),
    ...(options.evidence === undefined ? {} : { evidence: options.evidence }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    log: (event, detail) => void logs.push({ event, detail }),
  };
  const sockets = new Set<Socket>();
  const faults: unknown[] = [];
  const listener = await listen({
    addresses: [{ host: '127.0.0.1', port: 0 }],
    onClient: async (client) => {
      sockets.add(client.socket);
      client.socket.once('close', () => sockets.delete(client.socket));
      await serveSession(client, environment);
    },
    onCancel: (key) => registry.cancel(key),
    onFault: (error) => void faults.push(error),
  });
  return {
    port: listener.addresses[0]!.port,
    host,
    journal,
    registry,
    logs,
    async stop() {
      listener.close();
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      if (faults.length > 0) throw faults[0];
    },
  };
}
