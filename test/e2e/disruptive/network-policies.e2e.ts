/**
 * The NetworkPolicies of examples/network-policies, enforced: by the cluster's own network where it does, and in any case by a controller that runs
 * here for as long as this file does. Disruptive, because the database and the operator are everybody's.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { NETWORK_POLICIES } from '../../images/e2e.ts';
import { openWorld } from '../world.ts';

const world = await openWorld();
const ROOT = join(import.meta.dirname, '..', '..', '..');
const EXAMPLES = join(ROOT, 'examples', 'network-policies');
const IDLE = ['sleep', 'infinity'];

let agents: string;
/** Where there is something that agents could carry data to. */
let elsewhere: string;
let places: Readonly<Record<'database' | 'stream' | 'metrics' | 'outside', string>>;

const ENFORCER = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'e2e-network-policies' } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'e2e-network-policies' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'e2e-network-policies', namespace: 'kube-system' }],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'e2e-network-policies' },
    spec: {
      selector: { matchLabels: { app: 'e2e-network-policies' } },
      template: {
        metadata: { labels: { app: 'e2e-network-policies' } },
        spec: {
          serviceAccountName: 'e2e-network-policies',
          hostNetwork: true,
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: 'enforce',
              image: NETWORK_POLICIES,
              imagePullPolicy: 'IfNotPresent',
              securityContext: { privileged: true },
              env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
              volumeMounts: [{ name: 'lock', mountPath: '/run/xtables.lock' }],
            },
          ],
          volumes: [{ name: 'lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } }],
        },
      },
    },
  },
];

beforeAll(async () => {
  await world.cluster.load([NETWORK_POLICIES]);
  [agents, elsewhere] = await Promise.all([world.namespace('agents'), world.namespace('elsewhere')]);
  await world.agent({ namespace: agents, serviceAccount: 'agent' });
  await Promise.all([
    world.apply('kube-system', ...ENFORCER),
    world.pod({ namespace: agents, name: 'governed', serviceAccount: 'agent', command: IDLE }),
    world.pod({ namespace: agents, name: 'plain', serviceAccount: 'agent', command: IDLE, inject: null }),
    world.pod({
      namespace: elsewhere,
      name: 'outside',
      serviceAccount: 'default',
      command: ['python3', '-m', 'http.server', '8000'],
      inject: null,
    }),
  ]);
  await Promise.all([
    world.ready(agents, 'governed'),
    world.ready(agents, 'plain'),
    world.ready(elsewhere, 'outside'),
    world.kubectl(['rollout', 'status', 'daemonset/e2e-network-policies', '-n', 'kube-system', '--timeout=90s']),
  ]);
  const ip = (namespace: string, service: string): Promise<string> =>
    world.get<{ spec: { clusterIP: string } }>(namespace, 'service', service).then(({ spec }) => spec.clusterIP);
  const operator = await world.kubectl([
    'get',
    'pods',
    '-n',
    'sluice-system',
    '-l',
    'app.kubernetes.io/name=sluice',
    '-o',
    'jsonpath={.items[0].status.podIP}',
  ]);
  places = {
    database: `${await ip('data-platform', 'shop-db')}:5432`,
    stream: `${await ip('sluice-system', 'sluice-operator')}:8444`,
    metrics: `${operator.stdout}:8080`,
    outside: `${(await world.get(elsewhere, 'pod', 'outside')).status!.podIP}:8000`,
  };
});

afterAll(async () => {
  const gone = ['--ignore-not-found', '--wait=false'];
  await world.kubectl(['delete', 'networkpolicy', 'shop-db', '-n', 'data-platform', ...gone]);
  if (upgraded) await world.helm(['rollback', 'sluice', '-n', 'sluice-system', '--wait']);
  // Its last act is to take its rules off the node.
  await world.kubectl([
    'delete',
    'daemonset/e2e-network-policies',
    'serviceaccount/e2e-network-policies',
    '-n',
    'kube-system',
    '--ignore-not-found',
  ]);
  await world.kubectl(['wait', 'pod', '-l', 'app=e2e-network-policies', '-n', 'kube-system', '--for=delete', '--timeout=60s'], {
    mayFail: true,
  });
  await world.kubectl(['delete', 'clusterrolebinding/e2e-network-policies', ...gone]);
});
let upgraded = false;

