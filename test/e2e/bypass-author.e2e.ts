/**
 * Whoever may write pods in a namespace (`edit`) wants more than its service account's policy: to be the sidecar, to see into it, or to be somebody
 * else. Each attempt is refused by the API server, with our reason; in restricted namespaces, and in baseline ones, where Kubernetes itself objects to less.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { podObject, podTemplate } from './objects.ts';
import { type CommandResult, openWorld, type PodOptions } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: raw objects, made wrong on purpose
type Json = Record<string, any>;

const world = await openWorld();
const IDLE = ['sleep', 'infinity'];
const TOKEN = {
  name: 'mine',
  projected: { sources: [{ serviceAccountToken: { audience: 'sluice.dev', expirationSeconds: 600, path: 'token' } }] },
};

let namespace: string;
/** As `namespace`, of the `baseline` profile. */
let baseline: string;

const AUTHOR = (): readonly string[] => [`--as=system:serviceaccount:${namespace}:author`];

beforeAll(async () => {
  [namespace, baseline] = await Promise.all([world.namespace('author'), world.namespace('author-baseline')]);
  await world.kubectl(['label', 'namespace', baseline, 'pod-security.kubernetes.io/enforce=baseline', '--overwrite']);
  for (const each of [namespace, baseline]) {
    await world.agent({ namespace: each, serviceAccount: 'agent' });
    await world.apply(
      each,
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other' } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'author' } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'author' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ kind: 'ServiceAccount', name: 'author', namespace }],
      },
    );
  }
  await world.pod({ namespace, name: 'victim', serviceAccount: 'agent', command: IDLE });
  await world.ready(namespace, 'victim');
});

function author(args: readonly string[], input?: string): Promise<CommandResult> {
  return world.kubectl([...args, ...AUTHOR()], { mayFail: true, ...(input === undefined ? {} : { input }) });
}

function pod(where: string, change: (spec: Json, pod: Json) => void, options: Partial<PodOptions> = {}): Json {
  const made = podObject(
    { namespace: where, name: 'attempt', serviceAccount: 'agent', command: IDLE, ...options },
    world.images.agents,
  );
  const object = structuredClone(made) as Json;
  change(object['spec'], object);
  return object;
}

function expectRefused({ code, stderr, stdout }: CommandResult, why: RegExp): void {
  expect(stderr + stdout).toMatch(why);
  expect(code).not.toBe(0);
}

const app = (spec: Json): Json => spec['containers'][0];
const secure = (spec: Json, more: object): void => Object.assign(app(spec)['securityContext'], more);

