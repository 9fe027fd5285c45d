/** `kubectl sluice` as a person runs it, against a real API server: the chart installed, objects, pods, and what an operator would have published. */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import { grow, NO_FINDINGS, printFindings } from '../../core/sensitivity/findings.ts';
import { type Content, publishedConfigMap } from '../../operator/materials/published.ts';
import { injectedPod, SETTINGS } from '../../operator/render/injected-pod.fixture.ts';
import { openQueryClient } from '../../sidecar/catalog/query-client.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { scanDatabase } from '../../sidecar/sensitivity/scan.ts';
import { connectUpstream } from '../../sidecar/upstream/connect.ts';
import { upstreamSettings } from '../../sidecar/upstream/startup-settings.ts';
import { type Outcome, runSluice } from '../cli/support.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { BINARIES, needsKubernetes } from './binaries.ts';
import { VERSION } from '../../core/version.ts';
import { applyCrds, installChart, restrictedNamespace, ROOT, SYSTEM } from './chart.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('kubectl sluice');

const PLATFORM = 'data-platform';
const AGENTS = 'ai-agents';
const demo = (name: string): string => readFileSync(join(ROOT, 'cli', 'demo', name), 'utf8');
const IMAGE = `sluice-sidecar:${VERSION}`;
const settings = { ...SETTINGS, databases: SETTINGS.databases.map((each) => ({ ...each, name: 'shop' })) };

