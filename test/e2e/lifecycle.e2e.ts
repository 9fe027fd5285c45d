/** What the kubelet does with pods that have a sidecar: the order of starts, apps that crash beside it, the sidecar itself killed. */
import { expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { containerStatus, killContainer, nodesInReach } from './node.ts';
import { eventsOf, expectGoverned } from './operators-view.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const namespace = await world.namespace('lifecycle');
const grants = [{ tables: ['public.products'], actions: ['Select'] }];
for (const serviceAccount of ['starter', 'crasher', 'survivor']) await world.agent({ namespace, serviceAccount, grants });

test('an app whose first deed is a query never finds the database missing', async () => {
  const pods = Array.from({ length: 8 }, (_, index) => `starter-${index}`);
  const command = ['psql', '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', 'SELECT count(*) FROM products'];
  await Promise.all(pods.map((name) => world.pod({ namespace, name, serviceAccount: 'starter', command })));
  for (const name of pods) {
    // restartPolicy Never: there was one attempt.
    expect(await world.ended(namespace, name, 'app', 180)).toBe(0);
    expect(await world.logs(namespace, name, 'app')).toBe('8\n');
  }
});

test('an app that crashes is started again, the sidecar beside it is not', async () => {
  const command = ['sh', '-c', 'psql -X -A -t -c "SELECT name FROM products WHERE id = 4" && exit 3'];
  await world.pod({ namespace, name: 'crasher', serviceAccount: 'crasher', command, spec: { restartPolicy: 'Always' } });
  await eventually(async () => {
    expect((await containerStatus(world, namespace, 'crasher', 'app')).restartCount).toBeGreaterThanOrEqual(3);
  }, 150_000);
  const app = await containerStatus(world, namespace, 'crasher', 'app');
  expect((app.state.terminated ?? app.lastState?.terminated)?.exitCode).toBe(3);
  // The kubelet may be taking away the one that was the last a moment ago.
  await eventually(
    async () => expect(await world.logs(namespace, 'crasher', 'app', { previous: true })).toBe('Headphones\n'),
    60_000,
  );
  const sidecar = await containerStatus(world, namespace, 'crasher', 'sluice');
  expect(sidecar).toMatchObject({ restartCount: 0, ready: true });
  // Each attempt was a session of its own, and none was refused.
  const records = await world.sidecarLog(namespace, 'crasher');
  const answered = records.filter((each) => each['type'] === 'outcome' && each['result'] === 'ok');
  expect(answered.length).toBeGreaterThanOrEqual(3);
  expect(records.filter((each) => each['type'] === 'outcome' && each['result'] !== 'ok')).toEqual([]);
  await expectGoverned(world, namespace, 'crasher', ['crasher']);
  expect((await eventsOf(world, namespace, 'crasher')).map(({ reason }) => reason)).toContain('BackOff');
});

const ASKS_FOREVER = `
import json, time, psycopg
connection, sessions = None, 0
while True:
    try:
        if connection is None:
            connection = psycopg.connect("", autocommit=True, connect_timeout=5)
            sessions += 1
        count = connection.execute("SELECT count(*) FROM products").fetchone()[0]
        print(json.dumps({"sessions": sessions, "count": count}), flush=True)
    except psycopg.Error as error:
        print(json.dumps({"sessions": sessions, "lost": type(error).__name__, "message": str(error)}), flush=True)
        connection = None
    time.sleep(0.2)
`;

test.skipIf(!nodesInReach(world))('a sidecar that is killed is started again alone; sessions end, new ones work', async () => {
  await world.pod({ namespace, name: 'survivor', serviceAccount: 'survivor', command: ['python3', '-c', ASKS_FOREVER] });
  await world.ready(namespace, 'survivor');
  const lines = async (): Promise<readonly Said[]> =>
    (await world.logs(namespace, 'survivor', 'app'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Said);
  await eventually(async () => expect(await lines()).toContainEqual({ sessions: 1, count: 8 }));
  await killContainer(world, namespace, 'survivor', 'sluice');
  await eventually(async () => expect((await lines()).at(-1)).toEqual({ sessions: 2, count: 8 }), 60_000);
  // What the session said when it ended: that the connection was lost, as when a server goes down; nothing else, and no answer cut short.
  const lost = (await lines()).filter((each) => each.lost !== undefined);
  expect(lost[0]).toMatchObject({ sessions: 1, lost: 'OperationalError' });
  expect(new Set(lost.map((each) => each.lost))).toEqual(new Set(['OperationalError']));
  await eventually(async () => {
    expect(await containerStatus(world, namespace, 'survivor', 'sluice')).toMatchObject({ restartCount: 1, ready: true });
  }, 60_000);
  const sidecar = await containerStatus(world, namespace, 'survivor', 'sluice');
  expect(sidecar.lastState?.terminated).toMatchObject({ exitCode: 137 });
  expect(await containerStatus(world, namespace, 'survivor', 'app')).toMatchObject({ restartCount: 0, ready: true });
  // It began with what it had kept, before the operator had said anything.
  const events = (await world.sidecarLog(namespace, 'survivor'))
    .map((line) => line['msg'])
    .filter((event) => event !== undefined);
  expect(events).toContain('operator-memory-used');
  expect(events.indexOf('operator-memory-used')).toBeLessThan(events.indexOf('operator-connected'));
  await expectGoverned(world, namespace, 'survivor', ['survivor']);
});

interface Said {
  readonly sessions: number;
  readonly count?: number;
  readonly lost?: string;
  readonly message?: string;
}
