/**
 * What connects pods of our node image: on each node the bridge plugin with the node's own range, and a route to the range of each other
 * node. Pods keep their addresses everywhere (nothing is masqueraded), also towards the network namespace around the nodes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './process.ts';
import type { KindCluster } from './kind.ts';

interface Node {
  readonly name: string;
  readonly address: string;
  readonly pods: string;
}

export async function connectPods(cluster: KindCluster, withSurroundings: boolean): Promise<void> {
  const nodes = await addressed(cluster);
  const docker = (args: readonly string[], input?: string): Promise<string> =>
    run('docker', ['exec', '--interactive', ...args], { env: cluster.env, input: input ?? '' });
  for (const node of nodes) {
    for (const other of nodes)
      if (other !== node) await docker([node.name, 'ip', 'route', 'replace', other.pods, 'via', other.address]);
    const file = '/etc/cni/net.d/10-pods.conflist';
    await docker([node.name, 'sh', '-c', `cat >${file}.part && mv ${file}.part ${file}`], JSON.stringify(plugins(node.pods)));
    if (!withSurroundings) continue;
    const route = cluster.command('ip', ['route', 'replace', node.pods, 'via', node.address]);
    await run(route.program, route.args, { env: route.env });
  }
  await nameNodes(cluster, nodes);
}

/**
 * Pods on the node's own network ask the pods' resolver, which knows no nodes; kube-proxy of a worker finds the API server by the name of its
 * node. The kubelet copies the node's /etc/hosts when it starts a container, so those that run already are started anew.
 */
async function nameNodes(cluster: KindCluster, nodes: readonly Node[]): Promise<void> {
  const lines = nodes.map(({ name, address }) => `${address} ${name}\n`).join('');
  for (const { name } of nodes)
    await run('docker', ['exec', '--interactive', name, 'sh', '-c', 'cat >>/etc/hosts'], { env: cluster.env, input: lines });
  const { program, args, env } = cluster.command('kubectl', ['-n', 'kube-system', 'delete', 'pods', '-l', 'k8s-app=kube-proxy']);
  await run(program, args, { env });
}

function plugins(subnet: string): object {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    isDefaultGateway: true,
    hairpinMode: true,
    ipam: { type: 'host-local', ranges: [[{ subnet }]] },
  };
  return { cniVersion: '0.4.0', name: 'pods', plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }] };
}

/** The controller manager gives each node its range of pod addresses, soon after it has joined. */
async function addressed(cluster: KindCluster): Promise<readonly Node[]> {
  const row = '{.metadata.name} {.spec.podCIDR} {.status.addresses[?(@.type=="InternalIP")].address}';
  const { program, args, env } = cluster.command('kubectl', [
    'get',
    'nodes',
    '--output',
    `jsonpath={range .items[*]}${row}{"\\n"}{end}`,
  ]);
  for (let tries = 0; tries < 150; tries++) {
    const rows = (await run(program, args, { env })).split('\n').filter(Boolean);
    const nodes = rows.map((line) => line.split(' ')).map(([name = '', pods = '', address = '']) => ({ name, pods, address }));
    if (nodes.every((node) => node.pods !== '' && node.address !== '')) return nodes;
    await sleep(200);
  }
  throw new Error('the nodes get no ranges of pod addresses from the controller manager');
}