// biome-ignore lint/suspicious/noExplicitAny: raw pods
type Json = Record<string, any>;

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let server: LocalPostgres;

  const plugin = (args: readonly string[], kubeconfig = kube.kubeconfig, input = ''): Promise<Outcome> =>
    new Promise((resolve) => {
      const options = { timeout: 60_000, maxBuffer: 1 << 26 };
      const command = [...args, '--kubeconfig', kubeconfig];
      const child = execFile(join(ROOT, 'bin', 'kubectl-sluice'), command, options, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
      child.stdin?.end(input);
    });

  const pod = async (name: string, change: (pod: Json) => void = () => {}): Promise<void> => {
    const made = injectedPod({ name, namespace: AGENTS, settings, image: IMAGE }) as Json;
    change(made);
    const { status, body } = await kube.request('POST', `/api/v1/namespaces/${AGENTS}/pods`, made);
    expect(status, JSON.stringify(body)).toBe(201);
  };
  const patchStatus = (path: string, status: unknown) =>
    kube.request('PATCH', `${path}/status`, { status }, { contentType: 'application/merge-patch+json' });
  const running = (name: string) =>
    patchStatus(`/api/v1/namespaces/${AGENTS}/pods/${name}`, {
      phase: 'Running',
      initContainerStatuses: [{ name: 'sluice', ready: true, restartCount: 0, image: IMAGE, imageID: '' }],
    });
  const ready = async (plural: string, name: string, yes = true): Promise<void> => {
    const condition = {
      type: 'Ready',
      status: yes ? 'True' : 'False',
      reason: yes ? 'Reachable' : 'UnknownTable',
      message: yes ? 'everything is in order' : 'spec.grants[0].tables[0]: there is no table public.nothing',
      lastTransitionTime: '2026-11-28T00:00:00Z',
      observedGeneration: 1,
    };
    const path = `/apis/sluice.dev/v1alpha1/namespaces/${PLATFORM}/${plural}/${name}`;
    expect((await patchStatus(path, { conditions: [condition] })).status).toBe(200);
  };
  const publish = async (content: Content, text: string): Promise<void> => {
    const configMap = await publishedConfigMap(content, `${PLATFORM}/shop`, SYSTEM, text);
    const { status } = await kube.request('POST', `/api/v1/namespaces/${SYSTEM}/configmaps`, configMap);
    expect(status).toBe(201);
  };

  beforeAll(async () => {
    kube = await startControlPlane();
    server = await startLocalPostgres({ major: 18 });
    await loadShop(server);
    await restrictedNamespace(kube, SYSTEM);
    for (const namespace of [PLATFORM, AGENTS]) kube.kubectl(['create', 'namespace', namespace]);
    kube.kubectl(['create', 'serviceaccount', 'support-agent', '-n', AGENTS]);
  });
  afterAll(async () => {
    await server?.stop();
    await kube?.stop();
  });

  test('its help is true, and it is found by kubectl', async () => {
    const help = await plugin(['--help']);
    expect(help.code).toBe(0);
    for (const verb of ['check', 'status', 'explain', 'classify', 'inject']) expect(help.stdout).toContain(verb);
    expect((await plugin(['explain'])).code).toBe(2);
    const env = { ...process.env, PATH: `${join(ROOT, 'bin')}:${process.env['PATH']}` };
    const byKubectl = spawnSync(join(BINARIES, 'kubectl'), ['sluice', 'explain', '--help'], { env, encoding: 'utf8' });
    expect(byKubectl.stdout).toContain('Usage: kubectl sluice explain [options] [sql]');
  });

  test('check, before anything is there: says what to do first', async () => {
    const { code, stdout } = await plugin(['check']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^✓ the API server answers, version v1\.\d+/m);
    expect(stdout).toContain('× databases.sluice.dev is missing\n    hint: kubectl apply --server-side -f crds/');
    expect(stdout).toContain('× Sluice is not installed\n    hint: helm install sluice charts/sluice');
  });

  test('explain and status, before anything is there, say so', async () => {
    const explained = await plugin(['explain', '--as', 'ai-agents/support-agent', '--database', 'shop', 'SELECT 1']);
    expect(explained).toMatchObject({ code: 1, stderr: expect.stringContaining('Sluice is not installed in this cluster') });
    expect(await plugin(['status'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('kubectl apply --server-side -f crds/'),
    });
  });

  describe('installed', () => {
    beforeAll(async () => {
      // Before the webhook is there to be asked about them: no operator runs.
      await pod('governed');
      await pod('outdated', (made) => {
        made['spec'].initContainers[0].image = 'registry.example/sluice-sidecar:0.0.9';
      });
      await pod('left-over', (made) => {
        made['spec'].containers[0].env.push(
          { name: 'DATABASE_URL', value: 'postgres://app:hunter2@orders-db.data-platform.svc/shop' },
          { name: 'ANALYTICS_URL', value: 'postgres://analytics-db/stats' },
          { name: 'REPLICA_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders-replica', key: 'password' } } },
        );
      });
      await pod('starting');
      await pod('forgotten', (made) => {
        delete made['metadata'].labels;
        made['spec'].initContainers = [];
      });
      await pod('stranger', (made) => {
        made['spec'].serviceAccountName = 'default';
      });
      for (const name of ['governed', 'outdated', 'left-over', 'stranger']) await running(name);
      applyCrds(kube);
      kube.kubectl(['wait', '--for=condition=Established', 'crd/databases.sluice.dev', 'crd/databaseaccesspolicies.sluice.dev']);
      installChart(kube, { set: [`policyNamespaces={${PLATFORM}}`] });
      kube.kubectl(['apply', '-f', '-'], demo('policy.yaml'));
    });

    test('check: no replica runs, nobody has looked, and each says what to do', async () => {
      const { code, stdout } = await plugin(['check']);
      expect(code).toBe(3);
      expect(stdout).toContain('✓ databases.sluice.dev is there, and of this release');
      expect(stdout).toContain('✓ installed as sluice in sluice-system');
      expect(stdout).toContain('× no replica of sluice-system/sluice-operator is ready');
      expect(stdout).toContain('× no replica holds the Lease');
      expect(stdout).toContain('✓ policies are honoured in data-platform');
      expect(stdout).toContain('× caBundle is empty: no annotated pod can be created');
      expect(stdout).toContain('data-platform/shop: the operator has not looked at it');
    });

    describe('and running', () => {
      beforeAll(async () => {
        // A node would say so; the controllers count it.
        for (const name of kube.kubectl(['get', 'pods', '-n', SYSTEM, '-o', 'name']).trim().split('\n'))
          await patchStatus(`/api/v1/namespaces/${SYSTEM}/${name.replace('pod/', 'pods/')}`, {
            phase: 'Running',
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-28T00:00:00Z' }],
          });
        kube.kubectl(['rollout', 'status', 'deployment/sluice-operator', '-n', SYSTEM, '--timeout=30s']);
        await kube.request('POST', `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases`, {
          metadata: { name: 'sluice-leader' },
          spec: {
            holderIdentity: 'sluice-operator-0',
            leaseDurationSeconds: 15,
            renewTime: new Date(Date.now()).toISOString().replace('Z', '000Z'),
          },
        });
        await bundle(Date.now());
        await ready('databases', 'shop');
        for (const { metadata } of await policies()) await ready('databaseaccesspolicies', metadata.name);
      });

      const policies = async () =>
        (
          await kube.request<{ items: readonly { metadata: { name: string } }[] }>(
            'GET',
            `/apis/sluice.dev/v1alpha1/namespaces/${PLATFORM}/databaseaccesspolicies`,
          )
        ).body.items;
      const bundle = async (now: number): Promise<void> => {
        const { authority } = await makeLocalCertificate(['sluice-webhook.sluice-system.svc'], now);
        const { status } = await kube.request(
          'PATCH',
          '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/sluice.sluice-system.sluice.dev',
          [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from(authority).toString('base64') }],
          { contentType: 'application/json-patch+json' },
        );
        expect(status).toBe(200);
      };

      test('check: what is well, and what is not in the pods', async () => {
        const { code, stdout } = await plugin(['check']);
        expect(stdout).toContain('✓ 2 of 2 replicas are ready, version 0.2.0');
        expect(stdout).toContain('✓ sluice-operator-0 reconciles');
        expect(stdout).toMatch(/^✓ its authority is good until \d{4}-\d\d-\d\d$/m);
        expect(stdout).toContain('✓ annotated pods are refused while no replica answers');
        expect(stdout).toMatch(/^✓ \d+ policies are in force$/m);
        expect(stdout).toContain('✓ 1 of 1 Database objects are Ready');
        expect(stdout).toContain('× 1 annotated pods have no sidecar, and so no database\n    ai-agents/forgotten');
        expect(stdout).toMatch(/‼ sidecars are not ready\n {4}ai-agents\/starting/);
        expect(stdout).toContain('ai-agents/outdated: sluice-sidecar:0.0.9');
        expect(stdout).toContain('ai-agents/left-over, container app, DATABASE_URL: a connection string with a password');
        expect(stdout).toContain(
          'ai-agents/left-over, container app, REPLICA_PASSWORD: the value comes from Secret orders-replica',
        );
        expect(stdout).not.toContain('ANALYTICS_URL');
        expect(stdout).not.toContain('hunter2');
        expect(code).toBe(3);
      });

      test('check in JSON has the same, for programs', async () => {
        const { stdout } = await plugin(['check', '--output', 'json', '-n', 'default']);
        const { result, checks } = JSON.parse(stdout) as { result: string; checks: readonly Record<string, unknown>[] };
        // No pod of namespace default is governed, so nothing is broken.
        expect(result).not.toBe('failed');
        expect(checks).toContainEqual({ category: 'operator', outcome: 'ok', message: 'sluice-operator-0 reconciles' });
      });

      test('check: an authority that has ended, CRDs of another release, a policy with a mistake, a namespace that does not count', async () => {
        await bundle(Date.now() - 30 * 365 * 86_400_000);
        kube.kubectl(['annotate', 'crd', 'databases.sluice.dev', 'sluice.dev/schema=0', '--overwrite']);
        await ready('databaseaccesspolicies', 'support-agent', false);
        kube.kubectl(['delete', 'validatingadmissionpolicy', 'exec.sluice.sluice-system.sluice.dev']);
        kube.kubectl(['apply', '-f', '-'], demo('policy.yaml').replaceAll('namespace: data-platform', 'namespace: ai-agents'));
        const { code, stdout } = await plugin(['check', '-n', 'default']);
        expect(code).toBe(3);
        expect(stdout).toMatch(/× the authority of the webhook ended on/);
        expect(stdout).toContain('‼ databases.sluice.dev is of another release: the API server drops fields');
        expect(stdout).toMatch(/‼ ValidatingAdmissionPolicies are missing.*\n {4}exec\.sluice\.sluice-system\.sluice\.dev/);
        expect(stdout).toContain('data-platform/support-agent: spec.grants[0].tables[0]: there is no table public.nothing');
        expect(stdout).toContain('‼ Database objects stand in namespaces that are not honoured\n    ai-agents/shop');
        kube.kubectl(['delete', 'databases,databaseaccesspolicies', '--all', '-n', AGENTS]);
        kube.kubectl(['apply', '--server-side', '--force-conflicts', '-f', join(ROOT, 'crds/')]);
        await bundle(Date.now());
        await ready('databaseaccesspolicies', 'support-agent');
      });

      test('check with fewer rights says which are missing', async () => {
        const { code, stdout } = await plugin(['check'], kube.kubeconfigFor(kube.nobodyToken));
        expect(code).toBe(0);
        expect(stdout).toContain('‼ pods could not be looked at');
        expect(stdout).toContain('‼ DatabaseAccessPolicy objects could not be looked at');
        expect(stdout).toMatch(/The result is ‼\n$/);
        expect(stdout).toContain('docs/reference/kubectl-sluice.md');
      });

      test('explain with fewer rights says what to say', async () => {
        const subject = ['explain', '--as', 'ai-agents/support-agent', '--database', 'shop', 'SELECT 1'];
        const nobody = kube.kubeconfigFor(kube.nobodyToken);
        const { code, stderr } = await plugin(subject, nobody);
        expect([code, stderr]).toEqual([1, expect.stringContaining('say where it is, with --operator-namespace and --release')]);
        const told = await plugin([...subject, '--operator-namespace', SYSTEM, '--release', 'sluice'], nobody);
        expect([told.code, told.stderr]).toEqual([
          1,
          expect.stringMatching(/^sluice: the API server says: .*cannot get resource "configmaps"/),
        ]);
      });

      test('status: who is governed by what, and who is not', async () => {
        const { code, stdout } = await plugin(['status', '-n', AGENTS]);
        expect(code).toBe(0);
        expect(stdout).toMatchInlineSnapshot(`
          "POD        SERVICE ACCOUNT  DATABASES           POLICIES                     SIDECAR               STATE
          forgotten  support-agent    orders              -                            -                     NotInjected
          governed   support-agent    data-platform/shop  data-platform/support-agent  sluice-sidecar:0.2.0  Governed
          left-over  support-agent    data-platform/shop  data-platform/support-agent  sluice-sidecar:0.2.0  Governed
          outdated   support-agent    data-platform/shop  data-platform/support-agent  sluice-sidecar:0.0.9  Outdated
          starting   support-agent    data-platform/shop  data-platform/support-agent  sluice-sidecar:0.2.0  NotReady
          stranger   default          data-platform/shop  -                            sluice-sidecar:0.2.0  NoPolicy

          1 have the annotation but no sidecar, and so no database: delete them, their controller makes them anew
          1 have a sidecar that is not ready: kubectl describe pod, kubectl logs POD -c sluice
          1 are bound by no policy any more: every statement of theirs is refused
          1 run a sidecar of another release; it stays valid: kubectl rollout restart when it suits
          "
        `);
        const all = await plugin(['status', '-A', '-o', 'json']);
        expect(JSON.parse(all.stdout)).toContainEqual({
          namespace: AGENTS,
          pod: 'governed',
          serviceAccount: 'support-agent',
          databases: ['data-platform/shop'],
          policies: ['data-platform/support-agent'],
          sidecar: IMAGE,
          state: 'Governed',
        });
        expect((await plugin(['status'])).stdout).toBe(
          'No pod in namespace default (-A: all) asks for a Database (annotation sluice.dev/inject).\n',
        );
      });

      test('inject: what the webhook would make of a pod, or all reasons why not', async () => {
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'new', namespace: AGENTS, annotations: { 'sluice.dev/inject': 'shop' } },
          spec: { serviceAccountName: 'support-agent', containers: [{ name: 'app', image: 'app:1' }] },
        };
        const made = await plugin(['inject', '-f', '-'], kube.kubeconfig, JSON.stringify(pod));
        expect(made).toMatchObject({ code: 0, stderr: '' });
        expect(made.stdout).toContain('sluice-operator.sluice-system.svc:8444');
        expect(made.stdout).toContain(`image: ${IMAGE}`);
        const unsafe = { ...pod, spec: { ...pod.spec, serviceAccountName: 'other', hostNetwork: true } };
        const refused = await plugin(['inject', '-f', '-'], kube.kubeconfig, JSON.stringify(unsafe));
        expect(refused).toMatchObject({ code: 3, stdout: '' });
        expect(refused.stderr).toContain('NoPolicy: no policy in force grants service account ai-agents/other anything');
        expect(refused.stderr).toContain('hostNetwork');
      });

      test('explain, before the operator has read the schema', async () => {
        const outcome = await plugin(['explain', '--as', 'ai-agents/support-agent', '--database', 'shop', 'SELECT 1']);
        expect(outcome.code).toBe(1);
        expect(outcome.stderr).toContain('the operator has not published the schema of data-platform/shop yet');
      });

      describe('with what the operator has published', () => {
        beforeAll(async () => {
          const { catalog, findings, endpoint } = await lookedAt(server);
          await publish('catalog', JSON.stringify({ formatVersion: 1, endpoint, catalog }));
          await publish('findings', findings);
        });

        const subject = ['--as', 'ai-agents/support-agent', '--database'];
        const STATEMENTS =
          'SELECT email, phone FROM customers; SELECT salary FROM payroll; UPDATE tickets SET subject = subject; SELECT 1';

        test('explain says what `sluice check` says of the same files and the same database', async () => {
          const files = ['--policy', join(ROOT, 'cli', 'demo', 'policy.yaml'), '--upstream', server.url('shop')];
          const here = await plugin(['explain', ...subject, 'shop', '-o', 'json', '-'], kube.kubeconfig, STATEMENTS);
          const there = await runSluice(['check', ...subject, 'data-platform/shop', ...files, '-o', 'json', '-'], STATEMENTS);
          expect(here.stderr).toBe('');
          expect(here.code).toBe(3);
          expect(here.stdout).toBe(there.stdout);
          expect(here.stdout.trim().split('\n')).toHaveLength(4);
        });

        test('explain for a service account that nothing is granted to', async () => {
          const outcome = await plugin(['explain', '--as', 'ai-agents/other', '--database', 'data-platform/shop', 'SELECT 1']);
          expect(outcome.stderr).toContain('nothing is granted to ai-agents/other on data-platform/shop');
          expect(outcome.code).toBe(1);
        });

        test('classify: what has been found, and a look of its own', async () => {
          const published = await plugin(['classify', '--database', 'shop']);
          expect(published.code).toBe(0);
          expect(published.stdout).toMatch(/public\.customers\.email\s+text\s+pii\.email/);
          expect(published.stdout).toContain('as the operator has found');
          const looked = await plugin(['classify', '--database', 'shop', '--upstream', server.url('shop')]);
          expect(looked.stdout).toMatch(/public\.customers\.email\s+text\s+pii\.email/);
          expect(looked.stdout).toContain('looked at');
        });

        test('the role of the chart is enough for all of it, and opens no Secret', async () => {
          for (const namespace of [PLATFORM, AGENTS]) kube.kubectl(['create', 'serviceaccount', 'reader', '-n', namespace]);
          const account = `${PLATFORM}:reader`;
          const cluster = 'sluice.sluice-system.sluice.dev:kubectl';
          kube.kubectl(['create', 'clusterrolebinding', 'reader', `--clusterrole=${cluster}`, `--serviceaccount=${account}`]);
          kube.kubectl(['create', 'rolebinding', 'reader', '-n', SYSTEM, '--role=sluice-kubectl', `--serviceaccount=${account}`]);
          const kubeconfig = kube.kubeconfigFor(await kube.serviceAccountToken(PLATFORM, 'reader'));
          const explained = await plugin(['explain', ...subject, 'shop', 'SELECT 1'], kubeconfig);
          expect(explained).toMatchObject({ code: 0, stderr: '' });
          expect((await plugin(['status', '-A'], kubeconfig)).code).toBe(0);
          expect((await plugin(['classify', '--database', 'shop'], kubeconfig)).code).toBe(0);
          expect((await plugin(['check'], kubeconfig)).stdout).not.toContain('could not be looked at');
          const as = `--as=system:serviceaccount:${account}`;
          expect(() => kube.kubectl(['auth', 'can-i', 'get', 'secrets', '-n', SYSTEM, as])).toThrow(/no/);
        });
      });
    });
  });

  test('a kubeconfig that leads nowhere is one sentence', async () => {
    const outcome = await plugin(['status'], '/nowhere/kubeconfig');
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^sluice: \/nowhere\/kubeconfig cannot be read: ENOENT\n$/),
    });
  });
});