const PODS: readonly (readonly [string, (spec: Json, pod: Json) => void, RegExp])[] = [
  [
    'mounts the token of the sidecar',
    (spec) => (app(spec)['volumeMounts'] = [{ name: 'sluice-token', mountPath: '/t' }]),
    /mounts sluice-token, a volume of the sidecar/,
  ],
  [
    'mounts the memory of the sidecar',
    (spec) => (app(spec)['volumeMounts'] = [{ name: 'sluice-state', mountPath: '/t' }]),
    /mounts sluice-state, a volume of the sidecar/,
  ],
  [
    'mounts its records',
    (spec) => (app(spec)['volumeMounts'] = [{ name: 'sluice-audit', mountPath: '/t' }]),
    /mounts sluice-audit, a volume of the sidecar/,
  ],
  ['has a token for our audience', (spec) => (spec['volumes'] = [TOKEN]), /projects a token for the audience sluice.dev/],
  [
    'has a container called sluice',
    (spec) => (app(spec)['name'] = 'sluice'),
    /a container is called sluice, and this installation has not made it/,
  ],
  [
    'has a native sidecar called sluice',
    (spec) => (spec['initContainers'] = [{ ...app(spec), name: 'sluice', restartPolicy: 'Always' }]),
    /a container is called sluice, and this installation has not made it/,
  ],
  [
    'shares its processes',
    (spec) => (spec['shareProcessNamespace'] = true),
    /shareProcessNamespace: processes of the pod could read the memory/,
  ],
  ['is in the PIDs of the node', (spec) => (spec['hostPID'] = true), /hostPID: processes of the pod could read the memory/],
  [
    'is in the network of the node',
    (spec) => (spec['hostNetwork'] = true),
    /hostNetwork: the node and every pod on it could reach/,
  ],
  ['is in the IPC of the node', (spec) => (spec['hostIPC'] = true), /hostIPC: /],
  ['is privileged', (spec) => secure(spec, { privileged: true, allowPrivilegeEscalation: true }), /container app is privileged/],
  ['may trace', (spec) => secure(spec, { capabilities: { add: ['SYS_PTRACE'] } }), /adds the capability SYS_PTRACE/],
  ['may everything', (spec) => secure(spec, { capabilities: { add: ['CAP_ALL'] } }), /adds the capability ALL/],
  [
    'is the sidecar’s user',
    (spec) => secure(spec, { runAsUser: 64_117 }),
    /container app runs as user 64117, which is the sidecar's own/,
  ],
  [
    'is the sidecar’s user as a whole',
    (spec) => (spec['securityContext'].runAsUser = 64_117),
    /the pod runs as user 64117, which is the sidecar's own/,
  ],
  [
    'sees the kubelet’s directories',
    (spec) => (spec['volumes'] = [{ name: 'k', hostPath: { path: '/var/lib/kubelet/pods' } }]),
    /which reaches \/var\/lib\/kubelet of the node/,
  ],
  [
    'sees them by a detour',
    (spec) => (spec['volumes'] = [{ name: 'k', hostPath: { path: '/var/log/../lib' } }]),
    /reaches \/var\/lib\/kubelet of the node/,
  ],
  [
    'sees the runtime’s socket',
    (spec) => (spec['volumes'] = [{ name: 'k', hostPath: { path: '/var/run/containerd' } }]),
    /reaches \/run\/containerd of the node/,
  ],
  [
    'has another service account’s Database',
    (spec) => (spec['serviceAccountName'] = 'other'),
    /no policy in force grants service account \S+\/other anything on Database shop/,
  ],
  ['connects by address', (spec) => (app(spec)['env'] = [{ name: 'PGHOSTADDR', value: '10.0.0.1' }]), /PGHOSTADDR/],
  [
    'leads the database elsewhere',
    (spec) => (spec['hostAliases'] = [{ ip: '10.0.0.1', hostnames: ['shop-db.data-platform.svc'] }]),
    /hostAliases/,
  ],
];

const SAYS_IT_IS_GOVERNED: readonly (readonly [string, (spec: Json, pod: Json) => void, RegExp])[] = [
  [
    'has the label, and no sidecar',
    (_, pod) => (pod['metadata'].labels['sluice.dev/injected'] = 'true'),
    /belong to pods that Sluice has injected/,
  ],
  [
    'has the seal, and no sidecar',
    (_, pod) => (pod['metadata'].annotations['sluice.dev/render'] = 'v1.a.b'),
    /belong to pods that Sluice has injected/,
  ],
  [
    'has a token for our audience without asking',
    (spec) => (spec['volumes'] = [TOKEN]),
    /belong to pods that Sluice has injected/,
  ],
  [
    'has label, seal, and a sidecar of its own',
    (spec, pod) => {
      pod['metadata'].labels['sluice.dev/injected'] = 'true';
      pod['metadata'].annotations['sluice.dev/render'] = 'v1.a.b';
      spec['initContainers'] = [{ ...app(spec), name: 'sluice', restartPolicy: 'Always' }];
    },
    /a pod with label sluice.dev\/injected[\s\S]* asks for Sluice/,
  ],
];

