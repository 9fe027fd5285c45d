/** The kubelet and the API server are restarted, as by their upgrades: statements never need them, and afterwards everything arrives again. */
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/until.ts';
import { containerStatus, killContainer, nodesInReach, onNode } from '../node.ts';
import { POLICY_NAMESPACE } from '../objects.ts';
import { replicas } from '../replicas.ts';
import { answers, begun, goesOn, STEADY, type Tally } from '../steady.ts';
import { openWorld } from '../world.ts';

const world = await openWorld();
const reach = nodesInReach(world);
const AGENT = 'worker';
const node = reach ? await nodeWithoutDatabase() : undefined;
const why = reach ? 'needs a second node' : 'there is no way onto the nodes';

describe.skipIf(node === undefined)(
  `kubelet and API server are restarted${node === undefined ? ` (skipped: ${why})` : ''}`,
  () => {
    let namespace: string;
    let before: Tally;

    beforeAll(async () => {
      namespace = await world.namespace('processes');
      await grant();
      await world.pod({ namespace, name: 'steady', serviceAccount: AGENT, command: STEADY, spec: { nodeName: node } });
      before = await begun(world, namespace, 'steady');
    });

    test('kubelet: sessions go on, no container is restarted, new pods start', async () => {
      const pid = async (): Promise<string> =>
        (await onNode(world, node!, ['pgrep', '-x', 'kubelet'], { mayFail: true })).stdout.trim();
      const former = await pid();
      await onNode(world, node!, ['sh', '-c', `systemctl restart kubelet 2>/dev/null || kill ${former}`]);
      await eventually(async () => {
        const now = await pid();
        expect(now).not.toBe('');
        expect(now).not.toBe(former);
      }, 60_000);
      await world.pod({ namespace, name: 'later', serviceAccount: AGENT, command: STEADY, spec: { nodeName: node } });
      await begun(world, namespace, 'later');
      before = await goesOn(world, namespace, 'steady', before);
      expect(before).toMatchObject({ sessions: 1, failures: 0 });
      for (const container of ['app', 'sluice'])
        expect(await containerStatus(world, namespace, 'steady', container)).toMatchObject({ restartCount: 0 });
    });

    test('API server: sessions go on, the operator stays, and policies arrive afterwards', async () => {
      const { stdout } = await world.kubectl([
        'get',
        'pods',
        '-n',
        'kube-system',
        '-l',
        'component=kube-apiserver',
        '-o',
        'jsonpath={.items[0].metadata.name}',
      ]);
      const restarts = async () =>
        (await replicas(world)).map(({ metadata, status }) => [metadata.uid, status?.containerStatuses?.[0]?.restartCount]);
      const operators = await restarts();
      const former = await containerStatus(world, 'kube-system', stdout, 'kube-apiserver');
      const killed = Date.now();
      await killContainer(world, 'kube-system', stdout, 'kube-apiserver');
      await eventually(async () => {
        const { containerID, ready } = await containerStatus(world, 'kube-system', stdout, 'kube-apiserver');
        expect(ready && containerID !== former.containerID).toBe(true);
      }, 120_000);
      process.stdout.write(`API server killed: Ready again after ${Date.now() - killed} ms\n`);
      await grant({ masks: [{ columns: ['email'], mask: { redact: {} } }] });
      await answers(world, namespace, 'steady', '[redacted]', 60_000);
      process.stdout.write(`a policy in force ${Date.now() - killed} ms after the API server was killed\n`);
      expect(await goesOn(world, namespace, 'steady', before)).toMatchObject({ sessions: 1, failures: 0 });
      await world.pod({ namespace, name: 'afterwards', serviceAccount: AGENT, command: STEADY });
      await begun(world, namespace, 'afterwards');
      expect(await restarts()).toEqual(operators);
    });

    async function grant(more: object = {}): Promise<void> {
      const grants = [{ tables: ['public.customers'], actions: ['Select'], ...more }];
      await world.agent({ namespace, serviceAccount: AGENT, grants });
    }
  },
);

/**
 * A kubelet that starts takes pods with a readiness probe for not ready until it has probed them. The database is one: for a moment its Service
 * leads nowhere, and new connections are refused, with Sluice or without.
 */
async function nodeWithoutDatabase(): Promise<string | undefined> {
  const names = async (...args: readonly string[]) => (await world.kubectl(['get', ...args])).stdout.split(' ').filter(Boolean);
  const taken = await names('pods', '-n', POLICY_NAMESPACE, '-l', 'app=shop-db', '-o', 'jsonpath={.items[*].spec.nodeName}');
  return (await names('nodes', '-o', 'jsonpath={.items[*].metadata.name}')).find((name) => !taken.includes(name));
}
