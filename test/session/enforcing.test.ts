/** Refusals, rewritten statements and policy changes, in every protocol form, against a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { AnalyseResult } from '../../core/sql/plan.ts';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { WireClient } from '../support/wire-client.ts';
import { fakeEngine } from './fake-engine.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { MAJORS } from '../support/majors.ts';
import { emptySession } from '../support/sql-core.ts';

const DENIED = '/* deny */ select 1';
const p = (name: string, sql: string) => f.parse(name, sql);
const b = (statement: string, portal = '') => f.bind({ statement, portal });
const run = (sql: string) => [p('', sql), b(''), f.execute()];

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let proxy: TestProxy;
  let client: WireClient;
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    proxy = await startProxy(server, fakeEngine());
    const setup = await WireClient.connect({ port: server.port, password: server.password });
    await setup.query('create table t(i int primary key, s text); insert into t select g, g::text from generate_series(1,50) g');
    await setup.close();
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    proxy.host.set(fakeEngine());
    proxy.journal.failing = false;
    proxy.journal.delay = null;
    client = await WireClient.connect({ port: proxy.port });
    proxy.journal.entries = [];
    proxy.journal.appends = [];
    return () => client.close();
  });
  const types = (exchange: { messages: readonly { type: string }[] }) =>
    exchange.messages.map((message) => message.type).join('');
  const count = async (table = 't') => {
    const direct = await WireClient.connect({ port: server.port, password: server.password });
    const { results } = await direct.query(`select count(*) from ${table}`);
    await direct.close();
    return Number(results[0]?.rows[0]?.[0]?.toString());
  };
  const direct = () => WireClient.connect({ port: server.port, password: server.password });

  describe('a denied Query', () => {
    it('outside a transaction: one error, ReadyForQuery idle, the session lives', async () => {
      const answer = await client.query(DENIED);
      expect(types(answer)).toBe('EZ');
      expect(answer.error).toMatchObject({ S: 'ERROR', C: '42501', D: 'SLUICE-201 (policy ns/p)' });
      expect(answer.status).toBe('I');
      expect((await client.query('select 1')).results[0]?.tag).toBe('SELECT 1');
    });

    it('inside a block aborts the block upstream', async () => {
      await client.query('begin; insert into t values (1000)');
      const answer = await client.query(DENIED);
      expect([types(answer), answer.error?.['C'], answer.status]).toEqual(['EZ', '42501', 'E']);
      expect((await client.query('select 1')).error?.['C']).toBe('25P02');
      expect((await client.query('commit')).results[0]?.tag).toBe('ROLLBACK');
      expect(await count()).toBe(50);
    });

    it('can be undone with a savepoint', async () => {
      await client.query('begin; savepoint a');
      expect((await client.query(DENIED)).status).toBe('E');
      expect((await client.query('rollback to a')).status).toBe('T');
      expect((await client.query('select 1')).status).toBe('T');
      expect((await client.query('commit')).results[0]?.tag).toBe('COMMIT');
    });

    it('denies every statement of its message', async () => {
      const answer = await client.query(`insert into t values (1001); ${DENIED}; insert into t values (1002)`);
      expect(types(answer)).toBe('EZ');
      expect(await count()).toBe(50);
    });

    it('behind others is answered in its turn', async () => {
      const answer = await client.exchange([f.query('select 1'), f.query(DENIED), f.query('select 2')], 3);
      expect(types(answer)).toBe('TDCZEZTDCZ');
      const block = await client.exchange([f.query('begin'), f.query(DENIED), f.query('select 2'), f.query('commit')], 4);
      expect(block.messages.filter((message) => message.type === 'Z').map((message) => message.body.toString())).toEqual([
        'T',
        'E',
        'E',
        'I',
      ]);
    });

    it('behind an open series rolls the series back', async () => {
      const answer = await client.exchange([...run('insert into t values (1003)'), f.query(DENIED), f.sync], 2);
      expect(types(answer)).toBe('12CEZZ');
      expect(await count()).toBe(50);
    });
  });

  describe('a denied Parse', () => {
    it.each([
      ['alone', () => [p('', DENIED), f.sync], 1],
      ['with Bind, Describe, Execute', () => [...run(DENIED), f.sync], 1],
      ['behind a good statement', () => [...run('select 1'), ...run(DENIED), f.sync], 1],
      ['before a good statement', () => [...run(DENIED), ...run('select 1'), f.sync], 1],
      ['with a Query before Sync, which is skipped', () => [p('', DENIED), f.query('select 7'), f.sync, f.query('select 8')], 2],
      ['then another series', () => [...run(DENIED), f.sync, ...run('select 2'), f.sync], 2],
      ['named', () => [p('n', DENIED), b('n'), f.sync, b('n'), f.sync], 2],
      ['in a block', () => [f.query('begin'), ...run(DENIED), f.sync, ...run('select 1'), f.sync, f.query('end')], 4],
      ['with garbage behind it', () => [p('', DENIED), f.message('B', Buffer.from('x')), f.sync], 1],
    ] as const)('%s: what a failing Parse gets directly', async (_, bytes, ready) => {
      const reference = await direct();
      const failing = bytes().map((message) =>
        Buffer.from(message.toString('latin1').replace(DENIED, 'x'.repeat(DENIED.length)), 'latin1'),
      );
      const expected = await reference.exchange(failing, ready);
      await reference.close();
      const answer = await client.exchange(bytes(), ready);
      expect(types(answer)).toBe(types(expected));
      expect(answer.messages.filter((m) => m.type === 'Z').map((m) => m.body.toString())).toEqual(
        expected.messages.filter((m) => m.type === 'Z').map((m) => m.body.toString()),
      );
      expect(answer.error?.['C']).toBe('42501');
    });

    it('rolls back what its series did before', async () => {
      const answer = await client.exchange([...run('insert into t values (1004)'), ...run(DENIED), f.sync]);
      expect(types(answer)).toBe('12CEZ');
      expect(await count()).toBe(50);
    });

    it('with Flush: the error comes before the Sync', async () => {
      client.send(p('', DENIED), f.flush);
      expect((await client.next())?.type).toBe('E');
      expect(types(await client.exchange([f.sync]))).toBe('Z');
    });

    it('never lets an older statement of the same name run', async () => {
      await client.exchange([p('s1', 'select 1'), f.sync]);
      const answer = await client.exchange([p('s1', DENIED), b('s1'), f.execute(), f.sync]);
      expect(types(answer)).toBe('EZ');
    });
  });

  it('refuses FunctionCall, and goes on', async () => {
    const answer = await client.exchange([f.functionCall(2924, [Buffer.from('x')])]);
    expect([types(answer), answer.error?.['C'], answer.error?.['D']]).toEqual(['EZ', '08P01', 'SLUICE-503 (floor)']);
    expect((await client.query('select 1')).results[0]?.tag).toBe('SELECT 1');
  });

  it.each([
    ['unknown type', f.message('z', Buffer.alloc(3))],
    ['length below four', Buffer.from([0x51, 0, 0, 0, 3])],
    ['length beyond the limit', Buffer.from([0x53, 0x7f, 0xff, 0xff, 0xff])],
    ['password outside a login', f.message('p', Buffer.from('x\0'))],
  ])('%s ends the session with FATAL 08P01', async (_, bytes) => {
    client.send(bytes);
    const last = await client.next();
    expect(last?.type).toBe('E');
    expect(last?.body.toString('latin1')).toMatch(/SFATAL\0VFATAL\0C08P01/);
    expect(await client.next()).toBeNull();
  });

  describe('a rewritten statement', () => {
    it('gives masked values in every form, and after being described once', async () => {
      proxy.host.set(fakeEngine({ secret: "(select 'masked' as v) secret" }));
      expect(
        (await client.query('select v from secret; select v from secret')).results.map((r) => r.rows[0]?.[0]?.toString()),
      ).toEqual(['masked', 'masked']);
      await client.exchange([p('s', 'select v from secret'), f.describe('S', 's'), f.sync]);
      for (let i = 0; i < 3; i++) {
        const answer = await client.exchange([b('s'), f.execute(), f.sync]);
        expect([types(answer), answer.results[0]?.rows[0]?.[0]?.toString()]).toEqual(['2DCZ', 'masked']);
      }
    });

    it("has its error positions in the client's text", async () => {
      proxy.host.set(fakeEngine({ allowAll: false }));
      const sql = 'select ü, id from secret where nosuch = 1';
      const { error } = await client.query(sql.replace('ü', "'ü'"));
      expect([error?.['C'], Number(error?.['P'])]).toEqual(['42703', sql.replace('ü', "'ü'").indexOf('nosuch') + 1]);
      const second = await client.query(`select 1 from secret; select nosuch from secret`);
      expect(Number(second.error?.['P'])).toBe('select 1 from secret; select '.length + 1);
      const extended = await client.extended(`select nosuch from secret`);
      expect(Number(extended.error?.['P'])).toBe('select '.length + 1);
    });

    it('is prepared again when the policy changes, without the client noticing', async () => {
      proxy.host.set(fakeEngine({ secret: "(select 'one' as v) secret" }));
      await client.exchange([p('s', 'select v from secret'), p('', 'select v from secret'), f.sync]);
      const before = await client.exchange([b('s'), f.execute(), f.sync]);
      proxy.host.set(fakeEngine({ version: 'v2', secret: "(select 'two' as v) secret" }));
      for (const name of ['s', '', 's']) {
        const answer = await client.exchange([b(name), f.execute(), f.sync]);
        expect([types(answer), answer.results[0]?.rows[0]?.[0]?.toString()]).toEqual(['2DCZ', 'two']);
      }
      expect(before.results[0]?.rows[0]?.[0]?.toString()).toBe('one');
    });

    it('is denied at Bind when the new policy denies it, and works again after', async () => {
      await client.exchange([p('s', 'select i from t'), f.sync]);
      proxy.host.set(fakeEngine({ version: 'v2', deny: /from t/ }));
      const answer = await client.exchange([b('s'), f.execute(), f.sync]);
      expect([types(answer), answer.error?.['C']]).toEqual(['EZ', '42501']);
      proxy.host.set(fakeEngine({ version: 'v3' }));
      expect(types(await client.exchange([b('s'), f.execute('', 1), f.sync]))).toBe('2DsZ');
    });

    it('a portal whose statement changed meaning cannot go on', async () => {
      await client.query('begin');
      await client.exchange([p('s', 'select i from t'), b('s', 'c'), f.execute('c', 2), f.sync]);
      proxy.host.set(fakeEngine({ version: 'v2', deny: /from t/ }));
      const answer = await client.exchange([f.execute('c', 2), f.sync]);
      expect([types(answer), answer.error?.['C'], answer.status]).toEqual(['EZ', '42501', 'E']);
    });
  });

  it('what is too large for this process is analysed elsewhere, and what follows waits', async () => {
    const engine = fakeEngine();
    const denied = (plans: AnalyseResult, reason: Denial): AnalyseResult =>
      plans.map((plan) => ({ ...plan, decision: 'deny' as const, denial: reason }));
    const large = `select 9 where 1 in (${Array.from({ length: 7_000 }, () => '1').join(',')})`;
    const answer = engine.analyse({ sql: Buffer.from(large), protocol: 'simple', parameterTypes: [] }, emptySession);
    proxy.host.set({
      ...engine,
      analyse: (request, session) => {
        const plans = engine.analyse(request, session);
        return request.sql.length > 10_000 ? denied(plans, denial('SLUICE-104', 'too large')) : plans;
      },
    });
    proxy.host.parsed = [];
    proxy.host.large = answer;
    const served = await client.exchange([f.query('select 1'), f.query(large), f.query('select 3')], 3);
    expect(types(served)).toBe('TDCZTDCZTDCZ');
    expect(proxy.host.parsed).toEqual([large]);
    proxy.host.large = denied(answer, denial('SLUICE-101', 'syntax error at end of input'));
    const refused = await client.exchange([p('', large), b(''), f.execute(), f.sync, f.query('select 3')], 2);
    expect([types(refused), refused.error?.['C']]).toEqual(['EZTDCZ', '42601']);
    proxy.host.large = null;
    const broken = await client.exchange([f.query(large), f.query('select 3')], 2);
    expect([types(broken), broken.error?.['C']]).toEqual(['EZTDCZ', '57P03']);
  });

  it('what was opened or prepared under an older policy cannot go on under a new one', async () => {
    await client.query('prepare old as select 1; begin; declare c cursor with hold for select i from t; commit');
    expect((await client.query('fetch 1 from c')).error).toBeNull();
    proxy.host.set(fakeEngine({ version: 'v2' }));
    expect((await client.query('fetch 1 from c')).error?.['C']).toBe('0A000');
    expect((await client.exchange([f.execute('c', 1), f.sync])).error?.['C']).toBe('0A000');
    expect((await client.exchange([b('old'), f.execute(), f.sync])).error?.['C']).toBe('0A000');
    await client.query('close c; deallocate old');
    expect((await client.query('begin; declare c cursor for select i from t; fetch 1 from c; commit')).error).toBeNull();
  });

  it('a policy that changes while PREPARE runs does not adopt what the old one allowed', async () => {
    client.send(f.query('prepare slow as select 1; select pg_sleep(0.05)'));
    while (proxy.journal.of('intent').length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    proxy.host.set(fakeEngine({ version: 'v2' }));
    await client.exchange([]);
    expect((await client.exchange([b('slow'), f.execute(), f.sync])).error?.['C']).toBe('0A000');
  });

  describe('audit', () => {
    it('has an intent before and an outcome after each execution', async () => {
      await client.query('select 1; select 2');
      await client.exchange([p('s', 'select i from t'), b('s'), f.execute('', 2), f.execute('', 3), f.sync]);
      await client.query(DENIED);
      await client.query('select 1/0; select 5');
      await client.query("select 1 /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/");
      const { journal } = proxy;
      const outcome = new Map(journal.of('outcome').map((entry) => [entry.statement, entry]));
      const seen = journal.of('intent').map((intent) => {
        const end = outcome.get(intent.statement);
        expect(journal.entries.indexOf(intent)).toBeLessThan(journal.entries.indexOf(end!));
        return [intent.decision, end?.result, end?.tag, end?.rows, end?.sqlstate];
      });
      expect(seen).toEqual([
        ['allow', 'ok', 'SELECT 1', 1, undefined],
        ['allow', 'ok', 'SELECT 1', 1, undefined],
        ['allow', 'ok', undefined, 2, undefined],
        ['allow', 'ok', undefined, 3, undefined],
        ['deny', 'denied', undefined, undefined, '42501'],
        ['allow', 'error', undefined, 0, '22012'],
        ['allow', 'error', 'not run', undefined, undefined],
        ['allow', 'ok', 'SELECT 1', 1, undefined],
      ]);
      expect(journal.of('intent').at(-1)?.trace).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    });

    it('appends the intents of one chunk together', async () => {
      await client.exchange([...run('select 1'), ...run('select 2'), ...run('select 3'), f.sync]);
      expect(proxy.journal.of('intent')).toHaveLength(3);
      expect(proxy.journal.appends[0]).toBe(3);
    });

    it.each([null, 5])(
      'refuses with SLUICE-701 when it cannot be written (delay %s), and the session lives on',
      async (delay) => {
        await client.query('create table if not exists refused(i int); truncate refused');
        proxy.journal.delay = delay;
        proxy.journal.failing = true;
        const simple = await client.query('insert into refused values (1)');
        expect([types(simple), simple.error?.['C'], simple.error?.['D']?.slice(0, 10)]).toEqual(['EZ', '58030', 'SLUICE-701']);
        const extended = await client.exchange(
          [...run('insert into refused values (1)'), f.sync, ...run('insert into refused values (2)'), f.sync],
          2,
        );
        expect(extended.error?.['C']).toBe('58030');
        expect(types(extended).replaceAll(/[12]/g, '')).toBe('EZEZ');
        const block = await client.exchange([f.query('begin')]);
        expect(block.status).toBe('I');
        const open = await client.exchange([...run('insert into refused values (3)'), f.flush, f.sync]);
        expect(types(open).replaceAll(/[12]/g, '')).toBe('EZ');
        proxy.journal.failing = false;
        expect(await count('refused')).toBe(0);
        expect((await client.exchange([...run('select 1'), f.sync])).results[0]?.tag).toBe('SELECT 1');
        expect((await client.query('select 1')).results[0]?.tag).toBe('SELECT 1');
        proxy.journal.delay = null;
      },
    );

    it('waits for a journal that takes its time, in order', async () => {
      proxy.journal.delay = 5;
      const answer = await client.exchange(
        [f.query('select 1'), ...run('select 2'), f.sync, f.query(DENIED), f.query('select 4')],
        4,
      );
      expect(types(answer)).toBe('TDCZ12DCZEZTDCZ');
    });
  });

  it('after DDL the schema is read again before the next statement', async () => {
    await client.query('create temp table fresh(i int)');
    proxy.host.refreshes = [];
    await client.query('create temp table fresher(i int)');
    expect((await client.query('select * from fresher')).results[0]?.tag).toBe('SELECT 0');
    expect(proxy.host.refreshes).toHaveLength(2);
  });

  it('without a policy everything is refused with SLUICE-703, transactions are aborted', async () => {
    await client.query('begin');
    proxy.host.set(undefined);
    const answer = await client.query('select 1');
    expect(answer.status).toBe('E');
    expect(answer.error?.['D']).toMatch(/^SLUICE-703/);
    expect(answer.error?.['C']).toBe('57P03');
    proxy.host.set(fakeEngine());
    expect((await client.query('rollback')).status).toBe('I');
  });

  it('a policy past its validUntil refuses', async () => {
    proxy.host.set(fakeEngine({ validUntil: Date.now() - 1 }));
    expect((await client.query('select 1')).error).toMatchObject({ C: '57P03', D: 'SLUICE-703 (policy ns/p)' });
  });
});
