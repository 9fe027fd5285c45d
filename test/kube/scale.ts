/**
 * Many policies and many pods on a real API server with a real operator: 200 policies × 500 pods by default. The pods are injected by the webhook
 * and their sidecars' connections are real, with real tokens; what a sidecar does with what it is told costs its own pod, so here it only
 * acknowledges. Run by scale.test.ts for what must hold and by bench/operator.ts for figures.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TOKEN_AUDIENCE } from '../../core/injection/names.ts';
import { parseSidecarSettings, SETTINGS_VARIABLE } from '../../core/injection/sidecar-settings.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { OperatorConnection } from '../../sidecar/bundle/operator-connection.ts';
import type { ControlPlane } from './control-plane.ts';
import type { InjectedPod, RunningOperator } from './installation.ts';

export const PLATFORM = 'data-platform';
export const AGENTS = 'ai-agents';
const SHARED = 'shared';

export interface ScaleOptions {
  readonly policies: number;
  readonly pods: number;
  readonly databases: number;
  /** Of the PostgreSQL behind all Databases. */
  readonly postgres: { readonly port: number; readonly ca: string };
}

export interface Fleet {
  /** `namespace/name` of a policy → pods it binds. */
  readonly bound: ReadonlyMap<string, number>;
  readonly pods: readonly InjectedPod[];
  /** Seconds it took to create the pods, one after the other on each of eight connections. */
  readonly injectionSeconds: number;
}