/** Which of the places a pod can open a connection to, and whether it can resolve names. */
async function reached(pod: string, namespace = agents): Promise<readonly string[]> {
  const script = `
import json, socket
reached = []
for name, place in ${JSON.stringify(Object.entries(places))}:
    host, port = place.rsplit(":", 1)
    try: socket.create_connection((host, int(port)), 3).close(); reached.append(name)
    except OSError: pass
try: socket.gethostbyname("kubernetes.default.svc"); reached.append("dns")
except OSError: pass
print(json.dumps(reached))`;
  return JSON.parse((await world.exec(namespace, pod, 'app', ['python3', '-'], { input: script })).stdout) as string[];
}

async function example(file: string): Promise<void> {
  const text = readFileSync(join(EXAMPLES, file), 'utf8').replaceAll(/\bai-agents\b/g, agents);
  for (const document of parseAllDocuments(text)) {
    const object = document.toJS() as { metadata: { namespace: string } };
    await world.apply(object.metadata.namespace, object);
  }
}

const EVERYTHING = ['database', 'stream', 'metrics', 'outside', 'dns'];
const soon = { timeout: 60_000, interval: 1000 };

async function governedStillWorks(): Promise<void> {
  const { stdout } = await world.exec(agents, 'governed', 'app', ['psql', '-A', '-t', '-c', 'SELECT ssn FROM customers LIMIT 1']);
  expect(stdout.trim()).toBe('[redacted]');
}

describe('the examples, one after the other', () => {
  it('without them everything is reached', async () => {
    expect(await reached('plain')).toEqual(EVERYTHING);
    expect(await reached('governed')).toEqual(EVERYTHING);
  });

  it('database.yaml: the database is reached from governed pods and by the operator alone', async () => {
    await example('database.yaml');
    await expect.poll(() => reached('plain'), soon).toEqual(EVERYTHING.filter((each) => each !== 'database'));
    expect(await reached('governed')).toEqual(EVERYTHING);
    await governedStillWorks();
  });

  it('governed-namespace.yaml: agents reach DNS, governed ones the operator and the database, and nothing else', async () => {
    await example('governed-namespace.yaml');
    await expect.poll(() => reached('plain'), soon).toEqual(['dns']);
    await expect.poll(() => reached('governed'), soon).toEqual(['database', 'stream', 'dns']);
    await governedStillWorks();
    // New ones start: their sidecars reach the operator.
    await world.pod({ namespace: agents, name: 'newcomer', serviceAccount: 'agent', command: IDLE });
    await world.ready(agents, 'newcomer');
    expect(await reached('outside', elsewhere)).toEqual(expect.not.arrayContaining(['database']));
  });

  it('operator-values.yaml: its ports are open to sidecars and monitoring, and it reaches what it needs', async () => {
    expect(await reached('outside', elsewhere)).toEqual(expect.arrayContaining(['stream', 'metrics']));
    await world.helm([
      'upgrade',
      'sluice',
      join(ROOT, 'charts/sluice'),
      '-n',
      'sluice-system',
      '--reuse-values',
      '-f',
      join(EXAMPLES, 'operator-values.yaml'),
      '--wait',
    ]);
    upgraded = true;
    await expect.poll(() => reached('outside', elsewhere), soon).toEqual(['outside', 'dns']);
    // The webhook is asked, the API server and the database are reached, and what changes arrives.
    await world.kubectl(['delete', 'pod', 'newcomer', '-n', agents, '--grace-period=1']);
    await world.pod({ namespace: agents, name: 'newcomer', serviceAccount: 'agent', command: IDLE });
    await world.ready(agents, 'newcomer');
    const annotate = ['annotate', 'database.sluice.dev/shop', '-n', 'data-platform', '--overwrite', `e2e=${agents}`];
    await world.kubectl(annotate);
    await world.kubectl(['wait', 'database.sluice.dev/shop', '-n', 'data-platform', '--for=condition=Ready', '--timeout=60s']);
    const policy = `databaseaccesspolicy/${agents}-agent`;
    await world.kubectl(['patch', policy, '-n', 'data-platform', '--type=merge', '-p', '{"spec":{"limits":{"maxRows":17}}}']);
    await world.kubectl([
      'wait',
      policy,
      '-n',
      'data-platform',
      '--for=jsonpath={.status.conditions[?(@.type=="Programmed")].observedGeneration}=2',
      '--timeout=60s',
    ]);
    await governedStillWorks();
  });
});
