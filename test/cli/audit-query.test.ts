/** `sluice audit query`: questions about a trail that real statements of two identities have left. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { startSluice } from '../support/sluice.ts';
import { runSluice } from './support.ts';

const demo = (name: string): string => fileURLToPath(new URL(`../../cli/demo/${name}`, import.meta.url));
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
let directory: string;
let policies: string;
let server: LocalPostgres;
/** Between what the first identity did and what came later. */
let between: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-query-'));
  policies = mkdtempSync(join(tmpdir(), 'sluice-query-policies-'));
  server = await startLocalPostgres({ major: 18 });
  const admin = new pg.Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  const owner = new pg.Client({ connectionString: server.url('shop') });
  await owner.connect();
  await owner.query(readFileSync(demo('schema.sql'), 'utf8').replace(":'app_password'", "'app-secret'"));
  await owner.query(
    "INSERT INTO customers SELECT i, 'N', i || '@example.com', '1', '1', '2000-01-01', 'eu', 0 FROM generate_series(1, 30) i",
  );
  await owner.query("INSERT INTO tickets (customer_id, subject) SELECT 1, 'x' FROM generate_series(1, 150)");
  await owner.end();
  const text = readFileSync(demo('policy.yaml'), 'utf8');
  writeFileSync(join(policies, 'support.yaml'), text);
  writeFileSync(
    join(policies, 'reporting.yaml'),
    `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: reporting, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai-agents, name: reporting}}, {serviceAccount: {namespace: ai-agents, name: idle}}]
  grants:
    - {tables: [public.customers], actions: [Select], columns: [id, email, phone, birth_date], reveal: [email, phone]}
    - {tables: [public.payroll], actions: [Select]}
`,
  );
  await support();
  between = new Date().toISOString();
  await reporting();
});
afterAll(async () => {
  await server.stop();
  for (const each of [directory, policies]) rmSync(each, { recursive: true, force: true });
});

async function as(name: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const sluice = await startSluice({
    policy: [policies],
    as: `ai-agents/${name}`,
    database: 'data-platform/shop',
    upstream: server.url('shop', 'shop_app', 'app-secret'),
    audit: join(directory, `${name}.jsonl`),
  });
  const client = new pg.Client({
    host: '127.0.0.1',
    port: sluice.port,
    user: 'claimed',
    database: 'shop',
    application_name: '=cmd()',
  });
  await client.connect();
  await use(client);
  await client.end();
  await sluice.stop();
}

const support = (): Promise<void> =>
  as('support-agent', async (client) => {
    await client.query('SELECT id, email FROM customers');
    await client.query(`SELECT name FROM customers WHERE id = 1 /*traceparent='00-${TRACE}-00f067aa0ba902b7-01'*/`);
    await client.query("UPDATE tickets SET status = 'solved' WHERE id = 7");
    await client.query('DELETE FROM tickets WHERE id = 8');
    await client.query('SELECT salary FROM payroll').catch(() => {});
    await client.query('SELECT salary FROM payroll').catch(() => {});
    await client.query('DELETE FROM tickets').catch(() => {});
  });

const reporting = (): Promise<void> =>
  as('reporting', async (client) => {
    await client.query('SELECT email, phone FROM customers');
    await client.query('PREPARE later AS SELECT phone FROM customers WHERE id < $1');
    await client.query('EXECUTE later(4)');
    await client.query('SELECT id FROM customers WHERE email = $1', ['1@example.com']);
  });

type Row = Readonly<Record<string, unknown>>;