/** Everything but the connections. The Secrets `login` and `ca` must be there. */
export async function createFleet(kube: ControlPlane, options: ScaleOptions): Promise<Fleet> {
  const { policies, pods, databases, postgres } = options;
  const create = async (path: string, body: object): Promise<unknown> => {
    const answer = await kube.request<{ message?: string }>('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.body.message}`);
    return answer.body;
  };
  const ours = `/apis/sluice.dev/v1alpha1/namespaces/${PLATFORM}`;
  const accounts = policies - 1;
  const databaseNames = [SHARED, ...Array.from({ length: databases - 1 }, (_, index) => `db-${index}`)];
  await inParallel(databaseNames, (name) =>
    create(`${ours}/databases`, {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Database',
      metadata: { name },
      spec: {
        endpoint: { host: '127.0.0.1', port: postgres.port, database: 'orders' },
        tls: { mode: 'VerifyFull', caSecretRef: { name: 'ca' } },
        credentialsSecretRef: { name: 'login' },
      },
    }),
  );
  await inParallel(range(accounts), (index) =>
    create(`/api/v1/namespaces/${AGENTS}/serviceaccounts`, { metadata: { name: account(index) } }),
  );
  await create(`${ours}/databaseaccesspolicies`, policy(SHARED, SHARED, '*', 100));
  await inParallel(range(accounts), (index) =>
    create(`${ours}/databaseaccesspolicies`, policy(account(index), databaseOf(index, databases), account(index), 100)),
  );
  const began = performance.now();
  const created = await inParallel(range(pods), async (index) => {
    const owner = index % accounts;
    const pod = podObject(`pod-${index}`, account(owner), `${SHARED}=7000,${databaseOf(owner, databases)}=7001`);
    // A policy may not have reached the operator yet.
    for (let attempt = 0; ; attempt++) {
      const answer = await kube.request<InjectedPod & { message?: string }>('POST', `/api/v1/namespaces/${AGENTS}/pods`, pod);
      if (answer.status === 201) return answer.body;
      if (attempt === 20) throw new Error(answer.body.message);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });
  const injectionSeconds = (performance.now() - began) / 1000;
  await inParallel(created, async ({ metadata: { name } }) => {
    const answer = await kube.request<{ message?: string }>(
      'PATCH',
      `/api/v1/namespaces/${AGENTS}/pods/${name}/status`,
      { status: { phase: 'Running' } },
      { token: kube.nodeToken, contentType: 'application/strategic-merge-patch+json' },
    );
    if (answer.status !== 200) throw new Error(answer.body.message);
  });
  const bound = new Map([[`${PLATFORM}/${SHARED}`, pods]]);
  for (const index of range(pods)) {
    const key = `${PLATFORM}/${account(index % accounts)}`;
    bound.set(key, (bound.get(key) ?? 0) + 1);
  }
  return { bound, pods: created, injectionSeconds };
}

/** Changes the policy that binds every pod. Resolves when the API server has it; the answer is when, in milliseconds since the epoch. */
export async function changeSharedPolicy(kube: ControlPlane, maxRows: number): Promise<number> {
  const path = `/apis/sluice.dev/v1alpha1/namespaces/${PLATFORM}/databaseaccesspolicies/${SHARED}`;
  const answer = await kube.request<{ message?: string }>(
    'PATCH',
    path,
    { spec: { limits: { maxRows } } },
    {
      contentType: 'application/merge-patch+json',
    },
  );
  if (answer.status !== 200) throw new Error(answer.body.message);
  return performance.timeOrigin + performance.now();
}

/** Connections of all pods, in a process of their own. */
export interface Connections {
  /** Resolves with when each of them was told of this limit in the shared Database's policy, milliseconds since the epoch. */
  told(maxRows: number): Promise<readonly number[]>;
  close(): void;
}

export async function connectAll(kube: ControlPlane, fleet: Fleet, stream: number): Promise<Connections> {
  const orders = await inParallel(fleet.pods, async (pod): Promise<Order> => {
    const { namespace, name, uid } = pod.metadata;
    const text = pod.spec.initContainers
      ?.find((each) => each.name === 'sluice')
      ?.env?.find((each) => each.name === SETTINGS_VARIABLE)?.value;
    const settings = parseSidecarSettings(text);
    const token = await kube.serviceAccountToken(namespace, pod.spec.serviceAccountName, {
      audiences: [TOKEN_AUDIENCE],
      pod: { name, uid },
      expirationSeconds: 3600,
      as: kube.nodeToken,
    });
    return {
      token,
      ca: settings.operator.ca,
      serverName: settings.operator.serverName,
      databases: settings.databases.map((each) => `${each.namespace}/${each.name}`),
    };
  });
  const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced' });
  process.once('exit', () => child.kill('SIGKILL'));
  child.send({ stream, orders });
  return {
    told: (maxRows) => toldAll(child, maxRows, fleet.pods.length),
    close: () => child.kill('SIGKILL'),
  };
}

async function toldAll(child: ChildProcess, maxRows: number, count: number): Promise<readonly number[]> {
  child.send({ maxRows });
  for (;;) {
    const [message] = (await once(child, 'message')) as [{ readonly maxRows: number; readonly times: readonly number[] }];
    if (message.maxRows === maxRows && message.times.length === count) return message.times;
  }
}

interface Order {
  readonly token: string;
  readonly ca: string;
  readonly serverName: string;
  readonly databases: readonly string[];
}

/** The child: connects, acknowledges, and remembers which limit of the shared policy was told when. */
function connections(stream: number, orders: readonly Order[]): void {
  const told = new Map<number, Map<number, number>>();
  let wanted: number | undefined;
  const report = (): void => {
    const times = wanted === undefined ? undefined : told.get(wanted);
    if (times?.size === orders.length) process.send?.({ maxRows: wanted, times: [...times.values()] });
  };
  const connect = ({ token, ca, serverName, databases }: Order, index: number): void => {
    const connection = new OperatorConnection({
      address: `127.0.0.1:${stream}`,
      serverName,
      authorities: [ca],
      token: async () => token,
      clock: systemClock,
      timeout: 20_000,
      heartbeat: 10_000,
      onOpen: () => connection.send({ type: 'hello', protocol: 1, version: '0.0.0-scale', databases }),
      onFrame: (frame) => {
        if (frame.type === 'goodbye') return connection.close();
        if (frame.type !== 'state') return;
        const database = String(frame['database']);
        connection.send({ type: 'acknowledged', database, revision: String(frame['revision']), state: 'programmed' });
        if (!database.endsWith(`/${SHARED}`)) return;
        const [first] = frame['policies'] as readonly { readonly spec: { readonly limits: { readonly maxRows: number } } }[];
        const limit = first?.spec.limits.maxRows ?? 0;
        const times = told.get(limit) ?? new Map<number, number>();
        told.set(limit, times);
        if (!times.has(index)) times.set(index, performance.timeOrigin + performance.now());
        report();
      },
      onEnd: () => setTimeout(() => connect(orders[index]!, index), 100 + Math.random() * 900),
    });
  };
  orders.forEach(connect);
  process.on('message', (message: { readonly maxRows: number }) => {
    wanted = message.maxRows;
    report();
  });
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', ({ stream, orders }: { readonly stream: number; readonly orders: readonly Order[] }) =>
    connections(stream, orders),
  );
  process.once('disconnect', () => process.exit(0));
}

/** Of the operator's process: resident MiB, and seconds of CPU since it started. */
export function costOf(operator: Pick<RunningOperator, 'pid'>): { readonly residentMiB: number; readonly cpuSeconds: number } {
  const status = readFileSync(`/proc/${operator.pid}/status`, 'utf8');
  const fields = readFileSync(`/proc/${operator.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  // proc_pid_stat(5): utime and stime are fields 14 and 15, in clock ticks, of which there are a hundred a second.
  return {
    residentMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
  };
}

const account = (index: number): string => `agent-${index}`;
const databaseOf = (index: number, databases: number): string => `db-${index % (databases - 1)}`;
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

function policy(name: string, database: string, serviceAccount: string, maxRows: number): object {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'DatabaseAccessPolicy',
    metadata: { name },
    spec: {
      databaseRef: { name: database },
      subjects: [{ serviceAccount: { namespace: AGENTS, name: serviceAccount } }],
      grants: [{ tables: ['public.customers'], actions: ['Select'] }],
      limits: { maxRows },
    },
  };
}

function podObject(name: string, serviceAccountName: string, inject: string): object {
  return {
    metadata: { name, annotations: { 'sluice.dev/inject': inject } },
    spec: { serviceAccountName, nodeName: 'node-1', containers: [{ name: 'app', image: 'agent:1' }] },
  };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]!);
  };
  await Promise.all(range(8).map(worker));
  return results;
}
