/**
 * The webhook behind the chart's own registration, on a real API server: annotated pods come back injected, sealed and governed; nobody else is
 * ever sent, even while it is down. Databases and policies are read live, as on a cold cache.
 */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as names from '../../core/injection/names.ts';
import { parseSidecarSettings } from '../../core/injection/sidecar-settings.ts';
import { SETTINGS, seals } from '../../operator/admission/golden-cluster.fixture.ts';
import { liveObjects } from '../../operator/admission/live-objects.ts';
import { createRefusalEvents } from '../../operator/admission/refusal-events.ts';
import { type ReviewContext, reviewAdmission } from '../../operator/admission/review.ts';
import { reviewTelemetry } from '../../operator/admission/telemetry.ts';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import { kubeconfigCredentials } from '../../operator/api/kubeconfig.ts';
import { canonicalRender } from '../../operator/render/canonical-render.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { databaseObject, policyObject } from '../support/governed.ts';
import { needsKubernetes } from './binaries.ts';
import { applyCrds, installChart, SYSTEM } from './chart.ts';
import { type Answer, type ControlPlane, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('the admission webhook');

// biome-ignore lint/suspicious/noExplicitAny: raw pods
type Json = Record<string, any>;

const SUBJECT = { namespace: 'ai-agents', serviceAccount: 'support-agent' };
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const CONFIGURATION = `${WEBHOOKS}/sluice.${SYSTEM}.sluice.dev`;
const VALUES = ['policyNamespaces={data-platform}', 'replicas=1', 'networkPolicy.enabled=false'];
const PODS = '/api/v1/namespaces/ai-agents/pods';

function podFor(name: string, annotations: Record<string, string> = {}, spec: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ai-agents', annotations },
    spec: {
      serviceAccountName: 'support-agent',
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'app',
          image: 'app:1',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          env: [{ name: 'DATABASE_URL', value: 'postgres://a:b@orders-db.data-platform.svc/orders' }],
        },
      ],
      ...spec,
    },
  };
}
const asking = (name: string, spec: Json = {}, asked = 'orders'): Json =>
  podFor(name, { [names.INJECT_ANNOTATION]: asked }, spec);
