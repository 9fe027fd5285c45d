/** Sealed images: they open with their recipient's key alone, and what is in them is enough to write the old row back. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SealedImages } from '../../core/audit/evidence.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { Sealer } from '../../sidecar/evidence/sealer.ts';
import { openFileJournal } from '../../sidecar/journal/file-journal.ts';
import { timestamps } from '../../sidecar/journal/timestamps.ts';
import { runSluice } from '../cli/support.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';

const STATEMENT = '0123456789abcdef.7';
const OTHER = '0123456789abcdef.8';
const ODD = `
  CREATE TYPE mood AS ENUM ('fine', 'so "so"');
  CREATE TYPE pair AS (a int, b text);
  CREATE TABLE odd (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text, c char(5), b bytea, n numeric(20, 6), f float8, r real, ts timestamptz, d date,
    i interval, j json, jb jsonb, u uuid, arr text[], m mood, p pair, net inet, bits bit varying, rng int4range, nothing text, x xml, money numeric[]);
  INSERT INTO odd (t, c, b, n, f, r, ts, d, i, j, jb, u, arr, m, p, net, bits, rng, nothing, money) VALUES
    (E'a\\'b"c\\\\d\\ne', 'ab', '\\x00ff27', 12345.678900, 0.1 + 0.2, 1e-7, '2026-11-29 06:00:00.123456+02', '0044-03-15 BC', '1 mon -3 days 04:05:06.7',
     '{"a":  [1, "ü"]}', '{"b": null}', '6f2ec1d2-0b3a-4c4e-9a31-0123456789ab', ARRAY['x', NULL, 'a,b"c', ''], 'so "so"', ROW(1, 'x,y"z'), '::1/64', B'101', '[1,5)', NULL,
     ARRAY[1.10, NULL]);`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let directory: string;
  let server: LocalPostgres;
  let client: pg.Client;
  let before: Readonly<Record<string, string | null>>;
  let whole: string;
  let file: string;
  const path = (name: string): string => join(directory, name);
  const open = (identity: string, ...args: string[]) => runSluice(['audit', 'open', '--identity', path(identity), ...args]);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-open-'));
    server = await startLocalPostgres({ major });
    // Text as the server sends it.
    client = new pg.Client({ connectionString: server.url(), types: { getTypeParser: () => (text: string) => text } as never });
    await client.connect();
    await client.query(ODD);
    before = (await client.query('SELECT * FROM odd')).rows[0];
    whole = (await client.query('SELECT odd::text AS row FROM odd')).rows[0].row;
    const [auditor, second, stranger] = await Promise.all([1, 2, 3].map(() => generateX25519Identity()));
    writeFileSync(path('auditor'), `# created: 2026-11-29T06:00:00Z\n# public key: …\n${auditor}\n`);
    writeFileSync(path('second'), `${second}\n`);
    writeFileSync(path('stranger'), `${stranger}\n`);
    file = path('audit.jsonl');
    const journal = openFileJournal({
      path: file,
      durability: 'Local',
      start: { chain: 'c', product: 'test', identity: { namespace: 'a', serviceAccount: 'b' } },
      clock: timestamps(),
    });
    const sealer = new Sealer({ journal, clock: systemClock, randomBytes, log: () => {} });
    sealer.setRecipients({ audit: [await identityToRecipient(auditor!), await identityToRecipient(second!)] });
    await sealer.ready;
    for (const statement of [STATEMENT, OTHER]) {
      const images: SealedImages = {
        v: 1,
        statement,
        changes: [{ relation: 'public.odd', action: 'Delete', key: ['id'], rows: [{ before }] }],
      };
      const evidence = { capture: 'exact' as const, reasons: [], changes: [], ...sealer.seal(images)! };
      journal.append([{ type: 'outcome', session: 's', statement, result: 'ok', evidence }]);
    }
    sealer.close();
    await journal.close();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('open with the key of each recipient, and write the old row back as it was', async () => {
    for (const identity of ['auditor', 'second']) {
      const { code, stdout, stderr } = await open(identity, '-o', 'json', file, STATEMENT);
      expect([code, stderr]).toEqual([0, '']);
      const images = JSON.parse(stdout) as SealedImages;
      const [change] = images.changes;
      const row = change!.rows[0]!.before!;
      await client.query('DELETE FROM odd');
      const columns = Object.keys(row);
      await client.query(
        `INSERT INTO odd (${columns.join(', ')}) OVERRIDING SYSTEM VALUE VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
        columns.map((name) => row[name]),
      );
      expect((await client.query('SELECT odd::text AS row FROM odd')).rows).toEqual([{ row: whole }]);
    }
  });

  it('are shown as a table, all of them', async () => {
    const { code, stdout } = await open('auditor', '--all', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/0123456789abcdef\.7 {2}exact\nDelete public\.odd\n {2}column +before +after\n {2}id +"1"\n/);
    expect(stdout).toMatch(/nothing +NULL\n/);
    expect(stdout).toContain(OTHER);
  });

  it('do not open with another key: it is said whose they are', async () => {
    const { code, stdout, stderr } = await open('stranger', file, STATEMENT);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/no identity of .*stranger opens it: it is sealed to age1\S+, age1\S+$/m);
  });

  it('do not open when they were changed, or moved to another record', async () => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const [one, two] = lines.slice(-2).map((line) => JSON.parse(line) as { statement: string; evidence: { images: string } });
    const edited = (outcome: object): string => {
      writeFileSync(path('edited'), `${[...lines.slice(0, -2), JSON.stringify(outcome)].join('\n')}\n`);
      return path('edited');
    };
    const bytes = Buffer.from(one!.evidence.images, 'base64');
    bytes[40]! ^= 1;
    const changed = { ...one, evidence: { ...one!.evidence, images: bytes.toString('base64') } };
    const moved = { ...one, evidence: { ...one!.evidence, images: two!.evidence.images } };
    for (const outcome of [changed, moved]) {
      const { code, stdout, stderr } = await open('auditor', edited(outcome), STATEMENT);
      expect([code, stdout]).toEqual([3, '']);
      expect(stderr).toContain('its images do not open: it was changed after it was sealed, or belongs to another statement');
    }
    const twin = await open('auditor', edited(one!), STATEMENT);
    expect(twin.code).toBe(0);
  });

  it('say what is missing', async () => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(path('tail'), `${lines.slice(-2).join('\n')}\n`);
    expect(await open('auditor', path('tail'), STATEMENT)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the record of its key'),
    });
    expect(await open('auditor', file, 'ffffffffffffffff.1')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no outcome'),
    });
    expect(await open('none', file, STATEMENT)).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
    writeFileSync(path('noise'), 'AGE-SECRET-KEY-1QQQQ\n');
    expect(await open('noise', file, STATEMENT)).toMatchObject({ code: 1, stderr: expect.stringContaining('checksum') });
    expect((await open('auditor', file)).code).toBe(2);
    expect((await open('auditor', STATEMENT)).code).toBe(2);
  });
});
