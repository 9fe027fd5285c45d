/** The cluster that the run has brought up, from a test file's point of view. */
import type { Cluster } from '../cluster/cluster.ts';
import { findCluster } from '../cluster/providers.ts';
import type { Installed } from './world.ts';

export async function attach({ provider, name }: Installed['cluster']): Promise<Cluster> {
  const cluster = await findCluster(name, provider);
  if (cluster === undefined) throw new Error(`the cluster ${name} (${provider}) does not run any more`);
  return cluster;
}
