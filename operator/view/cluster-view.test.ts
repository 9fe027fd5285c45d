import { describe, expect, it } from 'vitest';
import { databaseObject, policyObject } from '../../test/support/governed.ts';
import { memoryCluster } from '../../test/support/memory-informers.ts';
import { DATABASES, POLICIES } from '../api/kube-api.ts';
import { createClusterView } from './create-cluster-view.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const AGENT = { namespace: 'ai-agents', serviceAccount: 'support-agent' };

async function setUp() {
  const cluster = memoryCluster();
  const view = createClusterView({ policyNamespaces: ['data-platform', 'finance'], open: cluster.open });
  view.start();
  await view.synced;
  const told: string[] = [];
  view.onChange((key) => told.push(key));
  return { cluster, view, told };
}

describe('cluster view', () => {
  it('holds objects of the trusted namespaces, with defaults', async () => {
    const { cluster, view } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    cluster.put(DATABASES, databaseObject('orders', {}, 'elsewhere'));
    expect(view.databases().map(({ metadata }) => metadata.namespace)).toEqual(['data-platform']);
    expect(view.database('data-platform', 'orders')?.spec).toMatchObject({
      tls: { mode: 'VerifyFull' },
      protection: { neverReveal: [], deny: [] },
      maxStaleness: '10m',
    });
    expect(view.database('elsewhere', 'orders')).toBeUndefined();
    expect(view.trusted('elsewhere')).toBe(false);
  });

  it('asks for no collection outside of them', async () => {
    const { cluster } = await setUp();
    expect(cluster.started.map(({ resource, namespace }) => `${namespace}/${resource.plural}`).sort()).toEqual([
      'data-platform/databaseaccesspolicies',
      'data-platform/databases',
      'finance/databaseaccesspolicies',
      'finance/databases',
    ]);
  });

  it('leaves out what this release cannot read, and says why', async () => {
    const { cluster, view } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    cluster.put(POLICIES, policyObject('newer', 'orders', { rowLimit: 5 }));
    expect(view.policy('data-platform', 'newer')).toBeUndefined();
    expect(view.databasesFor(AGENT, NOW)).toEqual([]);
    expect(view.rawPolicy('data-platform/newer')?.reading).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('unknown field "rowLimit"')],
    });
  });

  it('takes an object that is being deleted for gone', async () => {
    const { cluster, view, told } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    const policy = cluster.put(POLICIES, policyObject('support', 'orders'));
    expect(view.databasesFor(AGENT, NOW)).toHaveLength(1);
    told.length = 0;
    cluster.put(POLICIES, { ...policy, metadata: { ...policy.metadata, deletionTimestamp: '2026-06-01T00:00:00Z' } });
    expect(view.databasesFor(AGENT, NOW)).toEqual([]);
    expect(told).toEqual(['data-platform/orders']);
  });

  it('knows the Databases of a service account, by name and by *, until the policy ends', async () => {
    const { cluster, view } = await setUp();
    for (const name of ['a', 'b', 'c', 'd']) cluster.put(DATABASES, databaseObject(name));
    cluster.put(POLICIES, policyObject('one', 'a'));
    cluster.put(POLICIES, policyObject('all', 'b', { subjects: [{ serviceAccount: { namespace: 'ai-agents', name: '*' } }] }));
    cluster.put(POLICIES, policyObject('ended', 'c', { validUntil: '2026-05-31T00:00:00Z' }));
    cluster.put(POLICIES, policyObject('other', 'd', { subjects: [{ serviceAccount: { namespace: 'ai-agents', name: 'x' } }] }));
    const names = (subject: typeof AGENT) =>
      view
        .databasesFor(subject, NOW)
        .map(({ metadata }) => metadata.name)
        .sort();
    expect(names(AGENT)).toEqual(['a', 'b']);
    expect(names({ ...AGENT, namespace: 'data-platform' })).toEqual([]);
  });

  it('tells of both Databases when a policy moves, and of none when only status changes', async () => {
    const { cluster, view, told } = await setUp();
    cluster.put(DATABASES, databaseObject('a'));
    cluster.put(POLICIES, policyObject('p', 'a'));
    told.length = 0;
    cluster.put(POLICIES, policyObject('p', 'b'));
    expect(told).toEqual(['data-platform/a', 'data-platform/b']);
    expect(view.policiesOf(view.database('data-platform', 'a')!)).toEqual([]);
    told.length = 0;
    const objects: string[] = [];
    view.onObject((kind, key) => objects.push(`${kind} ${key}`));
    cluster.put(POLICIES, { ...policyObject('p', 'b'), status: { boundPods: 3 } });
    expect(told).toEqual([]);
    expect(objects).toEqual(['DatabaseAccessPolicy data-platform/p']);
    expect(view.policy('data-platform', 'p')?.status?.boundPods).toBe(3);
  });

  it('a policy of another namespace than the Database’s is not about it', async () => {
    const { cluster, view } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    cluster.put(POLICIES, policyObject('p', 'orders', {}, 'finance'));
    expect(view.databasesFor(AGENT, NOW)).toEqual([]);
    expect(view.policiesOf(view.database('data-platform', 'orders')!)).toEqual([]);
  });

  it('reads a kind anew when its CRD has changed: what comes, goes and differs is told, once', async () => {
    const { cluster, view, told } = await setUp();
    cluster.put(DATABASES, databaseObject('orders'));
    cluster.put(POLICIES, policyObject('stays', 'orders'));
    told.length = 0;
    await view.reopen('DatabaseAccessPolicy');
    expect(told).toEqual([]);
    expect(cluster.running.filter(({ resource }) => resource.plural === 'databaseaccesspolicies')).toHaveLength(2);
    cluster.put(POLICIES, policyObject('comes', 'orders'));
    cluster.remove(POLICIES, 'data-platform', 'stays');
    expect(told).toEqual(['data-platform/orders', 'data-platform/orders']);
    expect(view.policiesOf(view.database('data-platform', 'orders')!).map(({ metadata }) => metadata.name)).toEqual(['comes']);
  });
});
