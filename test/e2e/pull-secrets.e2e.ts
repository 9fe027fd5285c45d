/** The sidecar's image is pulled with what the pod has: injection keeps it, and a pod that cannot pull waits, and says so, instead of starting without. */
import { expect, it } from 'vitest';
import { podObject } from './objects.ts';
import { openWorld } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: raw objects
type Json = Record<string, any>;

const world = await openWorld();

it('pull secrets of the pod, and of its service account, are those of the sidecar', async () => {
  const namespace = await world.namespace('pull');
  await world.agent({ namespace, serviceAccount: 'agent' });
  await world.apply(namespace, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'agent' },
    imagePullSecrets: [{ name: 'of-account' }],
  });
  const secrets = async (spec: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const pod = podObject(
      { namespace, name: 'app', serviceAccount: 'agent', command: ['sleep', 'infinity'], spec },
      world.images.agents,
    );
    const { stdout } = await world.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], {
      input: JSON.stringify(pod),
    });
    const { spec: made } = JSON.parse(stdout) as Json;
    expect(made.initContainers[0].name).toBe('sluice');
    return made.imagePullSecrets;
  };
  expect(await secrets({})).toEqual([{ name: 'of-account' }]);
  expect(await secrets({ imagePullSecrets: [{ name: 'of-pod' }] })).toEqual([{ name: 'of-pod' }]);
});
