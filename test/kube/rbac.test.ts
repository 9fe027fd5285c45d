/**
 * The rights of the operator's own service account, as the chart gives them: what it needs works, everything else is forbidden. The whole list
 * is compared too (SelfSubjectRulesReview), so that a right which nobody asked for fails a test.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needsKubernetes } from './binaries.ts';
import { applyCrds, installChart, restrictedNamespace, SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes("the operator's rights");

const PLATFORM = 'data-platform';
const AGENTS = 'ai-agents';
const WEBHOOK = 'sluice.sluice-system.sluice.dev';

const core = (namespace: string, path: string) => `/api/v1/namespaces/${namespace}/${path}`;
const sluice = (namespace: string, path: string) => `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/${path}`;
const lease = (path = '') => `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases${path}`;

const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name } });
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const pod = { metadata: { name: 'intruder' }, spec: { containers: [{ name: 'app', image: 'app' }] } };
const event = (namespace: string) => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { generateName: 'sluice-', namespace },
  eventTime: '2026-11-28T00:00:00.000000Z',
  reportingController: 'sluice.dev/operator',
  reportingInstance: 'sluice-operator-0',
  action: 'Inject',
  reason: 'Refused',
  type: 'Warning',
  note: 'refused',
  regarding: { apiVersion: 'v1', kind: 'Pod', namespace, name: 'agent' },
});
const status = (kind: string, name: string) => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind,
  metadata: { name },
  status: { observedGeneration: 1 },
});

const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

type Row = readonly [what: string, method: string, path: string, body?: unknown, contentType?: string];

/** In this order: some make what the next need. */
const NEEDED: readonly Row[] = [
  ['keeps its seal keys: creates', 'POST', core(SYSTEM, 'secrets'), secret('sluice-seal-keys')],
  ['keeps its seal keys: reads', 'GET', core(SYSTEM, 'secrets/sluice-seal-keys')],
  ['keeps its webhook authority: creates', 'POST', core(SYSTEM, 'secrets'), secret('sluice-webhook-ca')],
  ['keeps its webhook authority: renews', 'PUT', core(SYSTEM, 'secrets/sluice-webhook-ca'), secret('sluice-webhook-ca')],
  ['keeps its stream authority: creates', 'POST', core(SYSTEM, 'secrets'), secret('sluice-stream-ca')],
  ['reads its stream authority', 'GET', core(SYSTEM, 'secrets/sluice-stream-ca')],
  ['reads a login', 'GET', core(PLATFORM, 'secrets/orders-login')],
  ['follows logins', 'GET', core(PLATFORM, 'secrets')],
  ['follows Databases', 'GET', sluice(PLATFORM, 'databases')],
  ['follows policies', 'GET', sluice(PLATFORM, 'databaseaccesspolicies')],
  [
    'writes the status of a Database',
    'PATCH',
    sluice(PLATFORM, 'databases/orders/status?fieldManager=sluice'),
    status('Database', 'orders'),
    APPLY,
  ],
  [
    'writes the status of a policy',
    'PATCH',
    sluice(PLATFORM, 'databaseaccesspolicies/support-agent/status?fieldManager=sluice'),
    status('DatabaseAccessPolicy', 'support-agent'),
    APPLY,
  ],
  ['tells those who write policies elsewhere', 'GET', '/apis/sluice.dev/v1alpha1/databaseaccesspolicies'],
  ['follows governed pods', 'GET', '/api/v1/pods?labelSelector=sluice.dev%2Finjected%3Dtrue'],
  ['looks at a pod', 'GET', core(AGENTS, 'pods/agent')],
  ['takes the Lease', 'POST', lease(), { metadata: { name: 'sluice-leader' }, spec: {} }],
  ['publishes findings', 'POST', core(SYSTEM, 'configmaps'), configMap('findings-data-platform-orders')],
  ['publishes findings anew', 'PATCH', core(SYSTEM, 'configmaps/findings-data-platform-orders'), { data: {} }, MERGE],
  ['removes what a replica left', 'DELETE', core(SYSTEM, 'configmaps/findings-data-platform-orders')],
  ['tells of a refusal anywhere', 'POST', `/apis/events.k8s.io/v1/namespaces/${AGENTS}/events`, event(AGENTS)],
  ['compares its CRDs', 'GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databases.sluice.dev'],
  ['looks at its webhook', 'GET', `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${WEBHOOK}`],
  [
    'mends caBundle of its webhook',
    'PATCH',
    `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${WEBHOOK}`,
    { metadata: { annotations: { 'sluice.dev/test': 'mended' } } },
    MERGE,
  ],
  ['finds the issuer of tokens', 'GET', '/.well-known/openid-configuration'],
  ['reads the account that a token names', 'GET', core(AGENTS, 'serviceaccounts/default')],
];

