import { describe, expect, it } from 'vitest';
import { memoryCluster } from '../../test/support/memory-informers.ts';
import { PODS } from '../api/kube-api.ts';
import { BoundPods, INJECTED_PODS, type PodObject, podsOfSubjects } from './bound-pods.ts';

function pod(name: string, databases: readonly string[], phase = 'Running', more: Record<string, unknown> = {}): PodObject {
  const settings = {
    formatVersion: 1,
    operator: { address: '', serverName: '', ca: '' },
    databases: databases.map((each) => ({ namespace: 'data-platform', name: each, database: each, listen: [], names: [] })),
  };
  return {
    metadata: { name, namespace: 'ai-agents', labels: { 'sluice.dev/injected': 'true' }, ...more },
    spec: {
      serviceAccountName: 'agent',
      initContainers: [{ name: 'sluice', env: [{ name: 'SLUICE_SETTINGS', value: JSON.stringify(settings) }] }],
    },
    status: { phase },
  };
}

async function setUp() {
  const cluster = memoryCluster();
  const informer = cluster.open<PodObject>(INJECTED_PODS);
  const pods = new BoundPods(informer);
  informer.start();
  await pods.synced;
  const told: string[] = [];
  pods.onChange((key) => told.push(key));
  return { cluster, pods, told };
}

describe('bound pods', () => {
  it('are those whose sidecar lists the Database, until they end', async () => {
    const { cluster, pods, told } = await setUp();
    cluster.put(PODS, pod('a', ['orders', 'billing']));
    cluster.put(PODS, pod('b', ['orders'], 'Pending'));
    cluster.put(PODS, pod('c', ['orders'], 'Succeeded'));
    cluster.put(PODS, pod('d', ['orders'], 'Running', { deletionTimestamp: '2026-06-01T00:00:00Z' }));
    expect(pods.of('data-platform/orders').map(({ running }) => running)).toEqual([true, false]);
    expect(pods.of('data-platform/billing')).toHaveLength(1);
    told.length = 0;
    cluster.put(PODS, pod('a', ['orders', 'billing']));
    expect(told).toEqual([]);
    cluster.put(PODS, pod('a', ['orders'], 'Failed'));
    cluster.remove(PODS, 'ai-agents', 'b');
    expect(pods.of('data-platform/orders')).toEqual([]);
    expect(told).toEqual(['data-platform/orders', 'data-platform/billing', 'data-platform/orders']);
  });

  it('a label alone makes none', async () => {
    const { cluster, pods } = await setUp();
    const { metadata } = pod('a', []);
    cluster.put(PODS, { metadata });
    cluster.put(PODS, {
      ...pod('b', ['orders']),
      spec: { initContainers: [{ name: 'sluice', env: [{ name: 'SLUICE_SETTINGS', value: '{' }] }] },
    });
    cluster.put(PODS, { ...pod('c', ['orders']), metadata: { name: 'c', namespace: 'ai-agents' } });
    expect(pods.of('data-platform/orders')).toEqual([]);
  });

  it('belong to subjects by namespace and name', () => {
    const all = [
      { namespace: 'a', serviceAccount: 'x', running: true },
      { namespace: 'a', serviceAccount: 'y', running: true },
      { namespace: 'b', serviceAccount: 'x', running: true },
    ];
    const of = (namespace: string, name: string) => podsOfSubjects(all, [{ serviceAccount: { namespace, name } }]).length;
    expect([of('a', 'x'), of('a', '*'), of('b', '*'), of('c', '*')]).toEqual([1, 2, 1, 0]);
  });
});
