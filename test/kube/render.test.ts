/** What a real API server makes of an injected pod changes nothing in its render; and replicas agree on the keys that seal it. */
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubeApi, type ClosableKubeApi } from '../../operator/api/create-kube-api.ts';
import { type KubeObject, PODS, SECRETS } from '../../operator/api/kube-api.ts';
import { kubeconfigCredentials } from '../../operator/api/kubeconfig.ts';
import { canonicalRender } from '../../operator/render/canonical-render.ts';
import { injectedPod, sidecarOf } from '../../operator/render/injected-pod.fixture.ts';
import { createSealKeys, type FollowedSealKeys } from '../../operator/render/seal-keys.ts';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const { skip, title } = needsKubernetes('renders and their seals');

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let api: ClosableKubeApi;
  const running: FollowedSealKeys[] = [];

  beforeAll(async () => {
    kube = await startControlPlane({
      apiServerArguments: ['--enable-admission-plugins=NodeRestriction,AlwaysPullImages,LimitRanger,DefaultTolerationSeconds'],
    });
    api = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfig }) });
    kube.kubectl(['create', 'namespace', 'ai-agents']);
    kube.kubectl(['-n', 'ai-agents', 'create', 'serviceaccount', 'support-agent']);
    kube.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'defaults', namespace: 'ai-agents' },
        spec: { limits: [{ type: 'Container', default: { cpu: '1', memory: '512Mi' }, defaultRequest: { cpu: '100m' } }] },
      }),
    );
  });
  afterAll(async () => {
    await Promise.all(running.splice(0).map((keys) => keys.stop()));
    await api?.close();
    await kube?.stop();
  });

  // biome-ignore lint/suspicious/noExplicitAny: raw pods
  const variants: readonly [string, (sidecar: any, pod: any) => void][] = [
    ['as injected', () => {}],
    ['without resources, which LimitRanger gives it', (sidecar) => delete sidecar.resources],
    [
      'with every probe and hook',
      (sidecar) => {
        sidecar.livenessProbe = { tcpSocket: { port: 15490 } };
        sidecar.readinessProbe = { grpc: { port: 15490 } };
        sidecar.lifecycle = { preStop: { httpGet: { port: 15490 } }, postStart: { sleep: { seconds: 1 } } };
      },
    ],
    [
      'with what says the same as nothing',
      (sidecar, pod) => {
        Object.assign(sidecar, { stdin: false, tty: false, envFrom: [], workingDir: '', terminationMessagePolicy: 'File' });
        sidecar.env.push({ name: 'EMPTY', value: '' });
        pod.spec.hostNetwork = false;
        pod.spec.hostPID = false;
      },
    ],
    [
      'with a volume of every kind that has defaults',
      (sidecar, pod) => {
        pod.spec.volumes.push(
          { name: 'nothing' },
          { name: 'map', configMap: { name: 'map' } },
          { name: 'secret', secret: { secretName: 'secret' } },
          {
            name: 'all',
            projected: {
              sources: [
                { serviceAccountToken: { path: 'token', audience: 'x' } },
                { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] } },
              ],
            },
          },
        );
        for (const name of ['nothing', 'map', 'secret', 'all']) sidecar.volumeMounts.push({ name, mountPath: `/${name}` });
      },
    ],
    [
      'with a resource of the container in its environment',
      (sidecar) => sidecar.env.push({ name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } }),
    ],
    ['without a user', (sidecar) => delete sidecar.securityContext.runAsUser],
  ];

  it.each(variants)('a sidecar %s comes back with the same render', async (name, change) => {
    const pod = structuredClone(injectedPod({ name: `agent-${variants.findIndex((each) => each[0] === name)}` })) as never;
    change(sidecarOf(pod), pod);
    const sent = canonicalRender(pod);
    const stored = await api.create(PODS, pod as never);
    expect(sent).toBeDefined();
    expect(canonicalRender(stored as never)).toBe(sent);
    // The server did write something: the test would be empty otherwise.
    expect(sidecarOf(stored as never)).toMatchObject({ imagePullPolicy: 'Always', terminationMessagePolicy: 'File' });
    expect(JSON.stringify(sidecarOf(stored as never)['volumeMounts'])).toContain('kube-api-access-');
  });

  it('a fixture of a stored pod is what the API server stores', async () => {
    const { asStored } = await import('../../operator/render/injected-pod.fixture.ts');
    const stored = await api.create(PODS, injectedPod({ name: 'fixture' }) as never);
    expect(canonicalRender(stored as never)).toBe(canonicalRender(asStored(injectedPod())));
  });

  const keys = (clock: Clock = systemClock): FollowedSealKeys => {
    const followed = createSealKeys({ api, namespace: 'default', release: 'sluice', clock, log: pino({ level: 'silent' }) });
    running.push(followed);
    followed.start();
    return followed;
  };
  const subject = { namespace: 'ai-agents', serviceAccount: 'support-agent' };

  it('three replicas that start at once agree on one key', async () => {
    const replicas = [keys(), keys(), keys()];
    await Promise.all(replicas.map((replica) => replica.ready));
    const seals = replicas.map((replica) => replica.seals.seal(subject, 'render'));
    expect(new Set(seals).size).toBe(1);
    expect(Object.keys((await api.get<Secret>(SECRETS, { namespace: 'default', name: 'sluice-seal-keys' })).data)).toHaveLength(
      1,
    );
  });

  it('a key added verifies at once, signs a minute later, and the old one still verifies', async () => {
    let later = 0;
    const replica = keys({ ...systemClock, monotonic: () => systemClock.monotonic() + later });
    await replica.ready;
    const before = replica.seals.seal(subject, 'render');
    const added = `key-${new Date().toISOString().replace(/\D/g, '').slice(0, 12)}99`;
    await api.patch(
      SECRETS,
      { namespace: 'default', name: 'sluice-seal-keys' },
      { data: { [added]: Buffer.alloc(32, 7).toString('base64') } },
      { type: 'merge' },
    );
    await replica.refresh();
    expect(replica.seals.seal(subject, 'render')).toBe(before);
    later = 61_000;
    const after = replica.seals.seal(subject, 'render');
    expect(after).toContain(added);
    expect(replica.seals.verify(subject, 'render', before)).toBe(true);
    expect(replica.seals.verify(subject, 'render', after)).toBe(true);
    const fresh = keys();
    await fresh.ready;
    expect(fresh.seals.seal(subject, 'render')).toBe(before);
    expect(fresh.seals.verify(subject, 'render', after)).toBe(true);
  });

  it('a Secret that somebody deletes is put back with the keys that pods were sealed with', async () => {
    const replica = keys();
    await replica.ready;
    const before = replica.seals.seal(subject, 'render');
    await api.delete(SECRETS, { namespace: 'default', name: 'sluice-seal-keys' });
    await replica.refresh();
    const fresh = keys();
    await fresh.ready;
    expect(fresh.seals.verify(subject, 'render', before)).toBe(true);
  });

  it('a Secret that makes no sense is left as it is, and said; what was read last stays in force', async () => {
    const replica = keys();
    await replica.ready;
    const before = replica.seals.seal(subject, 'render');
    await api.patch(
      SECRETS,
      { namespace: 'default', name: 'sluice-seal-keys' },
      { data: { 'key-99991231000000': 'AAAA' } },
      { type: 'merge' },
    );
    await replica.refresh();
    expect(replica.problem).toBe('key "key-99991231000000" has 3 bytes, 32 are the least');
    expect(replica.seals.verify(subject, 'render', before)).toBe(true);
    const kept = await api.get<Secret>(SECRETS, { namespace: 'default', name: 'sluice-seal-keys' });
    expect(kept.data['key-99991231000000']).toBe('AAAA');
    await api.patch(
      SECRETS,
      { namespace: 'default', name: 'sluice-seal-keys' },
      { data: { 'key-99991231000000': null } },
      { type: 'merge' },
    );
    await replica.refresh();
    expect(replica.problem).toBeUndefined();
  });
});
