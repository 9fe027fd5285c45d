/** How pods and sidecars end before anybody expected it: deleted by force, out of patience, out of memory. Nobody else is harmed, and it is seen. */
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { follow, followEndings } from './following.ts';
import { containerStatus } from './node.ts';
import { begun, goesOn, STEADY, tally } from './steady.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const AGENT = 'worker';
const BUSY = ['python3', '/agents/python/busy.py'];

describe('ends of pods and sidecars', () => {
  let namespace: string;

  beforeAll(async () => {
    namespace = await world.namespace('endings');
    await world.agent({ namespace, serviceAccount: AGENT, grants: [{ tables: ['public.customers'], actions: ['Select'] }] });
    await world.pod({ namespace, name: 'bystander', serviceAccount: AGENT, command: STEADY });
    await begun(world, namespace, 'bystander');
  });

  test('kubectl delete --force: its access ends with the object; its replacement works', async () => {
    const before = await tally(world, namespace, 'bystander');
    const options = {
      namespace,
      name: 'doomed',
      serviceAccount: AGENT,
      command: BUSY,
      spec: { terminationGracePeriodSeconds: 60 },
    };
    await world.pod(options);
    await world.ready(namespace, 'doomed');
    await eventually(async () => expect(await sessions('doomed')).toBe(1), 30_000);
    const deleted = Date.now();
    await world.kubectl(['delete', 'pod', 'doomed', '-n', namespace, '--force', '--grace-period=0']);
    await eventually(async () => expect(await sessions('doomed')).toBe(0), 30_000);
    const ended = Date.now();
    process.stdout.write(`force delete: sessions ended after ${ended - deleted} ms\n`);
    await eventually(async () => {
      const status = JSON.parse((await world.sluice(['status', '-n', namespace, '-o', 'json'])).stdout) as readonly {
        readonly pod: string;
      }[];
      expect(status.map(({ pod }) => pod)).toContain('bystander');
      expect(status.map(({ pod }) => pod)).not.toContain('doomed');
    }, 60_000);
    await world.pod({ ...options, command: STEADY });
    await begun(world, namespace, 'doomed');
    await goesOn(world, namespace, 'bystander', before);
  });

  test('an app that does not end within its grace period is served until that is over; the sidecar ends cleanly', async () => {
    await world.pod({
      namespace,
      name: 'deaf',
      serviceAccount: AGENT,
      command: BUSY,
      spec: { terminationGracePeriodSeconds: 5 },
    });
    await world.ready(namespace, 'deaf');
    const endings = followEndings(world, namespace);
    const log = follow(world, ['logs', '-f', 'deaf', '-n', namespace, '-c', 'app']);
    try {
      await eventually(() => expect(log.lines.length).toBeGreaterThan(3), 30_000);
      const asked = Date.now();
      await world.kubectl(['delete', 'pod', 'deaf', '-n', namespace]);
      process.stdout.write(`deaf app, grace period 5 s: gone after ${Date.now() - asked} ms\n`);
      await eventually(() => expect([...endings.endings().keys()]).toEqual(expect.arrayContaining(['deaf/app', 'deaf/sluice'])));
      // Both are ended at the same moment, when patience is over: the app by SIGKILL, the sidecar by SIGTERM.
      expect(endings.endings().get('deaf/sluice')).toMatchObject({ exitCode: 0 });
      expect(endings.endings().get('deaf/app')?.exitCode).not.toBe(0);
      const rounds = log.lines.filter((line) => line.startsWith('{"rounds"')).map((line) => JSON.parse(line) as BusyTally);
      expect(rounds.at(-1)?.after_asked).toBeGreaterThan(20);
    } finally {
      await Promise.all([endings.stop(), log.stop()]);
    }
  });

  test('a sidecar without enough memory is restarted alone, and serves again', async () => {
    const annotations = { 'sluice.dev/memory-request': '64Mi', 'sluice.dev/memory-limit': '128Mi' };
    await world.pod({
      namespace,
      name: 'large',
      serviceAccount: AGENT,
      annotations,
      command: ['python3', '/agents/python/large.py', '40000'],
    });
    await world.ready(namespace, 'large');
    await eventually(async () => {
      const { restartCount, lastState } = await containerStatus(world, namespace, 'large', 'sluice');
      expect(restartCount).toBeGreaterThan(0);
      expect(lastState?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
    }, 60_000);
    expect(await containerStatus(world, namespace, 'large', 'app')).toMatchObject({ restartCount: 0 });
    // The kubelet waits longer from one restart to the next; once it is back, it serves.
    await eventually(async () => {
      const one = await world.exec(namespace, 'large', 'app', ['psql', '-AtXc', 'SELECT email FROM customers WHERE id = 6'], {
        mayFail: true,
      });
      expect(one.stdout).toContain('@masked.invalid');
    }, 60_000);
    await world.kubectl(['delete', 'pod', 'large', '-n', namespace, '--wait=false']);
    expect(await goesOn(world, namespace, 'bystander')).toMatchObject({ sessions: 1, failures: 0 });
  });

  async function sessions(pod: string): Promise<number> {
    return Number(
      await world.sql(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice/${namespace}/${AGENT}/${pod}'`),
    );
  }
});

interface BusyTally {
  readonly after_asked: number;
}
