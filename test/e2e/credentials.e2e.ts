/** The password of Sluice's login is changed: first in the database alone, which is a mistake that must be seen, then in the Secret. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { POLICY_NAMESPACE } from './objects.ts';
import { answers, begun, goesOn, STEADY, tally } from './steady.ts';
import { openWorld } from './world.ts';

const world = await openWorld();
const AGENT = 'worker';
const NAME = `rotated-${randomBytes(2).toString('hex')}`;
const PSQL = ['psql', '-AtXc', 'SELECT email FROM customers WHERE id = 6'];
const namespace = await world.namespace('credentials');

beforeAll(async () => {
  await world.sql(`CREATE ROLE "${NAME}" LOGIN PASSWORD 'first'; GRANT SELECT ON customers TO "${NAME}"`);
  const shop = await world.get(POLICY_NAMESPACE, 'database', 'shop');
  await secret('first');
  await world.apply(POLICY_NAMESPACE, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Database',
    metadata: { name: NAME, annotations: { 'sluice.dev/allow-deletion': 'true' } },
    spec: { endpoint: shop.spec?.['endpoint'], tls: shop.spec?.['tls'], credentialsSecretRef: { name: NAME } },
  });
  await world.kubectl(['wait', `database/${NAME}`, '-n', POLICY_NAMESPACE, '--for=condition=Ready', '--timeout=90s']);
  const grants = [{ tables: ['public.customers'], actions: ['Select'] }];
  await world.agent({ namespace, serviceAccount: AGENT, database: NAME, grants });

  await world.pod({ namespace, name: 'steady', serviceAccount: AGENT, inject: NAME, command: STEADY });
  await begun(world, namespace, 'steady');
});
afterAll(async () => {
  await world.kubectl(['delete', 'database', NAME, '-n', POLICY_NAMESPACE, '--wait=false', '--ignore-not-found']);
  await world.kubectl(['delete', 'secret', NAME, '-n', POLICY_NAMESPACE, '--ignore-not-found']);
});

test('changed in the database alone: the session goes on, new ones are refused, and the Database says why', async () => {
  await world.sql(`ALTER ROLE "${NAME}" PASSWORD 'second'`);
  await eventually(async () => {
    const refused = await world.exec(namespace, 'steady', 'app', PSQL, { mayFail: true });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('SLUICE-80');
    // To the client nothing of the login.
    expect(refused.stderr).not.toContain(NAME);
  }, 60_000);
  const before = await tally(world, namespace, 'steady');
  await eventually(async () => {
    const now = await tally(world, namespace, 'steady');
    expect(now.rounds).toBeGreaterThan(before.rounds);
    expect(now).toMatchObject({ sessions: 1, answer: expect.stringContaining('@masked.invalid') });
  }, 30_000);
  await eventually(async () => {
    const { status } = await world.get(POLICY_NAMESPACE, 'database', NAME);
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', message: expect.stringContaining('refused the login') }),
    );
  }, 120_000);
});

test('the Secret follows: new sessions work at once, the one that was open was never lost, the Database is Ready', async () => {
  await secret('second');
  await eventually(async () => {
    const answered = await world.exec(namespace, 'steady', 'app', PSQL, { mayFail: true });
    expect(answered.stdout).toContain('@masked.invalid');
  }, 60_000);
  await answers(world, namespace, 'steady', expect.stringContaining('@masked.invalid'));
  expect(await goesOn(world, namespace, 'steady')).toMatchObject({ sessions: 1 });
  await world.kubectl(['wait', `database/${NAME}`, '-n', POLICY_NAMESPACE, '--for=condition=Ready', '--timeout=90s']);
});

async function secret(password: string): Promise<void> {
  await world.apply(POLICY_NAMESPACE, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: NAME },
    stringData: { username: NAME, password },
  });
}
