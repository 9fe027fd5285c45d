/**
 * A TCP relay that shows what passes: between a client and a server (the bare relay on which attacks are seen to leak), or
 * between a client and Sluice (the tap the canary oracle listens on). It never changes a byte.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface TapOptions {
  readonly host?: string;
  readonly port: number;
  /** Called with every chunk the server sent, before it is passed on. `connection` counts from 1. */
  readonly onServerData?: (chunk: Buffer, connection: number) => void;
  readonly onClientData?: (chunk: Buffer, connection: number) => void;
}

export interface Tap {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  stop(): Promise<void>;
}

export async function startTap(options: TapOptions): Promise<Tap> {
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const connection = ++connections;
    const upstream = connect({ host: options.host ?? '127.0.0.1', port: options.port });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk: Buffer) => options.onClientData?.(chunk, connection));
    upstream.on('data', (chunk: Buffer) => options.onServerData?.(chunk, connection));
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
