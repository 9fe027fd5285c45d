/** maxRows, maxAffectedRows and statementTimeout in every protocol form, on real servers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { WireClient } from '../support/wire-client.ts';
import { fakeEngine } from './fake-engine.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { MAJORS } from '../support/majors.ts';

const p = (name: string, sql: string) => f.parse(name, sql);
const run = (sql: string) => [p('', sql), f.bind(), f.execute()];
const LONG = 100_000;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let proxy: TestProxy;
  let client: WireClient;
  let direct: WireClient;
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    proxy = await startProxy(server, fakeEngine());
    direct = await WireClient.connect({ port: server.port, password: server.password });
    await direct.query(
      'create table parent(i int primary key); create table child(i int references parent on delete cascade, s text)',
    );
    await direct.query(
      'create table audit(i int); create function log() returns trigger language plpgsql as $$ begin insert into audit values (1); return null; end $$',
    );
    await direct.query(
      'create table traced(i int); create trigger tr after insert on traced for each row execute function log()',
    );
  });
  afterAll(async () => {
    await direct?.close();
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    await direct.query(
      'truncate parent, child, audit, traced; insert into parent select generate_series(1,20); insert into child select 1, g::text from generate_series(1,9) g',
    );
    client = await WireClient.connect({ port: proxy.port });
    proxy.journal.entries = [];
    return () => client.close();
  });
  const types = (exchange: { messages: readonly { type: string }[] }) =>
    exchange.messages
      .map((message) => message.type)
      .join('')
      .replaceAll(/D+/g, 'D')
      .replaceAll(/d+/g, 'd');
  const value = async (sql: string) => (await direct.query(sql)).results[0]?.rows[0]?.[0]?.toString();

  describe('maxRows', () => {
    beforeEach(() => proxy.host.set(fakeEngine({ maxRows: 10 })));
    const series = (n: number) => `select g from generate_series(1,${n}) g`;

    it.each([0, 9, 10])('%i rows pass', async (n) => {
      expect((await client.query(series(n))).results[0]?.rows).toHaveLength(n);
      expect((await client.extended(series(n))).results[0]?.rows).toHaveLength(n);
    });

    it.each([11, 500, LONG])('of %i rows exactly ten come, then 53400, and the session is in step', async (n) => {
      for (const answer of [await client.query(series(n)), await client.extended(series(n))]) {
        expect(answer.results.flatMap((result) => result.rows)).toHaveLength(10);
        expect(answer.error).toMatchObject({ S: 'ERROR', C: '53400' });
        expect(answer.error?.['D']).toMatch(/^SLUICE-401/);
        expect([types(answer).slice(-2), answer.status]).toEqual(['EZ', 'I']);
        expect((await client.query('select 7')).results[0]?.rows[0]?.[0]?.toString()).toBe('7');
      }
      expect(proxy.journal.of('outcome').filter((entry) => entry.sqlstate === '53400')).toHaveLength(2);
    });

    it.each([11, LONG])('%i rows inside a block abort it', async (n) => {
      for (const bytes of [[f.query(series(n))], [...run(series(n)), f.sync]]) {
        await client.query('begin; insert into parent values (100)');
        const answer = await client.exchange(bytes);
        expect([answer.error?.['C'], answer.status]).toEqual(['53400', 'E']);
        expect((await client.query('commit')).results[0]?.tag).toBe('ROLLBACK');
        expect(await value('select count(*) from parent')).toBe('20');
      }
    });

    it.each([11, LONG])('what its series wrote is rolled back (%i rows)', async (n) => {
      const answer = await client.exchange([
        ...run('insert into parent values (100)'),
        ...run(series(n)),
        ...run('insert into parent values (101)'),
        f.sync,
      ]);
      expect(answer.error?.['C']).toBe('53400');
      expect(types(answer)).toMatch(/^12C12D?EZ$/);
      expect(await value('select count(*) from parent')).toBe('20');
    });

    it.each([11, LONG])('a COMMIT sent right behind commits nothing (%i rows)', async (n) => {
      await client.query('begin; insert into parent values (100)');
      const answer = await client.exchange([...run(series(n)), f.sync, f.query('commit')], 2);
      expect(answer.results.at(-1)?.tag).toBe('ROLLBACK');
      expect(await value('select count(*) from parent')).toBe('20');
    });

    it('counts over all Executes of a portal', async () => {
      await client.query('begin');
      await client.exchange([p('', series(40)), f.bind({ portal: 'c' }), f.execute('c', 6), f.sync]);
      const answer = await client.exchange([f.execute('c', 6), f.sync]);
      expect([answer.results.flatMap((r) => r.rows).length, answer.error?.['C'], answer.status]).toEqual([4, '53400', 'E']);
    });

    it('counts over all FETCHes of a cursor, by SQL and by protocol', async () => {
      await client.query(`begin; declare c cursor for ${series(40)}`);
      expect((await client.query('fetch 6 from c')).error).toBeNull();
      expect((await client.exchange([f.execute('c', 3), f.sync])).error).toBeNull();
      const answer = await client.query('fetch 6 from c');
      expect([answer.results.flatMap((r) => r.rows).length, answer.error?.['C']]).toEqual([1, '53400']);
      await client.query('rollback');
      await client.query(`begin; declare c cursor for ${series(40)}`);
      expect((await client.query('fetch 10 from c')).error).toBeNull();
    });

    it('COPY TO STDOUT: the limit passes with a header, more is an error', async () => {
      const fine = await client.query(`copy (${series(10)}) to stdout (format csv, header)`);
      expect([fine.error, fine.results[0]?.tag]).toEqual([null, 'COPY 10']);
      expect((await client.query(`copy (${series(10)}) to stdout (format binary)`)).results[0]?.tag).toBe('COPY 10');
      for (const n of [11, 12, LONG]) {
        const answer = await client.query(`copy (${series(n)}) to stdout`);
        expect(answer.error?.['C']).toBe('53400');
        expect(answer.results.flatMap((r) => r.copied).length).toBeLessThanOrEqual(11);
        expect(types(answer).slice(-2)).toBe('EZ');
      }
    });

    it('several statements: the rest is not answered', async () => {
      const answer = await client.query(`select 1; ${series(LONG)}; select 3`);
      expect(types(answer)).toBe('TDCTDEZ');
    });
  });

  describe('maxAffectedRows', () => {
    beforeEach(() => proxy.host.set(fakeEngine({ maxAffectedRows: 5 })));
    const SIX = 'insert into parent select generate_series(101,106)';
    const FIVE = 'insert into parent select generate_series(101,105)';

    it('up to the limit nothing is noticed', async () => {
      const simple = await client.query(FIVE);
      expect([types(simple), simple.results[0]?.tag]).toEqual(['CZ', 'INSERT 0 5']);
      const extended = await client.extended('delete from parent where i > 100');
      expect([types(extended), extended.results[0]?.tag]).toEqual(['12nCZ', 'DELETE 5']);
      const returning = await client.query('insert into parent values (101) returning i');
      expect([types(returning), returning.results[0]?.rows[0]?.[0]?.toString()]).toEqual(['TDCZ', '101']);
    });

    it.each([
      ['INSERT', SIX],
      ['UPDATE', 'update parent set i = i + 1000 where i > 10'],
      ['a CTE', 'with x as (insert into parent select generate_series(101,106) returning i) select count(*) from x'],
      [
        'several CTEs',
        'with x as (insert into parent select generate_series(101,103)), y as (insert into audit select generate_series(1,3)) select 1',
      ],
      ['a cascade', 'delete from parent where i = 1'],
      ['a trigger', 'insert into traced select generate_series(1,3)'],
    ])('%s beyond the limit is rolled back with 53400', async (_, sql) => {
      const state = () =>
        value(
          "select (select sum(i) from parent) || ' ' || (select count(*) from child) || ' ' || (select count(*) from audit) || ' ' || (select count(*) from traced)",
        );
      const before = await state();
      for (const answer of [await client.query(sql), await client.exchange([...run(sql), f.sync])]) {
        expect(answer.error).toMatchObject({ S: 'ERROR', C: '53400' });
        expect(answer.error?.['D']).toMatch(/^SLUICE-302/);
        expect(types(answer)).not.toContain('C');
        expect(answer.status).toBe('I');
        expect(await state()).toBe(before);
      }
      expect((await client.query(FIVE)).results[0]?.tag).toBe('INSERT 0 5');
    });

    it('COPY FROM, simple and extended', async () => {
      const rows = (n: number) => [Buffer.from(Array.from({ length: n }, (_, i) => `${200 + i}\n`).join(''))];
      expect((await client.copyIn('copy parent from stdin', rows(6))).error?.['C']).toBe('53400');
      expect(await value('select count(*) from parent')).toBe('20');
      expect((await client.copyIn('copy parent from stdin', rows(5))).results[0]?.tag).toBe('COPY 5');
      await direct.query('delete from parent where i >= 200');
      for (const [n, expected] of [
        [6, '12GEZ'],
        [5, '12GCZ'],
      ] as const) {
        client.send(...run('copy parent from stdin'), ...rows(n).map(f.copyData), f.copyDone, f.sync);
        const messages = [];
        for (let next = await client.next(); next !== null; next = next.type === 'Z' ? null : await client.next())
          messages.push(next);
        const seen = { messages };
        expect(types(seen)).toBe(expected);
      }
      expect(await value('select count(*) from parent')).toBe('25');
    });

    it('inside a block the error aborts it, statements before count for themselves', async () => {
      await client.query('begin');
      expect((await client.query(FIVE)).status).toBe('T');
      expect((await client.query('insert into parent select generate_series(301,305)')).status).toBe('T');
      const answer = await client.exchange([...run('insert into parent select generate_series(401,406)'), f.sync]);
      expect([answer.error?.['C'], answer.status]).toEqual(['53400', 'E']);
      expect((await client.query('commit')).results[0]?.tag).toBe('ROLLBACK');
      expect(await value('select count(*) from parent')).toBe('20');
    });

    it('a savepoint undoes just the excess', async () => {
      await client.query('begin; insert into parent values (100); savepoint a');
      expect((await client.query(SIX)).error?.['C']).toBe('53400');
      await client.query('rollback to a');
      expect((await client.query('commit')).results[0]?.tag).toBe('COMMIT');
      expect(await value('select count(*) from parent')).toBe('21');
    });

    it('several autocommitted transactions do not add up', async () => {
      for (let i = 0; i < 4; i++)
        expect(
          (await client.query(`insert into parent select generate_series(${1000 + 10 * i}, ${1004 + 10 * i})`)).error,
        ).toBeNull();
      for (let i = 0; i < 4; i++) {
        const answer = await client.exchange([
          ...run(`insert into parent select generate_series(${2000 + 10 * i}, ${2004 + 10 * i})`),
          f.sync,
        ]);
        expect(types(answer)).toBe('12CZ');
      }
    });

    it('several statements in one Query: the first excess ends it and takes all back', async () => {
      const answer = await client.query(`insert into parent values (100); ${SIX}; insert into parent values (200)`);
      expect([types(answer), answer.error?.['C']]).toEqual(['CEZ', '53400']);
      expect(await value('select count(*) from parent')).toBe('20');
    });

    it('a COMMIT pipelined behind the excess commits nothing', async () => {
      const answer = await client.exchange([f.query('begin'), ...run(SIX), f.sync, f.query('commit')], 3);
      expect(answer.results.at(-1)?.tag).toBe('ROLLBACK');
      expect(await value('select count(*) from parent')).toBe('20');
    });

    it('prepared writes, by SQL and by protocol, over many executions', async () => {
      await client.query('prepare w as insert into parent select generate_series(101,106)');
      expect((await client.query('execute w')).error?.['C']).toBe('53400');
      await client.exchange([p('s', 'insert into parent values ($1::int)'), f.sync]);
      for (let i = 0; i < 5; i++) {
        const bytes = [0, 1].flatMap((k) => [f.bind({ statement: 's', parameters: [String(500 + 2 * i + k)] }), f.execute()]);
        expect(types(await client.exchange([...bytes, f.sync]))).toBe('2C2CZ');
      }
      await client.query('discard all');
      expect(types(await client.exchange([...run('insert into parent values (900)'), f.sync]))).toBe('12CZ');
    });

    it('a failing series first, then good ones, all pipelined', async () => {
      const answer = await client.exchange(
        [...run('insert into parent values (1)'), f.sync, ...run('insert into parent values (901)'), f.sync],
        2,
      );
      expect(types(answer)).toBe('12EZ12CZ');
    });

    it("the write's own error is its own", async () => {
      const answer = await client.query('insert into parent values (1)');
      expect([types(answer), answer.error?.['C']]).toEqual(['EZ', '23505']);
      expect((await client.query('update parent set i = 1/(i-i)')).error?.['C']).toBe('22012');
    });

    it('RETURNING with a row count', async () => {
      await client.query('begin');
      await client.exchange([
        p('', 'insert into parent values (101),(102),(103) returning i'),
        f.bind({ portal: 'c' }),
        f.execute('c', 2),
        f.sync,
      ]);
      const answer = await client.exchange([f.execute('c', 2), f.sync]);
      expect(types(answer)).toBe('DCZ');
      await client.query('commit');
    });
  });

  it('statementTimeout cancels with SLUICE-402', async () => {
    proxy.host.set(fakeEngine({ statementTimeout: 100 }));
    const slow = await WireClient.connect({ port: proxy.port });
    const answer = await slow.query('select pg_sleep(20)');
    expect([answer.error?.['C'], answer.error?.['D']?.slice(0, 10), answer.status]).toEqual(['57014', 'SLUICE-402', 'I']);
    expect((await slow.query('select 1')).error).toBeNull();
    await slow.close();
  });
});

it('maxAffectedRows where the server does not count: writes are refused, not let through', async () => {
  const server = await startLocalPostgres({ major: 18, settings: { track_counts: 'off' } });
  const proxy = await startProxy(server, fakeEngine({ maxAffectedRows: 5 }));
  const client = await WireClient.connect({ port: proxy.port });
  await client.query('create table t(i int)');
  for (const bytes of [[f.query('insert into t values (1)')], [...run('insert into t values (1)'), f.sync]]) {
    expect((await client.exchange(bytes)).error).toMatchObject({ C: '53400', D: expect.stringContaining('track_counts') });
  }
  expect((await client.query('select count(*) from t')).results[0]?.rows[0]?.[0]?.toString()).toBe('0');
  await client.close();
  await proxy.stop();
  await server.stop();
});