async function loadShop(server: LocalPostgres): Promise<void> {
  const run = async (database: string, sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server.url(database) });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run('postgres', 'CREATE DATABASE shop');
  await run('shop', demo('schema.sql').replace(":'app_password'", "'x'"));
  await run(
    'shop',
    `INSERT INTO customers SELECT n, 'Person ' || n, 'person' || n || '@example.com', '+49 30 ' || (100000 + n), '1', '2000-01-01', 'eu', 0
     FROM generate_series(1, 50) n`,
  );
}

/** As the leader would: schema, and findings of values. */
async function lookedAt(server: LocalPostgres) {
  const url = new URL(server.url('shop'));
  const endpointOfObject = /host: (\S+?),? port: (\d+),? database: (\w+)/.exec(demo('policy.yaml').replaceAll(/[{}]/g, ' '));
  const connection = openQueryClient(
    await connectUpstream({
      target: { host: url.hostname, port: Number(url.port), tls: { mode: 'Disable' } },
      user: url.username,
      password: url.password,
      database: 'shop',
      requireChannelBinding: false,
      settings: upstreamSettings('sluice-test', []),
    }),
  );
  try {
    const data = await readCatalog(connection);
    const scan = await scanDatabase(connection, { catalog: new Catalog(data), now: () => performance.now() });
    const [, host = '', port = '', database = ''] = endpointOfObject ?? [];
    return {
      catalog: data,
      findings: printFindings(grow(NO_FINDINGS, scan.tables, scan.verdicts)),
      endpoint: { host, port: Number(port), database },
    };
  } finally {
    connection.close();
  }
}
