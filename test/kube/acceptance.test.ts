/**
 * From a pod annotation to a governed connection, with everything real but the kubelet: API server, chart, the operator's process under its own
 * service account, the sidecar's process with the environment and the token of its pod, PostgreSQL with TLS, an ordinary driver.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-ports.ts';
import { needsKubernetes } from './binaries.ts';
import { startDatabase, type TestDatabase } from './databases.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import {
  metric,
  type Installation,
  type InjectedPod,
  install,
  type RunningOperator,
  type RunningSidecar,
  startSidecar,
} from './installation.ts';
import { type Metric, operatorMetrics, sidecarMetrics } from '../docs/registries.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('from a pod annotation to a governed connection');
const PLATFORM = 'data-platform';
const AGENTS = 'ai-agents';

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let installation: Installation;
  let operator: RunningOperator;
  let database: TestDatabase;
  let pod: InjectedPod;
  let sidecar: RunningSidecar;
  let port: number;

  beforeAll(async () => {
    [kube, database] = await Promise.all([startControlPlane(), startDatabase()]);
    await database.run('CREATE TABLE customers (id int PRIMARY KEY, name text, email text, ssn text, region text)');
    await database.run(
      "INSERT INTO customers VALUES (1, 'Anna Alvarez', 'anna@example.com', '078-05-1120', 'eu'), (2, 'Ben Berg', 'ben@example.com', '219-09-9999', 'us')",
    );
    await database.run('GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO app');
    installation = await install(kube, { policyNamespaces: [PLATFORM] });
    operator = await installation.startOperator('operator-0');
    kube.kubectl(['create', 'namespace', AGENTS]);
    kube.kubectl(['label', 'namespace', AGENTS, 'pod-security.kubernetes.io/enforce=restricted']);
    for (const name of ['support-agent', 'other-agent']) kube.kubectl(['create', 'serviceaccount', name, '-n', AGENTS]);
  });
  afterAll(async () => {
    await sidecar?.stop('SIGKILL');
    await operator?.stop('SIGKILL');
    await Promise.all([kube?.stop(), database?.stop()]);
  });

  test('a Database and a policy become ready, sensitive columns counted', async () => {
    kube.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 'orders-login', namespace: PLATFORM },
            stringData: { username: 'app', password: 'app-password' },
          },
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 'orders-ca', namespace: PLATFORM },
            stringData: { 'ca.crt': database.ca },
          },
          {
            apiVersion: 'sluice.dev/v1alpha1',
            kind: 'Database',
            metadata: { name: 'orders', namespace: PLATFORM },
            spec: {
              endpoint: { host: '127.0.0.1', port: database.port, database: 'orders' },
              tls: { mode: 'VerifyFull', caSecretRef: { name: 'orders-ca' } },
              credentialsSecretRef: { name: 'orders-login' },
            },
          },
          policy({ columns: ['id', 'name', 'email', 'region'] }),
        ],
      }),
    );
    await ready('database/orders');
    await ready('dap/support-agent');
    const table = kube.kubectl(['get', 'database', 'orders', '-n', PLATFORM, '-o', 'json']);
    expect(JSON.parse(table).status.sensitiveColumns).toBeGreaterThan(0);
  });

  test('an annotated pod comes back injected, admitted to a restricted namespace', async () => {
    pod = await createPod('support', 'support-agent', { 'sluice.dev/inject': `orders=${await freePort()}` });
    expect(pod.spec.initContainers?.[0]?.name).toBe('sluice');
    expect(pod.metadata.labels).toMatchObject({ 'sluice.dev/injected': 'true' });
    const environment = Object.fromEntries((pod.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
    expect(environment).toMatchObject({ PGHOST: '127.0.0.1', PGDATABASE: 'orders' });
    port = Number(environment['PGPORT']);
  });

  test("with the pod's real token its sidecar is given what is in force, and a query is masked", async () => {
    sidecar = await startSidecar(kube, pod, { stream: operator.ports.stream });
    const { rows } = await query('SELECT * FROM customers ORDER BY id');
    expect(rows).toEqual([
      { id: 1, name: 'A****', email: expect.stringContaining('@masked.invalid'), region: 'eu' },
      { id: 2, name: 'B****', email: expect.stringContaining('@masked.invalid'), region: 'us' },
    ]);
    await expect(query('SELECT ssn FROM customers')).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('ssn'),
    });
    await expect(query('DELETE FROM customers WHERE id = 1')).rejects.toMatchObject({ code: '42501' });
    await eventually(() => {
      const { status } = JSON.parse(kube.kubectl(['get', 'dap', 'support-agent', '-n', PLATFORM, '-o', 'json'])) as StatusObject;
      expect(status).toMatchObject({ boundPods: 1, programmedPods: 1, boundServiceAccounts: 1 });
      expect(status?.conditions?.find((each) => each.type === 'Ready')).toMatchObject({ status: 'True' });
    });
  });

  test('both processes export the metrics of the reference, and no others', async () => {
    const ownNames = async (port: number): Promise<readonly string[]> => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return [...text.matchAll(/^# TYPE (sluice_\w+) /gm)].map(([, name]) => name!).sort();
    };
    const sorted = (metrics: readonly Metric[]): readonly string[] => metrics.map(({ name }) => name).sort();
    expect(await ownNames(operator.ports.health)).toEqual(sorted(operatorMetrics()));
    expect(await ownNames(sidecar.health)).toEqual(sorted(sidecarMetrics()));
  });

  test("a changed policy changes the next statement's result", async () => {
    const client = await connect();
    try {
      expect((await client.query('SELECT name FROM customers ORDER BY id')).rows).toHaveLength(2);
      const began = performance.now();
      kube.kubectl(
        ['apply', '-f', '-'],
        JSON.stringify(policy({ columns: ['id', 'name', 'email', 'region'], reveal: ['name'], rowFilter: "region = 'eu'" })),
      );
      const applied = performance.now();
      await eventually(async () => {
        expect((await client.query('SELECT name FROM customers')).rows).toEqual([{ name: 'Anna Alvarez' }]);
      });
      const seen = performance.now();
      process.stdout.write(
        `policy in force ${Math.round(seen - applied)} ms after kubectl apply returned, ${Math.round(seen - began)} ms after it was typed\n`,
      );
    } finally {
      await client.end();
    }
  });

  test('a pod whose service account nobody granted anything is refused, and one that does not ask is left alone', async () => {
    const stranger = await createPod('stranger', 'other-agent', {});
    expect(stranger.spec.initContainers).toBeUndefined();
    const refused = await kube.request<{ message: string }>(
      'POST',
      `/api/v1/namespaces/${AGENTS}/pods`,
      podObject('ungranted', 'other-agent', { 'sluice.dev/inject': 'orders' }),
    );
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain('other-agent');
  });

  test('with the operator down an annotated pod is refused, and an unannotated one never noticed', async () => {
    await operator.stop();
    const refused = await kube.request<{ message: string }>(
      'POST',
      `/api/v1/namespaces/${AGENTS}/pods`,
      podObject('late', 'support-agent', { 'sluice.dev/inject': 'orders' }),
    );
    expect(refused.status).toBe(500);
    expect(refused.body.message).toContain('failed calling webhook');
    await createPod('plain', 'support-agent', {});
    // What is in force stays in force.
    expect((await query('SELECT name FROM customers')).rows).toEqual([{ name: 'Anna Alvarez' }]);
  });

  test('a restarted sidecar serves what it was told last while the operator is away', async () => {
    expect(await sidecar.stop()).toBe(0);
    sidecar = await startSidecar(kube, pod, { stream: operator.ports.stream, directory: sidecar.directory });
    expect((await query('SELECT name FROM customers')).rows).toEqual([{ name: 'Anna Alvarez' }]);
  });

  test('another replica takes over, and a deleted pod loses its access', async () => {
    operator = await installation.startOperator('operator-1', { ports: operator.ports });
    await eventually(async () => expect(await metric(operator, 'sluice_operator_sidecars')).toBe(1));
    const client = await connect();
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('error', () => {});
    kube.kubectl(['delete', 'pod', 'support', '-n', AGENTS, '--force', '--grace-period=0']);
    await ended;
    await expect(connect()).rejects.toThrow();
  });

  /** `name` is this test's own policy. */
  function policy(grant: Readonly<Record<string, unknown>>): object {
    return {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'DatabaseAccessPolicy',
      metadata: { name: 'support-agent', namespace: PLATFORM },
      spec: {
        databaseRef: { name: 'orders' },
        subjects: [{ serviceAccount: { namespace: AGENTS, name: 'support-agent' } }],
        grants: [{ tables: ['public.customers'], actions: ['Select'], ...grant }],
      },
    };
  }

  async function ready(object: string): Promise<void> {
    await eventually(() => {
      const { status } = JSON.parse(kube.kubectl(['get', object, '-n', PLATFORM, '-o', 'json'])) as StatusObject;
      expect(status?.conditions?.find((each) => each.type === 'Ready')).toMatchObject({ status: 'True' });
    });
  }

  async function createPod(
    name: string,
    serviceAccount: string,
    annotations: Readonly<Record<string, string>>,
  ): Promise<InjectedPod> {
    const answer = await kube.request<InjectedPod & { message?: string }>(
      'POST',
      `/api/v1/namespaces/${AGENTS}/pods`,
      podObject(name, serviceAccount, annotations),
    );
    expect(answer.status, answer.body.message).toBe(201);
    return answer.body;
  }

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'anybody', database: 'orders' });
    await client.connect();
    return client;
  }

  async function query(text: string): Promise<pg.QueryResult> {
    const client = await connect();
    return client.query(text).finally(() => client.end());
  }
});

interface StatusObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function podObject(name: string, serviceAccountName: string, annotations: Readonly<Record<string, string>>): object {
  return {
    metadata: { name, annotations },
    spec: {
      serviceAccountName,
      nodeName: 'node-1',
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        { name: 'app', image: 'agent:1', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
      ],
    },
  };
}
