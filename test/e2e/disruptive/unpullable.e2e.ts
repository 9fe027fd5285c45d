/** A sidecar's image that cannot be pulled: the pod waits and says so, and its application does not start without. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { settled } from '../operators.ts';
import { openWorld } from '../world.ts';

const world = await openWorld();
const CHART = join(import.meta.dirname, '..', '..', '..', 'charts', 'sluice');

let upgraded = false;
afterAll(async () => {
  if (!upgraded) return;
  await world.helm(['rollback', 'sluice', '-n', 'sluice-system', '--wait']);
  await settled(world);
});

it('a pod whose sidecar cannot be pulled waits for it, and is seen', async () => {
  const namespace = await world.namespace('unpullable');
  await world.agent({ namespace, serviceAccount: 'agent' });
  const image = ['--set', 'sidecar.image.repository=registry.invalid/sluice-sidecar', '--set', 'sidecar.image.pullPolicy=Always'];
  await world.helm(['upgrade', 'sluice', CHART, '-n', 'sluice-system', '--reuse-values', ...image, '--wait']);
  upgraded = true;
  // A replica that is on its way out may still be asked, and knows the image that was.
  await settled(world);
  const secrets = { imagePullSecrets: [{ name: 'registry' }] };
  await world.pod({ namespace, name: 'app', serviceAccount: 'agent', command: ['sleep', 'infinity'], spec: secrets });
  const statuses = async () => (await world.get(namespace, 'pod', 'app')).status;
  const soon = { timeout: 90_000, interval: 1000 };
  await expect
    .poll(
      async () => (await statuses())?.initContainerStatuses?.find(({ name }) => name === 'sluice')?.state.waiting?.reason,
      soon,
    )
    .toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
  expect((await statuses())?.containerStatuses?.[0]?.state.waiting?.reason).toBe('PodInitializing');
  expect((await world.get(namespace, 'pod', 'app')).spec).toMatchObject(secrets);
  const events = await world.kubectl(['get', 'events', '-n', namespace, '-o', 'jsonpath={.items[*].message}']);
  expect(events.stdout).toContain('registry.invalid/sluice-sidecar');
  expect((await world.kubectl(['get', 'pods', '-n', namespace])).stdout).toMatch(/Init:(ErrImagePull|ImagePullBackOff)/);
  expect((await world.sluice(['status', '-n', namespace], { mayFail: true })).stdout).toMatch(/app .*NotReady/);
});