const FORBIDDEN: readonly Row[] = [
  ['Secrets of all namespaces', 'GET', '/api/v1/secrets'],
  ['Secrets where agents run', 'GET', core(AGENTS, 'secrets')],
  ['one Secret where agents run', 'GET', core(AGENTS, 'secrets/app')],
  ['Secrets of the cluster', 'GET', core('kube-system', 'secrets')],
  ['all Secrets of its own namespace', 'GET', core(SYSTEM, 'secrets')],
  ['a Secret of its own namespace that is not its own', 'GET', core(SYSTEM, 'secrets/other')],
  ['changing a login', 'PATCH', core(PLATFORM, 'secrets/orders-login'), { data: {} }, MERGE],
  ['creating a Secret beside the policies', 'POST', core(PLATFORM, 'secrets'), secret('new')],
  ['following all Secrets of its own namespace', 'GET', core(SYSTEM, 'secrets?watch=true')],
  ['removing its keys', 'DELETE', core(SYSTEM, 'secrets/sluice-seal-keys')],
  ['ConfigMaps where agents run', 'GET', core(AGENTS, 'configmaps')],
  ['ConfigMaps beside the policies', 'GET', core(PLATFORM, 'configmaps')],
  ['creating a pod', 'POST', core(AGENTS, 'pods'), pod],
  ['creating a pod in its own namespace', 'POST', core(SYSTEM, 'pods'), pod],
  ['changing a pod', 'PATCH', core(AGENTS, 'pods/agent'), { metadata: { labels: { a: 'b' } } }, MERGE],
  ['removing a pod', 'DELETE', core(AGENTS, 'pods/agent')],
  ['exec', 'POST', core(AGENTS, 'pods/agent/exec?command=id&stdout=true')],
  ['attach', 'POST', core(AGENTS, 'pods/agent/attach?stdout=true')],
  ['port-forward', 'POST', core(AGENTS, 'pods/agent/portforward')],
  ['logs', 'GET', core(AGENTS, 'pods/agent/log')],
  ['an ephemeral container', 'PATCH', core(AGENTS, 'pods/agent/ephemeralcontainers'), { spec: {} }, MERGE],
  ['evicting', 'POST', core(AGENTS, 'pods/agent/eviction'), { metadata: { name: 'agent' } }],
  ['accounts of a namespace', 'GET', core(AGENTS, 'serviceaccounts')],
  [
    'a token of an agent',
    'POST',
    core(AGENTS, 'serviceaccounts/default/token'),
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: ['sluice.dev'] } },
  ],
  [
    'a token of its own',
    'POST',
    core(SYSTEM, 'serviceaccounts/sluice/token'),
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  ],
  ['writing a policy', 'POST', sluice(PLATFORM, 'databaseaccesspolicies'), {}],
  ['changing a policy', 'PATCH', sluice(PLATFORM, 'databaseaccesspolicies/support-agent'), { spec: {} }, MERGE],
  ['removing a policy', 'DELETE', sluice(PLATFORM, 'databaseaccesspolicies/support-agent')],
  ['changing a Database', 'PATCH', sluice(PLATFORM, 'databases/orders'), { spec: {} }, MERGE],
  [
    'changing a policy of a namespace that is not listed',
    'PATCH',
    sluice(AGENTS, 'databaseaccesspolicies/x'),
    { spec: {} },
    MERGE,
  ],
  ['changing a CRD', 'PATCH', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databases.sluice.dev', {}, MERGE],
  ['other CRDs', 'GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/other.example.com'],
  [
    'another webhook',
    'PATCH',
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/other',
    { metadata: {} },
    MERGE,
  ],
  ['creating a webhook', 'POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {}],
  ['removing its webhook', 'DELETE', `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${WEBHOOK}`],
  ['admission policies', 'POST', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {}],
  ['roles', 'POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${SYSTEM}/roles`, {}],
  ['cluster roles', 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {}],
  ['bindings', 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {}],
  ['nodes', 'GET', '/api/v1/nodes'],
  ['the proxy of a node', 'GET', '/api/v1/nodes/node-1/proxy/pods'],
  ['namespaces', 'GET', '/api/v1/namespaces'],
  ['Services', 'GET', '/api/v1/services'],
  ['Deployments', 'GET', '/apis/apps/v1/deployments'],
  ['another Lease', 'GET', lease('/other')],
  ['Leases of the cluster', 'GET', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'],
  ['reviews of tokens, which are not asked for by default', 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', {}],
  ['acting as others', 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {}],
];

const named = (rows: readonly Row[]) => rows.map((row) => [row[0], row] as const);

/** What every authenticated account may ask. */
const EVERYBODY = [
  'authentication.k8s.io/selfsubjectreviews: create',
  'authorization.k8s.io/selfsubjectaccessreviews: create',
  'authorization.k8s.io/selfsubjectrulesreviews: create',
];
const EVERYWHERE = [
  ...EVERYBODY,
  `admissionregistration.k8s.io/mutatingwebhookconfigurations (${WEBHOOK}): get watch patch`,
  'apiextensions.k8s.io/customresourcedefinitions (databases.sluice.dev, databaseaccesspolicies.sluice.dev): get',
  'events.k8s.io/events: create',
  'pods: get list watch',
  'serviceaccounts: get',
  'sluice.dev/databaseaccesspolicies/status: patch',
  'sluice.dev/databaseaccesspolicies: get list watch',
  'sluice.dev/databases/status: patch',
  'sluice.dev/databases: get list watch',
];
const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  [SYSTEM]: [
    ...EVERYWHERE,
    'configmaps: create get list watch update patch delete',
    'coordination.k8s.io/leases (sluice-leader): get update',
    'coordination.k8s.io/leases: create',
    'secrets (sluice-seal-keys, sluice-audit-keys, sluice-webhook-ca, sluice-stream-ca): get watch update',
    'secrets: create',
  ],
  [PLATFORM]: [...EVERYWHERE, 'secrets: get list watch'],
  [AGENTS]: EVERYWHERE,
};

interface Rules {
  readonly status: {
    readonly resourceRules: readonly {
      readonly verbs: readonly string[];
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly resourceNames?: readonly string[];
    }[];
  };
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let token: string;

  beforeAll(async () => {
    kube = await startControlPlane();
    await restrictedNamespace(kube, SYSTEM);
    for (const namespace of [PLATFORM, AGENTS]) kube.kubectl(['create', 'namespace', namespace]);
    applyCrds(kube);
    kube.kubectl(['wait', '--for=condition=Established', 'crd/databases.sluice.dev', 'crd/databaseaccesspolicies.sluice.dev']);
    installChart(kube, { set: [`policyNamespaces={${PLATFORM}}`] });
    await kube.request('POST', core(PLATFORM, 'secrets'), secret('orders-login'));
    // Its own (where the release has made it already, that one stays), and somebody else's, which it must not touch.
    for (const name of [WEBHOOK, 'other'])
      await kube.request('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', { metadata: { name } });
    await kube.request('POST', core(AGENTS, 'secrets'), secret('app'));
    await kube.request('POST', core(SYSTEM, 'secrets'), secret('other'));
    await kube.request('POST', core(AGENTS, 'pods'), { ...pod, metadata: { name: 'agent' } });
    kube.kubectl(
      ['apply', '-f', '-'],
      `
apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: orders, namespace: ${PLATFORM}}
spec: {endpoint: {host: orders-db, database: orders}}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: support-agent, namespace: ${PLATFORM}}
spec: {databaseRef: {name: orders}, subjects: [{serviceAccount: {namespace: ${AGENTS}, name: support-agent}}]}
`,
    );
    token = await kube.serviceAccountToken(SYSTEM, 'sluice');
  });
  afterAll(() => kube?.stop());

  const ask = async ([, method, path, body, contentType]: Row) =>
    kube.request<{ reason?: string; message?: string }>(method, path, body, {
      token,
      ...(contentType === undefined ? {} : { contentType }),
    });

  test.each(named(NEEDED))('it %s', async (_, row) => {
    const { status: code, body } = await ask(row);
    expect([200, 201], body.message).toContain(code);
  });

  test('it follows what it may list', async () => {
    const named = (name: string) => `fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}&`;
    for (const path of [
      `${core(PLATFORM, 'secrets')}?`,
      `${sluice(PLATFORM, 'databases')}?`,
      '/api/v1/pods?',
      `${core(SYSTEM, 'secrets')}?${named('sluice-stream-ca')}`,
      `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?${named(WEBHOOK)}`,
    ]) {
      const { status: code } = await kube.request('GET', `${path}watch=true&timeoutSeconds=1`, undefined, { token });
      expect([path, code]).toEqual([path, 200]);
    }
  });

  test('it renews the Lease', async () => {
    const { body } = await kube.request<{ spec: object }>('GET', lease('/sluice-leader'), undefined, { token });
    const renewed = { ...body, spec: { ...body.spec, holderIdentity: 'sluice-operator-0' } };
    expect((await kube.request('PUT', lease('/sluice-leader'), renewed, { token })).status).toBe(200);
  });

  test.each(named(FORBIDDEN))('it is denied %s', async (_, row) => {
    const { status: code, body } = await ask(row);
    expect([code, body.reason], body.message).toEqual([403, 'Forbidden']);
  });

  test('it finds the keys of tokens', () => {
    // Only as application/jwk-set+json: whoever accepts application/json alone is answered 406.
    const account = `system:serviceaccount:${SYSTEM}:sluice`;
    expect(JSON.parse(kube.kubectl(['get', '--raw', '/openid/v1/jwks', '--as', account]))).toHaveProperty('keys');
  });

  test('it cannot act as anybody else', async () => {
    const answer = await fetchAs(kube, token, { 'Impersonate-User': 'admin', 'Impersonate-Group': 'system:masters' });
    expect(answer).toContain('cannot impersonate resource');
  });

  test('TokenReview is a right only where it is the way of verification', () => {
    installChart(kube, { set: [`policyNamespaces={${PLATFORM}}`, 'identity.verification=TokenReview'] });
    const account = `system:serviceaccount:${SYSTEM}:sluice`;
    expect(kube.kubectl(['auth', 'can-i', 'create', 'tokenreviews.authentication.k8s.io', '--as', account]).trim()).toBe('yes');
    installChart(kube, { set: [`policyNamespaces={${PLATFORM}}`] });
  });

  test.each(Object.entries(RIGHTS))('in %s these are all its rights', async (namespace, expected) => {
    const { body } = await kube.request<Rules>(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } },
      { token },
    );
    const rights = body.status.resourceRules.flatMap(({ verbs, apiGroups, resources, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => {
          const names = resourceNames === undefined ? '' : ` (${resourceNames.join(', ')})`;
          return `${group === '' ? '' : `${group}/`}${resource}${names}: ${verbs.join(' ')}`;
        }),
      ),
    );
    expect([...new Set(rights)].sort()).toEqual([...expected].sort());
  });
});

async function fetchAs(kube: ControlPlane, token: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const { Agent, fetch } = await import('undici');
  const dispatcher = new Agent({ connect: { ca: kube.ca } });
  try {
    const response = await fetch(`${kube.url}/api/v1/nodes`, {
      dispatcher,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    return await response.text();
  } finally {
    await dispatcher.close();
  }
}
