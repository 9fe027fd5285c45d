/** What the operator says of a pod and its policy: each scenario ends with a look at it, because that is what a person has to go by. */
import { expect } from 'vitest';
import { eventually } from '../support/until.ts';
import { POLICY_NAMESPACE } from './objects.ts';
import type { Condition, World } from './world.ts';

export interface PodView {
  readonly pod: string;
  readonly serviceAccount: string;
  readonly databases: readonly string[];
  readonly policies: readonly string[];
  readonly state: string;
}

/** `kubectl sluice status` of a namespace. */
export async function statusOf(world: World, namespace: string): Promise<readonly PodView[]> {
  return JSON.parse((await world.sluice(['status', '-n', namespace, '-o', 'json'])).stdout) as PodView[];
}

/** The pods are governed by their own policy, and the policy knows of as many of them. */
export async function expectGoverned(
  world: World,
  namespace: string,
  serviceAccount: string,
  pods: readonly string[],
): Promise<void> {
  const policy = `${namespace}-${serviceAccount}`;
  const views = (await statusOf(world, namespace)).filter((each) => each.serviceAccount === serviceAccount);
  expect(views.toSorted((a, b) => a.pod.localeCompare(b.pod))).toEqual(
    pods.toSorted().map((pod) => ({
      namespace,
      pod,
      serviceAccount,
      databases: [expect.stringContaining('/')],
      policies: [`${POLICY_NAMESPACE}/${policy}`],
      sidecar: world.images.sidecar,
      state: 'Governed',
    })),
  );
  await expectPolicy(
    world,
    policy,
    { boundPods: pods.length, programmedPods: pods.length },
    { Programmed: 'True', Ready: 'True' },
  );
}

/** Of the policy, within seconds: counts, and the status (or reason) of conditions. */
export async function expectPolicy(
  world: World,
  policy: string,
  counts: Readonly<Record<string, number>>,
  conditions: Readonly<Record<string, string>>,
): Promise<void> {
  await eventually(async () => {
    const { status } = await world.get(POLICY_NAMESPACE, 'databaseaccesspolicy', policy);
    expect(status).toMatchObject(counts);
    for (const [type, expected] of Object.entries(conditions)) {
      const found = status?.conditions?.find((each) => each.type === type);
      expect([found?.status, found?.reason], `${type}: ${found?.message ?? 'not there'}`).toContain(expected);
    }
  }, 60_000);
}

export interface EventObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

export async function eventsOf(world: World, namespace: string, name: string): Promise<readonly EventObject[]> {
  const { stdout } = await world.kubectl([
    'get',
    'events',
    '-n',
    namespace,
    '--field-selector',
    `involvedObject.name=${name}`,
    '-o',
    'json',
  ]);
  return (JSON.parse(stdout) as { readonly items: readonly EventObject[] }).items;
}

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((each) => each.type === type);
}
