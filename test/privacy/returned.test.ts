/** What left: keys of returned rows, and proof of a row that somebody holds, by a log without data; over every way in which rows are sent. */
import { Writable } from 'node:stream';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowDigest } from '../../core/audit/digest.ts';
import type { AuditRecord, Outcome } from '../../core/audit/record.ts';
import { prove, type ProveOptions } from '../../cli/audit/prove.ts';
import { parseRows } from '../../cli/audit/proven-row.ts';
import { openSource } from '../../cli/audit/sources/open.ts';
import { runSluice } from '../cli/support.ts';
import * as f from '../support/frontend.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { WireClient } from '../support/wire-client.ts';
import { documents } from './policy.ts';

const KEY = Buffer.alloc(32, 9);
const SCHEMA = `
  CREATE TABLE people (id int PRIMARY KEY, name text, born date, secret text);
  INSERT INTO people VALUES (1, 'Ada', '1815-12-10', 's1'), (2, 'Grace', '1906-12-09', 's2'), (3, NULL, NULL, 's3');
  CREATE TABLE visits (person int, nr int, note text, PRIMARY KEY (person, nr));
  INSERT INTO visits VALUES (1, 1, 'x'), (1, 2, 'y');
  CREATE TABLE heap (v text); INSERT INTO heap VALUES ('a');
  CREATE TABLE many (id int PRIMARY KEY, v text); INSERT INTO many SELECT i, 'row ' || i FROM generate_series(1, 2500) i;
  CREATE TABLE hidden (id text PRIMARY KEY, v text); INSERT INTO hidden VALUES ('k1', 'v1');`;

const policy = (rows: string): string =>
  documents(
    `{rows: ${rows}}`,
    `  grants:
    - {tables: [public.people], actions: [Select], masks: [{columns: [secret], mask: {redact: {}}}]}
    - {tables: [public.visits, public.heap, public.many], actions: [Select]}
    - {tables: [public.hidden], actions: [Select], masks: [{columns: [id], mask: {redact: {}}}]}
  limits: {maxRows: 2000}
`,
  );

