/** Policies change while sessions are open: kubectl apply, and the next statement is judged by it; kubectl delete, and there are no more statements. */
import { expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { POLICY_NAMESPACE, policyObject } from './objects.ts';
import { eventsOf, expectGoverned, expectPolicy, statusOf } from './operators-view.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const namespace = await world.namespace('policies');
const customers = { tables: ['public.customers'], actions: ['Select'], columns: ['id', 'name', 'region'] };

/** One session for as long as it lasts; then whether there would be another. */
const ONE_SESSION = `
import json, sys, time, psycopg
def say(**line): print(json.dumps(line), flush=True)
def words(error): return {"sqlstate": error.sqlstate, "message": str(error)}
connection = psycopg.connect("", autocommit=True)
try:
    while True:
        try:
            say(answer=connection.execute("SELECT name FROM customers WHERE id = 6").fetchone()[0])
        except psycopg.Error as error:
            if connection.closed: raise
            say(refused=words(error))
        time.sleep(0.2)
except psycopg.Error as error:
    say(ended=words(error))
while True:
    try:
        psycopg.connect("").close()
        say(again="connected")
    except psycopg.Error as error:
        say(again=str(error))
    time.sleep(1)
`;

interface Said {
  readonly answer?: string;
  readonly refused?: { readonly sqlstate: string; readonly message: string };
  readonly ended?: { readonly sqlstate: string | null; readonly message: string };
  readonly again?: string;
}

async function said(pod: string): Promise<readonly Said[]> {
  const text = await world.logs(namespace, pod, 'app');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Said);
}

async function session(name: string): Promise<void> {
  await world.agent({ namespace, serviceAccount: name, grants: [customers] });
  await world.pod({ namespace, name, serviceAccount: name, command: ['python3', '-c', ONE_SESSION] });
  await world.ready(namespace, name);
  await eventually(async () => expect(await said(name)).toContainEqual({ answer: 'Y****' }));
  await expectGoverned(world, namespace, name, [name]);
}

async function grant(serviceAccount: string, grants: readonly object[], spec = {}): Promise<void> {
  await world.apply(POLICY_NAMESPACE, policyObject({ namespace, serviceAccount, grants, spec }));
}

/** Ended by us, in words that say why; and there is no other. */
async function expectEnded(pod: string): Promise<void> {
  await eventually(async () => expect((await said(pod)).at(-1)?.again).toBeDefined(), 60_000);
  const lines = await said(pod);
  const ended = lines.find((each) => each.ended !== undefined)?.ended;
  expect(ended?.message).toMatch(/SLUICE-703|terminating connection|closed the connection/);
  for (const { again } of lines.filter((each) => each.again !== undefined)) expect(again).toContain('SLUICE-703');
  // Not one answer after the end.
  expect(lines.slice(lines.findIndex((each) => each.ended !== undefined)).filter((each) => each.answer !== undefined)).toEqual(
    [],
  );
}

test('kubectl apply changes the answer to the next statement of an open session', async () => {
  await session('changing');
  await grant('changing', [{ ...customers, reveal: ['name'] }]);
  await eventually(async () => expect((await said('changing')).at(-1)).toEqual({ answer: 'Yara Gupta' }));
  await grant('changing', [{ ...customers, columns: ['id', 'region'] }]);
  await eventually(async () => expect((await said('changing')).at(-1)?.refused).toMatchObject({ sqlstate: '42501' }));
  await grant('changing', [customers]);
  await eventually(async () => expect((await said('changing')).at(-1)).toEqual({ answer: 'Y****' }));
  // It was the same session all the while.
  expect((await said('changing')).filter((each) => each.ended !== undefined || each.again !== undefined)).toEqual([]);
  await expectPolicy(world, `${namespace}-changing`, { programmedPods: 1 }, { Programmed: 'True', Ready: 'True' });
});

test('kubectl delete ends the session', async () => {
  await session('withdrawn');
  await world.kubectl(['delete', 'databaseaccesspolicy', `${namespace}-withdrawn`, '-n', POLICY_NAMESPACE]);
  await expectEnded('withdrawn');
  expect((await statusOf(world, namespace)).find((each) => each.pod === 'withdrawn')).toMatchObject({
    state: 'NoPolicy',
    policies: [],
  });
  // The same pod, without being restarted, as soon as there is a policy again.
  await grant('withdrawn', [customers]);
  await eventually(async () => expect((await said('withdrawn')).at(-1)?.again).toBe('connected'), 30_000);
});

test('a policy that ends by itself ends the session', async () => {
  await session('expiring');
  const validUntil = new Date(Date.now() + 10_000).toISOString().replace(/\.\d+/, '');
  await grant('expiring', [customers], { validUntil });
  await expectEnded('expiring');
  await expectPolicy(world, `${namespace}-expiring`, {}, { Accepted: 'Expired', Ready: 'False' });
  expect(await eventsOf(world, POLICY_NAMESPACE, `${namespace}-expiring`)).toContainEqual(
    expect.objectContaining({ reason: 'Expired' }),
  );
  expect((await statusOf(world, namespace)).find((each) => each.pod === 'expiring')).toMatchObject({ state: 'NoPolicy' });
});
