/**
 * Nothing that a client says as a value stands in the journal, in whatever spelling. Tokens are put wherever a value can go; the journal and what the process
 * says are searched for every one of them. That the search finds something is shown by a claim, which is recorded as it is.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueDigest } from '../../core/audit/digest.ts';
import { patternsOf } from '../oracle/encodings.ts';
import * as f from '../support/frontend.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { type RunningSluice, startSluice } from '../support/sluice.ts';
import { WireClient } from '../support/wire-client.ts';
import { documents } from './policy.ts';

const KEY = Buffer.alloc(32, 9);
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const policy = (rows: string, recipient: string): string =>
  documents(
    `{rows: ${rows}, values: Digest, recipients: [${recipient}]}`,
    `  grants:
    - {tables: [public.t, public.strict], actions: [Select, Insert, Update, Delete]}
    - {tables: [public.masked], actions: [Select, Insert], masks: [{columns: [v], mask: {redact: {}}}]}
  session: {temporaryTables: true, listen: [news], notify: [news]}
`,
  );

/** Twelve consonants, each other ones: any seven in a row are evidence (test/oracle/encodings.ts). */
function tokens() {
  const all = new Map<string, string>();
  const letters = 'bcdfghjklmnpqrstvwxz';
  const draw = (): string => Array.from({ length: 12 }, () => letters[Math.floor(Math.random() * letters.length)]).join('');
  return {
    /** For this place. */
    of: (place: string): string => {
      const token = draw();
      all.set(token, place);
      return token;
    },
    all,
  };
}

/** Places whose token stands in `bytes`. */
function found(bytes: Buffer, all: ReadonlyMap<string, string>): readonly string[] {
  const text = bytes.toString('latin1');
  const folded = text.toLowerCase();
  return [...all].flatMap(([token, place]) =>
    patternsOf({ value: token, column: place, type: 'text' })
      .filter(({ view }) => view !== 'digits')
      .filter(({ bytes: pattern, view }) =>
        view === 'folded' || view === 'values'
          ? folded.includes(pattern.toString('latin1'))
          : text.includes(pattern.toString('latin1')),
      )
      .map(({ encoding }) => `${place}: ${encoding}`),
  );
}

