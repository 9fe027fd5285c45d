/** SIGTERM: open transactions come to their end, newcomers are told why they are not served, then the process ends with 0. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { startSluice } from '../support/sluice.ts';
import { LoginError, WireClient } from '../support/wire-client.ts';

const allowAll = fileURLToPath(new URL('../fixtures/allow-all.yaml', import.meta.url));
let server: LocalPostgres;
let admin: WireClient;

beforeAll(async () => {
  server = await startLocalPostgres({ major: 18 });
  admin = await WireClient.connect({ port: server.port, user: 'postgres', password: server.password });
  await admin.query('create database shop');
});
afterAll(async () => {
  await admin.close();
  await server.stop();
});

it('lets transactions end, still cancels, refuses newcomers, exits 0', async () => {
  const sluice = await startSluice({ policy: [allowAll], as: 'ai-agents/admin-agent', upstream: server.url('shop') });
  const idle = await sluice.connect('shop');
  const busy = await sluice.connect('shop');
  await busy.query('begin');
  busy.send(f.query('select pg_sleep(60)'));
  const sleeping = "select 1 from pg_stat_activity where state = 'active' and wait_event = 'PgSleep'";
  while ((await admin.query(sleeping)).results[0]?.rows.length !== 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = sluice.stop();
  // Its farewell shows that draining has begun.
  expect((await idle.next())?.type).toBe('E');
  const newcomer = await sluice.connect('shop').catch((error: unknown) => error);
  expect(newcomer).toBeInstanceOf(LoginError);
  expect((newcomer as LoginError).fields).toMatchObject({ S: 'FATAL', C: '57P01', D: 'SLUICE-806: Sluice is shutting down.' });
  const canceller = await WireClient.open({ port: sluice.port });
  canceller.send(f.cancelRequest(busy.processId, busy.secret));
  expect(await canceller.next()).toBeNull();
  const cancelled = await busy.exchange([]);
  expect([cancelled.error?.['C'], cancelled.status]).toEqual(['57014', 'E']);
  expect((await busy.query('rollback')).results[0]?.tag).toBe('ROLLBACK');
  expect(await stopped).toBe(0);
});