function text(): { readonly stream: Writable; read(): string } {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return { stream, read: () => written };
}

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let directory: string;
  let server: LocalPostgres;
  const running: RunningSluice[] = [];
  const path = (name: string): string => join(directory, name);
  const digest = (relation: string, ...values: string[]): string => rowDigest(KEY, relation, values);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-returned-'));
    server = await startLocalPostgres({ major });
    const admin = await WireClient.connect({ port: server.port, password: server.password });
    await admin.query('CREATE DATABASE shop');
    await admin.close();
    const owner = await WireClient.connect({ port: server.port, password: server.password, database: 'shop' });
    expect((await owner.query(SCHEMA)).error).toBeNull();
    await owner.close();
    writeFileSync(path('key'), KEY.toString('base64'));
  }, 60_000);
  afterAll(async () => {
    for (const each of running) await each.stop();
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(rows: string): Promise<{ client: WireClient; outcomes(): readonly Outcome[]; file: string }> {
    const file = path(`${rows}.jsonl`);
    writeFileSync(path(`${rows}.yaml`), policy(rows));
    const sluice = await startSluice({
      policy: [path(`${rows}.yaml`)],
      as: 'ai-agents/agent',
      upstream: server.url('shop'),
      audit: file,
      extra: ['--audit-key', path('key')],
    });
    running.push(sluice);
    const client = await WireClient.connect({ port: sluice.port, user: 'agent', database: 'shop' });
    const outcomes = (): readonly Outcome[] =>
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditRecord)
        .filter((record) => record.type === 'outcome');
    return { client, outcomes, file };
  }

  /** The outcome of what comes next. */
  async function recorded(outcomes: () => readonly Outcome[], run: () => Promise<unknown>): Promise<readonly Outcome[]> {
    const before = outcomes().length;
    await run();
    await expect.poll(() => outcomes().length, { timeout: 10_000 }).toBeGreaterThan(before);
    return outcomes().slice(before);
  }

  it('with Keys: digests of primary keys that left in clear, in every protocol and format', async () => {
    const { client, outcomes } = await start('Keys');
    const query = (sql: string) => recorded(outcomes, () => client.query(sql));
    const people = [1, 2, 3].map((id) => digest('public.people', `${id}`));
    expect((await query('SELECT secret, id FROM people ORDER BY id'))[0]?.returned).toEqual({
      rows: 3,
      keys: [{ relation: 'public.people', digests: people }],
    });
    expect((await query('SELECT name FROM people'))[0]?.returned).toEqual({ rows: 3, leftOut: 3 });
    expect((await query('SELECT id + 0 FROM people'))[0]?.returned).toEqual({ rows: 3, leftOut: 3 });
    expect((await query('SELECT id, v FROM hidden'))[0]?.returned).toEqual({ rows: 1, leftOut: 1 });
    expect((await query('SELECT v FROM heap'))[0]?.returned).toEqual({ rows: 1, leftOut: 1 });
    // Two relations, a key of two columns, the empty side of an outer join.
    expect(
      (await query('SELECT nr, person, p.id FROM people p LEFT JOIN visits v ON person = p.id ORDER BY p.id, nr'))[0]?.returned,
    ).toEqual({
      rows: 4,
      keys: [
        { relation: 'public.visits', digests: [digest('public.visits', '1', '1'), digest('public.visits', '1', '2')] },
        { relation: 'public.people', digests: people },
      ],
    });
    const [many] = await query('SELECT id FROM many WHERE id <= 250 ORDER BY id');
    expect(many?.returned).toMatchObject({ rows: 250, leftOut: 150 });
    expect(many?.returned?.keys?.[0]?.digests).toHaveLength(100);
    for (const resultFormat of [0, 1] as const)
      for (const messages of [
        [f.parse('', 'SELECT id FROM people ORDER BY id'), f.bind({ resultFormat }), f.execute(), f.sync],
        [f.parse('', 'SELECT id FROM people ORDER BY id'), f.bind({ resultFormat }), f.describe('P'), f.execute(), f.sync],
      ]) {
        const [outcome] = await recorded(outcomes, () => client.exchange(messages));
        expect(outcome?.returned, `format ${resultFormat}`).toEqual({
          rows: 3,
          keys: [{ relation: 'public.people', digests: people }],
        });
      }
    // What was asked for more than was allowed: the rows that left.
    const [over] = await query('SELECT v FROM many');
    expect(over).toMatchObject({ result: 'error', returned: { rows: 2_000 } });
    await client.close();
  }, 60_000);

  it('with Proof: a row that left is shown, one that was changed is not', async () => {
    const { client, outcomes, file } = await start('Proof');
    const proven = async (row: unknown, key: ProveOptions['key'] = { digest: KEY }) => {
      const rows = parseRows(JSON.stringify(row), false);
      const source = await openSource([file], {}, () => {});
      const [out, err] = [text(), text()];
      const code = (await prove(source, { key, rows, output: 'json' }, out.stream, err.stream)) ? 0 : 3;
      await source.close();
      const matches = out.read().split('\n').filter(Boolean);
      return { code, stderr: err.read(), matches: matches.map((line) => JSON.parse(line) as Record<string, unknown>) };
    };
    const run = async (step: () => Promise<unknown>) => (await recorded(outcomes, step)).map(({ statement }) => statement);

    const [simple] = await run(() => client.query('SELECT id, name, born, secret FROM people ORDER BY id'));
    // As the client had it, so with the mask.
    const masked = (await client.query('SELECT secret FROM people LIMIT 1')).results[0]!.rows[0]![0]!.toString();
    expect(masked).not.toBe('s1');
    const found = await proven(['1', 'Ada', '1815-12-10', masked]);
    expect(found).toMatchObject({
      code: 0,
      matches: [{ statement: simple, rows: 3, who: 'ai-agents/agent', matches: [{ row: 1, places: [1] }] }],
    });
    expect((await proven(['3', null, null, masked])).code).toBe(0);
    for (const other of [
      ['1', 'Ada', '1815-12-10', 's1'],
      ['1', 'Ada', '1815-12-11', masked],
      ['1', 'Ada', null, masked],
      ['1', 'Ada', '1815-12-10'],
    ])
      expect((await proven(other)).code, JSON.stringify(other)).toBe(3);

    // Another sees it with the key of that result alone, and nothing else with it.
    const resultKey = found.matches[0]!['resultKey'] as string;
    const command = (key: readonly string[], row: unknown) =>
      runSluice(['audit', 'prove', ...key, '--row', JSON.stringify(row), file]);
    const withAll = await command(['--digest-key', path('key')], ['1', 'Ada', '1815-12-10', masked]);
    expect(withAll).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`row 1 of those given is row 1 of the 3 returned`),
    });
    expect((await command(['--result-key', resultKey], ['1', 'Ada', '1815-12-10', masked])).code).toBe(0);
    expect((await command(['--result-key', resultKey], [masked])).code).toBe(3);
    expect((await proven(['1', 'Ada', '1815-12-10', masked], { digest: Buffer.alloc(32, 8) })).code).toBe(3);

    // Binary, in parts of a portal, by a cursor, by COPY.
    const [binary] = await run(() =>
      client.exchange([f.parse('', 'SELECT id, name FROM people ORDER BY id'), f.bind({ resultFormat: 1 }), f.execute(), f.sync]),
    );
    expect(await proven(['2', 'Grace'])).toMatchObject({ code: 0, matches: [{ statement: binary, matches: [{ places: [2] }] }] });
    const parts = await run(() =>
      client.exchange([
        f.parse('', 'SELECT id, nr, note FROM people JOIN visits ON person = id ORDER BY nr'),
        f.bind(),
        f.execute('', 1),
        f.execute('', 1),
        f.sync,
      ]),
    );
    expect(parts).toHaveLength(2);
    expect(await proven(['1', '2', 'y'])).toMatchObject({ code: 0, matches: [{ statement: parts[1], rows: 1 }] });
    const cursor = await run(() =>
      client.query('BEGIN; DECLARE c CURSOR FOR SELECT note, nr FROM visits ORDER BY nr; FETCH 1 FROM c; COMMIT'),
    );
    expect(await proven(['x', '1'])).toMatchObject({ code: 0, matches: [{ statement: cursor[2], rows: 1 }] });
    const [copied] = await run(() => client.query('COPY (SELECT name, id, born FROM people ORDER BY id) TO STDOUT'));
    expect(await proven([null, '3', null])).toMatchObject({
      code: 0,
      matches: [{ statement: copied, rows: 3, matches: [{ places: [3] }] }],
    });
    const [csv] = await run(() => client.query('COPY (SELECT id, id, name FROM people ORDER BY id) TO STDOUT CSV'));
    expect(await proven(['2', '2', 'Grace'])).toMatchObject({ code: 0, matches: [{ statement: csv }] });

    // Of a long result the first thousand rows by themselves, the others with all of it.
    const [long] = await run(() => client.query('SELECT id, v FROM many WHERE id <= 1500 ORDER BY id'));
    expect(await proven(['1000', 'row 1000'])).toMatchObject({ code: 0, matches: [{ statement: long }] });
    expect(await proven(['1001', 'row 1001'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('more rows than leaves are kept'),
    });
    const all = Array.from({ length: 1_500 }, (_, index) => `${index + 1},row ${index + 1}\n`);
    const whole = async (lines: readonly string[]) => {
      writeFileSync(path('rows.csv'), lines.join(''));
      const args = [
        'audit',
        'prove',
        '--digest-key',
        path('key'),
        '--row-file',
        path('rows.csv'),
        '--statement',
        long!,
        '-o',
        'json',
        file,
      ];
      return JSON.parse((await runSluice(args)).stdout) as Record<string, unknown>;
    };
    expect(await whole(all)).toMatchObject({ whole: true });
    expect(await whole(all.with(1_400, '1401,row x\n'))).toMatchObject({ whole: false });
    // Nothing of it stands in the log.
    expect(readFileSync(file, 'utf8')).not.toMatch(/Grace|1815|row 1000/);
    await client.close();
  }, 120_000);
});
