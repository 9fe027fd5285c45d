/** One replica of the operator dies, and all of them are replaced one after the other, while agents work and pods are created: nobody notices. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Admissions, keepCreating } from '../admissions.ts';
import { SYSTEM_NAMESPACE } from '../objects.ts';
import { nextLeader, OPERATOR, settled } from '../operators.ts';
import { answers, begun, goesOn, STEADY, type Tally } from '../steady.ts';
import { openWorld } from '../world.ts';

const world = await openWorld();
const AGENT = 'worker';

describe('replicas of the operator come and go under load', () => {
  let namespace: string;
  let before: Tally;
  let admissions: Admissions | undefined;

  beforeAll(async () => {
    namespace = await world.namespace('operator-replaced');
    await grant();
    await world.pod({ namespace, name: 'steady', serviceAccount: AGENT, command: STEADY });
    before = await begun(world, namespace, 'steady');
  });
  afterAll(() => admissions?.stop());

  test('the leader is killed: another leads, and nothing fails', async () => {
    const former = await nextLeader(world);
    admissions = keepCreating(world, namespace, AGENT);
    const killed = Date.now();
    await world.kubectl(['delete', 'pod', former, '-n', SYSTEM_NAMESPACE, '--force', '--grace-period=0']);
    const next = await nextLeader(world, former);
    const led = Date.now();
    // Who leads writes status: what it says of a new policy is of this leader.
    await grant({ masks: [{ columns: ['email'], mask: { redact: {} } }] });
    await answers(world, namespace, 'steady', '[redacted]');
    await world.kubectl([
      'wait',
      'databaseaccesspolicy',
      `${namespace}-${AGENT}`,
      '-n',
      'data-platform',
      '--for=condition=Programmed',
      '--timeout=60s',
    ]);
    await settled(world);
    await admissions.stop();
    process.stdout.write(`leader killed: ${next} leads after ${led - killed} ms; ${admissions.created} pods created meanwhile\n`);
    expect(admissions.failed).toEqual([]);
    expect(admissions.created).toBeGreaterThan(10);
    before = await goesOn(world, namespace, 'steady', before);
    expect(before).toMatchObject({ sessions: 1, failures: 0 });
  });

  test('kubectl rollout restart: every pod is created, every statement answered, every sidecar connected to the new ones', async () => {
    admissions = keepCreating(world, namespace, AGENT);
    const began = Date.now();
    await world.kubectl(['rollout', 'restart', OPERATOR, '-n', SYSTEM_NAMESPACE]);
    await settled(world);
    const rolled = Date.now();
    await grant();
    await answers(world, namespace, 'steady', expect.stringContaining('@masked.invalid'));
    await admissions.stop();
    process.stdout.write(`rollout restart: ${rolled - began} ms; ${admissions.created} pods created meanwhile\n`);
    expect(admissions.failed).toEqual([]);
    expect(admissions.created).toBeGreaterThan(10);
    expect(await goesOn(world, namespace, 'steady', before)).toMatchObject({ sessions: 1, failures: 0 });
    expect(await world.sidecarMetric(namespace, 'steady', 'sluice_operator_connected')).toBe(1);
    const log = await world.sidecarLog(namespace, 'steady');
    // Sent to another, not left to find out.
    expect(log.some(({ msg }) => msg === 'operator-goodbye')).toBe(true);
  });

  async function grant(more: object = {}): Promise<void> {
    await world.agent({
      namespace,
      serviceAccount: AGENT,
      grants: [{ tables: ['public.customers'], actions: ['Select'], ...more }],
    });
  }
});
