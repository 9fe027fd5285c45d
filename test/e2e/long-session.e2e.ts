/** Begins the session of `long-session.ts`, and leaves it. */
import { expect, test } from 'vitest';
import { eventually } from '../support/until.ts';
import { LONG_AGENT, LONG_NAMESPACE, LONG_POD } from './long-session.ts';
import { POLICY_NAMESPACE, policyObject } from './objects.ts';
import { begun, STEADY } from './steady.ts';
import { openWorld } from './world.ts';

const world = await openWorld();

test('a session begins that will outlive its first token', async () => {
  const grants = [{ tables: ['public.customers'], actions: ['Select'] }];
  // Not by world.namespace and world.agent: they take away when this file ends.
  await world.kubectl(['delete', 'namespace', LONG_NAMESPACE, '--ignore-not-found']);
  await world.kubectl(['create', 'namespace', LONG_NAMESPACE]);
  await world.apply(LONG_NAMESPACE, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: LONG_AGENT } });
  await world.apply(POLICY_NAMESPACE, policyObject({ namespace: LONG_NAMESPACE, serviceAccount: LONG_AGENT, grants }));
  await eventually(() => world.pod({ namespace: LONG_NAMESPACE, name: LONG_POD, serviceAccount: LONG_AGENT, command: STEADY }));
  expect(await begun(world, LONG_NAMESPACE, LONG_POD)).toMatchObject({ answer: expect.stringContaining('@masked.invalid') });
});
