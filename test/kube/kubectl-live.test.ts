/** `kubectl sluice` where an operator runs: everything is well, and explain says by the operator's view what `sluice check` finds by itself. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, runSluice } from '../cli/support.ts';
import { freePort } from '../support/free-ports.ts';
import { needsKubernetes } from './binaries.ts';
import { ROOT, SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { putSecret, startDatabase, type TestDatabase } from './databases.ts';
import { install, type InjectedPod, type RunningOperator, type RunningSidecar, startSidecar } from './installation.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('kubectl sluice, live');
const [PLATFORM, AGENTS] = ['data-platform', 'ai-agents'];

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let database: TestDatabase;
  let operator: RunningOperator;
  let sidecar: RunningSidecar;
  let objects: readonly object[];

  const plugin = (args: readonly string[], input = ''): Promise<Outcome> =>
    new Promise((resolve) => {
      const command = [...args, '--kubeconfig', kube.kubeconfig];
      const child = execFile(join(ROOT, 'bin', 'kubectl-sluice'), command, { timeout: 60_000 }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
      child.stdin?.end(input);
    });

  beforeAll(async () => {
    [kube, database] = await Promise.all([startControlPlane(), startDatabase()]);
    await database.run('CREATE TABLE customers (id int PRIMARY KEY, name text, email text, phone text, region text)');
    await database.run("COMMENT ON COLUMN customers.phone IS 'as the customer writes it'");
    await database.run(
      `INSERT INTO customers SELECT n, 'Person ' || n, 'person' || n || '@example.com', '+49 30 ' || (100000 + n), 'eu' FROM generate_series(1, 40) n`,
    );
    await database.run('GRANT SELECT ON customers TO app');
    const installation = await install(kube, { policyNamespaces: [PLATFORM] });
    operator = await installation.startOperator('operator-0');
    kube.kubectl(['create', 'namespace', AGENTS]);
    kube.kubectl(['create', 'serviceaccount', 'support-agent', '-n', AGENTS]);
    await putSecret(kube, PLATFORM, 'orders-login', { username: 'app', password: 'app-password' });
    await putSecret(kube, PLATFORM, 'orders-ca', { 'ca.crt': database.ca });
    objects = [
      {
        apiVersion: 'sluice.dev/v1alpha1',
        kind: 'Database',
        metadata: { name: 'orders', namespace: PLATFORM },
        spec: {
          endpoint: { host: '127.0.0.1', port: database.port, database: 'orders' },
          tls: { caSecretRef: { name: 'orders-ca' } },
          credentialsSecretRef: { name: 'orders-login' },
        },
      },
      {
        apiVersion: 'sluice.dev/v1alpha1',
        kind: 'DatabaseAccessPolicy',
        metadata: { name: 'support-agent', namespace: PLATFORM },
        spec: {
          databaseRef: { name: 'orders' },
          subjects: [{ serviceAccount: { namespace: AGENTS, name: 'support-agent' } }],
          grants: [{ tables: ['public.customers'], actions: ['Select'], rowFilter: "region = 'eu'" }],
        },
      },
    ];
    kube.kubectl(['apply', '-f', '-'], objects.map((each) => stringify(each)).join('---\n'));
    const { body: pod, status } = await kube.request<InjectedPod & { message?: string }>(
      'POST',
      `/api/v1/namespaces/${AGENTS}/pods`,
      {
        metadata: { name: 'support', annotations: { 'sluice.dev/inject': `orders=${await freePort()}` } },
        spec: { serviceAccountName: 'support-agent', nodeName: 'node-1', containers: [{ name: 'app', image: 'agent:1' }] },
      },
    );
    expect(status, pod.message).toBe(201);
    sidecar = await startSidecar(kube, pod, { stream: operator.ports.stream });
    // The Deployment's own pods have no node to run on; they are said to be ready.
    for (const name of kube.kubectl(['get', 'pods', '-n', SYSTEM, '-o', 'name']).trim().split('\n'))
      await kube.request(
        'PATCH',
        `/api/v1/namespaces/${SYSTEM}/${name.replace('pod/', 'pods/')}/status`,
        {
          status: {
            phase: 'Running',
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-28T00:00:00Z' }],
          },
        },
        { contentType: 'application/merge-patch+json' },
      );
    kube.kubectl(['rollout', 'status', 'deployment/sluice-operator', '-n', SYSTEM, '--timeout=30s']);
  });
  afterAll(async () => {
    await sidecar?.stop('SIGKILL');
    await operator?.stop('SIGKILL');
    await Promise.all([kube?.stop(), database?.stop()]);
  });

  test('check: everything is well', async () => {
    await eventually(async () => {
      const { code, stdout } = await plugin(['check']);
      expect(stdout).not.toMatch(/[×‼]/);
      expect(stdout).toContain('✓ 1 annotated pods have their sidecar');
      expect(code).toBe(0);
    }, 60_000);
  });

  test('status: the pod is governed', async () => {
    const { stdout } = await plugin(['status', '-A', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      { pod: 'support', databases: ['data-platform/orders'], policies: ['data-platform/support-agent'], state: 'Governed' },
    ]);
  });

  test('explain by what the operator has read says what check says by reading itself', async () => {
    const file = join(kube.directory, 'policies.yaml');
    writeFileSync(file, objects.map((each) => stringify(each)).join('---\n'));
    const subject = ['--as', 'ai-agents/support-agent', '--database', 'data-platform/orders', '-o', 'json', '-'];
    const upstream = `postgres://app:app-password@127.0.0.1:${database.port}/orders?sslmode=disable`;
    const sql =
      'SELECT * FROM customers; SELECT email FROM customers WHERE phone IS NULL; DELETE FROM customers; SELECT * FROM payroll';
    const itself = await runSluice(['check', '--policy', file, '--upstream', upstream, ...subject], sql);
    expect(itself.stdout.trim().split('\n')).toHaveLength(4);
    // Values are looked at in the background.
    await eventually(async () => {
      const explained = await plugin(['explain', ...subject], sql);
      expect(explained).toMatchObject({ code: 3, stderr: '', stdout: itself.stdout });
    }, 60_000);
  });

  test('classify: as the operator has found', async () => {
    const { stdout } = await plugin(['classify', '--database', 'orders']);
    expect(stdout).toMatch(/public\.customers\.email\s+text\s+pii\.email/);
    expect(stdout).toMatch(/public\.customers\.phone\s+text\s+pii\.phone/);
  });

  test('status: a sidecar that has lost the operator shows in what its policies say', async () => {
    expect((await plugin(['status', '-n', AGENTS])).stdout).not.toContain('acknowledged');
    await sidecar.stop();
    await eventually(async () => {
      const { stdout } = await plugin(['status', '-n', AGENTS]);
      expect(stdout).toContain('\ndata-platform/support-agent: 0 of 1 running pod of its subjects acknowledged it');
    }, 45_000);
  });

  test('nothing that the operator did was forbidden', () => {
    expect(operator.output()).not.toMatch(/forbidden/i);
  });
});
