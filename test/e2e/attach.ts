/** The cluster that the run has brought up, from a test file's point of view. */
import type { Cluster } from '../cluster/cluster.ts';
import type { Installed } from './world.ts';

export async function attach({ provider, name }: Installed['cluster']): Promise<Cluster> {
  if (provider !== 'current-context') throw new Error(`test/cluster has no provider ${provider} yet`);
  const env = Object.fromEntries(Object.entries(process.env).filter((each): each is [string, string] => each[1] !== undefined));
  return {
    name,
    provider,
    kubeconfig: env['KUBECONFIG'] ?? '',
    command: (program, args) => ({ program, args, env }),
    load: async () => {},
    collectLogs: async () => {},
  };
}
