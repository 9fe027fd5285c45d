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