const sidecarOf = (pod: Json): Json => pod['spec'].initContainers.find((each: Json) => each['name'] === 'sluice');

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let api: ClosableKubeApi;
  let server: Server;
  let port: number;
  let certificate: { certificate: string; key: string; authority: string };
  /** Names of the pods that were sent to us. */
  const sent: string[] = [];

  beforeAll(async () => {
    kube = await startControlPlane();
    for (const namespace of ['data-platform', SYSTEM]) kube.kubectl(['create', 'namespace', namespace]);
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await kube.request('POST', '/api/v1/namespaces', { metadata: { name: 'ai-agents', labels: restricted } });
    kube.kubectl(['-n', 'ai-agents', 'create', 'serviceaccount', 'support-agent']);
    applyCrds(kube);
    installChart(kube, { set: VALUES });
    api = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfig }) });
    certificate = await makeLocalCertificate([`sluice-webhook.${SYSTEM}.svc`], Date.now());
    await listen();
    const patch = [
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from(certificate.authority).toString('base64') },
    ];
    expect((await kube.request('PATCH', CONFIGURATION, patch, { contentType: 'application/json-patch+json' })).status).toBe(200);
    await vi.waitFor(
      async () => expect((await dryRun(asking('probe', {}, 'nothing'))).body['message']).toContain('Sluice cannot govern'),
      20_000,
    );
  });
  afterAll(async () => {
    await closed();
    await api?.close();
    await kube?.stop();
  });

  async function listen(): Promise<void> {
    const context: ReviewContext = {
      view: { synced: Promise.resolve(), hasSynced: true, databases: () => [], policiesOf: () => [] },
      live: liveObjects(api, ['data-platform'], systemClock),
      settings: () => SETTINGS,
      seals,
      clock: systemClock,
      report: reviewTelemetry(
        new Registry(),
        pino({ level: 'silent' }),
        createRefusalEvents(api, systemClock, pino({ level: 'silent' }), 'test'),
      ),
    };
    server = createServer({ cert: certificate.certificate, key: certificate.key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', async () => {
        const body = Buffer.concat(chunks);
        sent.push(JSON.parse(body.toString()).request.object.metadata.name ?? '');
        expect(request.url).toMatch(/^\/inject(\?|$)/);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(await reviewAdmission(body, context)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    kube.route({ namespace: SYSTEM, name: 'sluice-webhook', port: 443 }, port);
  }
  async function closed(): Promise<void> {
    if (!server?.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
  const create = (pod: Json): Promise<Answer<Json>> => kube.request('POST', PODS, pod);
  const dryRun = (pod: Json): Promise<Answer<Json>> => kube.request('POST', `${PODS}?dryRun=All`, pod);

  it('finds what came in the same apply as the pod, injects, and the seal holds over what was stored', async () => {
    for (const object of [databaseObject('orders'), policyObject('orders', 'orders')]) {
      const plural = object.kind === 'Database' ? 'databases' : 'databaseaccesspolicies';
      const path = `/apis/sluice.dev/v1alpha1/namespaces/data-platform/${plural}`;
      expect((await kube.request('POST', path, object)).status).toBe(201);
    }
    const { status, body: pod } = await create(asking('first'));
    expect(status).toBe(201);
    expect(pod['spec'].initContainers.map((each: Json) => each['name'])).toEqual(['sluice']);
    expect(pod['metadata'].labels).toEqual({ [names.INJECTED_LABEL]: 'true' });
    expect(pod['spec'].containers[0].env[0].value).toBe('postgres://127.0.0.1:5432/orders');
    expect(seals.verify(SUBJECT, canonicalRender(pod)!, pod['metadata'].annotations[names.RENDER_ANNOTATION])).toBe(true);
    expect(parseSidecarSettings(sidecarOf(pod)['env'][0].value).databases).toMatchObject([{ name: 'orders' }]);
  });

  it('keeps the pod’s API token out of the sidecar, and where it was in the app', async () => {
    const { body: pod } = await create(asking('no-token'));
    const mounts = (container: Json): string[] =>
      container['volumeMounts'].map((each: Json) => `${each['name']}:${each['mountPath']}`);
    expect(mounts(pod['spec'].containers[0]).join()).toMatch(/kube-api-access-\w+:\/var\/run\/secrets/);
    expect(mounts(sidecarOf(pod)).join()).not.toContain('kube-api-access');
    expect(mounts(sidecarOf(pod))).toContain('sluice-no-api-token:/var/run/secrets/kubernetes.io/serviceaccount');
  });

  it('refuses with all reasons, in the words that kubectl shows', async () => {
    const { status, body } = await create(asking('refused', { shareProcessNamespace: true }, 'ordres'));
    expect(status).toBe(403);
    expect(body['message']).toMatch(
      /^admission webhook "inject.sluice.dev" denied the request: Sluice cannot govern this pod, for 2 reasons:\n- there is no Database ordres .*\n- shareProcessNamespace/,
    );
  });

  it('tells the ReplicaSet of a Deployment why there are no pods', async () => {
    const template = asking('x', {}, 'no-such-database');
    delete template['metadata'].name;
    await kube.request('POST', '/apis/apps/v1/namespaces/ai-agents/deployments', {
      metadata: { name: 'unlucky' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'u' } },
        template: { metadata: { ...template['metadata'], labels: { app: 'u' } }, spec: template['spec'] },
      },
    });
    await vi.waitFor(async () => {
      const { body } = await kube.request<{ items: Json[] }>('GET', '/apis/events.k8s.io/v1/namespaces/ai-agents/events');
      expect(body.items.find((each) => each['reportingController'] === 'sluice.dev/operator')).toMatchObject({
        reason: 'DatabaseUnknown',
        regarding: { kind: 'ReplicaSet', name: expect.stringMatching(/^unlucky-/) },
        note: expect.stringContaining('there is no Database no-such-database'),
      });
    }, 20_000);
    await kube.request('DELETE', '/apis/apps/v1/namespaces/ai-agents/deployments/unlucky');
  });

  it.each([
    [
      'Deployment',
      'apps/v1',
      'deployments',
      (template: Json) => ({ replicas: 1, selector: { matchLabels: { app: 'w' } }, template }),
    ],
    [
      'Job',
      'batch/v1',
      'jobs',
      (template: Json) => ({ template: { ...template, spec: { ...template['spec'], restartPolicy: 'Never' } } }),
    ],
  ])('the pods of a %s come injected', async (kind, apiVersion, plural, spec) => {
    const { spec: podSpec, metadata } = asking('x');
    const template = { metadata: { annotations: metadata.annotations, labels: { app: 'w', kind } }, spec: podSpec };
    const path = `/apis/${apiVersion}/namespaces/ai-agents/${plural}`;
    expect((await kube.request('POST', path, { metadata: { name: `w-${plural}` }, spec: spec(template) })).status).toBe(201);
    await vi.waitFor(async () => {
      const { body } = await kube.request<{ items: Json[] }>('GET', `${PODS}?labelSelector=kind%3D${kind}`);
      expect(body.items.map((each) => sidecarOf(each)['restartPolicy'])).toEqual(['Always']);
      // Dangling references, unknown fields: the server takes all of what we made as it is.
      expect(canonicalRender(body.items[0]!)).toBeDefined();
    }, 20_000);
    await kube.request('DELETE', `${path}/w-${plural}?propagationPolicy=Background`);
  });

  it('asked again after another webhook, puts right what that one has done', async () => {
    const tampering = await startTampering();
    try {
      const pod = await vi.waitFor(async () => {
        const { status, body } = await create(asking(`tampered-${Math.random().toString(36).slice(2, 8)}`));
        expect(status).toBe(201);
        expect(tampering.count).toBeGreaterThan(0);
        return body;
      }, 20_000);
      expect(pod['spec'].initContainers.map((each: Json) => each['name'])).toEqual(['istio-proxy', 'sluice']);
      expect(sidecarOf(pod)['image']).toBe(SETTINGS.image);
      expect(seals.verify(SUBJECT, canonicalRender(pod)!, pod['metadata'].annotations[names.RENDER_ANNOTATION])).toBe(true);
    } finally {
      await tampering.stop();
    }
  });

  it('keeps its caBundle through an upgrade of the chart', async () => {
    const bundle = async () =>
      (await kube.request<Json>('GET', CONFIGURATION)).body['webhooks'][0].clientConfig.caBundle as string | undefined;
    const before = await bundle();
    expect(before).toMatch(/^LS0t/);
    installChart(kube, { set: [...VALUES, 'webhook.timeoutSeconds=7'] });
    expect(await bundle()).toBe(before);
  });

  it('a dry run gets the same answer', async () => {
    const { status, body } = await dryRun(asking('dry'));
    expect(status).toBe(201);
    expect(sidecarOf(body)['name']).toBe('sluice');
    expect((await kube.request('GET', `${PODS}/dry`)).status).toBe(404);
  });

  it('is never asked about pods that do not ask, and those start while it is down; a pod that asks does not', async () => {
    sent.length = 0;
    expect((await create(podFor('plain-up'))).status).toBe(201);
    expect((await create(podFor('declined', { [names.INJECT_ANNOTATION]: 'false' }))).status).toBe(201);
    await closed();
    expect((await create(podFor('plain-down', { other: 'annotation' }))).status).toBe(201);
    const { status, body } = await create(asking('asks-down'));
    expect(status).toBe(500);
    expect(body['message']).toMatch(/failed calling webhook "inject.sluice.dev"/);
    expect(sent).toEqual([]);
    await listen();
    await vi.waitFor(async () => expect((await create(asking('asks-up-again'))).status).toBe(201), 20_000);
    expect(sent).toContain('asks-up-again');
  });

  /** A webhook that runs after ours: it puts a mesh's proxy in front, and changes our image. */
  async function startTampering(): Promise<{ readonly count: number; stop(): Promise<void> }> {
    let count = 0;
    const tls = await makeLocalCertificate(['127.0.0.1'], Date.now());
    const other = createServer({ cert: tls.certificate, key: tls.key }, (request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += chunk));
      request.on('end', () => {
        const { uid, object } = JSON.parse(text).request;
        const at = (object.spec.initContainers ?? []).findIndex((each: Json) => each['name'] === 'sluice');
        const done = JSON.stringify(object).includes('istio-proxy');
        if (at >= 0 && !done) count += 1;
        const proxy = {
          name: 'istio-proxy',
          image: 'istio:1',
          restartPolicy: 'Always',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        };
        const patch = [
          { op: 'replace', path: `/spec/initContainers/${at}/image`, value: 'evil:1' },
          { op: 'add', path: '/spec/initContainers/-', value: proxy },
        ];
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({
            apiVersion: 'admission.k8s.io/v1',
            kind: 'AdmissionReview',
            response: {
              uid,
              allowed: true,
              ...(at >= 0 && !done
                ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
                : {}),
            },
          }),
        );
      });
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    await kube.request('POST', WEBHOOKS, {
      metadata: { name: 'zz-mesh' },
      webhooks: [
        {
          name: 'mesh.example.com',
          clientConfig: {
            url: `https://127.0.0.1:${(other.address() as AddressInfo).port}/x`,
            caBundle: Buffer.from(tls.authority).toString('base64'),
          },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Fail',
        },
      ],
    });
    return {
      get count() {
        return count;
      },
      async stop() {
        await kube.request('DELETE', `${WEBHOOKS}/zz-mesh`);
        await vi.waitFor(async () => {
          const before = count;
          await dryRun(asking('gone'));
          expect(count).toBe(before);
        }, 20_000);
        other.closeAllConnections();
        other.close();
      },
    };
  }
});
