/**
 * Where nothing is left to enforce but the floors, names that Sluice does not know (yet) are the server's to answer: what a
 * transaction creates can be used in it, what does not exist gets the server's own error. The floors hold all the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareTraffic, type Step } from '../oracle/transparency.ts';
import { allowAllIdentity, allowAllPolicy, must, rows, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import * as frontend from '../support/frontend.ts';
import { MAJORS } from '../support/majors.ts';

/** One session each; statements in order, as simple queries. */
const SESSIONS: Readonly<Record<string, readonly string[]>> = {
  'a table of this transaction': [
    'BEGIN',
    'CREATE TABLE fresh (id int PRIMARY KEY, note text)',
    "INSERT INTO fresh VALUES (1, 'one') RETURNING *",
    'SELECT f.id, fresh FROM fresh f JOIN fresh USING (id)',
    'ALTER TABLE fresh RENAME COLUMN note TO remark',
    'SELECT remark FROM fresh',
    'ALTER TABLE fresh RENAME TO stale',
    'UPDATE stale SET remark = upper(remark) WHERE id = 1',
    'CREATE INDEX ON stale (remark)',
    'TRUNCATE stale',
    'DROP TABLE stale',
    'SELECT 1 FROM stale',
    'ROLLBACK',
  ],
  'a table changed in this transaction': [
    'BEGIN',
    'ALTER TABLE tickets ADD COLUMN extra int DEFAULT 7',
    'SELECT extra FROM tickets ORDER BY id LIMIT 1',
    'ROLLBACK',
    'SELECT extra FROM tickets',
  ],
  'settings that nothing pins': [
    'SET parallel_leader_participation = off',
    'SHOW parallel_leader_participation',
    'RESET parallel_leader_participation',
    'SET default_with_oids = off',
    'SET nosuch = 1',
    'RESET nosuch',
    "SELECT set_config('stats_fetch_consistency', 'none', false)",
    "SELECT set_config('nosuch', '1', false)",
  ],
  "forms that are the server's to judge": [
    'CREATE TABLE booking (room box, EXCLUDE USING gist (room WITH &&))',
    "INSERT INTO booking VALUES ('(1,1),(0,0)'), ('(2,2),(0.5,0.5)')",
    'CREATE TABLE placed (id int PRIMARY KEY USING INDEX TABLESPACE pg_default)',
    'SELECT * FROM (SELECT 1 INTO f) AS bar',
    "SELECT array_in('{1,2}', 'int4'::regtype, -1)",
    'DROP TABLE booking, placed',
  ],
  'syntax errors, in and out of a transaction': [
    'SELEC 1',
    'SELECT 1; SELEC 2',
    "SELECT U&'wrong: \\061'",
    'DROP OPERATOR === (int4)',
    'BEGIN',
    'SELECT 1',
    'SELEC 1',
    'SELECT 1',
    'SELEC 1',
    'ROLLBACK',
    'SELECT 1',
  ],
  'what does not exist': [
    'SELECT * FROM nosuch',
    'SELECT nosuch FROM tickets',
    'SELECT tickets.nosuch FROM tickets t',
    'SELECT * FROM nowhere.tickets',
    'SELECT otherdb.public.tickets.id FROM otherdb.public.tickets',
    'INSERT INTO nosuch VALUES (1)',
    'INSERT INTO tickets (nosuch) VALUES (1)',
    'UPDATE tickets SET nosuch = 1 WHERE id = 1',
    'DELETE FROM tickets WHERE nosuch = 1',
    'MERGE INTO tickets USING tickets ON id = id WHEN MATCHED THEN DO NOTHING',
    'UPDATE tickets SET id = id FROM tickets t WHERE id = 1',
    'DROP TABLE nosuch',
    'DROP TABLE IF EXISTS nosuch, nosuch2',
    'DROP VIEW tickets',
    'ALTER TABLE nosuch ADD COLUMN a int',
    'TRUNCATE nosuch',
    'LOCK nosuch',
    'CREATE TABLE nowhere.t (a int)',
    'CREATE INDEX ON nosuch (a)',
    'COPY nosuch TO STDOUT',
    'SELECT nosuch(1)',
    'CALL nosuch(1)',
    "SELECT 'a'::nosuch",
    'SELECT 1 @#@ 2',
    'EXECUTE nosuch',
    'FETCH nosuch',
    'CLOSE nosuch',
    'DEALLOCATE nosuch',
    'SELECT a FROM tickets GROUP BY b',
    'SELECT count(*) FROM tickets TABLESAMPLE system (50 + 50)',
  ],
  'temporary tables under any name': [
    'CREATE TEMPORARY TABLE tickets (id int)',
    'INSERT INTO tickets VALUES (42)',
    'SELECT * FROM tickets',
    'DROP TABLE tickets',
    'SELECT count(*) > 1 FROM tickets',
    'CREATE TABLE kept (a int)',
    'CREATE TEMP TABLE passing (a int)',
    'DROP TABLE kept, passing',
  ],
};

