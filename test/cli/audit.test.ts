/** `sluice audit`: what a stranger can tell from a file alone. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { startSluice } from '../support/sluice.ts';
import { runSluice } from './support.ts';

const demo = (name: string): string => fileURLToPath(new URL(`../../cli/demo/${name}`, import.meta.url));
let directory: string;
let file: string;
let server: LocalPostgres;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-audit-'));
  file = join(directory, 'audit.jsonl');
  server = await startLocalPostgres({ major: 18 });
  const admin = new pg.Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  const owner = new pg.Client({ connectionString: server.url('shop') });
  await owner.connect();
  await owner.query(readFileSync(demo('schema.sql'), 'utf8').replace(":'app_password'", "'app-secret'"));
  await owner.query(
    "INSERT INTO customers SELECT i, 'N', i || '@example.com', '1', '1', '2000-01-01', 'eu', 0 FROM generate_series(1, 3) i",
  );
  await owner.query("INSERT INTO tickets (customer_id, subject) SELECT 1, 'x' FROM generate_series(1, 150)");
  await owner.end();
  const sluice = await startSluice({
    policy: [demo('policy.yaml')],
    as: 'ai-agents/support-agent',
    database: 'data-platform/shop',
    upstream: server.url('shop', 'shop_app', 'app-secret'),
    audit: file,
  });
  const client = new pg.Client({
    host: '127.0.0.1',
    port: sluice.port,
    user: 'claimed',
    database: 'shop',
    application_name: 'my agent',
  });
  await client.connect();
  await client.query("SELECT id, email FROM customers WHERE name = 'secret literal'");
  await client.query({ name: 's', text: 'SELECT email FROM customers WHERE id = $1', values: [2] });
  await client.query('SELECT salary FROM payroll').catch(() => {});
  await client.query('UPDATE tickets SET subject = $1 WHERE id > 0', ['everything']).catch(() => {});
  await client.query('SELECT email::int FROM customers').catch(() => {});
  await client.end();
  await sluice.stop();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Shown {
  readonly decision: string;
  readonly code?: string;
  readonly text: string;
  readonly masks: Record<string, string>;
  readonly outcome: { readonly result: string; readonly sqlstate?: string; readonly rows?: number } | null;
}

async function shown(...args: string[]): Promise<Shown[]> {
  const { stdout, code } = await runSluice(['audit', 'show', file, '-o', 'json', ...args]);
  expect(code).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Shown);
}

it('shows each statement with its decision and its end, prepared ones with their text, literals never', async () => {
  const records = await shown();
  expect(records.map(({ decision, code, outcome }) => [decision, code, outcome?.result, outcome?.sqlstate])).toEqual([
    ['allow', undefined, 'ok', undefined],
    ['allow', undefined, 'ok', undefined],
    ['deny', 'SLUICE-201', 'denied', expect.anything()],
    ['allow', undefined, 'error', '53400'],
    ['allow', undefined, 'error', '22P02'],
  ]);
  expect(records[1]).toMatchObject({
    text: expect.stringMatching(/select email from customers/i),
    masks: { 'public.customers.email': 'email' },
    outcome: { rows: 1 },
  });
  const whole = readFileSync(file, 'utf8');
  expect(whole).not.toContain('secret literal');
  expect(whole).not.toContain('everything');
  expect(whole).not.toContain('app-secret');
  expect(whole).toMatch(/"claims":\{[^}]*"user":"claimed"/);
  expect(await shown('--denied')).toHaveLength(1);
  expect(await shown('--last', '2')).toHaveLength(2);
});

it('verifies what the proxy wrote, and names the first record that somebody changed', async () => {
  const verified = await runSluice(['audit', 'verify', file]);
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^valid {2}/) });
  const forged = join(directory, 'forged.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes('SLUICE-201'));
  writeFileSync(forged, lines.with(at, lines[at]!.replace('"deny"', '"allow"')).join('\n'));
  const refused = await runSluice(['audit', 'verify', forged, '-o', 'json']);
  expect(refused.code).toBe(3);
  expect(JSON.parse(refused.stdout)).toMatchObject({ valid: false, fault: { line: at + 1 } });
});

it('shows a tail that was cut off when the head is known, and bytes of a torn record', async () => {
  const { head } = JSON.parse((await runSluice(['audit', 'verify', file, '-o', 'json'])).stdout) as { head: string };
  const cut = join(directory, 'cut.jsonl');
  writeFileSync(cut, `${readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, -2).join('\n')}\n`);
  expect((await runSluice(['audit', 'verify', cut])).code).toBe(0);
  expect((await runSluice(['audit', 'verify', cut, '--head', head])).stdout).toContain('missing at the end');
  appendFileSync(cut, '{"v":1');
  expect((await runSluice(['audit', 'verify', cut])).stdout).toContain('6 bytes after the last record');
});

it('says what is wrong with a file it cannot read', async () => {
  expect(await runSluice(['audit', 'verify', join(directory, 'none')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('it does not exist'),
  });
  expect((await runSluice(['audit', 'verify', '-'], 'hello\n')).code).toBe(3);
  expect((await runSluice(['audit', 'show', '-'], 'hello\n')).code).toBe(1);
});
