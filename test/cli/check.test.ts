/** `sluice check` answers for people, for scripts and by exit code; it never runs what it is asked about. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type Outcome, runSluice } from './support.ts';

const demo = (name: string): string => fileURLToPath(new URL(`../../cli/demo/${name}`, import.meta.url));
const schema = readFileSync(demo('schema.sql'), 'utf8').replace(":'app_password'", "'x'");
let directory: string;
let server: LocalPostgres;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-check-'));
  writeFileSync(join(directory, 'schema.sql'), schema);
  server = await startLocalPostgres({ major: 18 });
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(schema);
  await client.query("INSERT INTO customers VALUES (1, 'A', 'a@example.com', '1', '1', '2000-01-01', 'eu', 0)");
  await client.query("INSERT INTO tickets (customer_id, subject) VALUES (1, 'x')");
  await client.end();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

function check(args: readonly string[], input?: string): Promise<Outcome> {
  const subject = ['--policy', demo('policy.yaml'), '--as', 'ai-agents/support-agent', '--database', 'data-platform/shop'];
  return runSluice(['check', ...subject, ...args], input);
}

it('says what a statement would become, from a schema file alone', async () => {
  const { code, stdout } = await check(['--schema', join(directory, 'schema.sql'), 'SELECT email FROM customers WHERE id = 3']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^allow {2}SELECT email FROM customers WHERE id = 3$/m);
  expect(stdout).toMatch(/becomes: SELECT email FROM \(SELECT /);
  expect(stdout).toMatch(/masked: public\.customers\.email by email/);
  expect(stdout).toMatch(/filtered: public\.customers by data-platform\/support-agent/);
});

it('answers in JSON, one object a statement, and exits 3 when any is denied', async () => {
  const { code, stdout } = await check(
    ['--upstream', server.url(), '-o', 'json', '-'],
    'SELECT 1; DELETE FROM tickets; SELECT salary FROM payroll',
  );
  expect(code).toBe(3);
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { decision: string; rewritten?: boolean; denial?: { code: string; hint: string } });
  expect(verdicts.map(({ decision, denial }) => [decision, denial?.code])).toEqual([
    ['allow', undefined],
    ['deny', 'SLUICE-301'],
    ['deny', 'SLUICE-201'],
  ]);
  expect(verdicts[0]?.rewritten).toBe(false);
  expect(verdicts[2]?.denial?.hint).toContain('public.customers');
});

it('runs nothing', async () => {
  const file = join(directory, 'harm.sql');
  writeFileSync(file, 'DELETE FROM tickets WHERE id > 0');
  expect((await check(['--upstream', server.url(), '-f', file])).code).toBe(0);
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  expect((await client.query('SELECT count(*)::int AS n FROM tickets')).rows).toEqual([{ n: 1 }]);
  await client.end();
});

it('counts what earlier statements would have changed in the session', async () => {
  const { stdout } = await check([
    '--upstream',
    server.url(),
    '-o',
    'json',
    'PREPARE p AS SELECT ssn FROM customers; EXECUTE p; EXECUTE q',
  ]);
  const decisions = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { decision: string }).decision);
  expect(decisions).toEqual(['allow', 'allow', 'deny']);
});

it('checks the policies when there is no statement, and tells usage mistakes from failures', async () => {
  expect(await check(['--upstream', server.url()])).toMatchObject({ code: 0, stdout: expect.stringContaining('in order') });
  expect((await check(['--upstream', server.url(), '--schema', 'x.sql', 'SELECT 1'])).code).toBe(2);
  expect((await check(['--upstream', server.url(), '-f', 'none.sql'])).stderr).toMatch(
    /^sluice: cannot read none\.sql: it does not exist/m,
  );
  expect((await check(['--schema', 'none.sql', 'SELECT 1'])).code).toBe(1);
});
