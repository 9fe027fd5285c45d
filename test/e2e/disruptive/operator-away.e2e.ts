/**
 * Every replica of the operator is gone. Whoever works goes on working; what cannot be judged without the operator is refused and says why; and
 * when it is back nobody has to do anything.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/until.ts';
import { containerStatus, killContainer, nodesInReach } from '../node.ts';
import { podTemplate, SYSTEM_NAMESPACE } from '../objects.ts';
import { OPERATOR, REPLICAS, rolledOut } from '../operators.ts';
import { answers, begun, goesOn, STEADY, type Tally, tally } from '../steady.ts';
import { openWorld } from '../world.ts';

const world = await openWorld();
const reach = nodesInReach(world);
const AGENT = 'worker';

describe('all replicas of the operator are away', () => {
  let namespace: string;
  let before: Tally;

  beforeAll(async () => {
    namespace = await world.namespace('operator-away');
    await world.agent({ namespace, serviceAccount: AGENT, grants: [{ tables: ['public.customers'], actions: ['Select'] }] });
    const options = { namespace, name: 'steady', serviceAccount: AGENT, command: STEADY };
    const template = podTemplate({ ...options, name: 'fleet' }, world.images.agents);
    await Promise.all([
      world.pod(options),
      world.pod({ ...options, name: 'restarted' }),
      world.apply(namespace, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'fleet' },
        spec: { replicas: 1, selector: { matchLabels: { app: 'fleet' } }, template },
      }),
    ]);
    [before] = await Promise.all([
      begun(world, namespace, 'steady'),
      begun(world, namespace, 'restarted'),
      rolledOut(world, 'deployment/fleet', namespace),
    ]);
    await world.kubectl(['scale', OPERATOR, '-n', SYSTEM_NAMESPACE, '--replicas=0']);
    await world.kubectl([
      'wait',
      'pods',
      '-n',
      SYSTEM_NAMESPACE,
      '-l',
      'app.kubernetes.io/name=sluice',
      '--for=delete',
      '--timeout=60s',
    ]);
  });
  // Whatever became of the tests, those after them have an operator.
  afterAll(() => world.kubectl(['scale', OPERATOR, '-n', SYSTEM_NAMESPACE, `--replicas=${REPLICAS}`]));

  test('sessions go on, new ones begin, and masks stay', async () => {
    const now = await goesOn(world, namespace, 'steady', before);
    expect(now).toMatchObject({ sessions: 1, failures: 0, answer: expect.stringContaining('@masked.invalid') });
    expect(await world.sidecarMetric(namespace, 'steady', 'sluice_operator_connected')).toBe(0);
    expect(await logged('steady', 'operator-lost')).not.toEqual([]);
  });

  test.skipIf(!reach)('a restarted sidecar serves what it was told last', async () => {
    await killContainer(world, namespace, 'restarted', 'sluice');
    await eventually(
      async () => expect(await containerStatus(world, namespace, 'restarted', 'sluice')).toMatchObject({ restartCount: 1 }),
      30_000,
    );
    await answers(world, namespace, 'restarted', expect.stringContaining('@masked.invalid'));
    await eventually(async () => expect((await tally(world, namespace, 'restarted')).sessions).toBe(2));
    expect(await logged('restarted', 'operator-memory-used')).toHaveLength(1);
    await goesOn(world, namespace, 'restarted');
    // Nobody but the sidecar was restarted for it.
    expect(await containerStatus(world, namespace, 'restarted', 'app')).toMatchObject({ restartCount: 0 });
  });

  test('an annotated pod is refused, and one that does not ask is none the wiser', async () => {
    const refused = world.pod({ namespace, name: 'refused', serviceAccount: AGENT, command: STEADY });
    await expect(refused).rejects.toThrow('failed calling webhook "inject.sluice.dev"');
    await world.pod({ namespace, name: 'plain', serviceAccount: AGENT, inject: null, command: ['sleep', 'infinity'] });
    await world.ready(namespace, 'plain');
  });

  test('a Deployment whose pod is gone says why it has none', async () => {
    await world.kubectl(['delete', 'pods', '-n', namespace, '-l', 'app=fleet']);
    await eventually(async () => {
      const events = await world.kubectl([
        'get',
        'events',
        '-n',
        namespace,
        '--field-selector=reason=FailedCreate',
        '-o',
        'jsonpath={.items[*].message}',
      ]);
      expect(events.stdout).toContain('failed calling webhook "inject.sluice.dev"');
    });
  });

  test('kubectl sluice check says what is wrong', async () => {
    const check = await world.sluice(['check'], { mayFail: true });
    expect(check.code).not.toBe(0);
    expect(check.stdout).toMatch(/× 0 of 0 replicas|no replica/);
  });

  test('the operator is back: the Deployment has its pod, sessions were never lost, policies arrive', async () => {
    const back = Date.now();
    await world.kubectl(['scale', OPERATOR, '-n', SYSTEM_NAMESPACE, `--replicas=${REPLICAS}`]);
    await rolledOut(world);
    const operator = Date.now();
    await eventually(
      async () => expect(await world.sidecarMetric(namespace, 'steady', 'sluice_operator_connected')).toBe(1),
      30_000,
    );
    const connected = Date.now();
    await rolledOut(world, 'deployment/fleet', namespace);
    const fleet = Date.now();
    process.stdout.write(
      `operator away: ready after ${operator - back} ms, sidecar connected after ${connected - back} ms, the Deployment's pod after ${fleet - back} ms\n`,
    );
    expect(await goesOn(world, namespace, 'steady', before)).toMatchObject({ sessions: 1, failures: 0 });
    await world.agent({
      namespace,
      serviceAccount: AGENT,
      grants: [{ tables: ['public.customers'], actions: ['Select'], masks: [{ columns: ['email'], mask: { redact: {} } }] }],
    });
    for (const pod of ['steady', 'restarted']) await answers(world, namespace, pod, '[redacted]');
  });

  async function logged(pod: string, event: string): Promise<readonly object[]> {
    return (await world.sidecarLog(namespace, pod)).filter(({ msg }) => msg === event);
  }
});
