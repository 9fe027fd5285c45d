/** Clients that insist on TLS, with libpq itself. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasProgram } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';

const run = promisify(execFile);
const allowAll = fileURLToPath(new URL('../fixtures/allow-all.yaml', import.meta.url));
let directory: string;
let server: LocalPostgres;
let sluice: RunningSluice;
let ca: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  ca = join(directory, 'ca.pem');
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
    extra: ['--tls', 'self-signed', '--tls-ca', ca],
  });
});
afterAll(async () => {
  await sluice.stop();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

function psql(parameters: string): Promise<{ stdout: string }> {
  return run('psql', [
    '-XAt',
    '-c',
    'SELECT 40 + 2',
    `host=localhost hostaddr=127.0.0.1 port=${sluice.port} dbname=shop user=agent ${parameters}`,
  ]);
}

it.runIf(hasProgram('psql'))('serves every sslmode of libpq from disable to verify-full', async () => {
  expect(readFileSync(ca, 'utf8')).toContain('BEGIN CERTIFICATE');
  for (const mode of [
    'sslmode=disable',
    'sslmode=prefer',
    'sslmode=require',
    `sslmode=verify-ca sslrootcert=${ca}`,
    `sslmode=verify-full sslrootcert=${ca}`,
  ]) {
    expect((await psql(mode)).stdout).toBe('42\n');
  }
});

it.runIf(hasProgram('psql'))('is not verified by a client that trusts another authority', async () => {
  await expect(psql('sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt')).rejects.toThrow(
    /certificate verify failed|certificate/,
  );
});