async function ask(...args: readonly string[]): Promise<Row[]> {
  const { code, stdout, stderr } = await runSluice(['audit', 'query', ...args, '-o', 'json', directory]);
  expect(stderr.replace('sluice: nothing\n', '')).toBe('');
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

describe('sluice audit query', () => {
  it('says who touched a table, and a column of it', async () => {
    const touched = await ask('who', '--table', 'public.customers');
    expect(touched).toMatchObject([
      { subject: 'ai-agents/reporting', action: 'Select', columns: ['email', 'id', 'phone'], statements: 4 },
      { subject: 'ai-agents/support-agent', action: 'Select', columns: ['email', 'id', 'name'], statements: 2, rows: 31 },
    ]);
    expect(await ask('who', '--table', 'customers', '--column', 'phone')).toMatchObject([
      { subject: 'ai-agents/reporting', database: 'data-platform/shop', relation: 'public.customers' },
    ]);
    // Whoever deletes a row touches all columns of it.
    expect(await ask('who', '--table', 'public.tickets', '--column', 'opened_at')).toMatchObject([
      { subject: 'ai-agents/support-agent', action: 'Delete', statements: 1, denied: 1, rows: 1 },
      { action: 'Select' },
    ]);
  });

  it('lists what a service account did, and everything of a trace', async () => {
    const all = await ask('statements', '--as', 'ai-agents/support-agent');
    expect(all).toHaveLength(7);
    expect(await ask('statements', '--as', 'ai-agents', '--denied')).toHaveLength(3);
    expect(await ask('statements', '--trace', TRACE)).toMatchObject([
      { rows: 1, result: 'ok', touched: ['select public.customers(name, id)'] },
    ]);
    expect(await ask('statements', '--from', between)).toHaveLength(4);
    expect(await ask('statements', '--to', between)).toHaveLength(7);
    const { stdout, stderr } = await runSluice(['audit', 'query', 'statements', '--limit', '3', '-o', 'json', directory]);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stderr).toContain('these are the first 3');
  });

  it('groups denials by code and rule, with examples', async () => {
    expect(await ask('denied')).toMatchObject([
      { code: 'SLUICE-201', statements: 2, different: 1, examples: ['select salary from payroll'] },
      { code: 'SLUICE-301', rule: 'guardrails', statements: 1, policies: ['data-platform/support-agent@0'] },
    ]);
  });

  it('says what left in clear, and not what was only prepared', async () => {
    expect(await ask('clear')).toMatchObject([
      { subject: 'ai-agents/reporting', column: 'email', class: 'pii.email', why: 'revealed', statements: 2, rows: 31 },
      { subject: 'ai-agents/reporting', column: 'phone', class: 'pii.phone', statements: 2, rows: 33 },
    ]);
  });

  it('orders readers by what they read', async () => {
    const [first, second] = await ask('readers');
    expect(first).toMatchObject({ subject: 'ai-agents/reporting', rows: 34, largest: 30, tables: ['public.customers'] });
    expect(second).toMatchObject({ subject: 'ai-agents/support-agent', rows: 31 });
    expect(first!['bytes']).toBeGreaterThan(0);
  });

  it('finds accesses that had not been seen before', async () => {
    const first = await ask('first', '--from', between);
    expect(first.map(({ subject, columns }) => [subject, columns])).toEqual([
      ['ai-agents/reporting', ['email', 'phone']],
      ['ai-agents/reporting', ['id']],
    ]);
    expect((await ask('first')).length).toBeGreaterThan(3);
  });

  it('finds grants that nobody used', async () => {
    const unused = await ask('unused', '--policy', policies);
    expect(unused).toContainEqual(expect.objectContaining({ tables: 'public.payroll', action: 'Select', used: 'never' }));
    expect(unused).toContainEqual(
      expect.objectContaining({
        policy: 'data-platform/reporting',
        tables: 'public.customers',
        used: 'partly',
        unusedColumns: ['birth_date'],
        unusedBy: ['ai-agents/idle'],
      }),
    );
    expect(unused).not.toContainEqual(expect.objectContaining({ tables: 'public.tickets', action: 'Delete' }));
    expect(await runSluice(['audit', 'query', 'unused', directory])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--policy'),
    });
  });

  it('lists sessions with what clients claim, harmless in every format', async () => {
    expect(await ask('sessions', '--as', 'ai-agents/reporting')).toMatchObject([
      { event: 'begins', claims: expect.arrayContaining(['user=claimed', 'application==cmd()']) },
      { event: 'ends' },
    ]);
    const { stdout } = await runSluice(['audit', 'query', 'statements', '-o', 'csv', directory]);
    expect(stdout.split('\r\n')).toHaveLength(13);
    const table = await runSluice(['audit', 'query', 'denied', directory]);
    expect(table.stdout).toMatch(/^DECISION +CODE +RULE/);
  });

  it('reads standard input, and says what is wrong with a question', async () => {
    const one = readFileSync(join(directory, 'reporting.jsonl'), 'utf8');
    const { stdout } = await runSluice(['audit', 'query', 'who', '-o', 'json', '-'], `not a record\n${one}`);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const wrong = async (...args: readonly string[]): Promise<unknown> => {
      const { code, stderr } = await runSluice(['audit', 'query', ...args]);
      return [code, stderr];
    };
    expect(await wrong('who')).toEqual([2, expect.stringContaining('say where the records are')]);
    expect(await wrong('who', join(directory, 'none'))).toEqual([1, expect.stringContaining('does not exist')]);
    expect(await wrong('who', '--column', 'x', directory)).toEqual([2, expect.stringContaining('--table')]);
    expect(await wrong('who', '--from', 'yesterday', directory)).toEqual([2, expect.stringContaining('--from wants')]);
    expect(await wrong('statements', '--table', 'public.t', '--row', '1', directory)).toEqual([
      2,
      expect.stringContaining('--digest-key'),
    ]);
  });
});
