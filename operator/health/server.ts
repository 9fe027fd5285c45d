/**
 * What the kubelet and Prometheus ask, over plain HTTP:
 *
 *   /healthz  the process answers: nothing else, since a restart mends nothing else
 *   /readyz   200, or 503 and a line for each thing that is missing
 *   /metrics  https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { closeNow, listenOn } from './listening.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly registry: Registry;
  /** One line each; none: ready. */
  readonly missing: () => readonly string[];
  /** At most. */
  readonly connections?: number;
}

const MAX_CONNECTIONS = 500;

export interface HealthServer {
  /** Resolves with the port. */
  listen(): Promise<number>;
  close(): Promise<void>;
}

export function createHealthServer({
  host,
  port,
  registry,
  missing,
  connections = MAX_CONNECTIONS,
}: HealthServerOptions): HealthServer {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 8192 }, (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'only GET\n');
    switch (request.url?.split('?', 1)[0]) {
      case '/healthz':
        return end(response, 200, 'ok\n');
      case '/readyz': {
        const lines = missing();
        return lines.length === 0 ? end(response, 200, 'ok\n') : end(response, 503, `${lines.join('\n')}\n`);
      }
      case '/metrics':
        registry.metrics().then(
          (text) => end(response, 200, text, registry.contentType),
          () => end(response, 500, 'the metrics cannot be collected\n'),
        );
        return;
      default:
        return end(response, 404, 'there are /healthz, /readyz and /metrics\n');
    }
  });
  server.maxConnections = connections;
  // Whoever reaches the port could hold all connections, and the kubelet, which asks as soon as it is connected, would restart us.
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    const [oldest] = silent;
    if (silent.size > connections / 2) oldest?.destroy();
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return {
    listen: () => listenOn(server, host, port),
    close: () => closeNow(server),
  };
}

function end(response: ServerResponse, code: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' }).end(text);
}
