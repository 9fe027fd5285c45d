/** What a monitoring system sees of a running proxy. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const allowAll = fileURLToPath(new URL('../fixtures/allow-all.yaml', import.meta.url));
let directory: string;
let server: LocalPostgres;
let sluice: RunningSluice;
let address: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-metrics-'));
  server = await startLocalPostgres({ major: 18 });
  const admin = new pg.Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  sluice = await startSluice({
    policy: [allowAll],
    as: 'ai-agents/admin-agent',
    upstream: server.url('shop'),
    audit: join(directory, 'audit.jsonl'),
    extra: ['--metrics', '127.0.0.1:0'],
  });
  address = /"metrics":"([^"]+)"/.exec(sluice.output())![1]!;
});
afterAll(async () => {
  await sluice.stop();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${address}${path}`);
  return { status: response.status, text: await response.text() };
}

it('counts decisions, rows, sessions and refused connections, and never shows statement text', async () => {
  const client = new pg.Client({ host: '127.0.0.1', port: sluice.port, user: 'agent', database: 'shop' });
  await client.connect();
  await client.query("SELECT 'a secret literal' FROM generate_series(1, 7)");
  await client.query("SELECT pg_read_file('no_such_thing')").catch(() => {});
  const wrong = new pg.Client({ host: '127.0.0.1', port: sluice.port, user: 'agent', database: 'elsewhere' });
  await wrong.connect().catch(() => {});
  const { status, text } = await get('/metrics');
  expect(status).toBe(200);
  expect(text).toMatch(/sluice_statements_total\{decision="allow",kind="select"\} 1/);
  expect(text).toMatch(/sluice_denials_total\{code="SLUICE-204"\} 1/);
  expect(text).toMatch(/sluice_rows_total 7/);
  expect(text).toMatch(/sluice_sessions 1/);
  expect(text).toMatch(/sluice_connections_refused_total\{code="SLUICE-801"\} 1/);
  expect(text).toMatch(/sluice_catalog_read_seconds_count\{result="ok"\} [1-9]/);
  expect(text).toMatch(/process_resident_memory_bytes \d+/);
  expect(text).not.toContain('secret');
  expect(text).not.toContain('no_such_thing');
  await client.end();
});

it('answers health checks, and nothing else', async () => {
  expect(await get('/healthz')).toEqual({ status: 200, text: 'ok\n' });
  expect((await get('/anything')).status).toBe(404);
  expect((await fetch(`http://${address}/metrics`, { method: 'POST' })).status).toBe(405);
});
