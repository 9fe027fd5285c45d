/** Replicas of the operator, from outside. */
import { expect } from 'vitest';
import { eventually } from '../support/until.ts';
import { SYSTEM_NAMESPACE } from './objects.ts';
import { replicas } from './replicas.ts';
import type { World } from './world.ts';

export const OPERATOR = 'deployment/sluice-operator';
export const REPLICAS = 2;

/** The pod that holds the Lease; undefined while nobody does. */
export async function leader(world: World): Promise<string | undefined> {
  const { spec } = await world.get(SYSTEM_NAMESPACE, 'lease', 'sluice-leader');
  const holder = String(spec?.['holderIdentity'] ?? '');
  return holder === '' ? undefined : holder.slice(0, holder.lastIndexOf('_'));
}

/** Resolves with the pod that leads, once that is another than `former`. */
export async function nextLeader(world: World, former?: string): Promise<string> {
  let now: string | undefined;
  await eventually(async () => {
    now = await leader(world);
    expect(now).toBeDefined();
    expect(now).not.toBe(former);
  }, 60_000);
  return now!;
}

export async function rolledOut(world: World, deployment = OPERATOR, namespace = SYSTEM_NAMESPACE): Promise<void> {
  await world.kubectl(['rollout', 'status', deployment, '-n', namespace, '--timeout=120s'], { timeout: 150 });
}

/** All replicas are Ready, and none is on its way out any more. */
export async function settled(world: World): Promise<void> {
  await rolledOut(world);
  await eventually(async () => {
    const all = await replicas(world);
    expect(all).toHaveLength(REPLICAS);
    for (const { status } of all)
      expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  }, 60_000);
}
