import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { memoryCluster } from '../../test/support/memory-informers.ts';
import { CONFIG_MAPS, type KubeApi, type KubeObject, type ObjectRef, type Resource } from '../api/kube-api.ts';
import type { Acknowledgements, DatabaseAcknowledgements } from '../distribute/acknowledgements.ts';
import { createReplicaReporter } from './replica-report.ts';
import { ReplicaSums } from './replica-sums.ts';

const KEY = 'data-platform/orders';

async function setUp() {
  const cluster = memoryCluster();
  const clock = manualClock();
  let writes = 0;
  const api = {
    patch: async (resource: Resource, _ref: ObjectRef, body: KubeObject) => {
      writes += 1;
      return cluster.put(resource, body);
    },
    delete: async (resource: Resource, ref: ObjectRef) => cluster.remove(resource, ref.namespace, ref.name),
  } as unknown as KubeApi;
  const shared = { api, namespace: 'sluice-system', clock, log: () => {} };
  const sums = new ReplicaSums({ ...shared, open: cluster.open });
  sums.start();
  await sums.synced;
  const replica = (name: string) => {
    const listeners = new Set<(key: string) => void>();
    const said = new Map<string, DatabaseAcknowledgements>();
    const acknowledgements: Acknowledgements = {
      of: (key) => said.get(key)!,
      databases: () => [...said.keys()],
      versions: () => new Map(),
      onChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    const reporter = createReplicaReporter({ ...shared, acknowledgements, release: 'sluice', replica: name });
    reporter.start();
    return {
      reporter,
      say(programmed: number, rejections: readonly string[] = []) {
        const policies = [{ namespace: 'data-platform', name: 'p', generation: 1, bound: 1, programmed }];
        said.set(KEY, { connected: 1, policies, rejections });
        for (const listener of listeners) listener(KEY);
      },
    };
  };
  return { cluster, clock, sums, replica, writes: () => writes };
}

describe('acknowledgements of all replicas', () => {
  it('are added up', async () => {
    const { clock, sums, replica } = await setUp();
    const [one, two] = [replica('a'), replica('b')];
    one.say(1);
    two.say(2, ['why']);
    await clock.advance(2_000);
    expect(sums.of(KEY)).toEqual({
      connected: 2,
      policies: [{ namespace: 'data-platform', name: 'p', generation: 1, bound: 2, programmed: 3 }],
      rejections: ['why'],
    });
    await one.reporter.stop();
    expect(sums.of(KEY).connected).toBe(1);
  });

  it('are written at most once a second, and every fifteen seconds', async () => {
    const { clock, replica, writes } = await setUp();
    const one = replica('a');
    await clock.advance(0);
    const before = writes();
    for (let index = 0; index < 50; index += 1) {
      one.say(index);
      await clock.advance(100);
    }
    expect(writes() - before).toBe(5);
    const settled = writes();
    await clock.advance(60_000);
    expect(writes() - settled).toBeGreaterThanOrEqual(4);
    expect(writes() - settled).toBeLessThanOrEqual(5);
  });

  it('of a replica that is gone count no longer, are told of, and are removed', async () => {
    const { cluster, clock, sums, replica } = await setUp();
    replica('a').say(1);
    await clock.advance(1_000);
    const name = 'sluice-replica-dead';
    const report = {
      formatVersion: 1,
      sequence: 1,
      versions: {},
      databases: { [KEY]: { connected: 5, policies: [], rejections: [] } },
    };
    cluster.put(CONFIG_MAPS, {
      metadata: { name, namespace: 'sluice-system', labels: { 'sluice.dev/content': 'replica' } },
      data: { 'report.json': JSON.stringify(report) },
    } as KubeObject);
    expect(sums.of(KEY).connected).toBe(6);
    const told: string[] = [];
    sums.onChange((key) => told.push(key));
    await clock.advance(61_000);
    expect(sums.of(KEY).connected).toBe(1);
    expect(told).toContain(KEY);
    await clock.advance(300_000);
    cluster.put(CONFIG_MAPS, {
      metadata: { name: 'sluice-replica-garbage', namespace: 'sluice-system', labels: { 'sluice.dev/content': 'replica' } },
    });
    expect(sums.of(KEY).connected).toBe(1);
  });
});
