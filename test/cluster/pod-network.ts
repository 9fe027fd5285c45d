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
    const routes = nodes.filter((other) => other !== node).map(({ pods, address }) => `route replace ${pods} via ${address}\n`);
    // Kept for when the node starts again; see node/entrypoint.
    await docker([node.name, 'sh', '-c', 'cat >/etc/pod-routes && ip -batch /etc/pod-routes'], routes.join(''));
    const file = '/etc/cni/net.d/10-pods.conflist';
    await docker([node.name, 'sh', '-c', `cat >${file}.part && mv ${file}.part ${file}`], JSON.stringify(plugins(node.pods)));
    if (!withSurroundings) continue;
    const route = cluster.command('ip', ['route', 'replace', node.pods, 'via', node.address]);
    await run(route.program, route.args, { env: route.env });
  }
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
