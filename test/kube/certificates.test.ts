/** Certificates of several replicas against a real API server: one authority, a caBundle that heals, rotation under traffic. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import { ApiError, type KubeObject, MUTATING_WEBHOOKS, PODS, SECRETS } from '../../operator/api/kube-api.ts';
import { kubeconfigCredentials } from '../../operator/api/kubeconfig.ts';
import type { Authority } from '../../operator/certs/authority.ts';
import {
  createStreamAuthority,
  createWebhookAuthority,
  type WebhookCertificatesOptions,
} from '../../operator/certs/certificates.ts';
import { certificateExpiryGauge } from '../../operator/certs/expiry.ts';
import { found } from '../../operator/certs/succession.ts';
import { issueAuthority } from '../../core/certificates/x509.ts';
import { createWebhookServer } from '../../operator/webhook/server.ts';
import { type Clock, systemClock } from '../../sidecar/bundle/clock.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { until } from '../support/until.ts';

const { skip, title } = needsKubernetes('certificates');
const DAY = 24 * 3600_000;

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}
interface Configuration extends KubeObject {
  readonly webhooks: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

/** Handed from one to another by the test. */
class Lead {
  isLeader: boolean;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  constructor(isLeader: boolean) {
    this.isLeader = isLeader;
  }
  onChange(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  set(isLeader: boolean): void {
    this.isLeader = isLeader;
    for (const listener of this.#listeners) listener(isLeader);
  }
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let api: ClosableKubeApi;
  let count = 0;
  const closing: (() => Promise<void>)[] = [];
  const said: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void said.push(line) });

  beforeAll(async () => {
    kube = await startControlPlane();
    api = createKubeApi({ credentials: await kubeconfigCredentials({ file: kube.kubeconfig }) });
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    kube.kubectl(['delete', 'mutatingwebhookconfigurations', '--all']);
  });
  afterAll(async () => {
    await api?.close();
    await kube?.stop();
  });

  const options = (release: string, lead: Lead, more: Partial<WebhookCertificatesOptions> = {}): WebhookCertificatesOptions => ({
    api,
    namespace: 'default',
    release,
    clusterDomain: 'cluster.local',
    serviceName: `${release}-webhook`,
    additionalNames: ['127.0.0.1'],
    configurationName: release,
    manageCaBundle: true,
    leadership: lead,
    clock: systemClock,
    log,
    expiry: certificateExpiryGauge(new Registry()),
    pollEvery: 200,
    ...more,
  });
  const started = (authority: Authority): Authority => {
    authority.start();
    closing.push(() => authority.stop());
    return authority;
  };
  const register = async (release: string, ports: readonly number[], selector = release): Promise<void> => {
    await api.create(MUTATING_WEBHOOKS, {
      metadata: { name: release },
      webhooks: ports.map((port, index) => ({
        name: `w${index}.${release}.sluice.dev`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 10,
        clientConfig: { url: `https://127.0.0.1:${port}/inject` },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' }],
        objectSelector: { matchLabels: { governed: selector } },
      })),
    } as never);
  };
  const bundles = async (release: string): Promise<readonly string[]> =>
    (await api.get<Configuration>(MUTATING_WEBHOOKS, { name: release })).webhooks.map(({ clientConfig }) =>
      Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
    );
  const secretOf = (name: string): Promise<Secret> => api.get<Secret>(SECRETS, { namespace: 'default', name });
  const issuedBy = (authority: Authority, pem: string): boolean =>
    new X509Certificate(authority.leaf!.certificate).verify(new X509Certificate(pem).publicKey);
  const release = (): string => `r${++count}`;

  it('three replicas that start at once agree on one authority, each with a leaf of its own', async () => {
    const name = release();
    await register(name, [1, 2]);
    const replicas = [true, false, false].map((lead) => started(createWebhookAuthority(options(name, new Lead(lead)))));
    await Promise.all(replicas.map((replica) => replica.ready));
    const secret = await secretOf(`${name}-webhook-ca`);
    const ca = Buffer.from(secret.data['tls.crt']!, 'base64').toString();
    for (const replica of replicas) {
      expect(replica.trusted).toEqual([ca]);
      expect(issuedBy(replica, ca)).toBe(true);
    }
    expect(new Set(replicas.map((replica) => replica.leaf!.certificate)).size).toBe(3);
    await until(async () => (await bundles(name)).every((bundle) => bundle === ca));
    expect(new X509Certificate(replicas[0]!.leaf!.certificate).checkHost(`${name}-webhook.default.svc`)).toBeDefined();
  });

