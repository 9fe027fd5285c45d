import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { putSecret, startDatabase, type TestDatabase } from './databases.ts';
import { type Installation, install, type RunningOperator, metric } from './installation.ts';
import { AGENTS, changeSharedPolicy, type Connections, connectAll, createFleet, type Fleet, PLATFORM } from './scale.ts';
import { eventually } from '../support/until.ts';

const { skip, title } = needsKubernetes('200 policies and 500 pods');
const POLICIES = 200;
const PODS = 500;

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let database: TestDatabase;
  let installation: Installation;
  let operator: RunningOperator;
  let fleet: Fleet;
  let connections: Connections;

  beforeAll(async () => {
    [kube, database] = await Promise.all([startControlPlane(), startDatabase()]);
    await database.run('CREATE TABLE customers (id int PRIMARY KEY, email text)');
    installation = await install(kube, { policyNamespaces: [PLATFORM] });
    kube.kubectl(['create', 'namespace', AGENTS]);
    await putSecret(kube, PLATFORM, 'login', { username: 'app', password: 'app-password' });
    await putSecret(kube, PLATFORM, 'ca', { 'ca.crt': database.ca });
    operator = await installation.startOperator('operator-0');
    fleet = await createFleet(kube, {
      policies: POLICIES,
      pods: PODS,
      databases: 20,
      postgres: { port: database.port, ca: database.ca },
    });
    connections = await connectAll(kube, fleet, operator.ports.stream);
  });
  afterAll(async () => {
    connections?.close();
    await operator?.stop('SIGKILL');
    await Promise.all([kube?.stop(), database?.stop()]);
  });

  const statuses = async (): Promise<ReadonlyMap<string, PolicyStatus | undefined>> => {
    const list = await kube.request<{
      items: readonly { metadata: { name: string; resourceVersion: string }; status?: PolicyStatus }[];
    }>('GET', `/apis/sluice.dev/v1alpha1/namespaces/${PLATFORM}/databaseaccesspolicies`);
    return new Map(list.body.items.map(({ metadata, status }) => [`${PLATFORM}/${metadata.name}`, status]));
  };
  const settled = (): Promise<void> =>
    eventually(async () => {
      const found = await statuses();
      const wrong = [...fleet.bound].filter(([key, pods]) => {
        const status = found.get(key);
        const ready = status?.conditions?.find((each) => each.type === 'Ready')?.status;
        return ready !== 'True' || status?.boundPods !== pods || status.programmedPods !== pods;
      });
      expect(wrong.slice(0, 3).map(([key, pods]) => [key, pods, found.get(key)])).toEqual([]);
    }, 60_000);

  test('every pod is injected, connected, and counted by the policies that bind it', async () => {
    expect(fleet.pods.every((pod) => pod.spec.initContainers?.[0]?.name === 'sluice')).toBe(true);
    await connections.told(100);
    expect(await metric(operator, 'sluice_operator_sidecars')).toBe(PODS);
    await settled();
  });

  test('a change reaches all of them, and status follows', async () => {
    await changeSharedPolicy(kube, 101);
    expect(await connections.told(101)).toHaveLength(PODS);
    await settled();
  });

  test('an operator that is killed is replaced by one that everybody finds', async () => {
    await operator.stop('SIGKILL');
    operator = await installation.startOperator('operator-1', { ports: operator.ports });
    await changeSharedPolicy(kube, 102);
    await connections.told(102);
    await eventually(async () => expect(await metric(operator, 'sluice_operator_sidecars')).toBe(PODS));
    await settled();
  });

  test('nothing is written where nothing changes', async () => {
    await settled();
    const count = async (): Promise<number> => metric(operator, 'sluice_operator_reconcile_duration_seconds_count');
    const versions = async (): Promise<string> =>
      kube.kubectl(['get', 'databases,dap', '-n', PLATFORM, '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);
    const [before, reconciled] = [await versions(), await count()];
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await versions()).toBe(before);
    expect((await count()) - reconciled).toBeLessThan(POLICIES);
  });
});

interface PolicyStatus {
  readonly boundPods?: number;
  readonly programmedPods?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}
