/** A Service as kube-proxy makes one: new connections go to one of the endpoints that are there now, open ones stay where they are. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TestService {
  readonly port: number;
  /** Loopback ports. */
  use(endpoints: readonly number[]): void;
  close(): Promise<void>;
}

export async function startService(): Promise<TestService> {
  let endpoints: readonly number[] = [];
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = endpoints[turn++ % Math.max(1, endpoints.length)];
    if (target === undefined) return client.destroy();
    const upstream = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from
        .on('error', () => to.destroy())
        .on('close', () => {
          open.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    use(now) {
      endpoints = now;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
