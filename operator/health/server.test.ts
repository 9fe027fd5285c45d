import { connect } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { createHealthServer, type HealthServer } from './server.ts';

let server: HealthServer | undefined;
afterEach(() => server?.close());

it('tells health, readiness with what is missing, and metrics', async () => {
  const registry = new Registry();
  new Counter({ name: 'sluice_operator_test_total', help: 'x', registers: [registry] }).inc();
  let missing: readonly string[] = ['no certificate yet', 'pods have not been listed'];
  server = createHealthServer({ host: '127.0.0.1', port: 0, registry, missing: () => missing });
  const port = await server.listen();
  const get = async (path: string, method = 'GET'): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [response.status, await response.text()];
  };
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  expect(await get('/readyz')).toEqual([503, 'no certificate yet\npods have not been listed\n']);
  missing = [];
  expect(await get('/readyz?verbose')).toEqual([200, 'ok\n']);
  expect((await get('/metrics'))[1]).toContain('sluice_operator_test_total 1');
  expect((await get('/nothing'))[0]).toBe(404);
  expect((await get('/healthz', 'POST'))[0]).toBe(405);
});

it('answers who asks, however many hold connections and say nothing', async () => {
  server = createHealthServer({ host: '127.0.0.1', port: 0, registry: new Registry(), missing: () => [], connections: 20 });
  const port = await server.listen();
  const silent = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))));
  for (let turn = 0; turn < 30; turn += 1) expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  for (const socket of silent) socket.destroy();
});
