import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { NO_FINDINGS, grow, printFindings } from '../../core/sensitivity/findings.ts';
import { databaseObject, policyObject } from '../../test/support/governed.ts';
import { manualClock } from '../../test/support/manual-clock.ts';
import { memoryCluster } from '../../test/support/memory-informers.ts';
import { CONFIG_MAPS, DATABASES, POLICIES, SECRETS } from '../api/kube-api.ts';
import { createClusterView } from '../view/create-cluster-view.ts';
import { createMaterials } from './create-materials.ts';
import { publishedConfigMap } from './published.ts';
import { SecretWatches } from './secret-watches.ts';

const KEY = 'data-platform/orders';
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

function secret(name: string, data: Readonly<Record<string, string>>, namespace = 'data-platform') {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  return { metadata: { name, namespace }, data: encoded };
}

async function setUp() {
  const cluster = memoryCluster();
  const clock = manualClock();
  const view = createClusterView({ policyNamespaces: ['data-platform'], open: cluster.open });
  const names = new Map<string, readonly string[] | Error>([['orders-db.data-platform.svc', ['10.0.0.2', '10.0.0.1']]]);
  const asked: string[] = [];
  const logged: unknown[] = [];
  const materials = createMaterials({
    view,
    open: cluster.open,
    namespace: 'sluice-system',
    clock,
    resolve: async (host) => {
      asked.push(host);
      const answer = names.get(host) ?? Object.assign(new Error('no'), { code: 'ENOTFOUND' });
      if (answer instanceof Error) throw answer;
      return answer;
    },
    log: (...line) => logged.push(line),
  });
  view.start();
  await view.synced;
  materials.start();
  const told: string[] = [];
  materials.onChange((key) => told.push(key));
  return { cluster, clock, view, materials, names, asked, told, logged };
}

