/** From a write through the proxy to an auditor: who has the recipient's key gets the old row back, into the table it came from. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SealedImages } from '../../core/audit/evidence.ts';
import type { AuditRecord } from '../../core/audit/record.ts';
import { runSluice } from '../cli/support.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { WireClient } from '../support/wire-client.ts';
import { documents } from './policy.ts';

const policy = (recipient: string): string =>
  documents(
    `{rows: Writes, recipients: [${recipient}]}`,
    `  grants: [{tables: [public.accounts], actions: [Select, Insert, Update, Delete]}]
`,
  );

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let directory: string;
  let server: LocalPostgres;
  let sluice: RunningSluice;
  let owner: pg.Client;
  const path = (name: string): string => join(directory, name);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-writes-'));
    server = await startLocalPostgres({ major });
    const admin = await WireClient.connect({ port: server.port, password: server.password });
    await admin.query('CREATE DATABASE shop');
    await admin.close();
    owner = new pg.Client({ connectionString: server.url('shop') });
    await owner.connect();
    await owner.query(`CREATE TABLE accounts (id int PRIMARY KEY, owner text, balance numeric(12, 2), tags text[], seen timestamptz);
      INSERT INTO accounts VALUES (1, 'Ada "L"', 10.50, '{a,NULL,"b c"}', '2026-11-29 06:00:00.5+00'), (2, NULL, NULL, NULL, NULL), (3, '', 0, '{}', 'infinity')`);
    const auditor = await generateX25519Identity();
    writeFileSync(path('auditor'), `# public key: ${await identityToRecipient(auditor)}\n${auditor}\n`);
    writeFileSync(path('stranger'), `${await generateX25519Identity()}\n`);
    writeFileSync(path('policy.yaml'), policy(await identityToRecipient(auditor)));
    sluice = await startSluice({
      policy: [path('policy.yaml')],
      as: 'ai-agents/agent',
      upstream: server.url('shop'),
      audit: path('audit.jsonl'),
    });
  }, 60_000);
  afterAll(async () => {
    await owner?.end();
    await sluice?.stop();
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const rows = async (): Promise<readonly unknown[]> =>
    (await owner.query('SELECT accounts::text AS row FROM accounts ORDER BY id')).rows;

  it.each([
    ["UPDATE accounts SET owner = 'x', balance = balance + 1, tags = NULL, seen = now() WHERE id < 3", 2],
    ['DELETE FROM accounts WHERE id = 1', 1],
    ['DELETE FROM accounts', 3],
  ])('%s', async (sql, count) => {
    const before = await rows();
    const client = await WireClient.connect({ port: sluice.port, user: 'agent', database: 'shop' });
    expect((await client.query(sql)).error).toBeNull();
    await client.close();
    expect(await rows()).not.toEqual(before);
    const outcome = readFileSync(path('audit.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRecord)
      .findLast((record) => record.type === 'outcome');
    expect(outcome).toMatchObject({ evidence: { capture: 'exact', changes: [{ rows: count }] } });
    const open = (identity: string) =>
      runSluice(['audit', 'open', '--identity', path(identity), '-o', 'json', path('audit.jsonl'), outcome!.statement]);
    expect((await open('stranger')).code).toBe(3);
    const { code, stdout } = await open('auditor');
    expect(code).toBe(0);
    for (const change of (JSON.parse(stdout) as SealedImages).changes)
      for (const { before: image } of change.rows) {
        const columns = Object.keys(image!);
        const values = columns.map((_, index) => `$${index + 1}`).join(', ');
        const set = columns.map((name) => `${name} = excluded.${name}`).join(', ');
        await owner.query(
          `INSERT INTO accounts (${columns.join(', ')}) VALUES (${values}) ON CONFLICT (id) DO UPDATE SET ${set}`,
          columns.map((name) => image![name]),
        );
      }
    expect(await rows()).toEqual(before);
  });
});