const REFUSED: readonly string[] = [
  "SELECT * FROM nosuch WHERE query_to_xml('SELECT 1', true, true, '') IS NULL",
  "SELECT pg_read_file('/etc/passwd') FROM nosuch",
  'INSERT INTO pg_class SELECT * FROM nosuch',
  "COPY nosuch FROM PROGRAM 'id'",
  'SET ROLE postgres',
  'CREATE VIEW v AS SELECT * FROM nosuch',
  'CREATE TABLE t (a text, EXCLUDE USING gist ((pg_read_file(a)) WITH =))',
];

describe.each(MAJORS)('names that are not known on PostgreSQL %i', (major) => {
  let shops: readonly Shop[] = [];
  let sluice: RunningSluice;
  let firstNewOid = 0;
  beforeAll(async () => {
    const options = { name: () => 'shop', settings: { autovacuum: 'off' } };
    shops = await Promise.all([1, 2, 3].map(() => startShop(major, ['a'], options)));
    const admin = await shops[0]!.connect('shop');
    firstNewOid = Number((await rows(admin, 'SELECT max(oid::bigint) + 1 FROM pg_class'))[0]?.[0]);
    await admin.close();
    sluice = await startSluice({ policy: [allowAllPolicy], as: allowAllIdentity, upstream: shops[2]!.url('shop') });
  });
  afterAll(async () => {
    await sluice?.stop();
    for (const shop of shops) await shop.stop();
  });

  it.each(Object.entries(SESSIONS))('%s: the same as without Sluice', async (_name, statements) => {
    const connections = {
      direct: await shops[0]!.connect('shop'),
      again: await shops[1]!.connect('shop'),
      through: await sluice.connect('shop'),
    };
    const steps = statements.map((sql): Step => ({ name: sql, run: async (client) => (await client.query(sql)).messages }));
    const report = await compareTraffic(steps, connections, firstNewOid);
    for (const client of Object.values(connections)) await client.close();
    expect(report).toEqual({ compared: statements.length, unstable: [], mismatches: [] });
  });

  it('what is open stays open when the schema changes', async () => {
    const client = await sluice.connect('shop');
    const other = await sluice.connect('shop');
    for (const sql of ['BEGIN', 'DECLARE c CURSOR FOR SELECT generate_series(1, 3)', 'PREPARE p AS SELECT 7', 'FETCH 1 FROM c'])
      await must(client, sql);
    await must(other, 'CREATE TABLE meanwhile (id int)');
    // An unknown column has the schema read again.
    const seen = async (): Promise<string> => (await other.query('SELECT nosuch FROM meanwhile')).error?.['C'] ?? '';
    for (let turn = 0; turn < 20; turn++) {
      expect(await seen()).toBe('42703');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await rows(client, 'FETCH 1 FROM c')).toEqual([['2']]);
    expect(await rows(client, 'EXECUTE p')).toEqual([['7']]);
    await must(other, 'DROP TABLE meanwhile');
    for (const each of [client, other]) await each.close();
  });

  it.each(REFUSED)('%s: still refused', async (sql) => {
    const client = await sluice.connect('shop');
    const { error } = await client.query(sql);
    expect(error?.['D']).toMatch(/^SLUICE-20[3456] \(floor\)/);
    await must(client, 'SELECT 1');
    await client.close();
  });

  it('leaves nothing prepared of a text that only the server can read', async () => {
    // `system_user` became a reserved word after 15: there the server's grammar takes what ours does not.
    const sql = "SELECT pg_read_file('PG_VERSION') FROM (SELECT 1) system_user";
    const client = await sluice.connect('shop');
    for (const name of ['', 'mine']) {
      const { error } = await client.exchange([frontend.parse(name, sql), frontend.sync]);
      expect(error?.['C']).toBe('42601');
    }
    await client.query(sql);
    const { results } = await client.query('SELECT name FROM pg_prepared_statements');
    expect(results[0]?.rows).toEqual([]);
    const unnamed = await client.exchange([frontend.bind(), frontend.execute(), frontend.sync]);
    expect(unnamed.error?.['C']).toBe('26000');
    await client.close();
  });
});