describe.each(MAJORS.flatMap((major) => ['Writes', 'Proof'].map((rows) => [major, rows] as const)))(
  'PostgreSQL %i, rows: %s',
  (major, rows) => {
    let directory: string;
    let server: LocalPostgres;
    let sluice: RunningSluice;
    const put = tokens();
    /** Of which the digest must stand in a record: that something was recorded at all. */
    const digested: string[] = [];
    const value = (place: string): string => {
      const token = put.of(place);
      digested.push(token);
      return token;
    };
    let claimed: string;

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'sluice-canary-'));
      server = await startLocalPostgres({ major });
      const admin = await WireClient.connect({ port: server.port, password: server.password });
      await admin.query('CREATE DATABASE shop');
      await admin.close();
      const owner = await WireClient.connect({ port: server.port, password: server.password, database: 'shop' });
      const made = await owner.query(`CREATE TABLE t (id text PRIMARY KEY, v text);
      CREATE TABLE strict (id int PRIMARY KEY, v text CHECK (length(v) < 5));
      CREATE TABLE masked (id int PRIMARY KEY, v text)`);
      expect(made.error).toBeNull();
      await owner.close();
      writeFileSync(join(directory, 'policy.yaml'), policy(rows, await identityToRecipient(await generateX25519Identity())));
      writeFileSync(join(directory, 'key'), KEY.toString('hex'));
      sluice = await startSluice({
        policy: [join(directory, 'policy.yaml')],
        as: 'ai-agents/agent',
        upstream: server.url('shop'),
        audit: join(directory, 'audit.jsonl'),
        extra: ['--audit-key', join(directory, 'key'), '--log-level', 'debug'],
      });
    }, 60_000);
    afterAll(async () => {
      await sluice?.stop();
      await server?.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    it('holds no value in clear, and the digest of each', async () => {
      claimed = put.of('claim').slice(0, 12);
      const client = await WireClient.connect({
        port: sluice.port,
        user: 'agent',
        database: 'shop',
        parameters: [['application_name', claimed]],
      });
      const ok = async (sql: string): Promise<void> => {
        const { error } = await client.query(sql);
        expect(error, sql).toBeNull();
      };
      const fails = async (sql: string): Promise<void> => {
        const { error } = await client.query(sql);
        expect(error, sql).not.toBeNull();
      };
      await ok(`INSERT INTO t VALUES ('${value('literal')}', $q$${value('dollar quotes')}$q$)`);
      await ok(`SELECT v FROM t WHERE id = '${value('literal of a read')}' OR v = E'${value('escape string')}'`);
      await ok(`SELECT U&'${value('unicode string')}'`);
      await ok(`SELECT v FROM t WHERE id = 'x' /* ${put.of('comment')} */ -- ${put.of('line comment')}`);
      await ok(`SELECT 1 /*action='${put.of('sqlcommenter')}',traceparent='${TRACE}'*/`);
      await ok(`UPDATE t SET v = '${value('update')}' WHERE true RETURNING v`);
      await ok(`INSERT INTO t VALUES ('${value('deleted')}', '1'); DELETE FROM t WHERE v = '1'`);
      await ok(`PREPARE p(text) AS SELECT v FROM t WHERE id = $1 OR v = '${value('prepared literal')}'`);
      await ok(`EXECUTE p('${value('execute')}')`);
      await ok(`BEGIN; DECLARE c CURSOR FOR SELECT v FROM t WHERE v <> '${value('cursor')}'; FETCH 1 FROM c; COMMIT`);
      await ok(`SET application_name = '${value('set')}'`);
      await ok('LISTEN news');
      await ok(`NOTIFY news, '${value('notify')}'`);
      await client.pending();
      await ok(`CREATE TEMPORARY TABLE scratch AS SELECT '${value('create table as')}' AS v`);
      await ok(`EXPLAIN SELECT v FROM t WHERE v = '${value('explain')}'`).catch(() => {});
      await fails(`SELECT '${value('error text')}'::int`);
      await fails(`INSERT INTO strict VALUES (1, '${value('check')}')`);
      await ok(`INSERT INTO t VALUES ('${digestedTwice()}', NULL)`);
      await fails(`INSERT INTO t VALUES ('${digested.at(-1)}', '${value('unique violation')}')`);
      await fails(`SELECT v FROM nowhere WHERE v = '${value('denied')}'`);
      await fails(`SELECT '${put.of('unterminated')}`);
      await fails(`DROP TABLE t -- ${put.of('denied comment')}`);
      await client.exchange([f.query(`SELECT '${put.of('not UTF-8')}\xff'.`)].map((bytes) => Buffer.from(bytes)));
      await ok(`INSERT INTO masked VALUES (1, '${value('masked')}')`);
      await ok('SELECT id, v FROM masked');
      await ok('SELECT id, v FROM t');
      // COPY in: what is taken, what is not, and how it is given up.
      const copy = async (...messages: readonly Buffer[]): Promise<void> => {
        client.send(f.query('COPY t FROM STDIN'));
        while ((await client.next())?.type !== 'G');
        client.send(...messages);
        while ((await client.next())?.type !== 'Z');
      };
      await copy(f.copyData(Buffer.from(`${put.of('copy data')}\t${put.of('copy data')}\n`)), f.copyDone);
      await copy(f.copyData(Buffer.from(`${put.of('bad copy data')}\n`)), f.copyDone);
      await copy(f.copyFail(put.of('copy failure')));
      await ok('COPY t TO STDOUT');
      // Extended protocol: text and binary, in a statement whose text has literals too.
      const text = `SELECT v FROM t WHERE id = $1 OR v = '${value('literal of a prepared statement')}' OR v = $2`;
      const bound = [value('bound as text'), value('bound as binary text')];
      await client.exchange([f.parse('s', text), f.describe('S', 's'), f.sync]);
      for (const twice of [1, 2]) {
        const parameters = [bound[0]!, Buffer.from(bound[1]!)];
        const { error } = await client.exchange([f.bind({ statement: 's', parameters }), f.execute(), f.sync]);
        expect(error, `${twice}`).toBeNull();
      }
      const error = await client.exchange([
        f.parse('', 'SELECT $1::text::int', [25]),
        f.bind({ parameters: [Buffer.from(value('bound, in an error'))] }),
        f.execute(),
        f.sync,
      ]);
      expect(error.error).not.toBeNull();
      await client.exchange([f.functionCall(870, [Buffer.from(put.of('fast path'))])]);
      await client.close();
      const stranger = await WireClient.connect({
        port: sluice.port,
        user: 'agent',
        database: put.of('database name').slice(0, 12),
      }).catch(() => undefined);
      await stranger?.close();
      await sluice.stop();

      const journal = readFileSync(join(directory, 'audit.jsonl'));
      const leaks = found(Buffer.concat([journal, Buffer.from(sluice.output())]), put.all);
      expect(leaks.filter((leak) => !leak.startsWith('claim:'))).toEqual([]);
      expect(leaks).toContain('claim: text');
      const said = journal.toString('latin1');
      expect(said).toContain(`"trace":"${TRACE}"`);
      expect(digested.filter((token) => !said.includes(valueDigest(KEY, token))).map((token) => put.all.get(token))).toEqual([]);
    }, 60_000);

    function digestedTwice(): string {
      return value('a key that is there already');
    }
  },
);
