/** The session layer with the real analyser: where the order of statements, names and confirmations decides what is shown. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { catalogOf } from '../support/catalog.ts';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { engineFor } from '../support/sql-core.ts';
import { WireClient } from '../support/wire-client.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { MAJORS } from '../support/majors.ts';

const p = (name: string, sql: string) => f.parse(name, sql);
const run = (sql: string) => [p('', sql), f.bind(), f.execute()];
const CANARY = 'canary-7f3a';

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let proxy: TestProxy;
  let client: WireClient;
  let admin: WireClient;
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    admin = await WireClient.connect({ port: server.port, password: server.password });
    await admin.query(`create schema evil; create table public.t(id int primary key, v text); create table evil.t(id int primary key, v text);
      create table public.own(id int primary key, tenant int, note text, hidden text);
      insert into public.t values (1, 'fine'); insert into evil.t values (1, '${CANARY}');
      insert into public.own values (1, 1, 'mine', '${CANARY}'), (2, 2, '${CANARY}', '${CANARY}')`);
    const catalog = await catalogOf(server.url());
    const parser = await createWasmParser();
    const engine = engineFor(catalog, parser, {
      tables: {
        'public.t': { write: true },
        'public.own': { masks: { hidden: 'null' }, filter: '{tenant} = 1', leakproof: true, write: true },
      },
      overrides: {
        session: { temporaryTables: true, listen: [], notify: [], advisoryLocks: false },
        guardrails: { requireWhere: false, maxAffectedRows: 50 },
      },
    });
    // The write check of the filter, as the compiler would make it.
    const own = engine.bundle.relations.find((relation) => relation.name === 'own');
    Object.assign(own!.insert!, { filter: own!.select!.filter });
    Object.assign(own!.update!, { filter: own!.select!.filter });
    Object.assign(own!.delete!, { filter: own!.select!.filter });
    proxy = await startProxy(server, engine);
  });
  afterAll(async () => {
    await admin?.close();
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    client = await WireClient.connect({ port: proxy.port });
    return () => client.close();
  });
  const types = (exchange: { messages: readonly { type: string }[] }) =>
    exchange.messages.map((message) => message.type).join('');
  const silent = (exchange: { messages: readonly { body: Buffer }[] }) => {
    for (const { body } of exchange.messages) expect(body.includes(CANARY)).toBe(false);
  };

  describe('a search_path that changes', () => {
    const SWAP = 'set search_path to evil';
    const READ = 'select v from t';
    it.each([
      ['in one Query', () => [f.query(`${SWAP}; ${READ}`)], 1],
      ['in one Query, in a block', () => [f.query(`begin; ${SWAP}; ${READ}; commit`)], 1],
      ['local, in one Query', () => [f.query(`begin; set local search_path to evil; ${READ}; commit`)], 1],
      [
        'undone by a rollback in one Query',
        () => [f.query(`set search_path to evil`), f.query(`begin; set search_path to public; rollback; ${READ}`)],
        2,
      ],
      [
        'undone by a savepoint in one Query',
        () => [
          f.query(`set search_path to evil`),
          f.query(`begin; savepoint a; set search_path to public; rollback to a; ${READ}`),
        ],
        2,
      ],
      ['in two pipelined Queries', () => [f.query(SWAP), f.query(READ)], 2],
      ['in one series', () => [...run(SWAP), ...run(READ), f.sync], 1],
      [
        'Parse before, Bind after',
        () => [p('s', READ), f.sync, f.query(SWAP), f.bind({ statement: 's' }), f.execute(), f.sync],
        3,
      ],
      [
        'Bind before, Execute after',
        () => [f.query('begin'), p('s', READ), f.bind({ statement: 's', portal: 'c' }), ...run(SWAP), f.execute('c'), f.sync],
        2,
      ],
      [
        'a SET that fails leaves the old one',
        () => [f.query('begin'), f.query(`${SWAP}; select 1/0`), f.query('rollback'), f.query(READ)],
        4,
      ],
      [
        'rolled back, pipelined',
        () => [f.query(SWAP), f.query('begin'), f.query('set search_path to public'), f.query('rollback'), f.query(READ)],
        5,
      ],
      ['by DISCARD ALL', () => [f.query(SWAP), f.query('discard all'), f.query(READ)], 3],
      ['SQL PREPARE before, EXECUTE after', () => [f.query(`prepare q as ${READ}`), f.query(SWAP), f.query('execute q')], 3],
      ['cursor declared after', () => [f.query(`begin; ${SWAP}; declare c cursor for ${READ}`), f.query('fetch all from c')], 2],
    ] as const)('%s', async (_, bytes, ready) => {
      const answer = await client.exchange(bytes(), ready);
      silent(answer);
      expect(answer.status).not.toBeNull();
    });

    it('the benign twin works: what is granted is found where it is', async () => {
      const answer = await client.query(`set search_path to evil, public; select v from public.t; select note from own`);
      expect(answer.results.map((result) => result.rows.map((row) => row[0]?.toString()))).toEqual([[], ['fine'], ['mine']]);
    });
  });

  it('a relation renamed in a transaction cannot be read under its new name before COMMIT', async () => {
    const names = new Set(proxy.host.engine!.bundle.relations.map((relation) => relation.name));
    expect(names).toEqual(new Set(['t', 'own']));
    const answer = await client.exchange([f.query('begin; alter table public.t rename to gone; select v from public.t')]);
    expect(answer.error?.['C']).toMatch(/^(42501|0A000)$/);
  });

  describe('several statements in one Query', () => {
    it('a temporary table is known to the next ones', async () => {
      const answer = await client.query('create temp table q(i int); insert into q values (1), (2); select i from q order by i');
      expect([answer.error, answer.results.map((result) => result.tag)]).toEqual([
        null,
        ['CREATE TABLE', 'INSERT 0 2', 'SELECT 2'],
      ]);
      expect((await client.query('select count(*) from q')).results[0]?.rows[0]?.[0]?.toString()).toBe('2');
    });

    it('PREPARE and EXECUTE, DECLARE and FETCH', async () => {
      const answer = await client.query(
        'prepare a as select hidden from own; execute a; begin; declare c cursor for select note, hidden from own; fetch all from c; commit',
      );
      silent(answer);
      expect([answer.error, answer.results.map((result) => result.tag)]).toEqual([
        null,
        ['PREPARE', 'SELECT 1', 'BEGIN', 'DECLARE CURSOR', 'FETCH 1', 'COMMIT'],
      ]);
    });

    it("an error position in a later statement is the client's", async () => {
      const sql = 'create temp table q2(i int); select nosuch from q2';
      const { error } = await client.query(sql);
      expect(Number(error?.['P'])).toBe(sql.indexOf('nosuch') + 1);
    });
  });

  describe('a write whose check rides in RETURNING', () => {
    it('looks like the plain write, in every form', async () => {
      const simple = await client.query("insert into own(id, tenant, note) values (10, 1, 'x')");
      expect([types(simple), simple.results[0]?.tag]).toEqual(['CZ', 'INSERT 0 1']);
      const extended = await client.extended("update own set note = 'y' where id = 10");
      expect([types(extended), extended.results[0]?.tag]).toEqual(['12nCZ', 'UPDATE 1']);
      const described = await client.exchange([p('w', 'update own set note = $1 where id = 10'), f.describe('S', 'w'), f.sync]);
      expect(types(described)).toBe('1tnZ');
      const limited = await client.exchange([f.bind({ statement: 'w', parameters: ['z'] }), f.execute('', 1), f.sync]);
      expect([types(limited), limited.results[0]?.tag]).toEqual(['2CZ', 'UPDATE 1']);
      const asked = await client.query('delete from own where id = 10 returning id, hidden');
      expect([types(asked), asked.results[0]?.rows.map((row) => row.map((cell) => cell?.toString()))]).toEqual([
        'TDCZ',
        [['10', undefined]],
      ]);
    });

    it('a row outside the filter is refused and nothing is written', async () => {
      for (const bytes of [
        [f.query("insert into own(id, tenant, note) values (11, 2, 'x')")],
        [...run("insert into own(id, tenant, note) values (11, 2, 'x')"), f.sync],
      ]) {
        const answer = await client.exchange(bytes);
        expect(answer.error).not.toBeNull();
        silent(answer);
      }
      expect((await admin.query('select 1 from own where id = 11')).results[0]?.rows).toHaveLength(0);
    });
  });

  it('errors do not carry values, and the audit carries none either', async () => {
    for (const sql of [
      "insert into own values (2, 1, 'n', 'h')",
      `select note::int from own`,
      `insert into own(id, tenant) values (1, 1)`,
    ]) {
      const answer = await client.query(sql);
      silent(answer);
      expect(answer.error?.['D'] ?? '').not.toMatch(/Key|row/);
    }
    expect(JSON.stringify(proxy.journal.entries)).not.toContain(CANARY);
  });

  it.each([
    ['a statement', [f.query('select 1')], 1],
    ['a statement that fails', [f.query('select 1/0')], 1],
    ['a series that fails', [p('', 'select 1/0'), f.bind(), f.execute(), f.sync], 1],
  ] as const)('COPY and its data sent right behind %s', async (_name, before, answers) => {
    for (let round = 1; round <= 25; round++) {
      const id = 1000 + round;
      const exchange = await client.exchange(
        [
          ...before,
          f.query('copy public.t from stdin'),
          f.copyData(Buffer.from(`${id}\tx\n`)),
          f.copyDone,
          f.query(`delete from public.t where id = ${id}`),
        ],
        answers + 2,
      );
      expect(exchange.results.slice(-2).map(({ tag }) => tag)).toEqual(['COPY 1', 'DELETE 1']);
    }
  });
});
