/**
 * Nothing configured but a grant: what a client sees of a database nobody described, from the first moment, while it changes, and after a
 * restart. The canaries stand in columns that only detection protects.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { rows } from '../support/shop.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { openClient, type TestClient } from './client.ts';
import { until } from '../support/until.ts';

const POLICY = `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: shop, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, database: shop}
  tls: {mode: Disable}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: agent, namespace: data-platform}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai, name: agent}}]
  grants: [{tables: ["*.*"], actions: [Select, Insert]}]
`;
const CANARY = 'canary.qjzx';
const SCHEMA = `
CREATE TABLE customers (id int PRIMARY KEY, email text, c7 text, order_no text, remarks text);
INSERT INTO customers SELECT i, '${CANARY}' || i || '@example.com', '4111 1111 1111 1111', 'A-' || 10000 + i,
  'Called ${CANARY}' || i || '@example.com about the late parcel, wants to be called back' FROM generate_series(1, 300) i;
CREATE TABLE products (id int PRIMARY KEY, sku text, colour text);
INSERT INTO products SELECT i, 'SKU-' || i, (ARRAY['red', 'green', 'blue'])[1 + i % 3] FROM generate_series(1, 300) i;
CREATE TABLE empty (id int, body text);
CREATE TABLE locked_out (id int, note text);
INSERT INTO locked_out VALUES (1, '${CANARY}');
CREATE FUNCTION boom() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${CANARY} ran'; END $$;
CREATE VIEW trap AS SELECT boom() AS t;
CREATE ROLE app LOGIN PASSWORD 'app';
GRANT SELECT, INSERT ON customers, products, empty, trap TO app;`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let directory: string;
  let server: LocalPostgres;
  let owner: TestClient;
  const running: RunningSluice[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-detection-'));
    writeFileSync(join(directory, 'policy.yaml'), POLICY);
    server = await startLocalPostgres({ major });
    const admin = await openClient(server.url('postgres'));
    await admin.simpleQuery('CREATE DATABASE shop');
    admin.close();
    owner = await openClient(server.url('shop'));
    await owner.simpleQuery(SCHEMA);
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  });
  afterAll(async () => {
    owner.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(extra: readonly string[] = []): Promise<RunningSluice> {
    const url = new URL(server.url('shop'));
    url.username = 'app';
    url.password = 'app';
    const sluice = await startSluice({ policy: [join(directory, 'policy.yaml')], as: 'ai/agent', upstream: url.href, extra });
    running.push(sluice);
    return sluice;
  }
  const sampled = (sluice: RunningSluice): Promise<void> => until(() => sluice.output().includes('values-sampled'));

  it('what is sensitive by name or by value alone is masked, what is not is shown', async () => {
    const sluice = await start(['--metrics', '127.0.0.1:0']);
    await sampled(sluice);
    const client = await sluice.connect('shop');
    await until(async () => (await rows(client, 'SELECT colour FROM products LIMIT 1'))[0]?.[0] !== '[redacted]');
    expect(await rows(client, 'SELECT email, c7, order_no, remarks FROM customers WHERE id = 7')).toEqual([
      ['c***@masked.invalid', '****1111', 'A-10007', '[redacted]'],
    ]);
    expect(await rows(client, 'SELECT id, sku, colour FROM products WHERE id = 1')).toEqual([['1', 'SKU-1', 'green']]);
    const metrics = await fetch(`http://${/"metrics":"([^"]+)"/.exec(sluice.output())![1]!}/metrics`).then((each) => each.text());
    expect(metrics).toMatch(/sluice_sensitive_columns\{class="pii.email"\} [1-9]/);
    expect(metrics).toMatch(/sluice_tables_sampled_total\{result="ok"\} [1-9]/);
    expect(metrics).toMatch(/sluice_tables_sampled_total\{result="42501"\} 1/);
    expect(metrics + sluice.output()).not.toContain(CANARY);
    client.close();
  });

  it('a column added while it runs is masked before its first row is shown, and shown when its values are harmless', async () => {
    const sluice = await start();
    await sampled(sluice);
    const client = await sluice.connect('shop');
    await owner.simpleQuery(`ALTER TABLE products ADD c8 text DEFAULT '${CANARY}@example.com', ADD c9 text DEFAULT 'plain'`);
    const seen = new Set<string>();
    const begun = Date.now();
    while (Date.now() - begun < 15_000) {
      const [row] = await rows(client, 'SELECT c8, c9 FROM products WHERE id = 1').catch(() => []);
      if (row === undefined) continue;
      seen.add(String(row));
      if (row[1] === 'plain') break;
    }
    expect([...seen].join()).not.toContain(CANARY);
    expect([...seen].at(-1)).toBe('c***@masked.invalid,plain');
    await owner.simpleQuery('ALTER TABLE products DROP c8, DROP c9');
    client.close();
  });

  it('an empty column is masked as a precaution; the first row that comes is not shown', async () => {
    const sluice = await start();
    await sampled(sluice);
    const client = await sluice.connect('shop');
    await owner.simpleQuery(`INSERT INTO empty VALUES (1, 'something ${CANARY}')`);
    expect(await rows(client, 'SELECT body FROM empty')).toEqual([['[redacted]']]);
    await owner.simpleQuery('TRUNCATE empty');
    client.close();
  });

  it('findings outlive the process and the values, and no value is in them', async () => {
    const file = join(directory, 'findings.json');
    const first = await start(['--findings', file]);
    await sampled(first);
    await until(() => {
      try {
        return readFileSync(file, 'utf8').includes('c7');
      } catch {
        return false;
      }
    });
    await first.stop();
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('financial.card');
    for (const value of [CANARY, '4111 1111', 'A-10007', 'SKU-1', 'parcel']) expect(text).not.toContain(value);

    await owner.simpleQuery(`UPDATE customers SET c7 = 'harmless'`);
    const second = await start(['--findings', file]);
    const client = await second.connect('shop');
    expect(await rows(client, 'SELECT c7, order_no FROM customers WHERE id = 7')).toEqual([['****less', 'A-10007']]);
    await owner.simpleQuery(`UPDATE customers SET c7 = '4111 1111 1111 1111'`);
    client.close();
  });

  it('a findings file that cannot be used stops the start in one sentence, and is left as it is', async () => {
    const file = join(directory, 'broken.json');
    writeFileSync(file, '{"formatVersion": 9}');
    await expect(start(['--findings', file])).rejects.toThrow(/findings file .* cannot be used: it does not hold findings/);
    expect(readFileSync(file, 'utf8')).toBe('{"formatVersion": 9}');
  });
});
