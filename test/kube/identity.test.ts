/** Tokens of a real API server, and tokens that only look like it, against pods as they live and die. */
import { randomBytes, generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { INJECTED_LABEL, RENDER_ANNOTATION, TOKEN_AUDIENCE } from '../../core/injection/names.ts';
import type { RefusalCode } from '../../core/stream/frames.ts';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import { type KubeObject, PODS } from '../../operator/api/kube-api.ts';
import { kubeconfigCredentials } from '../../operator/api/kubeconfig.ts';
import { INJECTED_PODS, type PodObject } from '../../operator/identity/pods.ts';
import type { IdentityVerifier } from '../../operator/identity/verified-pod.ts';
import { createTokenKeys } from '../../operator/identity/token-keys.ts';
import { createIdentityVerifier } from '../../operator/identity/verifier.ts';
import { canonicalRender } from '../../operator/render/canonical-render.ts';
import { injectedPod, type PodOptions } from '../../operator/render/injected-pod.fixture.ts';
import { createSeals } from '../../operator/render/seals.ts';
import type { OperatorSettings } from '../../operator/settings.ts';
import { createInformer } from '../../operator/watch/create-informer.ts';
import type { Informer } from '../../operator/watch/informer.ts';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane, type TokenOptions } from './control-plane.ts';
import { until } from '../support/until.ts';

const { skip, title } = needsKubernetes('identity');