describe.each(['restricted', 'baseline'])('in a %s namespace', (profile) => {
  let answers: readonly string[];
  beforeAll(async () => {
    const where = profile === 'restricted' ? namespace : baseline;
    const items = [
      ...PODS.map(([, change]) => pod(where, change)),
      ...SAYS_IT_IS_GOVERNED.map(([, change]) => pod(where, change, { inject: null })),
      pod(where, (_, object) => (object['metadata'].name = 'benign')),
    ];
    // In one go, and answered one by one in this order.
    const { stdout, stderr } = await author(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    expect(stdout).toBe('pod/benign created\n');
    answers = stderr.split(/^(?=Error from server)/m).filter((each) => each.startsWith('Error'));
    expect(answers).toHaveLength(items.length - 1);
  });

  it.each(PODS.map(([what, , why], index) => [what, why, index] as const))('a pod that %s is refused', (_, why, index) => {
    expect(answers[index]).toMatch(why);
  });
  it.each(SAYS_IT_IS_GOVERNED.map(([what, , why], index) => [what, why, index] as const))(
    'a pod that did not ask and %s is refused',
    (_, why, index) => {
      expect(answers[PODS.length + index]).toMatch(why);
    },
  );
});

describe('the copy of an injected pod', () => {
  const copy = async (change: (spec: Json, pod: Json) => void): Promise<CommandResult> => {
    const { metadata, spec } = (await world.get(namespace, 'pod', 'victim')) as Json;
    const { labels, annotations } = metadata as Json;
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'copy', namespace, labels, annotations }, spec } as Json;
    delete object['spec'].nodeName;
    change(object['spec'], object);
    return author(['create', '-f', '-'], JSON.stringify(object));
  };

  it('for another service account is refused: the seal is not for it', async () => {
    expectRefused(
      await copy((spec) => (spec['serviceAccountName'] = 'other')),
      /a container is called sluice, and this installation has not made it/,
    );
  });
  it('with another image for the sidecar gets ours back', async () => {
    const sidecar = (spec: Json): Json => spec['initContainers'].find(({ name }: Json) => name === 'sluice');
    expect((await copy((spec) => (sidecar(spec)['image'] = world.images.agents))).stdout).toBe('pod/copy created\n');
    const { spec } = (await world.get(namespace, 'pod', 'copy')) as Json;
    expect(sidecar(spec)['image']).toContain(world.images.sidecar);
    await world.kubectl(['delete', 'pod', 'copy', '-n', namespace, '--wait=false']);
  });
  it('that does not ask is refused', async () => {
    expectRefused(
      await copy((_, object) => delete object['metadata'].annotations['sluice.dev/inject']),
      /or add annotation sluice.dev\/inject/,
    );
  });
  it('without its annotations, as kubectl debug --copy-to makes it, is refused', async () => {
    const args = [
      'debug',
      'victim',
      '-n',
      namespace,
      '--copy-to=debugged',
      '--share-processes',
      `--image=${world.images.agents}`,
      '--profile=restricted',
    ];
    expectRefused(await author(args), /belong to pods that Sluice has injected/);
  });
});

describe('a pod that runs', () => {
  const patch = (body: object): Promise<CommandResult> =>
    author(['patch', 'pod', 'victim', '-n', namespace, '-p', JSON.stringify(body)]);
  const debug = (...args: string[]): Promise<CommandResult> =>
    author(['debug', 'victim', '-n', namespace, `--image=${world.images.agents}`, '--image-pull-policy=IfNotPresent', ...args]);

  it('does not let anybody into its sidecar', async () => {
    expectRefused(
      await author(['exec', 'victim', '-n', namespace, '-c', 'sluice', '--', '/nodejs/bin/node', '-v']),
      /container sluice cannot be entered/,
    );
    expectRefused(await author(['attach', 'victim', '-n', namespace, '-c', 'sluice']), /container sluice cannot be entered/);
    expectRefused(
      await author(['cp', '-n', namespace, '-c', 'sluice', 'victim:/var/run/sluice/token/token', '/dev/null']),
      /container sluice cannot be entered/,
    );
  });
  it('keeps the image of its sidecar', async () => {
    expectRefused(
      await patch({ spec: { initContainers: [{ name: 'sluice', image: world.images.agents }] } }),
      /container sluice of a running pod cannot be changed/,
    );
  });
  it('keeps its label and its seal', async () => {
    const message = /label sluice.dev\/injected and annotation sluice.dev\/render of a running pod cannot be changed/;
    expectRefused(await patch({ metadata: { labels: { 'sluice.dev/injected': null } } }), message);
    expectRefused(await patch({ metadata: { annotations: { 'sluice.dev/render': null } } }), message);
  });
  it('is not targeted by debuggers', async () => {
    expectRefused(
      await debug('--target=sluice', '--profile=restricted', '--', 'id'),
      /no ephemeral container may target container sluice/,
    );
    // Where Kubernetes would not mind.
    const profile = (name: string): Promise<CommandResult> =>
      world.kubectl(['label', 'namespace', namespace, `pod-security.kubernetes.io/enforce=${name}`, '--overwrite']);
    await profile('privileged');
    const message = /an ephemeral container of a governed pod may not be privileged, have SYS_PTRACE/;
    expectRefused(await debug('--profile=sysadmin', '--', 'id'), message);
    expectRefused(await debug('--target=app', '--profile=general', '--', 'id'), message);
    await profile('restricted');
  });
  it('lets a debugger in that has no more than the application: it sees nothing of the sidecar', async () => {
    const look =
      'ls -A /var/run/sluice 2>&1; cat /proc/[0-9]*/cmdline | tr "\\0" " "; psql -h 127.0.0.1 -d shop -U x -A -t -c "SELECT ssn FROM customers LIMIT 1"';
    const { code, stderr } = await debug('--profile=restricted', '--container=look', '--', 'sh', '-c', look);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    await expect
      .poll(
        async () =>
          ((await world.get(namespace, 'pod', 'victim')) as Json)['status'].ephemeralContainerStatuses?.[0].state.terminated
            ?.reason,
        { timeout: 60_000, interval: 500 },
      )
      .toBeDefined();
    const seen = await world.logs(namespace, 'victim', 'look');
    expect(seen).not.toMatch(/sidecar|main\.js/);
    expect(seen).toContain('No such file or directory');
    expect(seen).toContain('[redacted]');
    await world.ready(namespace, 'victim');
  });
  it('that was not injected does not become governed afterwards', async () => {
    await world.pod({ namespace, name: 'plain', serviceAccount: 'other', command: IDLE, inject: null });
    expectRefused(
      await author(['label', 'pod', 'plain', '-n', namespace, 'sluice.dev/injected=true']),
      /of a running pod cannot be changed/,
    );
    expectRefused(
      await author(['annotate', 'pod', 'plain', '-n', namespace, 'sluice.dev/inject=shop']),
      /a running pod cannot get one/,
    );
  });
});

