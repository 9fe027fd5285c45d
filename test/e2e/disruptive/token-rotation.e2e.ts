/**
 * The token that a sidecar connected with ends after ten minutes, and with it the stream, unless the kubelet has written another and the sidecar
 * has said it. A session that was there from the start does not notice. Last of all files: the waiting was done by the others.
 */
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../../support/until.ts';
import { LONG_AGENT, LONG_NAMESPACE, LONG_POD } from '../long-session.ts';
import { POLICY_NAMESPACE } from '../objects.ts';
import { goesOn } from '../steady.ts';
import { openWorld } from '../world.ts';

const world = await openWorld();
/** Milliseconds: the life of a token, and until the operator has looked at its clock. */
const OUTLIVED = 640_000;

afterAll(async () => {
  await world.kubectl(['delete', 'namespace', LONG_NAMESPACE, '--wait=false']);
  await world.kubectl(['delete', 'databaseaccesspolicy', `${LONG_NAMESPACE}-${LONG_AGENT}`, '-n', POLICY_NAMESPACE]);
});

test('a session outlives the token that its sidecar began with', { timeout: OUTLIVED + 60_000 }, async () => {
  const { status } = await world.get<{ readonly status?: { readonly startTime?: string } }>(LONG_NAMESPACE, 'pod', LONG_POD);
  const began = Date.parse(status!.startTime!);
  process.stdout.write(`a session of ${Math.round((Date.now() - began) / 1000)} s\n`);
  await eventually(() => expect(Date.now()).toBeGreaterThan(began + OUTLIVED), OUTLIVED);
  expect(await world.sidecarMetric(LONG_NAMESPACE, LONG_POD, 'sluice_operator_connected')).toBe(1);
  // New connections may have been refused while others of these tests restarted things; the session that it keeps was never lost.
  expect(await goesOn(world, LONG_NAMESPACE, LONG_POD)).toMatchObject({ sessions: 1 });
  const log = await world.sidecarLog(LONG_NAMESPACE, LONG_POD);
  expect(log.filter(({ code }) => String(code).startsWith('Token'))).toEqual([]);
  expect(log.filter(({ msg }) => msg === 'identity-revoked' || msg === 'token-not-read')).toEqual([]);
});