const NAMESPACE = 'ai-agents';
const ACCOUNT = 'support-agent';
const key = { id: 'key-1', secret: randomBytes(32) };
const seals = createSeals(() => ({ signing: key, all: [key] }));
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let api: ClosableKubeApi;
  let informer: Informer<PodObject>;
  const written: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void written.push(line) });
  const sent: string[] = [];
  const registries: Registry[] = [];
  let count = 0;

  beforeAll(async () => {
    kube = await startControlPlane();
    api = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfig }) });
    kube.kubectl(['create', 'namespace', NAMESPACE]);
    for (const account of [ACCOUNT, 'other-agent']) kube.kubectl(['-n', NAMESPACE, 'create', 'serviceaccount', account]);
    informer = createInformer<PodObject>({ api, ...INJECTED_PODS, log });
    informer.start();
    await informer.synced;
  });
  afterAll(async () => {
    await informer?.stop();
    await api?.close();
    await kube?.stop();
  });

  const verifierOf = (settings: Partial<OperatorSettings['identity']> = {}, clock: Clock = systemClock): IdentityVerifier => {
    const registry = new Registry();
    registries.push(registry);
    return createIdentityVerifier({
      api,
      pods: informer,
      seals,
      settings: { verification: 'Jwks', imageDigests: [], ...settings },
      clock,
      log,
      registry,
    });
  };

  interface Pod extends KubeObject {
    readonly metadata: KubeObject['metadata'] & { readonly uid: string };
  }
  // biome-ignore lint/suspicious/noExplicitAny: raw pods
  type Change = (pod: any) => void;

  /** Sealed as the injector does it; `after` is what others do to it then. */
  const createPod = async (options: PodOptions = {}, after: Change = () => {}): Promise<Pod> => {
    // biome-ignore lint/suspicious/noExplicitAny: raw pods
    const pod = structuredClone(injectedPod({ name: `agent-${++count}`, ...options })) as any;
    const subject = { namespace: NAMESPACE, serviceAccount: pod.spec.serviceAccountName };
    pod.metadata.annotations[RENDER_ANNOTATION] = seals.seal(subject, canonicalRender(pod)!);
    after(pod);
    return (await api.create(PODS, pod)) as Pod;
  };
  const tokenOf = async (pod: Pod | undefined, options: TokenOptions & { account?: string } = {}): Promise<string> => {
    const token = await kube.serviceAccountToken(NAMESPACE, options.account ?? ACCOUNT, {
      audiences: [TOKEN_AUDIENCE],
      expirationSeconds: 600,
      ...(pod === undefined ? {} : { pod: { name: pod.metadata.name, uid: pod.metadata.uid } }),
      ...options,
    });
    sent.push(token);
    return token;
  };
  const removed = (pod: Pod): void => {
    kube.kubectl(['-n', NAMESPACE, 'delete', 'pod', pod.metadata.name, '--grace-period=0', '--force']);
  };
  /** Of tokens whose pod or account is gone. TokenReview answers from a cache of ten seconds at first; what we look at ourselves does not. */
  const refusedAs = (verification: string, code: RefusalCode): readonly string[] =>
    verification === 'Jwks' ? [code] : [code, 'TokenRejected'];
  const code = async (verifier: IdentityVerifier, token: string | undefined): Promise<RefusalCode | 'ok'> => {
    const verification = await verifier.verify(token);
    return verification.ok ? 'ok' : verification.code;
  };

  describe.each(['Jwks', 'TokenReview'] as const)('by %s', (verification) => {
    let verifier: IdentityVerifier;
    beforeEach(() => {
      verifier = verifierOf({ verification });
    });

    it('a token of an injected pod is the pod', async () => {
      const pod = await createPod();
      const token = await tokenOf(pod);
      expect(await verifier.verify(token)).toEqual({
        ok: true,
        pod: {
          namespace: NAMESPACE,
          serviceAccount: ACCOUNT,
          pod: pod.metadata.name,
          podUid: pod.metadata.uid,
          databases: ['data-platform/orders'],
          expiresAt: decodeJwt(token).exp,
        },
      });
      expect(verifier.isAlive({ namespace: NAMESPACE, pod: pod.metadata.name, podUid: pod.metadata.uid })).toBe(true);
      expect(verifier.isAlive({ namespace: NAMESPACE, pod: pod.metadata.name, podUid: 'another' })).toBe(false);
    });

    it('on a node, the node is part of it', async () => {
      const pod = await createPod({}, (each) => (each.spec.nodeName = 'node-1'));
      expect(await verifier.verify(await tokenOf(pod))).toMatchObject({ ok: true, pod: { node: 'node-1' } });
    });

    it('a pod that the watch has not shown yet is read once, and alive', async () => {
      const pod = await createPod();
      const late = createIdentityVerifier({
        api,
        pods: { ...informer, hasSynced: true, get: () => undefined, onChange: () => () => {} } as Informer<PodObject>,
        seals,
        settings: { verification, imageDigests: [] },
        clock: systemClock,
        log,
        registry: new Registry(),
      });
      expect(await code(late, await tokenOf(pod))).toBe('ok');
      expect(late.isAlive({ namespace: NAMESPACE, pod: pod.metadata.name, podUid: pod.metadata.uid })).toBe(true);
    });

    it.each([
      ['TokenMissing', undefined],
      ['TokenMissing', ''],
      ['TokenMalformed', 'hunter2'],
      ['TokenMalformed', 'a.b'],
      ['TokenMalformed', 'a.b.c'],
      ['TokenMalformed', 'a.b.c.d.e'],
      ['TokenMalformed', 'e30.e30.e30\n'],
      ['TokenMalformed', 'x'.repeat(10_000_000)],
      ['TokenSignature', 'e30.e30.e30'],
    ] as const)('%s: %.20s', async (expected, token) => {
      expect(await code(verifier, token)).toBe(expected);
    });

    it('a token for another audience is refused, also one that is for ours too', async () => {
      const pod = await createPod();
      expect(await code(verifier, await tokenOf(pod, { audiences: ['vault'] }))).toBe('TokenAudience');
      expect(await code(verifier, await tokenOf(pod, { audiences: [TOKEN_AUDIENCE, 'vault'] }))).toBe('TokenAudience');
      expect(await code(verifier, await tokenOf(pod, { audiences: ['vault', TOKEN_AUDIENCE] }))).toBe('TokenAudience');
      expect(await code(verifier, await tokenOf(pod, { audiences: [ISSUER] }))).toBe('TokenAudience');
    });

    it('an expired token is refused, one of the future too, within half a minute of skew neither', async () => {
      const token = await tokenOf(await createPod());
      const at = (seconds: number): IdentityVerifier =>
        verifierOf({ verification }, { ...systemClock, now: () => Date.now() + seconds * 1000 });
      expect(await code(at(640), token)).toBe('TokenExpired');
      expect(await code(at(610), token)).toBe('ok');
      expect(await code(at(-60), token)).toBe('TokenNotYetValid');
      expect(await code(at(-20), token)).toBe('ok');
    });

    it('a token that lives longer than a projected one is refused', async () => {
      expect(await code(verifier, await tokenOf(await createPod(), { expirationSeconds: 86_400 }))).toBe('TokenRejected');
    });

    it('a token that is bound to no pod is refused', async () => {
      expect(await code(verifier, await tokenOf(undefined))).toBe('TokenUnbound');
    });

    it('a token of a pod that was not injected is refused', async () => {
      const plain = (await api.create(PODS, {
        metadata: { namespace: NAMESPACE, name: `plain-${++count}`, labels: { [INJECTED_LABEL]: 'true' } },
        spec: { serviceAccountName: ACCOUNT, containers: [{ name: 'app', image: 'app:1' }] },
      } as never)) as Pod;
      expect(await code(verifier, await tokenOf(plain))).toBe('NotInjected');
    });

    describe('forged', () => {
      const forge = async (claims: object, sign: 'other-key' | 'none' | 'hs256', kid?: string): Promise<string> => {
        const jwks = await api.request<{ keys: { kid: string; n: string }[] }>('GET', '/openid/v1/jwks');
        const header = { kid: kid ?? jwks.keys.at(-1)!.kid };
        const payload = { ...decodeJwt(await tokenOf(await createPod())), ...claims };
        if (sign === 'none') {
          const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
          return `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`;
        }
        if (sign === 'hs256') {
          return await new SignJWT(payload)
            .setProtectedHeader({ ...header, alg: 'HS256' })
            .sign(Buffer.from(jwks.keys.at(-1)!.n));
        }
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        return await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'RS256' }).sign(privateKey);
      };
      const rejected = verification === 'Jwks' ? 'TokenSignature' : 'TokenRejected';
      /** The keys have not been asked for just now. */
      const rested = async (): Promise<IdentityVerifier> => {
        let later = 0;
        const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + later };
        const made = verifierOf({ verification }, clock);
        await made.verify(await tokenOf(await createPod()));
        later = 11_000;
        return made;
      };

      it('with another key under the name of the cluster’s', async () =>
        expect(await code(verifier, await forge({}, 'other-key'))).toBe(rejected));
      it('with another key under a name of its own', async () => {
        expect(await code(await rested(), await forge({}, 'other-key', 'mine'))).toBe(rejected);
      });
      it('unsigned', async () => expect(await code(verifier, await forge({}, 'none'))).toBe('TokenSignature'));
      it('with the public key as a secret', async () =>
        expect(await code(verifier, await forge({}, 'hs256'))).toBe('TokenSignature'));
      it('by another issuer', async () => {
        const forged = await forge({ iss: 'https://evil.example' }, 'other-key');
        expect(await code(await rested(), forged)).toBe(verification === 'Jwks' ? 'TokenIssuer' : 'TokenRejected');
      });
      it('by changing what a real one says', async () => {
        const [header, payload, signature] = (await tokenOf(await createPod())).split('.');
        const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
        claims['kubernetes.io'].serviceaccount.name = 'admin';
        claims.sub = `system:serviceaccount:${NAMESPACE}:admin`;
        const changed = Buffer.from(JSON.stringify(claims)).toString('base64url');
        expect(await code(verifier, `${header}.${changed}.${signature}`)).toBe(rejected);
        const half = signature!.slice(0, 100);
        expect(await code(verifier, `${header}.${payload}.${half}`)).toBe(rejected);
        expect(await code(verifier, `${header}.${payload}.`)).toBe(rejected);
      });
    });

    it('replayed after the pod is gone, a token is refused, and whoever listens has heard of it', async () => {
      const gone: string[] = [];
      verifier.onGone((uid) => gone.push(uid));
      const pod = await createPod();
      const token = await tokenOf(pod);
      expect(await code(verifier, token)).toBe('ok');
      removed(pod);
      await until(() => gone.includes(pod.metadata.uid));
      expect(verifier.isAlive({ namespace: NAMESPACE, pod: pod.metadata.name, podUid: pod.metadata.uid })).toBe(false);
      expect(refusedAs(verification, 'PodGone')).toContain(await code(verifier, token));
    });

    it('replayed after the pod was made again under its name, a token is refused; that of the new pod is not', async () => {
      const gone: string[] = [];
      verifier.onGone((uid) => gone.push(uid));
      const name = `stateful-${++count}`;
      const before = await createPod({ name });
      const old = await tokenOf(before);
      expect(await code(verifier, old)).toBe('ok');
      removed(before);
      const after = await createPod({ name });
      expect(await code(verifier, await tokenOf(after))).toBe('ok');
      expect(refusedAs(verification, 'PodReplaced')).toContain(await code(verifier, old));
      await until(() => gone.includes(before.metadata.uid));
      expect(gone).not.toContain(after.metadata.uid);
    });

    it('a token of a service account that was deleted, and made again, is refused', async () => {
      const account = `short-lived-${++count}`;
      kube.kubectl(['-n', NAMESPACE, 'create', 'serviceaccount', account]);
      const pod = await createPod({ serviceAccount: account });
      const token = await tokenOf(pod, { account });
      expect(await code(verifier, token)).toBe('ok');
      kube.kubectl(['-n', NAMESPACE, 'delete', 'serviceaccount', account]);
      const later = verifierOf({ verification });
      const refused = refusedAs(verification, 'ServiceAccountMismatch');
      expect(refused).toContain(await code(later, token));
      kube.kubectl(['-n', NAMESPACE, 'create', 'serviceaccount', account]);
      expect(refused).toContain(await code(verifierOf({ verification }), token));
      expect(await code(verifierOf({ verification }), await tokenOf(pod, { account }))).toBe('ok');
    });

    it.each<[RefusalCode, string, Change]>([
      ['RenderUnknown', 'without a seal', (pod) => delete pod.metadata.annotations[RENDER_ANNOTATION]],
      [
        'RenderUnknown',
        'with a seal for another service account',
        (pod) => {
          pod.metadata.annotations[RENDER_ANNOTATION] = seals.seal(
            { namespace: NAMESPACE, serviceAccount: 'other-agent' },
            canonicalRender(pod)!,
          );
        },
      ],
      [
        'RenderUnknown',
        'with a seal for another namespace',
        (pod) => {
          pod.metadata.annotations[RENDER_ANNOTATION] = seals.seal(
            { namespace: 'other', serviceAccount: ACCOUNT },
            canonicalRender(pod)!,
          );
        },
      ],
      ['RenderUnknown', 'with another image', (pod) => (pod.spec.initContainers[0].image = 'mine:1')],
      [
        'RenderUnknown',
        'with another Database in its settings',
        (pod) => {
          pod.spec.initContainers[0].env[0].value = pod.spec.initContainers[0].env[0].value.replace('"orders"', '"payroll"');
        },
      ],
      [
        'RenderUnknown',
        'with a mount more',
        (pod) => pod.spec.initContainers[0].volumeMounts.push({ name: 'app-data', mountPath: '/x' }),
      ],
      [
        'NotInjected',
        'whose sidecar is an ordinary container',
        (pod) => {
          const [sidecar] = pod.spec.initContainers.splice(0, 1);
          delete sidecar.restartPolicy;
          delete sidecar.startupProbe;
          pod.spec.containers.push(sidecar);
        },
      ],
      ['PodUnsafe', 'on the host’s network', (pod) => (pod.spec.hostNetwork = true)],
      ['PodUnsafe', 'with shared processes', (pod) => (pod.spec.shareProcessNamespace = true)],
      [
        'PodUnsafe',
        'whose app mounts the token',
        (pod) => {
          pod.spec.containers[0].volumeMounts.push({ name: 'sluice-token', mountPath: '/token' });
        },
      ],
      [
        'PodUnsafe',
        'whose app has a token of its own for us',
        (pod) => {
          const projected = { sources: [{ serviceAccountToken: { audience: TOKEN_AUDIENCE, path: 'token' } }] };
          pod.spec.volumes.push({ name: 'mine', projected });
        },
      ],
      ['PodUnsafe', 'whose app is privileged', (pod) => (pod.spec.containers[0].securityContext = { privileged: true })],
      [
        'PodUnsafe',
        'whose app may trace processes',
        (pod) => {
          pod.spec.containers[0].securityContext = { capabilities: { add: ['SYS_PTRACE'] } };
        },
      ],
    ])('%s: a pod %s', async (expected, _name, change) => {
      const pod = await createPod({}, change);
      expect(await code(verifier, await tokenOf(pod))).toBe(expected);
    });

    it('a sidecar whose image is changed while it runs is refused from then on, and what is open ends', async () => {
      const gone: string[] = [];
      verifier.onGone((uid) => gone.push(uid));
      const pod = await createPod();
      const token = await tokenOf(pod);
      expect(await code(verifier, token)).toBe('ok');
      kube.kubectl(['-n', NAMESPACE, 'set', 'image', `pod/${pod.metadata.name}`, 'sluice=mine:1']);
      await until(() => JSON.stringify(informer.get(NAMESPACE, pod.metadata.name)).includes('mine:1'));
      expect(await code(verifier, token)).toBe('RenderUnknown');
      expect(gone).toEqual([pod.metadata.uid]);
      expect(verifier.isAlive({ namespace: NAMESPACE, pod: pod.metadata.name, podUid: pod.metadata.uid })).toBe(false);
    });

    it('an ephemeral container beside the sidecar’s processes makes the pod unsafe, and what is open ends', async () => {
      const gone: unknown[] = [];
      verifier.onGone((uid, why) => gone.push([uid, why?.code]));
      const pod = await createPod();
      const token = await tokenOf(pod);
      expect(await code(verifier, token)).toBe('ok');
      const ephemeral = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox', targetContainerName: 'sluice' }] } };
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.metadata.name}/ephemeralcontainers`;
      const answer = await kube.request('PATCH', path, ephemeral, { contentType: 'application/strategic-merge-patch+json' });
      expect(answer.status).toBe(200);
      await until(() => JSON.stringify(informer.get(NAMESPACE, pod.metadata.name)).includes('debug'));
      expect(await code(verifier, token)).toBe('PodUnsafe');
      expect(gone).toEqual([[pod.metadata.uid, 'PodUnsafe']]);
    });

    it('a pod that takes its label away is gone', async () => {
      const gone: string[] = [];
      verifier.onGone((uid) => gone.push(uid));
      const pod = await createPod();
      const token = await tokenOf(pod);
      expect(await code(verifier, token)).toBe('ok');
      await until(() => informer.get(NAMESPACE, pod.metadata.name) !== undefined);
      kube.kubectl(['-n', NAMESPACE, 'label', 'pod', pod.metadata.name, `${INJECTED_LABEL}-`]);
      await until(() => gone.includes(pod.metadata.uid));
      expect(await code(verifier, token)).toBe('NotInjected');
    });

    it('where digests are named, the image that runs must have one of them', async () => {
      const digest = `sha256:${'a'.repeat(64)}`;
      const strict = verifierOf({ verification, imageDigests: [digest] });
      const pod = await createPod();
      const token = await tokenOf(pod);
      expect(await code(strict, token)).toBe('NotReady');
      const runs = async (imageID: string): Promise<void> => {
        const status = { name: 'sluice', image: 'sluice:1', imageID, ready: true, restartCount: 0 };
        const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.metadata.name}/status`;
        const body = { status: { initContainerStatuses: [status] } };
        expect((await kube.request('PATCH', path, body, { contentType: 'application/merge-patch+json' })).status).toBe(200);
        await until(() => JSON.stringify(informer.get(NAMESPACE, pod.metadata.name)).includes(imageID));
      };
      await runs(`registry.example/sluice@sha256:${'b'.repeat(64)}`);
      expect(await code(strict, token)).toBe('ImageUnknown');
      await runs(`registry.example/sluice@${digest}`);
      expect(await strict.verify(token)).toMatchObject({ ok: true, pod: { image: `registry.example/sluice@${digest}` } });
    });

    it('a pod that has ended is refused', async () => {
      const pod = await createPod();
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.metadata.name}/status`;
      await kube.request('PATCH', path, { status: { phase: 'Failed' } }, { contentType: 'application/merge-patch+json' });
      await until(() => JSON.stringify(informer.get(NAMESPACE, pod.metadata.name) ?? '').includes('"Failed"'));
      expect(await code(verifier, await tokenOf(pod))).toBe('PodGone');
    });
  });

  it('however many tokens name keys that nobody knows, the cluster is asked once in ten seconds', async () => {
    let later = 0;
    let asked = 0;
    const counting = {
      ...api,
      request: (...args: Parameters<typeof api.request>) => {
        asked += 1;
        return api.request(...args);
      },
    } as typeof api;
    const keys = createTokenKeys({
      api: counting,
      clock: { ...systemClock, monotonic: () => systemClock.monotonic() + later },
      log,
    });
    const known = await keys.current();
    expect(asked).toBe(2);
    later = 11_000;
    expect(await Promise.all(Array.from({ length: 100 }, () => keys.newerThan(known)))).toEqual(Array(100).fill(known));
    expect(asked).toBe(4);
    await expect(keys.newerThan(known)).rejects.toThrow('a moment ago');
    later = 6 * 60_000;
    expect(await keys.current()).toBe(known);
    expect(await keys.current()).toBe(known);
    expect(asked).toBe(6);
  });

  it('every refusal is counted by its code', async () => {
    const verifier = verifierOf();
    await verifier.verify(undefined);
    await verifier.verify('x');
    await verifier.verify('y');
    const text = await registries.at(-1)!.metrics();
    expect(text).toContain('sluice_operator_identity_refusals_total{code="TokenMissing"} 1');
    expect(text).toContain('sluice_operator_identity_refusals_total{code="TokenMalformed"} 2');
    expect(text).toContain('sluice_operator_identity_refusals_total{code="PodGone"} 0');
  });

  it('the API server changes its key: tokens of the new one are accepted at once, those of the old one still', async () => {
    let at = 0;
    const clock = { ...systemClock, monotonic: () => at };
    const verifier = verifierOf({}, clock);
    const pod = await createPod();
    const before = await tokenOf(pod);
    expect(await code(verifier, before)).toBe('ok');
    await kube.rotateServiceAccountKey();
    const after = await tokenOf(pod);
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    // Not asked for so shortly after the first time.
    expect(await code(verifier, after)).toBe('KeysUnavailable');
    at = 11_000;
    expect(await code(verifier, after)).toBe('ok');
    expect(await code(verifier, before)).toBe('ok');
  });

  it('while the API server is away, what is known counts for an hour', async () => {
    let later = 0;
    const clock = { ...systemClock, monotonic: () => later };
    const verifier = verifierOf({}, clock);
    const pod = await createPod();
    const token = await tokenOf(pod);
    expect(await code(verifier, token)).toBe('ok');
    await until(() => informer.get(NAMESPACE, pod.metadata.name) !== undefined);
    await kube.stopApiServer('SIGKILL');
    try {
      expect(await code(verifier, token)).toBe('ok');
      later = 50 * 60_000;
      expect(await code(verifier, token)).toBe('ok');
      later = 61 * 60_000;
      expect(await code(verifier, token)).toBe('KeysUnavailable');
      expect(await code(verifierOf(), token)).toBe('KeysUnavailable');
      expect(await code(verifierOf({ verification: 'TokenReview' }), token)).toBe('KeysUnavailable');
      expect(verifier.isAlive({ namespace: NAMESPACE, pod: pod.metadata.name, podUid: pod.metadata.uid })).toBe(true);
    } finally {
      await kube.startApiServer();
    }
    // It has failed just now, and is asked again after a second.
    later += 2000;
    expect(await code(verifier, token)).toBe('ok');
  });

  it('no token, and no part of one, was ever logged', () => {
    const all = written.join('');
    expect(written.length).toBeGreaterThan(20);
    for (const token of sent) for (const part of token.split('.')) expect(all).not.toContain(part.slice(0, 60));
  });
});
