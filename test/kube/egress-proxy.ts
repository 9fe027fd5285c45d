/** HTTP CONNECT on a Unix socket, as kube-apiserver's egress selector speaks it: cluster IPs lead to loopback ports, and nothing else leads anywhere. */
import { createServer } from 'node:http';
import { connect } from 'node:net';

export interface EgressProxy {
  route(service: { readonly namespace: string; readonly name: string; readonly port: number }, loopbackPort: number): void;
  close(): Promise<void>;
}

/** `serviceOf` finds the Service that has a cluster IP. */
export async function startEgressProxy(
  path: string,
  serviceOf: (clusterIp: string) => Promise<{ readonly namespace: string; readonly name: string } | undefined>,
): Promise<EgressProxy> {
  const routes = new Map<string, number>();
  const open = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on('connect', (request, client) => {
    open.add(client);
    client.on('error', () => client.destroy()).on('close', () => open.delete(client));
    const [, host = '', port = ''] = /^\[?([^\]]*)\]?:(\d+)$/.exec(request.url ?? '') ?? [];
    void serviceOf(host)
      .catch(() => undefined)
      .then((service) => {
        const target = service === undefined ? undefined : routes.get(`${service.namespace}/${service.name}:${port}`);
        if (target === undefined) {
          client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
          return;
        }
        const upstream = connect(target, '127.0.0.1');
        upstream.on('connect', () => {
          client.write('HTTP/1.1 200 OK\r\n\r\n');
          upstream.pipe(client).pipe(upstream);
        });
        upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
        client.on('close', () => upstream.destroy());
      });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    route: ({ namespace, name, port }, loopbackPort) => void routes.set(`${namespace}/${name}:${port}`, loopbackPort),
    close: async () => {
      for (const each of open) each.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
