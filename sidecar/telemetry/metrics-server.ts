/** GET /metrics, and health, on an address of its own: never statement text, never values. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { type Registry, collectDefaultMetrics } from 'prom-client';

export interface MetricsServer {
  /** host:port */
  readonly listen: string;
  close(): Promise<void>;
}

/** Why it is not so, in a few words; undefined: it is. */
export type HealthCheck = () => string | undefined;

const MAX_CONNECTIONS = 200;

/** `checks` by path, such as `/healthz`. Rejects when the address cannot be bound. */
export async function serveMetrics(
  registry: Registry,
  host: string,
  port: number,
  checks: Readonly<Record<string, HealthCheck>>,
): Promise<MetricsServer> {
  collectDefaultMetrics({ register: registry });
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    if (request.method !== 'GET') return void response.writeHead(405).end();
    const check = checks[request.url ?? ''];
    if (check !== undefined) {
      const problem = check();
      return void response
        .writeHead(problem === undefined ? 200 : 503, { 'content-type': 'text/plain' })
        .end(`${problem ?? 'ok'}\n`);
    }
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  // In a pod every pod of the cluster reaches it: who only holds connections makes room for the kubelet, which asks as soon as it is connected.
  server.maxConnections = MAX_CONNECTIONS;
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    const [oldest] = silent;
    if (silent.size > MAX_CONNECTIONS / 2) oldest?.destroy();
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  return {
    listen: typeof address === 'object' && address !== null ? `${host}:${address.port}` : `${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
