/** `sluice classify`: what is sensitive and why, for people, for programs, and as YAML that settles it; never a value. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient, type TestClient } from '../sensitivity/client.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type Outcome, runSluice } from './support.ts';

const CANARY = 'canaryqjzx';
const SCHEMA = `
CREATE TABLE customers (id int PRIMARY KEY, email text, c7 text, sku text, remark text, nothing text);
INSERT INTO customers SELECT i, '${CANARY}' || i || '@example.com', 'DE89370400440532013000', 'SKU-' || i, NULL FROM generate_series(1, 200) i;
CREATE VIEW shouting AS SELECT upper(email) AS loud, sku FROM customers;
CREATE TABLE locked (id int, note text);
CREATE ROLE app LOGIN PASSWORD 'app';
GRANT SELECT ON customers, shouting TO app;`;
const database = (more = ''): string => `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, database: postgres}
  tls: {mode: Disable}
${more}`;

let directory: string;
let server: LocalPostgres;
let owner: TestClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-classify-'));
  server = await startLocalPostgres({ major: 18 });
  owner = await openClient(server.url('postgres'));
  await owner.simpleQuery(SCHEMA);
});
afterAll(async () => {
  owner.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

function classify(args: readonly string[], declared = ''): Promise<Outcome> {
  const policy = join(directory, 'database.yaml');
  writeFileSync(policy, database(declared));
  return runSluice(['classify', '--policy', policy, '--database', 'shop', '--upstream', appUrl(), ...args]);
}
function appUrl(): string {
  const url = new URL(server.url('postgres'));
  url.username = 'app';
  url.password = 'app';
  return url.href;
}
const line = (text: string, column: string): string => text.split('\n').find((each) => each.startsWith(column)) ?? '';

it('lists sensitive columns with class, certainty, mask and evidence; values appear nowhere', async () => {
  const { code, stdout, stderr } = await classify([]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(line(stdout, 'public.customers.email')).toMatch(/text +pii\.email +\d+ % +email +.*value\.email 100 %/);
  expect(line(stdout, 'public.customers.c7')).toMatch(/financial\.iban +\d+ % +partial +value\.iban 100 %/);
  expect(line(stdout, 'public.customers.nothing')).toMatch(/pii\.free-text\* .* unsampled\.text/);
  expect(line(stdout, 'public.shouting.loud')).toMatch(/pii\.email .* by lineage/);
  expect(stdout).not.toContain('public.customers.sku');
  expect(stdout).toMatch(/\d+ of 10 columns in 3 tables and views are sensitive; looked at 200 rows/);
  expect(stdout).toContain('public.locked could not be read (SQLSTATE 42501)');
  for (const value of [CANARY, 'DE89', 'SKU-']) expect(stdout).not.toContain(value);
});

it('lists all columns on request', async () => {
  const { stdout } = await classify(['--all']);
  expect(line(stdout, 'public.customers.sku')).toMatch(/text +none/);
  expect(stdout.split('\n').filter((each) => /^public\.\w+\.\w+ /.test(each))).toHaveLength(10);
});

it('prints JSON, an object a column', async () => {
  const { stdout } = await classify(['-o', 'json']);
  const columns = stdout
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as Record<string, unknown>);
  expect(columns.find((each) => each['column'] === 'c7')).toMatchObject({
    table: 'public.customers',
    class: 'financial.iban',
    source: 'detected',
    mask: 'partial',
    provisional: false,
    evidence: [{ rule: 'value.iban', ratio: 1 }],
  });
});

it('prints the YAML that settles verdicts: declared, they are the same and stay', async () => {
  const { stdout } = await classify(['-o', 'yaml']);
  const printed = parse(stdout) as { readonly sensitivity: { readonly columns: readonly Record<string, string>[] } };
  expect(printed.sensitivity.columns).toContainEqual({ table: 'public.customers', column: 'c7', class: 'financial.iban' });
  const indented = stdout.replaceAll(/^(?=.)/gm, '  ');
  const { stdout: after, stderr } = await classify([], indented);
  expect(stderr).toBe('');
  expect(line(after, 'public.customers.c7')).toMatch(/financial\.iban .* declared/);
  expect(after).not.toContain('To settle');
});

it('class none ends a finding, and what follows from it', async () => {
  const none = '  sensitivity:\n    columns: [{table: public.customers, column: email, class: none}]';
  const { stdout } = await classify([], none);
  expect(line(stdout, 'public.customers.email')).toBe('');
  expect(line(stdout, 'public.shouting.loud')).toBe('');
});

describe('with --findings', () => {
  it('says what is new since the last run; what was found stays', async () => {
    const file = join(directory, 'findings.json');
    const first = await classify(['--findings', file]);
    expect(first.stdout).toMatch(/Since the last run:\n(?: {2}.*\n)* {2}public\.customers\.c7: none -> financial\.iban/);
    expect(readFileSync(file, 'utf8')).not.toContain(CANARY);
    const second = await classify(['--findings', file]);
    expect(second.stdout).toContain('Nothing has changed since the last run.');
    await owner.simpleQuery(`UPDATE customers SET c7 = 'plain', sku = '${CANARY}' || id || '@example.com'`);
    const third = await classify(['--findings', file]);
    expect(line(third.stdout, 'public.customers.c7')).toMatch(/financial\.iban/);
    expect(third.stdout).toContain('Since the last run:\n  public.customers.sku: none -> pii.email\n');
  });

  it('a file that is none of ours is an error, and stays as it is', async () => {
    const file = join(directory, 'other.json');
    writeFileSync(file, 'mine');
    const { code, stderr } = await classify(['--findings', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sluice: the findings file .*other\.json cannot be used: it is not JSON\n$/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

it('works on a schema file alone, by names and types', async () => {
  const schema = join(directory, 'schema.sql');
  writeFileSync(schema, 'CREATE TABLE patients (id int, email text, x text)');
  const policy = join(directory, 'database.yaml');
  writeFileSync(policy, database());
  const { code, stdout } = await runSluice(['classify', '--policy', policy, '--database', 'shop', '--schema', schema]);
  expect(code).toBe(0);
  expect(line(stdout, 'public.patients.email')).toMatch(/pii\.email\* /);
  expect(line(stdout, 'public.patients.x')).toMatch(/pii\.free-text\* .* unsampled\.text/);
});

it.each([
  [['--upstream', 'postgres://a@b/c', '--schema', 'x.sql'], 2, /give --upstream or --schema, not both/],
  [['--upstream', 'postgres://nobody:x@127.0.0.1:1/x'], 1, /127\.0\.0\.1/],
])('fails in one sentence: %j', async (args, expected, message) => {
  const policy = join(directory, 'database.yaml');
  writeFileSync(policy, database());
  const { code, stderr } = await runSluice(['classify', '--policy', policy, '--database', 'shop', ...args]);
  expect(code).toBe(expected);
  expect(stderr).toMatch(message);
});
