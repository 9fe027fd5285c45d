import { connect } from 'node:net';
import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';

let server: MetricsServer | undefined;
afterEach(() => server?.close());

it('answers who asks, however many hold connections and say nothing', async () => {
  server = await serveMetrics(new Registry(), '127.0.0.1', 0, { '/healthz': () => undefined });
  const { port } = new URL(`http://${server.listen}`);
  const held = new Set(Array.from({ length: 400 }, () => connect(Number(port), '127.0.0.1').on('error', () => {})));
  for (const socket of held) socket.once('close', () => held.delete(socket));
  await expect.poll(() => held.size).toBeLessThanOrEqual(100);
  for (let turn = 0; turn < 30; turn += 1) expect((await fetch(`http://${server.listen}/healthz`)).status).toBe(200);
  for (const socket of held) socket.destroy();
});
