/** One run of a suite on a fresh cluster, directly or through Sluice, recorded. */
import { startSluice } from '../../support/sluice.ts';
import { startBackRelay } from './back-relay.ts';
import { startFrontRelay } from './front-relay.ts';
import { type Trace, Tracer } from './trace.ts';
import { startCluster } from './cluster.ts';
import { allowAll, IDENTITY, withPolicyFile } from './policy.ts';

export interface Passage<T> {
  readonly traces: readonly Trace[];
  readonly result: T;
  /** The Sluice process ended by itself. */
  readonly deaths: number;
}

export interface PassageOptions {
  readonly database: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Calls `workload` with the port of a relay in front of the bare server. */
export async function runDirectly<T>(options: PassageOptions, workload: (port: number) => Promise<T>): Promise<Passage<T>> {
  const server = await startCluster([options.database], options.settings);
  const tracer = new Tracer();
  const front = await startFrontRelay({ port: server.port, onExchange: tracer.onExchange });
  try {
    const result = await workload(front.port);
    return { traces: tracer.traces, result, deaths: 0 };
  } finally {
    await front.stop();
    await server.stop();
  }
}

/** Calls `workload` with the port of a relay in front of Sluice, which grants everything. */
export async function runThrough<T>(options: PassageOptions, workload: (port: number) => Promise<T>): Promise<Passage<T>> {
  const server = await startCluster([options.database], options.settings);
  const back = await startBackRelay({ port: server.port });
  const tracer = new Tracer();
  try {
    return await withPolicyFile(allowAll(options.database), async (file) => {
      const sluice = await startSluice({
        policy: [file],
        as: IDENTITY,
        database: 'suite',
        upstream: `postgres://postgres@127.0.0.1:${back.port}/${options.database}`,
      });
      const front = await startFrontRelay({ port: sluice.port, behind: back, onExchange: tracer.onExchange });
      try {
        const result = await workload(front.port);
        await front.stop();
        const deaths = alive(sluice.pid) ? 0 : 1;
        return { traces: tracer.traces, result, deaths };
      } finally {
        await front.stop();
        await sluice.stop();
      }
    });
  } finally {
    await back.stop();
    await server.stop();
  }
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
