/** A node is drained, as for its upgrade: whoever is evicted leaves cleanly and comes back elsewhere, and the operator is never away. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Admissions, keepCreating } from '../admissions.ts';
import { type Following, followEndings } from '../following.ts';
import { podTemplate, SYSTEM_NAMESPACE } from '../objects.ts';
import { rolledOut, settled } from '../operators.ts';
import { replicas } from '../replicas.ts';
import { STEADY, type Tally } from '../steady.ts';
import { type KubernetesObject, openWorld } from '../world.ts';

const world = await openWorld();
const AGENT = 'worker';
/** The database of the suite keeps its data in its pod, and one session lives as long as the suite does: these stay. */
const EVICTED = 'app notin (shop-db,long-session)';
const node = await workerNode();

describe.skipIf(node === undefined)(
  `a node is drained${node === undefined ? ' (skipped: this cluster has one node)' : ''}`,
  () => {
    let namespace: string;
    let admissions: Admissions | undefined;
    let endings: (Following & Pick<ReturnType<typeof followEndings>, 'endings'>) | undefined;

    beforeAll(async () => {
      namespace = await world.namespace('drain');
      await world.agent({ namespace, serviceAccount: AGENT, grants: [{ tables: ['public.customers'], actions: ['Select'] }] });
      const options = { namespace, name: 'fleet', serviceAccount: AGENT, command: STEADY };
      const preference = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] };
      const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } };
      await world.apply(namespace, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'fleet' },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'fleet' } },
          template: podTemplate({ ...options, spec: { affinity } }, world.images.agents),
        },
      });
      await Promise.all([rolledOut(world, 'deployment/fleet', namespace), settled(world)]);
    });
    afterAll(async () => {
      await world.kubectl(['uncordon', node!]);
      await Promise.all([admissions?.stop(), endings?.stop()]);
      await settled(world);
    });

    test('of two replicas of the operator one may be evicted, and the other not until there are two again', async () => {
      const [first, second] = (await replicas(world)).map(({ metadata }) => metadata.name);
      expect(await evict(first!)).toMatchObject({ code: 0 });
      const refused = await evict(second!);
      expect(refused.stderr).toContain("violate the pod's disruption budget");
      await settled(world);
    });

    test('pods of the node end cleanly and come back elsewhere; the operator answers throughout', async () => {
      const before = (await fleet()).filter(({ spec }) => spec?.['nodeName'] === node).map(({ metadata }) => metadata.name);
      expect(before.length).toBeGreaterThan(0);
      endings = followEndings(world, namespace);
      admissions = keepCreating(world, namespace, AGENT);
      const began = Date.now();
      const flags = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', `--pod-selector=${EVICTED}`, '--timeout=150s'];
      await world.kubectl(['drain', node!, ...flags], { timeout: 160 });
      const drained = Date.now();
      await Promise.all([rolledOut(world, 'deployment/fleet', namespace), settled(world)]);
      process.stdout.write(`drain: ${drained - began} ms, everything back after ${Date.now() - began} ms\n`);
      await admissions.stop();
      expect(admissions.failed).toEqual([]);
      for (const pod of before) {
        const [app, sidecar] = [endings.endings().get(`${pod}/app`), endings.endings().get(`${pod}/sluice`)];
        expect(app, pod).toMatchObject({ exitCode: 0 });
        expect(sidecar, pod).toMatchObject({ exitCode: 0 });
        expect(Date.parse(sidecar!.finishedAt)).toBeGreaterThanOrEqual(Date.parse(app!.finishedAt));
        // Up to its last round, each statement was answered.
        expect(JSON.parse(app!.message!) as Tally).toMatchObject({ sessions: 1, failures: 0, failed: [] });
      }
      for (const { spec } of await fleet()) expect(spec?.['nodeName']).not.toBe(node);
      for (const { spec } of await replicas(world)) expect(spec?.['nodeName']).not.toBe(node);
    });

    async function fleet(): Promise<readonly KubernetesObject[]> {
      const { stdout } = await world.kubectl(['get', 'pods', '-n', namespace, '-l', 'app=fleet', '-o', 'json']);
      return (JSON.parse(stdout) as { readonly items: readonly KubernetesObject[] }).items;
    }

    function evict(name: string) {
      const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods/${name}/eviction`;
      const input = JSON.stringify({
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name, namespace: SYSTEM_NAMESPACE },
      });
      return world.kubectl(['create', '--raw', path, '-f', '-'], { input, mayFail: true });
    }
  },
);

async function workerNode(): Promise<string | undefined> {
  const select = ['-l', '!node-role.kubernetes.io/control-plane', '-o', 'jsonpath={.items[*].metadata.name}'];
  const { stdout } = await world.kubectl(['get', 'nodes', ...select]);
  return stdout.split(' ').find((name) => name !== '');
}
