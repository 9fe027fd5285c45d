/** The chart on a real API server: everything in it is accepted, nothing warns, and what cannot work is refused before it gets there. */
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMISSION_POLICIES } from '../../cli/kubectl/check/installation-checks.ts';
import { parseOperatorSettings } from '../../operator/settings.ts';
import { needsKubernetes } from './binaries.ts';
import { applyCrds, CHART, installChart, type Release, renderChart, restrictedNamespace, SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('the chart');

const PROFILES: Readonly<Record<string, Release>> = {
  default: {},
  'high availability': { values: ['values-ha.yaml'] },
  minimal: { values: ['ci/minimal-values.yaml'] },
  OpenShift: { values: ['ci/openshift-values.yaml'] },
  everything: { values: ['ci/everything-values.yaml'] },
};

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: never;
  readonly data?: Readonly<Record<string, string>>;
}

function objects(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  beforeAll(async () => {
    kube = await startControlPlane();
    await restrictedNamespace(kube, SYSTEM);
  });
  afterAll(() => kube?.stop());

  test.each(Object.entries(PROFILES))('%s values: helm lint', (_, { values = [] }) => {
    const files = values.flatMap((file) => ['--values', `${CHART}/${file}`]);
    expect(kube.helm(['lint', '--strict', CHART, ...files])).toContain('0 chart(s) failed');
  });

  test.each(Object.entries(PROFILES))(
    '%s values: accepted by the API server without a warning, in a restricted namespace',
    (_, release) => {
      const said = kube.kubectl(['apply', '--dry-run=server', '--warnings-as-errors', '-f', '-'], renderChart(kube, release));
      expect(said).toMatch(/deployment.apps\/\S+ created \(server dry run\)/);
    },
  );

  test.each(Object.entries(PROFILES))('%s values: the operator takes the settings', (_, release) => {
    const rendered = objects(renderChart(kube, release)).find(({ metadata }) => metadata.name === 'sluice-settings');
    const settings = parseOperatorSettings(rendered?.data?.['settings.yaml'] ?? '');
    expect(settings).toMatchObject({ namespace: SYSTEM, release: 'sluice', webhook: { port: 8443 }, stream: { port: 8444 } });
  });

  test('an audit in PostgreSQL: the operator takes the settings, and finds its login', () => {
    const set = ['audit.store=PostgreSQL', 'audit.postgresql.host=db.example', 'audit.postgresql.existingSecret=audit-login'];
    const all = objects(renderChart(kube, { set }));
    const rendered = all.find(({ metadata }) => metadata.name === 'sluice-settings');
    const { audit } = parseOperatorSettings(rendered?.data?.['settings.yaml'] ?? '');
    expect(audit).toMatchObject({ store: 'PostgreSQL', postgresql: { host: 'db.example', port: 5432, tls: 'VerifyFull' } });
    const deployment = JSON.stringify(all.find(({ kind }) => kind === 'Deployment'));
    expect(deployment).toContain(`"mountPath":"${audit.postgresql!.secretDirectory}"`);
    expect(deployment).toContain('"secretName":"audit-login"');
  });

  test('a collector: the operator takes the settings, and finds headers and authority', () => {
    const otlp = ['endpoint=https://collector:4318/otlp', 'headersSecret=headers', 'caSecret=authority'];
    const all = objects(renderChart(kube, { set: otlp.map((each) => `audit.otlp.${each}`) }));
    const rendered = all.find(({ metadata }) => metadata.name === 'sluice-settings');
    const { audit } = parseOperatorSettings(rendered?.data?.['settings.yaml'] ?? '');
    expect(audit.otlp?.endpoint).toBe('https://collector:4318/otlp');
    const deployment = JSON.stringify(all.find(({ kind }) => kind === 'Deployment'));
    for (const part of [audit.otlp!.headersDirectory!, audit.otlp!.caFile!.replace('/ca.crt', '')])
      expect(deployment).toContain(`"mountPath":"${part}"`);
    for (const name of ['headers', 'authority']) expect(deployment).toContain(`"secretName":"${name}"`);
  });

  test('every namespaced object says which namespace it is for', () => {
    const cluster = /^(ClusterRole|ClusterRoleBinding|MutatingWebhookConfiguration|ValidatingAdmissionPolicy(Binding)?)$/;
    for (const { kind, metadata } of objects(renderChart(kube, PROFILES['everything'])))
      expect([kind, metadata.name, metadata.namespace === undefined]).toEqual([kind, metadata.name, cluster.test(kind)]);
  });

  test('kubectl sluice check knows the admission policies', () => {
    const rendered = objects(renderChart(kube)).filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    const names = rendered.map(({ metadata }) => metadata.name);
    expect(names.toSorted()).toEqual(ADMISSION_POLICIES.map((name) => `${name}.sluice.sluice-system.sluice.dev`));
  });

  test('two releases of one name in two namespaces share no cluster-wide object', () => {
    const names = (namespace: string) =>
      objects(renderChart(kube, { more: ['--namespace', namespace] }))
        .filter(({ metadata }) => metadata.namespace === undefined)
        .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const one = new Set(names('one'));
    expect(one.size).toBeGreaterThan(0);
    expect(names('two').filter((name) => one.has(name))).toEqual([]);
  });

  test('what the Prometheus operator would watch is rendered where the cluster knows it, and only there', () => {
    const kinds = (more: readonly string[]) =>
      objects(renderChart(kube, { values: ['values-ha.yaml'], more })).map(({ kind }) => kind);
    expect(kinds([])).not.toContain('ServiceMonitor');
    const known = ['ServiceMonitor', 'PrometheusRule'].flatMap((kind) => ['--api-versions', `monitoring.coreos.com/v1/${kind}`]);
    expect(kinds(known)).toEqual(expect.arrayContaining(['ServiceMonitor', 'PrometheusRule']));
  });

  const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a namespace of the cluster', ['policyNamespaces={kube-system}'], /policyNamespaces: "kube-system" belongs to the cluster/],
    ['a namespace twice', ['policyNamespaces={a,a}'], /items at 0 and 1 are equal/],
    ['all namespaces', ['policyNamespaces={*}'], /policyNamespaces\/0.*does not match pattern/],
    ['an unknown value', ['webook.failurePolicy=Fail'], /additional properties 'webook' not allowed/],
    ['an unknown policy', ['webhook.failurePolicy=Perhaps'], /failurePolicy.*must be one of 'Fail', 'Ignore'/],
    ['no replica', ['replicas=0'], /replicas.*minimum/],
    ['a digest that is none', ['sidecar.image.digest=sha256:12'], /digest.*does not match pattern/],
    ['no account at all', ['serviceAccount.create=false'], /serviceAccount.name must say which one to use/],
    ["everybody's account", ['serviceAccount.create=false', 'serviceAccount.name=default'], /operator's rights to every pod/],
    ["the sidecar's user for the operator", ['runAsUser=64117'], /the sidecar's user is nobody else's/],
    ['egress to nowhere', ['networkPolicy.egress.enabled=true'], /leaves the operator DNS alone/],
    [
      'nothing that keeps a sidecar what it is',
      ['admissionPolicies.enabled=false', 'webhook.failurePolicy=Ignore'],
      /leaves nothing that keeps a sidecar what it is/,
    ],
    ['an audit in no database', ['audit.store=PostgreSQL', 'audit.postgresql.host=db'], /needs audit.postgresql.existingSecret/],
    [
      'headers in clear',
      ['audit.otlp.endpoint=http://c:4318', 'audit.otlp.headersSecret=x'],
      /headers are sent over https alone/,
    ],
    ['a path that is added', ['audit.otlp.endpoint=http://c:4318/v1/logs'], /leave \/v1\/logs out/],
    ['a login in a URL', ['audit.otlp.endpoint=https://u:p@c'], /endpoint.*does not match pattern/],
    ['a claim for two replicas', ['audit.embedded.volume.existingClaim=x'], /a claim can be one replica's only/],
    ['a size that is none', ['audit.embedded.size=much'], /size.*does not match pattern/],
    ["a variable of the chart's own", ['extraEnv[0].name=SLUICE_POD_NAME'], /SLUICE_POD_NAME is the chart's own/],
  ];
  test.each(REFUSED)('refuses %s', (_, set, message) => {
    expect(() => renderChart(kube, { set })).toThrow(message);
  });

  describe('installed', () => {
    test('before the CRDs: says the command that is missing', () => {
      const notes = installChart(kube);
      expect(notes).toContain('MISSING: databaseaccesspolicies.sluice.dev and databases.sluice.dev');
      expect(notes).toContain('kubectl apply --server-side -f crds/');
    });

    test('kubectl apply --server-side -f crds/ is that command', () => {
      expect(applyCrds(kube).trim().split('\n')).toEqual([
        'customresourcedefinition.apiextensions.k8s.io/databaseaccesspolicies.sluice.dev serverside-applied',
        'customresourcedefinition.apiextensions.k8s.io/databases.sluice.dev serverside-applied',
      ]);
    });

    test('after it the notes tell the next step', async () => {
      await expect.poll(() => installChart(kube)).not.toContain('MISSING');
      const notes = installChart(kube);
      expect(notes).not.toContain('OUTDATED');
      expect(notes).toContain('helm test sluice --namespace sluice-system');
      expect(notes).toContain('sluice.dev/inject');
    });

    test('with CRDs of another release the notes say so', () => {
      kube.kubectl(['annotate', 'crd', 'databases.sluice.dev', 'sluice.dev/schema=0123456789abcdef', '--overwrite']);
      expect(installChart(kube)).toContain('OUTDATED: databases.sluice.dev is of another release');
      kube.kubectl(['apply', '--server-side', '--force-conflicts', '-f', `${CHART}/../../crds/`]);
      expect(installChart(kube)).not.toContain('OUTDATED');
    });

    test('its pods are admitted to a restricted namespace', async () => {
      const pods = async () =>
        (await kube.request<{ items: readonly unknown[] }>('GET', `/api/v1/namespaces/${SYSTEM}/pods`)).body.items.length;
      await expect.poll(pods, { timeout: 20_000 }).toBe(2);
    });

    test('a changed setting rolls the pods', () => {
      const checksum = (release: Release) => /checksum\/settings: (\S+)/.exec(renderChart(kube, release))?.[1];
      expect(checksum({ set: ['logLevel=debug'] })).not.toBe(checksum({}));
    });

    test('uninstalled, nothing of it is left but the CRDs', async () => {
      kube.helm(['uninstall', 'sluice', '--namespace', SYSTEM]);
      const kinds =
        'clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingadmissionpolicies,roles,rolebindings';
      expect(kube.kubectl(['get', kinds, '--all-namespaces', '-l', 'app.kubernetes.io/part-of=sluice', '-o', 'name'])).toBe('');
      expect(kube.kubectl(['get', 'crd', '-o', 'name'])).toContain('databases.sluice.dev');
    });
  });
});
