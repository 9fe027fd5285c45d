/**
 * What the API server itself refuses (charts/sluice/templates/validating-admission-policies.yaml), each with a benign twin that works. No
 * webhook runs here: pods come sealed as the injector makes them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { applyJsonPatch } from '../../operator/admission/apply-json-patch.ts';
import { goldenInput, TESTDATA } from '../../operator/admission/golden-cluster.fixture.ts';
import { inject } from '../../operator/admission/inject.ts';
import { canonicalRender } from '../../operator/render/canonical-render.ts';
import { needsKubernetes } from './binaries.ts';
import { renderChart, SYSTEM } from './chart.ts';
import { type Answer, type ControlPlane, type RequestOptions, startControlPlane } from './control-plane.ts';

const { skip, title } = needsKubernetes('ValidatingAdmissionPolicies');

// biome-ignore lint/suspicious/noExplicitAny: raw pods
type Json = Record<string, any>;

const PODS = '/api/v1/namespaces/ai-agents/pods';
const STRATEGIC = 'application/strategic-merge-patch+json';
const MERGE = 'application/merge-patch+json';

function plainPod(name: string): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ai-agents', labels: { app: 'agent' }, annotations: {} },
    spec: { serviceAccountName: 'support-agent', nodeName: 'node-1', containers: [{ name: 'app', image: 'app:1' }] },
  };
}

function governedPod(name: string): Json {
  const pod = plainPod(name);
  pod['metadata'].annotations['sluice.dev/inject'] = 'orders';
  const result = inject(goldenInput(pod));
  if (result.outcome !== 'injected') throw new Error(JSON.stringify(result));
  return applyJsonPatch(pod, result.patch) as Json;
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let names = 0;
  const fresh = (): string => `pod-${(names += 1)}`;

  beforeAll(async () => {
    kube = await startControlPlane({ apiServerArguments: ['--feature-gates=InPlacePodVerticalScaling=true'] });
    for (const namespace of ['ai-agents', SYSTEM]) kube.kubectl(['create', 'namespace', namespace]);
    for (const name of ['support-agent', 'analyst']) kube.kubectl(['-n', 'ai-agents', 'create', 'serviceaccount', name]);
    await kube.request('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } });
    const objects = parseAllDocuments(renderChart(kube))
      .map((each) => each.toJS() as Json | null)
      .filter((each) => /^ValidatingAdmissionPolicy/.test(each?.['kind'] ?? ''));
    expect(objects).toHaveLength(12);
    const applied = kube.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    expect(applied.match(/created/g)).toHaveLength(12);
    // They take effect a moment later.
    const forged = { ...governedPod('probe'), metadata: { name: 'probe', labels: { 'sluice.dev/injected': 'true' } } };
    await vi.waitFor(
      async () => expect([(await create(forged)).status, (await exec('probe', 'container=sluice')).status]).toEqual([422, 422]),
      20_000,
    );
  });
  afterAll(() => kube?.stop());

  const create = (pod: Json, options?: RequestOptions): Promise<Answer<Json>> => kube.request('POST', PODS, pod, options);
  const patch = (name: string, body: unknown, { subresource = '', contentType = STRATEGIC, token = kube.adminToken } = {}) =>
    kube.request<Json>('PATCH', `${PODS}/${name}${subresource}`, body, { contentType, token });
  const exec = (name: string, query: string, verb = 'exec') =>
    kube.request<Json>('POST', `${PODS}/${name}/${verb}?command=id&stdout=true&${query}`);

  async function created(pod: Json): Promise<string> {
    const answer = await create(pod);
    expect(answer).toMatchObject({ status: 201 });
    return pod['metadata'].name;
  }
  function expectDenied(answer: Answer<Json>, message: RegExp): void {
    expect(answer.body['message']).toMatch(message);
    expect(answer.body['message']).toMatch(/ValidatingAdmissionPolicy '[a-z-]+\.sluice\.sluice-system\.sluice\.dev'/);
    expect(answer.status).toBe(422);
  }

  it('compile: the API server has no warning about their types', async () => {
    const list = () =>
      kube.request<{ items: readonly Json[] }>('GET', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies');
    await expect
      .poll(async () => (await list()).body.items.every((each) => each['status']?.observedGeneration === 1), { timeout: 20_000 })
      .toBe(true);
    const warnings = (await list()).body.items.flatMap((each) => each['status']?.typeChecking?.expressionWarnings ?? []);
    expect(warnings).toEqual([]);
  });

  describe('of new pods', () => {
    const injectedShapes = readdirSync(TESTDATA).filter((file) => file.endsWith('.injected.yaml'));
    it.each(injectedShapes)('%s is one that the API server takes as it is', async (file) => {
      const pod = parse(readFileSync(join(TESTDATA, file), 'utf8').replace('(seal)', 'v1.a.b')) as Json;
      const { status, body } = await kube.request<Json>('POST', `${PODS}?dryRun=All`, {
        ...pod,
        metadata: { ...pod['metadata'], namespace: 'ai-agents' },
      });
      expect([status, body['message']]).toEqual([201, undefined]);
      expect(canonicalRender(body)).toBe(canonicalRender(pod));
    });

    it('a plain one and a governed one are created', async () => {
      await created(plainPod(fresh()));
      await created(governedPod(fresh()));
    });

    const denied: readonly (readonly [string, (pod: Json) => void, RegExp])[] = [
      [
        'the label, forged',
        (pod) => delete pod['metadata'].annotations['sluice.dev/render'],
        /belong to pods that Sluice has injected/,
      ],
      ['the label with another value', (pod) => (pod['metadata'].labels['sluice.dev/injected'] = 'no'), /belong to pods/],
      ['the seal without label', (pod) => (pod['metadata'].labels = {}), /belong to pods that Sluice has injected/],
      ['no sidecar', (pod) => (pod['spec'].initContainers = []), /belong to pods that Sluice has injected/],
      ['a sidecar that ends', (pod) => (pod['spec'].initContainers = [{ name: 'sluice', image: 'x' }]), /belong to pods/],
      [
        'a container of the name',
        (pod) => Object.assign(pod['spec'], { initContainers: [], containers: [{ name: 'sluice', image: 'x' }] }),
        /belong to pods/,
      ],
      ['the token elsewhere', (pod) => mount(pod, { name: 'sluice-token', mountPath: '/t' }), /mounted by the sidecar alone/],
      [
        'the state elsewhere',
        (pod) => mount(pod, { name: 'sluice-state', mountPath: '/t', readOnly: true }),
        /by the sidecar alone/,
      ],
      [
        'the audit elsewhere',
        (pod) => mount(pod, { name: 'sluice-audit', mountPath: '/t', readOnly: true }),
        /by the sidecar alone/,
      ],
      ['the CA, writable', (pod) => (pod['spec'].containers[0].volumeMounts[0].readOnly = false), /by the sidecar alone/],
      [
        'the token in an init container',
        (pod) =>
          pod['spec'].initContainers.push({ name: 'i', image: 'i', volumeMounts: [{ name: 'sluice-token', mountPath: '/t' }] }),
        /by the sidecar alone/,
      ],
      [
        'our audience in another volume',
        (pod) => pod['spec'].volumes.push(tokenVolume('mine')),
        /projected into the sidecar alone/,
      ],
      ['hostNetwork', (pod) => (pod['spec'].hostNetwork = true), /shares no namespace with its node/],
      ['hostPID', (pod) => (pod['spec'].hostPID = true), /shares no namespace with its node/],
      ['shareProcessNamespace', (pod) => (pod['spec'].shareProcessNamespace = true), /shares no namespace/],
      [
        'privileges',
        (pod) => (pod['spec'].containers[0].securityContext = { privileged: true }),
        /no container of a governed pod is privileged/,
      ],
      [
        'SYS_PTRACE',
        (pod) => (pod['spec'].containers[0].securityContext = { capabilities: { add: ['CAP_SYS_PTRACE'] } }),
        /SYS_PTRACE and its relatives/,
      ],
      [
        "the sidecar's user",
        (pod) => (pod['spec'].containers[0].securityContext = { runAsUser: 64117 }),
        /user 64117 is the sidecar's own/,
      ],
      [
        "the sidecar's user for all",
        (pod) => (pod['spec'].securityContext = { runAsUser: 64117 }),
        /user 64117 is the sidecar's own/,
      ],
    ];
    it.each(denied)('one with %s is refused', async (_, change, message) => {
      const pod = governedPod(fresh());
      // So that only the policy about what a pod says of itself is asked.
      delete pod['metadata'].annotations['sluice.dev/inject'];
      change(pod);
      expectDenied(await create(pod), message);
    });

    it.each([undefined, 'false', ' false\n'])(
      'a copy of an injected one that asks %j is refused: nothing else would judge it',
      async (asks) => {
        const pod = governedPod(fresh());
        if (asks === undefined) delete pod['metadata'].annotations['sluice.dev/inject'];
        else pod['metadata'].annotations['sluice.dev/inject'] = asks;
        expectDenied(await create(pod), /or add annotation sluice.dev\/inject/);
      },
    );

    it('one that says it is governed is refused where the webhook does not go', async () => {
      const pod = governedPod(fresh());
      pod['metadata'].namespace = 'kube-system';
      pod['spec'].serviceAccountName = 'default';
      expectDenied(
        await kube.request('POST', '/api/v1/namespaces/kube-system/pods', pod),
        /in a namespace where its webhook is asked/,
      );
    });

    it('one that projects our audience without being governed is refused; another audience is fine', async () => {
      const pod = plainPod(fresh());
      pod['spec'].volumes = [tokenVolume('mine')];
      expectDenied(await create(pod), /belong to pods that Sluice has injected/);
      pod['spec'].volumes[0].projected.sources[0].serviceAccountToken.audience = 'vault';
      await created(pod);
    });

    it('one that asks and has not been injected is refused, but where the webhook does not go', async () => {
      const pod = plainPod(fresh());
      pod['metadata'].annotations['sluice.dev/inject'] = 'orders';
      expectDenied(await create(pod), /asks for a sidecar, and this pod has none/);
      pod['metadata'].annotations['sluice.dev/inject'] = 'false';
      await created(pod);
      const system: Json = { ...plainPod('asks'), metadata: { name: 'asks', annotations: { 'sluice.dev/inject': 'orders' } } };
      system['spec'].serviceAccountName = 'default';
      expect((await kube.request('POST', '/api/v1/namespaces/kube-system/pods', system)).status).toBe(201);
    });
  });

  describe('of running pods', () => {
    it('the image of the sidecar cannot be patched; that of others can', async () => {
      const name = await created(governedPod(fresh()));
      const image = (field: string, container: string) =>
        patch(name, { spec: { [field]: [{ name: container, image: 'evil:1' }] } });
      expectDenied(await image('initContainers', 'sluice'), /container sluice of a running pod cannot be changed/);
      expect((await image('containers', 'app')).status).toBe(200);
    });

    it.each([
      [
        'the label removed',
        { labels: { 'sluice.dev/injected': null } },
        /label sluice.dev\/injected and annotation sluice.dev\/render/,
      ],
      ['the label changed', { labels: { 'sluice.dev/injected': 'x' } }, /cannot be changed/],
      ['the seal removed', { annotations: { 'sluice.dev/render': null } }, /cannot be changed/],
      ['the seal changed', { annotations: { 'sluice.dev/render': 'v1.other' } }, /cannot be changed/],
    ])('%s is refused, by any subresource; other labels are free', async (_, metadata, message) => {
      const name = await created(governedPod(fresh()));
      for (const subresource of ['', '/status'])
        expectDenied(await patch(name, { metadata }, { subresource, contentType: MERGE }), message);
      expect((await patch(name, { metadata: { labels: { tier: 'x' }, annotations: { note: 'y' } } })).status).toBe(200);
    });

    it('the label cannot be forged, nor the annotation added where it has no effect', async () => {
      const name = await created(plainPod(fresh()));
      expectDenied(await patch(name, { metadata: { labels: { 'sluice.dev/injected': 'true' } } }), /cannot be changed/);
      expectDenied(
        await patch(name, { metadata: { annotations: { 'sluice.dev/inject': 'orders' } } }),
        /annotate the pod template/,
      );
      expect(
        (await patch(name, { metadata: { labels: { other: 'true' }, annotations: { 'sluice.dev/inject': 'false' } } })).status,
      ).toBe(200);
    });

    it('which image runs is said by kubelets', async () => {
      const name = await created(governedPod(fresh()));
      const status = (imageID: string) => ({
        status: {
          initContainerStatuses: [{ name: 'sluice', image: 'sluice', imageID, ready: true, restartCount: 0, state: {} }],
        },
      });
      const of = (token: string) => patch(name, status('sha256:1'), { subresource: '/status', token });
      expectDenied(await of(kube.adminToken), /is the kubelet's to say/);
      expect((await of(kube.nodeToken)).status).toBe(200);
      const phase = await patch(name, { status: { phase: 'Failed' } }, { subresource: '/status' });
      expect(phase.status).toBe(200);
    });

    it('the sidecar can be resized, and a governed pod deleted', async () => {
      const name = await created(governedPod(fresh()));
      const resized = await patch(
        name,
        { spec: { initContainers: [{ name: 'sluice', resources: { requests: { cpu: '50m' } } }] } },
        { subresource: '/resize' },
      );
      expect(resized.status).toBe(200);
      expect((await kube.request('DELETE', `${PODS}/${name}`)).status).toBe(200);
    });

    const debug = (more: Json) => ({ spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox', ...more }] } });
    it.each<[string, Json, RegExp]>([
      ['targets the sidecar', { targetContainerName: 'sluice' }, /may target container sluice/],
      ['has its name', { name: 'sluice' }, /may target container sluice|Duplicate/],
      ['mounts its token', { volumeMounts: [{ name: 'sluice-token', mountPath: '/t' }] }, /may not mount volumes of the sidecar/],
      [
        'mounts its CA to write',
        { volumeMounts: [{ name: 'sluice-ca', mountPath: '/t' }] },
        /may not mount volumes of the sidecar/,
      ],
      ['is privileged', { securityContext: { privileged: true } }, /may not be privileged/],
      ['has SYS_PTRACE', { securityContext: { capabilities: { add: ['SYS_PTRACE'] } } }, /may not be privileged/],
      ["has the sidecar's user", { securityContext: { runAsUser: 64117 } }, /run as the sidecar's user/],
    ])('an ephemeral container that %s is refused; a harmless one is not', async (_, more, message) => {
      const name = await created(governedPod(fresh()));
      const answer = await patch(name, debug(more), { subresource: '/ephemeralcontainers' });
      expect(answer.status).toBe(422);
      expect(answer.body['message']).toMatch(message);
      const benign = debug({
        targetContainerName: 'app',
        volumeMounts: [{ name: 'sluice-ca', mountPath: '/var/run/sluice/ca', readOnly: true }],
      });
      expect((await patch(name, benign, { subresource: '/ephemeralcontainers' })).status).toBe(200);
    });

    it('an ungoverned pod may be debugged in any way', async () => {
      const name = await created(plainPod(fresh()));
      const answer = await patch(name, debug({ securityContext: { privileged: true } }), { subresource: '/ephemeralcontainers' });
      expect(answer.status).toBe(200);
    });

    it('nobody enters or attaches to the sidecar; the app can be entered', async () => {
      const name = await created({ ...governedPod(fresh()) });
      for (const verb of ['exec', 'attach']) {
        expectDenied(await exec(name, 'container=sluice', verb), /container sluice cannot be entered/);
        for (const query of ['container=app', '']) {
          const answer = await exec(name, query, verb);
          // As far as the node that is not there.
          expect(answer.status).not.toBe(422);
          expect(JSON.stringify(answer.body)).not.toContain('ValidatingAdmissionPolicy');
        }
      }
    });
  });

  describe('of tokens', () => {
    const token = (pod: Json | undefined, audiences: readonly string[], as?: string) =>
      kube.request<Json>(
        'POST',
        '/api/v1/namespaces/ai-agents/serviceaccounts/support-agent/token',
        {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences,
            expirationSeconds: 600,
            ...(pod === undefined
              ? {}
              : { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod['metadata'].name, uid: pod['metadata'].uid } }),
          },
        },
        as === undefined ? {} : { token: as },
      );

    it('those for our audience are minted for kubelets alone, bound to a pod of theirs', async () => {
      const pod = (await create(governedPod(fresh()))).body;
      expect((await token(pod, ['sluice.dev'], kube.nodeToken)).status).toBe(201);
      for (const audiences of [['sluice.dev'], ['vault', 'sluice.dev']])
        for (const bound of [undefined, pod]) expectDenied(await token(bound, audiences), /minted for kubelets only/);
      for (const audiences of [[], ['vault'], ['sluice.dev.example']])
        expect((await token(undefined, audiences)).status).toBe(201);
      expect((await token(undefined, ['sluice.dev'], kube.nodeToken)).status).toBeGreaterThanOrEqual(400);
    });

    it('kubectl create token gets the same answer', () => {
      expect(() => kube.kubectl(['-n', 'ai-agents', 'create', 'token', 'support-agent', '--audience=sluice.dev'])).toThrow(
        /tokens for the audience sluice.dev are minted for kubelets only/,
      );
      expect(kube.kubectl(['-n', 'ai-agents', 'create', 'token', 'support-agent', '--audience=vault'])).toMatch(/^ey/);
    });
  });
});

function mount(pod: Json, each: Json): void {
  pod['spec'].containers[0].volumeMounts.push(each);
}

function tokenVolume(name: string): Json {
  return {
    name,
    projected: { sources: [{ serviceAccountToken: { audience: 'sluice.dev', path: 't', expirationSeconds: 600 } }] },
  };
}