  it('a caBundle that was blanked or changed is healed, by the holder of the Lease alone', async () => {
    const name = release();
    await register(name, [1]);
    const lead = new Lead(false);
    const replica = started(createWebhookAuthority(options(name, lead)));
    await replica.ready;
    await sleep(600);
    expect(await bundles(name)).toEqual(['']);
    lead.set(true);
    await until(async () => (await bundles(name))[0] === replica.trusted[0]);
    for (const value of [undefined, Buffer.from(replica.trusted[0]!.repeat(2)).toString('base64')]) {
      const patch = [{ op: value === undefined ? 'remove' : 'replace', path: '/webhooks/0/clientConfig/caBundle', value }];
      await api.patch(MUTATING_WEBHOOKS, { name }, patch, { type: 'json' });
      await until(async () => (await bundles(name))[0] === replica.trusted[0]);
    }
    await api.delete(MUTATING_WEBHOOKS, { name });
    await register(name, [1, 2]);
    await until(async () => (await bundles(name)).every((bundle) => bundle === replica.trusted[0]));
    lead.set(false);
    await api.patch(MUTATING_WEBHOOKS, { name }, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }], { type: 'json' });
    await sleep(600);
    expect((await bundles(name))[0]).toBe('');
  });

  it('an authority that has expired is dropped from Secret and caBundle', async () => {
    const name = release();
    await register(name, [1]);
    const now = Date.now();
    const [old, current] = await Promise.all([
      issueAuthority('old', { from: now - 400 * DAY, until: now - DAY }),
      issueAuthority('current', { from: now, until: now + 365 * DAY }),
    ]);
    const data = { ...found(current, now), 'ca.crt': Buffer.from(old.certificate + current.certificate) };
    await api.create(SECRETS, {
      metadata: { namespace: 'default', name: `${name}-webhook-ca` },
      data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.toString('base64')])),
    } as never);
    const replica = started(createWebhookAuthority(options(name, new Lead(true))));
    await until(async () => (await bundles(name))[0] === current.certificate);
    expect(replica.trusted).toEqual([current.certificate]);
    await until(
      async () =>
        Buffer.from((await secretOf(`${name}-webhook-ca`)).data['ca.crt']!, 'base64').toString() === current.certificate,
    );
  });

  it('a Secret that makes no sense is said, left as it is, and does not stop what was read before', async () => {
    const name = release();
    await register(name, [1]);
    const replica = started(createWebhookAuthority(options(name, new Lead(true))));
    await replica.ready;
    const leaf = replica.leaf;
    const path = `${name}-webhook-ca`;
    const garbage = Buffer.from('garbage').toString('base64');
    await api.patch(SECRETS, { namespace: 'default', name: path }, { data: { 'tls.key': garbage } }, { type: 'merge' });
    await until(() => replica.problem === 'tls.key is not the key of tls.crt');
    expect(replica.leaf).toBe(leaf);
    await sleep(600);
    expect((await secretOf(path)).data['tls.key']).toBe(garbage);
    const fresh = started(createWebhookAuthority(options(name, new Lead(false))));
    await until(() => fresh.problem === 'tls.key is not the key of tls.crt');
    expect(fresh.leaf).toBeUndefined();
    expect(said.filter((line) => line.includes('tls.key is not the key')).length).toBe(2);
    await api.delete(SECRETS, { namespace: 'default', name: path });
    await fresh.ready;
    expect(fresh.trusted).toEqual(replica.trusted);
  });

  it('nothing of it is ours where something else manages the authority; its leafs are', async () => {
    const name = release();
    await register(name, [1]);
    const replica = started(createWebhookAuthority(options(name, new Lead(true), { manageCaBundle: false })));
    await until(() => replica.problem !== undefined);
    await expect(secretOf(`${name}-webhook-ca`)).rejects.toBeInstanceOf(ApiError);
    const now = Date.now();
    // Near its end, and still not renewed by us.
    const theirs = await issueAuthority('theirs', { from: now - 364 * DAY, until: now + DAY });
    await api.create(SECRETS, {
      metadata: { namespace: 'default', name: `${name}-webhook-ca` },
      data: {
        'tls.crt': Buffer.from(theirs.certificate).toString('base64'),
        'tls.key': Buffer.from(theirs.key).toString('base64'),
      },
    } as never);
    await replica.ready;
    const { resourceVersion } = (await secretOf(`${name}-webhook-ca`)).metadata;
    expect(issuedBy(replica, theirs.certificate)).toBe(true);
    await sleep(600);
    expect((await secretOf(`${name}-webhook-ca`)).metadata.resourceVersion).toBe(resourceVersion);
    expect(await bundles(name)).toEqual(['']);
  });

  it('authorities follow one another while pods are created, the Lease changes hands, and no pod is refused', async () => {
    const name = release();
    const leads = [new Lead(true), new Lead(false)];
    const replicas = leads.map((lead) => {
      const succession = { lifetime: 9000, announceBefore: 6000, promoteAfter: 1000 };
      const authority = started(createWebhookAuthority(options(name, lead, { succession, leafLifetime: 4000 })));
      const server = createWebhookServer({
        host: '127.0.0.1',
        port: 0,
        certificates: authority,
        clock: systemClock,
        log,
        registry: new Registry(),
        drainDelay: 0,
        // Each request is a handshake: a connection that stays would hide a certificate that nobody trusts.
        requestsPerConnection: 1,
        review: async (body) => {
          const { request } = JSON.parse(body.toString());
          return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, allowed: true } };
        },
      });
      closing.push(() => server.close());
      return { authority, server };
    });
    const ports = await Promise.all(replicas.map(({ server }) => server.listen()));
    await register(name, ports);
    await Promise.all(replicas.map(({ authority }) => authority.ready));
    await until(async () => (await bundles(name)).every((bundle) => bundle !== ''));
    const authorities = new Set<string>();
    const leafs = new Set<string>();
    const failures: string[] = [];
    let created = 0;
    while (authorities.size < 3) {
      for (const [index, lead] of leads.entries()) lead.set((Math.floor(created / 40) + index) % 2 === 0);
      const pod = {
        metadata: { namespace: 'default', generateName: 'p-', labels: { governed: name } },
        spec: { containers: [{ name: 'a', image: 'a' }] },
      };
      await Promise.all(
        Array.from({ length: 4 }, () => api.create(PODS, pod as never).catch((error: Error) => failures.push(error.message))),
      );
      created += 4;
      for (const { authority } of replicas) {
        leafs.add(authority.leaf!.certificate);
        const signer = authority.trusted.find((each) => issuedBy(authority, each));
        if (signer !== undefined) authorities.add(signer);
      }
    }
    expect(failures).toEqual([]);
    expect(created).toBeGreaterThan(50);
    expect(leafs.size).toBeGreaterThan(4);
  });

  it('a stream’s successor is announced long before it signs, and survives a restart of all replicas', async () => {
    const name = release();
    let later = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + later };
    const lead = new Lead(true);
    const { manageCaBundle: _, configurationName: __, ...stream } = options(name, lead, { clock });
    const authority = started(createStreamAuthority(stream));
    await authority.ready;
    const [first] = authority.trusted;
    kube.kubectl(['label', 'secret', `${name}-stream-ca`, 'backup=yes']);
    expect((Date.parse(new X509Certificate(first!).validTo) - Date.now()) / DAY).toBeGreaterThan(3649);
    later = (3650 - 179) * DAY;
    await until(() => authority.trusted.length === 2);
    const second = authority.trusted.find((each) => each !== first)!;
    await until(() => Date.parse(new X509Certificate(authority.leaf!.certificate).validTo) > clock.now());
    expect(issuedBy(authority, first!)).toBe(true);
    later += 88 * DAY;
    await until(() => Date.parse(new X509Certificate(authority.leaf!.certificate).validTo) > clock.now());
    expect(issuedBy(authority, first!)).toBe(true);
    const restarted = started(
      createStreamAuthority({ ...stream, leadership: new Lead(false), expiry: certificateExpiryGauge(new Registry()) }),
    );
    await restarted.ready;
    expect(new Set(restarted.trusted)).toEqual(new Set([first, second]));
    expect(issuedBy(restarted, first!)).toBe(true);
    later += 3 * DAY;
    await until(() => issuedBy(authority, second) && issuedBy(restarted, second));
    const secret = await secretOf(`${name}-stream-ca`);
    expect(secret.metadata.labels).toMatchObject({ backup: 'yes' });
    expect(Object.keys(secret.data).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(new Set(authority.trusted)).toEqual(new Set([first, second]));
    later += 90 * DAY;
    await until(() => authority.trusted.length === 1 && restarted.trusted.length === 1);
    expect(authority.trusted).toEqual([second]);
  });

  it('goes on while the API server is away, and follows it again when it is back', async () => {
    const name = release();
    await register(name, [1]);
    const replica = started(createWebhookAuthority(options(name, new Lead(true))));
    await until(async () => (await bundles(name))[0] === replica.trusted[0]);
    await replica.ready;
    const leaf = replica.leaf;
    await kube.stopApiServer('SIGKILL');
    await sleep(500);
    const meanwhile = replica.leaf;
    await kube.startApiServer();
    expect(meanwhile).toBe(leaf);
    await api.patch(MUTATING_WEBHOOKS, { name }, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }], { type: 'json' });
    await until(async () => (await bundles(name))[0] === replica.trusted[0]);
    const next = await issueAuthority('put there by hand', { from: Date.now(), until: Date.now() + 365 * DAY });
    const data = found(next, Date.now());
    const entries = Object.entries(data).map(([key, value]) => [key, value.toString('base64')]);
    const ref = { namespace: 'default', name: `${name}-webhook-ca` };
    await api.patch(SECRETS, ref, { data: Object.fromEntries(entries) }, { type: 'merge' });
    await until(() => issuedBy(replica, next.certificate));
  });

  it('without a poll, events alone are enough', async () => {
    const name = release();
    await register(name, [1]);
    const replica = started(createWebhookAuthority(options(name, new Lead(true), { pollEvery: 3600_000 })));
    await until(async () => (await bundles(name))[0] === replica.trusted[0]);
    await sleep(300);
    await api.patch(MUTATING_WEBHOOKS, { name }, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }], { type: 'json' });
    await until(async () => (await bundles(name))[0] === replica.trusted[0]);
  });

  it('says when what it uses ends', async () => {
    const name = release();
    const registry = new Registry();
    const authority = started(
      createStreamAuthority(options(name, new Lead(false), { expiry: certificateExpiryGauge(registry) })),
    );
    await authority.ready;
    const seconds = (certificate: string, text: string): number =>
      Number(
        new RegExp(`sluice_operator_certificate_expiry_timestamp_seconds\\{certificate="${certificate}"\\} (\\S+)`).exec(
          text,
        )![1],
      );
    const text = await registry.metrics();
    expect(seconds('stream', text)).toBe(Date.parse(new X509Certificate(authority.leaf!.certificate).validTo) / 1000);
    expect(seconds('stream-ca', text)).toBe(Date.parse(new X509Certificate(authority.trusted[0]!).validTo) / 1000);
  });

  it('no key was ever logged', async () => {
    const secrets = (await api.list<Secret>(SECRETS, { namespace: 'default' })).items;
    expect(secrets.length).toBeGreaterThan(3);
    const all = said.join('');
    for (const { data } of secrets) {
      const key = Buffer.from(data['tls.key'] ?? '', 'base64')
        .toString()
        .split('\n')[1];
      if (key !== undefined && key !== '') expect(all).not.toContain(key);
    }
  });
});