it('tokens for the audience of the operator are minted for kubelets only', async () => {
  const mint = ['create', 'token', 'agent', '-n', namespace, '--audience=sluice.dev'];
  const message = /tokens for the audience sluice.dev are minted for kubelets only/;
  expectRefused(await author(mint), message);
  expectRefused(await author([...mint, '--bound-object-kind=Pod', '--bound-object-name=victim']), message);
  // Not even for an administrator.
  expectRefused(await world.kubectl(mint, { mayFail: true }), message);
  expect((await author(['create', 'token', 'agent', '-n', namespace])).code).toBe(0);
});

it('what a controller tries is seen where its author looks: in Events, in a metric and in the log of the operator', async () => {
  const reviews = (): Promise<number> =>
    world.operatorMetric('sluice_operator_admission_reviews_total{result="refused",reason="SharedProcesses"}');
  const before = await reviews();
  const deployment = (name: string, template: object): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template },
  });
  const template = (options: Partial<PodOptions>): object =>
    podTemplate({ namespace, name: options.name!, serviceAccount: 'agent', command: IDLE, ...options }, world.images.agents);
  await world.apply(
    namespace,
    deployment('shares', template({ name: 'shares', spec: { shareProcessNamespace: true } })),
    deployment('forges', template({ name: 'forges', inject: null, labels: { 'sluice.dev/injected': 'true' } })),
  );
  const events = async (): Promise<string> =>
    (
      await world.kubectl([
        'get',
        'events',
        '-n',
        namespace,
        '-o',
        'jsonpath={range .items[*]}{.involvedObject.name} {.reason} {.message}{"\\n"}{end}',
      ])
    ).stdout;
  await expect.poll(events, { timeout: 60_000, interval: 1000 }).toMatch(/^shares-\S+ FailedCreate .*shareProcessNamespace/m);
  await expect.poll(events, { timeout: 60_000, interval: 1000 }).toMatch(/^shares-\S+ SharedProcesses .*shareProcessNamespace/m);
  await expect
    .poll(events, { timeout: 60_000, interval: 1000 })
    .toMatch(/^forges-\S+ FailedCreate .*belong to pods that Sluice has injected/m);
  expect(await reviews()).toBeGreaterThan(before);
  const log = await world.kubectl(['logs', '-n', 'sluice-system', '-l', 'app.kubernetes.io/name=sluice', '--tail=-1']);
  expect(log.stdout).toMatch(new RegExp(`"namespace":"${namespace}".*SharedProcesses.*"msg":"pod-refused"`));
});
