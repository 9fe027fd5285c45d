/** What helps after a failure. Each piece by itself: what cannot be had must not hide the rest. No Secrets. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { attempt } from './process.ts';

/** Logs of all pods, their state and Events, and the objects of Sluice: as YAML, and as a person would look at them. */
export async function collectObjects(cluster: Cluster, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { program, args: all, env } = cluster.command('kubectl', args);
    const { stdout, stderr } = await attempt(program, all, { env });
    return stdout + stderr;
  };
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  write('pods.txt', await kubectl('get', 'nodes,pods', '--all-namespaces', '--output', 'wide'));
  write('events.txt', await kubectl('get', 'events', '--all-namespaces', '--sort-by', '.lastTimestamp'));
  write('described.txt', await kubectl('describe', 'nodes,pods', '--all-namespaces'));
  const ours = (await kubectl('api-resources', '--api-group', 'sluice.dev', '--output', 'name'))
    .split('\n')
    .filter((line) => /^\S+$/.test(line));
  const admission = ['mutatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
  for (const kind of [...ours, ...admission, 'leases'])
    write(`${kind}.yaml`, await kubectl('get', kind, '--all-namespaces', '--output', 'yaml'));
  await kubectl('cluster-info', 'dump', '--all-namespaces', '--output', 'yaml', '--output-directory', join(directory, 'dump'));
}

/** Of each node of kind: what it printed, and /var/log with containerd, kubelet and every container, also those that are gone. */
export async function collectNodes(
  nodes: readonly string[],
  env: Readonly<Record<string, string>>,
  directory: string,
): Promise<void> {
  for (const node of nodes) {
    const there = join(directory, 'nodes', node);
    mkdirSync(there, { recursive: true });
    const printed = await attempt('docker', ['logs', node], { env });
    writeFileSync(join(there, 'console.log'), printed.stdout + printed.stderr);
    await attempt('docker', ['cp', '--quiet', `${node}:/var/log/.`, there], { env });
    // The official node image has systemd.
    const journal = await attempt(
      'docker',
      ['exec', node, 'journalctl', '--no-pager', '--unit', 'kubelet', '--unit', 'containerd'],
      { env },
    );
    if (journal.code === 0) writeFileSync(join(there, 'journal.log'), journal.stdout);
  }
}
