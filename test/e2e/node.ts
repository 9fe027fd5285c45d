/**
 * What is done on a node itself, not through the API server: containers killed behind the kubelet's back, the kubelet restarted. Nodes of kind
 * are containers of a Docker engine; into the nodes of somebody's own cluster there is no way, and what needs one is skipped there and says so.
 */
import { expect } from 'vitest';
import type { CommandOptions, CommandResult } from './commands.ts';
import { run } from './commands.ts';
import type { ContainerStatus, World } from './world.ts';

export function nodesInReach({ cluster }: World): boolean {
  return cluster.provider !== 'current-context';
}

export function onNode(world: World, node: string, command: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return run(world.cluster, 'docker', ['exec', node, ...command], options);
}

export async function nodeOf(world: World, namespace: string, pod: string): Promise<string> {
  const { spec } = await world.get(namespace, 'pod', pod);
  return String(spec?.['nodeName']);
}

export async function containerStatus(world: World, namespace: string, pod: string, container: string): Promise<ContainerStatus> {
  const { status } = await world.get(namespace, 'pod', pod);
  const found = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    ({ name }) => name === container,
  );
  expect(found, `container ${container} of ${namespace}/${pod}`).toBeDefined();
  return found!;
}

/** SIGKILL, as the kernel would when memory runs out. The kubelet finds out by itself. */
export async function killContainer(world: World, namespace: string, pod: string, container: string): Promise<void> {
  const { containerID = '' } = await containerStatus(world, namespace, pod, container);
  await containerd(
    world,
    await nodeOf(world, namespace, pod),
    'task',
    'kill',
    '--signal',
    'SIGKILL',
    containerID.replace('containerd://', ''),
  );
}

export function containerd(world: World, node: string, ...args: readonly string[]): Promise<CommandResult> {
  return onNode(world, node, ['ctr', '--namespace', 'k8s.io', ...args]);
}