describe('materials', () => {
  it('are the login, the addresses and the findings of a trusted Database', async () => {
    const { cluster, materials } = await setUp();
    cluster.put(SECRETS, secret('orders-login', { username: 'app', password: 'pä ss\n' }));
    cluster.put(DATABASES, databaseObject('orders'));
    const text = printFindings(grow(NO_FINDINGS, [], []));
    cluster.put(CONFIG_MAPS, await publishedConfigMap('findings', KEY, 'sluice-system', text));
    await settle();
    const found = materials.of(KEY);
    expect(found?.login()).toEqual({ username: 'app', password: 'pä ss\n' });
    expect(found?.addresses).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(found?.findings).toBe(text);
    expect(found?.problems).toEqual([]);
  });

  it('watches the Secrets that trusted objects name, one by one, and no others', async () => {
    const { cluster } = await setUp();
    cluster.put(DATABASES, databaseObject('orders', { tls: { mode: 'VerifyCA', caSecretRef: { name: 'ca' } } }));
    cluster.put(DATABASES, databaseObject('stranger', {}, 'elsewhere'));
    cluster.put(POLICIES, policyObject('support', 'orders', { credentialsSecretRef: { name: 'read-only' } }));
    cluster.put(POLICIES, policyObject('loose', 'gone', { credentialsSecretRef: { name: 'other' } }));
    await settle();
    const secrets = () =>
      cluster.running
        .filter(({ resource }) => resource.plural === 'secrets')
        .map(({ namespace, fieldSelector }) => `${namespace} ${fieldSelector}`)
        .sort();
    expect(secrets()).toEqual([
      'data-platform metadata.name=ca',
      'data-platform metadata.name=orders-login',
      'data-platform metadata.name=read-only',
    ]);
    cluster.remove(POLICIES, 'data-platform', 'support');
    await settle();
    expect(secrets()).toEqual(['data-platform metadata.name=ca', 'data-platform metadata.name=orders-login']);
    cluster.remove(DATABASES, 'data-platform', 'orders');
    await settle();
    expect(secrets()).toEqual([]);
  });

  it('gives the login of a policy, but none that nothing refers to', async () => {
    const { cluster, materials } = await setUp();
    for (const name of ['orders-login', 'read-only', 'private'])
      cluster.put(SECRETS, secret(name, { username: name, password: 'x' }));
    cluster.put(DATABASES, databaseObject('orders'));
    cluster.put(POLICIES, policyObject('support', 'orders', { credentialsSecretRef: { name: 'read-only' } }));
    await settle();
    expect(materials.of(KEY)?.login('read-only')?.username).toBe('read-only');
    expect(materials.of(KEY)?.login('private')).toBeUndefined();
  });

  it.each([
    ['no Secret', undefined, 'SecretMissing', 'does not exist'],
    ['no password', { username: 'app' }, 'SecretIncomplete', 'no text under password'],
    ['an empty one', { username: 'app', password: '' }, 'SecretIncomplete', 'no text under password'],
    ['neither', {}, 'SecretIncomplete', 'username and password'],
  ])('says what to do about %s, and never a value', async (_what, data, reason, message) => {
    const { cluster, materials } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    if (data !== undefined) cluster.put(SECRETS, secret('orders-login', data as Record<string, string>));
    await settle();
    expect(materials.of(KEY)?.login()).toBeUndefined();
    expect(materials.of(KEY)?.problems).toEqual([{ reason, message: expect.stringContaining(message) }]);
  });

  it('tells when a Secret comes, changes and goes', async () => {
    const { cluster, materials, told } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    await settle();
    told.length = 0;
    cluster.put(SECRETS, secret('orders-login', { username: 'app', password: 'one' }));
    cluster.put(SECRETS, secret('orders-login', { username: 'app', password: 'two' }));
    expect(materials.of(KEY)?.login()?.password).toBe('two');
    cluster.remove(SECRETS, 'data-platform', 'orders-login');
    expect(materials.of(KEY)?.login()).toBeUndefined();
    expect(told).toEqual([KEY, KEY, KEY]);
  });

  it('checks the CA', async () => {
    const { cluster, materials } = await setUp();
    cluster.put(SECRETS, secret('orders-login', { username: 'a', password: 'b' }));
    cluster.put(DATABASES, databaseObject('orders', { tls: { mode: 'VerifyFull', caSecretRef: { name: 'ca' } } }));
    await settle();
    const problem = () => materials.of(KEY)?.problems[0]?.message;
    expect(problem()).toContain('does not exist');
    cluster.put(SECRETS, secret('ca', { 'tls.crt': 'x' }));
    expect(problem()).toContain('has no key "ca.crt"');
    cluster.put(SECRETS, secret('ca', { 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }));
    expect(problem()).toContain('does not hold certificates');
    cluster.put(SECRETS, secret('ca', { 'ca.crt': rootCertificates.slice(0, 2).join('\n') }));
    expect(problem()).toBeUndefined();
    expect(materials.of(KEY)?.ca).toContain('BEGIN CERTIFICATE');
    // Some servers want both in one file; pods are given the certificates.
    const key = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----';
    cluster.put(SECRETS, secret('ca', { 'ca.crt': `password: x\n${rootCertificates[0]}\n${key}\n${rootCertificates[1]}` }));
    expect(materials.of(KEY)?.ca).toBe(`${rootCertificates[0]}\n${rootCertificates[1]}\n`);
  });

  it('keeps the last addresses for ten minutes while a name cannot be resolved, and says so', async () => {
    const { cluster, clock, materials, names, told } = await setUp();
    cluster.put(DATABASES, databaseObject('orders', { credentialsSecretRef: undefined }));
    await clock.advance(0);
    await settle();
    const host = 'orders-db.data-platform.svc';
    names.set(host, new Error('no'));
    told.length = 0;
    await clock.advance(30_000);
    expect(materials.of(KEY)?.addresses).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(materials.of(KEY)?.problems.at(-1)).toEqual({
      reason: 'HostUnresolved',
      message: expect.stringContaining('its last addresses are used'),
    });
    await clock.advance(120_000);
    expect(told).toEqual([KEY]);
    await clock.advance(900_000);
    expect(materials.of(KEY)?.addresses).toEqual([]);
    names.set(host, ['10.0.0.9']);
    await clock.advance(300_000);
    expect(materials.of(KEY)?.addresses).toEqual(['10.0.0.9']);
  });

  it('does not look up addresses', async () => {
    const { cluster, materials, asked } = await setUp();
    cluster.put(DATABASES, databaseObject('orders', { endpoint: { host: '10.1.2.3', port: 5432, database: 'orders' } }));
    await settle();
    expect(materials.of(KEY)?.addresses).toEqual(['10.1.2.3']);
    expect(asked).toEqual([]);
  });

  it('keeps the last findings when the ConfigMap is damaged, and takes none under another name', async () => {
    const { cluster, materials, logged } = await setUp();
    cluster.put(SECRETS, secret('orders-login', { username: 'a', password: 'b' }));
    cluster.put(DATABASES, databaseObject('orders'));
    const text = printFindings(NO_FINDINGS);
    const good = await publishedConfigMap('findings', KEY, 'sluice-system', text);
    cluster.put(CONFIG_MAPS, good);
    cluster.put(CONFIG_MAPS, { ...good, binaryData: { 'findings.json.gz': 'AAAA' } });
    await settle();
    expect(materials.of(KEY)?.findings).toBe(text);
    expect(logged).toHaveLength(1);
    const other = await publishedConfigMap('findings', 'data-platform/other', 'sluice-system', `${text} `);
    const { annotations = {} } = other.metadata;
    cluster.put(CONFIG_MAPS, {
      ...other,
      metadata: { ...other.metadata, annotations: { ...annotations, 'sluice.dev/database': KEY } },
    });
    expect(materials.of(KEY)?.findings).toBe(text);
  });
});

describe('watches of Secrets', () => {
  it('are so many at most, so that Databases of one namespace leave others theirs', () => {
    const cluster = memoryCluster();
    const full: number[] = [];
    const watches = new SecretWatches(
      cluster.open,
      () => {},
      (left) => full.push(left),
      3,
    );
    const secrets = (...names: string[]) => new Set(names.map((name) => `data-platform/${name}`));
    watches.follow(secrets('a', 'b'));
    expect(full).toEqual([]);
    for (let turn = 0; turn < 2; turn += 1) watches.follow(secrets('a', 'b', 'c', 'd', 'e'));
    expect(full).toEqual([2]);
    const followed = (): number => ['a', 'b', 'c', 'd', 'e'].filter((name) => watches.follows(`data-platform/${name}`)).length;
    expect(followed()).toBe(3);
    watches.follow(secrets('c', 'd', 'e'));
    expect(followed()).toBe(3);
    expect(watches.follows('data-platform/e')).toBe(true);
    expect(full).toEqual([2]);
  });
});
