/** Pods of the operator, those on their way out among them. */
import { SYSTEM_NAMESPACE } from './objects.ts';
import type { KubernetesObject, World } from './world.ts';

export async function replicas({ kubectl }: Pick<World, 'kubectl'>): Promise<readonly KubernetesObject[]> {
  const { stdout } = await kubectl(['get', 'pods', '-n', SYSTEM_NAMESPACE, '-l', 'app.kubernetes.io/name=sluice', '-o', 'json']);
  return (JSON.parse(stdout) as { readonly items: readonly KubernetesObject[] }).items;
}
