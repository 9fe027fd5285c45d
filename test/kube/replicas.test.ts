/** Two replicas, each a process of its own: rolled, killed and frozen while pods are created and an agent works. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-ports.ts';
import { needsKubernetes } from './binaries.ts';
import { SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { putSecret, startDatabase, type TestDatabase } from './databases.ts';
import {
  metric,
  type InjectedPod,
  type Installation,
  install,
  type RunningOperator,
  type RunningSidecar,
  startSidecar,
} from './installation.ts';
import { startService, type TestService } from './service.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('replicas of the operator');
const PLATFORM = 'data-platform';
const AGENTS = 'ai-agents';

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let database: TestDatabase;
  let installation: Installation;
  let webhook: TestService;
  let stream: TestService;
  let sidecar: RunningSidecar;
  let localPort: number;
  const replicas = new Map<string, RunningOperator>();

  /** The endpoints that are ready, as the Services would have them. */
  const endpoints = (names: readonly string[] = [...replicas.keys()]): void => {
    const there = names.map((name) => replicas.get(name)!.ports);
    webhook.use(there.map((ports) => ports.webhook));
    stream.use(there.map((ports) => ports.stream));
    installation.use({ webhook: webhook.port, stream: stream.port, health: 0 });
  };
  const start = async (name: string): Promise<void> => {
    replicas.set(name, await installation.startOperator(name));
    endpoints();
  };

  beforeAll(async () => {
    [kube, database, webhook, stream] = await Promise.all([startControlPlane(), startDatabase(), startService(), startService()]);
    await database.run('CREATE TABLE customers (id int PRIMARY KEY, name text)');
    await database.run("INSERT INTO customers VALUES (1, 'Anna Alvarez')");
    await database.run('GRANT SELECT ON customers TO app');
    installation = await install(kube, { policyNamespaces: [PLATFORM] });
    kube.kubectl(['create', 'namespace', AGENTS]);
    kube.kubectl(['create', 'serviceaccount', 'agent', '-n', AGENTS]);
    await putSecret(kube, PLATFORM, 'login', { username: 'app', password: 'app-password' });
    await putSecret(kube, PLATFORM, 'ca', { 'ca.crt': database.ca });
    kube.kubectl(
      ['apply', '-f', '-'],
      [
        {
          apiVersion: 'sluice.dev/v1alpha1',
          kind: 'Database',
          metadata: { name: 'orders', namespace: PLATFORM },
          spec: {
            endpoint: { host: '127.0.0.1', port: database.port, database: 'orders' },
            tls: { mode: 'VerifyFull', caSecretRef: { name: 'ca' } },
            credentialsSecretRef: { name: 'login' },
          },
        },
        policy(100),
      ]
        .map((each) => JSON.stringify(each))
        .join('\n---\n'),
    );
    await Promise.all([start('operator-0'), start('operator-1')]);
    localPort = await freePort();
    const pod = await createPod('agent', `orders=${localPort}`);
    sidecar = await startSidecar(kube, pod, { stream: stream.port });
  });
  afterAll(async () => {
    await Promise.all([sidecar, ...replicas.values()].map((each) => each?.stop('SIGKILL')));
    await Promise.all([kube?.stop(), database?.stop(), webhook?.close(), stream?.close()]);
  });

  test('agree on authorities, seal keys and audit keys, and one of them leads', async () => {
    const secrets = kube.kubectl(['get', 'secrets', '-n', SYSTEM, '-o', 'jsonpath={.items[*].metadata.name}']).split(' ');
    expect(secrets).toEqual(
      expect.arrayContaining(['sluice-seal-keys', 'sluice-audit-keys', 'sluice-stream-ca', 'sluice-webhook-ca']),
    );
    const leading = await Promise.all(
      [...replicas.values()].map((replica) => metric(replica, 'sluice_operator_leader_is_leader')),
    );
    expect(leading.toSorted()).toEqual([0, 1]);
  });

  test('a rolling update: every pod is injected, every statement answered', async () => {
    const end = new AbortController();
    const pods = keepCreating(end.signal);
    const statements = keepAsking(end.signal);
    for (const [old, young] of [
      ['operator-0', 'operator-2'],
      ['operator-1', 'operator-3'],
    ] as const) {
      await start(young);
      const leaving = replicas.get(old)!;
      // An endpoint is taken away when the pod begins to end; its process hears of it at the same time.
      endpoints([...replicas.keys()].filter((name) => name !== old));
      expect(await leaving.stop()).toBe(0);
      replicas.delete(old);
    }
    end.abort();
    expect(await pods).toBeGreaterThan(5);
    expect(await statements).toBeGreaterThan(20);
    await inForce(101);
  });

  test('the leader is killed: the other one serves at once and leads after a while', async () => {
    const [found] = await leaders();
    const [name, leader] = found!;
    await leader.stop('SIGKILL');
    replicas.delete(name);
    endpoints();
    await createPod('after-the-kill');
    await inForce(102);
    await eventually(async () => expect((await leaders()).length).toBe(1), 40_000);
    kube.kubectl(['delete', 'secret', 'login', '-n', PLATFORM]);
    await condition('database/orders', 'Ready', 'False');
    await putSecret(kube, PLATFORM, 'login', { username: 'app', password: 'app-password' });
    await condition('database/orders', 'Ready', 'True');
  });

  test('the webhook answers on while its caBundle is blanked and healed', async () => {
    await start('operator-4');
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
    const found = await kube.request<{ items: readonly { metadata: { name: string }; webhooks: readonly object[] }[] }>(
      'GET',
      path,
    );
    const { metadata, webhooks } = found.body.items[0]!;
    const bundle = async (): Promise<string | undefined> =>
      (await kube.request<{ webhooks: readonly { clientConfig: { caBundle?: string } }[] }>('GET', `${path}/${metadata.name}`))
        .body.webhooks[0]?.clientConfig.caBundle;
    expect(webhooks).toHaveLength(1);
    const before = await bundle();
    await kube.request('PATCH', `${path}/${metadata.name}`, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }], {
      contentType: 'application/json-patch+json',
    });
    await eventually(async () => expect(await bundle()).toBe(before));
    await eventually(async () => expect((await post('after-the-healing')).status).toBe(201));
  });

  // ——

  function policy(maxRows: number): object {
    return {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'DatabaseAccessPolicy',
      metadata: { name: 'agent', namespace: PLATFORM },
      spec: {
        databaseRef: { name: 'orders' },
        subjects: [{ serviceAccount: { namespace: AGENTS, name: 'agent' } }],
        grants: [{ tables: ['public.customers'], actions: ['Select'], ...(maxRows > 100 ? { reveal: ['name'] } : {}) }],
        limits: { maxRows },
      },
    };
  }

  /** Applied, and acknowledged by the sidecar. */
  async function inForce(maxRows: number): Promise<void> {
    kube.kubectl(['apply', '-f', '-'], JSON.stringify(policy(maxRows)));
    await eventually(async () => expect((await ask('SELECT name FROM customers')).rows).toEqual([{ name: 'Anna Alvarez' }]));
    await condition('dap/agent', 'Programmed', 'True');
  }

  async function condition(object: string, type: string, status: string): Promise<void> {
    await eventually(() => {
      const found = JSON.parse(kube.kubectl(['get', object, '-n', PLATFORM, '-o', 'json'])) as {
        metadata: { generation: number };
        status?: { observedGeneration?: number; conditions?: readonly { type: string; status: string }[] };
      };
      expect(found.status?.observedGeneration).toBe(found.metadata.generation);
      expect(found.status?.conditions?.find((each) => each.type === type)).toMatchObject({ status });
    }, 40_000);
  }

  async function leaders(): Promise<[string, RunningOperator][]> {
    const all = await Promise.all(
      [...replicas].map(async (entry) => [entry, await metric(entry[1], 'sluice_operator_leader_is_leader')] as const),
    );
    return all.filter(([, leads]) => leads === 1).map(([entry]) => entry);
  }

  function post(name: string, inject = 'orders'): ReturnType<ControlPlane['request']> {
    return kube.request('POST', `/api/v1/namespaces/${AGENTS}/pods`, {
      metadata: { name, annotations: { 'sluice.dev/inject': inject } },
      spec: { serviceAccountName: 'agent', nodeName: 'node-1', containers: [{ name: 'app', image: 'agent:1' }] },
    });
  }

  async function createPod(name: string, inject?: string): Promise<InjectedPod> {
    let made: InjectedPod | undefined;
    // The view may not have the policy yet.
    await eventually(async () => {
      const answer = await post(name, inject);
      expect(answer).toMatchObject({ status: 201 });
      made = answer.body as InjectedPod;
    });
    expect(made!.spec.initContainers?.[0]?.name).toBe('sluice');
    return made!;
  }

  /** How many; throws for the first that is refused, or comes without its sidecar. */
  async function keepCreating(end: AbortSignal): Promise<number> {
    let count = 0;
    while (!end.aborted) {
      const answer = await post(`rolling-${count}`);
      expect(answer).toMatchObject({ status: 201, body: { spec: { initContainers: [{ name: 'sluice' }] } } });
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return count;
  }

  async function keepAsking(end: AbortSignal): Promise<number> {
    let count = 0;
    const client = await connect();
    while (!end.aborted) {
      await client.query('SELECT name FROM customers');
      await ask('SELECT count(*) FROM customers');
      count += 2;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await client.end();
    return count;
  }

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port: localPort, user: 'anybody', database: 'orders' });
    await client.connect();
    return client;
  }

  async function ask(text: string): Promise<pg.QueryResult> {
    const client = await connect();
    return client.query(text).finally(() => client.end());
  }
});
