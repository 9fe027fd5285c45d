/**
 * With a policy that grants everything the client must not be able to tell Sluice from the server: the same bytes for the same
 * bytes, in every protocol form, however they are cut.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { WireClient } from '../support/wire-client.ts';
import { fakeEngine } from './fake-engine.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { MAJORS } from '../support/majors.ts';

const COPY_ROWS = [f.copyData(Buffer.from('1\tone\n2\ttwo\n')), f.copyData(Buffer.from('3\tthree\n')), f.copyDone];
const p = (name: string, sql: string) => f.parse(name, sql);
const b = (statement: string, portal = '') => f.bind({ statement, portal });

/** name -> [bytes, ReadyForQuery expected]. Each runs on a fresh connection. */
const CASES: Record<string, readonly (readonly [readonly Buffer[], number])[]> = {
  select: [[[f.query('select 1 as a, null::text as b')], 1]],
  'empty query': [
    [[f.query('')], 1],
    [[f.query(' ; ; ')], 1],
  ],
  'several statements, several results': [
    [[f.query("select 1; select 'x'; create temp table q(i int); insert into q values (1),(2); select i + 0 from q")], 1],
  ],
  'error in the middle of several': [
    [[f.query('select 1; select 1/0; select 2')], 1],
    [[f.query('select 3')], 1],
  ],
  'begin and commit in one message': [[[f.query('begin; select 1; commit; select 2')], 1]],
  'failed block': [
    [[f.query('begin')], 1],
    [[f.query('select x')], 1],
    [[f.query('select 1')], 1],
    [[f.query('commit')], 1],
  ],
  savepoint: [
    [[f.query('begin')], 1],
    [[f.query('savepoint a')], 1],
    [[f.query('select 1/0')], 1],
    [[f.query('rollback to a')], 1],
    [[f.query('select 5')], 1],
    [[f.query('end')], 1],
  ],
  'pipelined queries': [[[f.query('select 1'), f.query('select x'), f.query('select 3')], 3]],
  extended: [[[p('', 'select $1::int + 1'), f.bind({ parameters: ['41'] }), f.describe('P'), f.execute(), f.sync], 1]],
  'extended, statement described': [
    [[p('s', 'select $1::int as n'), f.describe('S', 's'), f.sync], 1],
    [[f.bind({ statement: 's', parameters: ['1'] }), f.execute(), f.sync], 1],
  ],
  'binary results': [[[p('', 'select 42::int8, true'), f.bind({ resultFormat: 1 }), f.describe('P'), f.execute(), f.sync], 1]],
  'extended, empty query': [[[p('', ''), b(''), f.describe('P'), f.execute(), f.sync], 1]],
  'two statements in Parse': [
    [[p('', 'select 1; select 2'), f.sync], 1],
    [[f.query('select 3')], 1],
  ],
  'error skips to Sync, a Query included': [
    [[p('', 'select x'), b(''), f.execute(), f.query('select 7'), f.sync, f.query('select 8')], 2],
  ],
  'error at Execute skips to Sync': [
    [[p('', 'select 1/$1::int'), f.bind({ parameters: ['0'] }), f.execute(), p('t', 'select 1'), f.sync, b('t'), f.sync], 2],
  ],
  'query behind an open series': [[[p('', 'select 1'), b(''), f.execute(), f.query('select 2'), b(''), f.sync], 2]],
  'flush without sync': [[[p('', 'select 1'), b(''), f.describe('P'), f.execute(), f.flush, f.sync], 1]],
  'duplicate statement name keeps the old one': [
    [[p('s', 'select 1'), f.sync], 1],
    [[p('s', 'select 2'), f.sync], 1],
    [[b('s'), f.execute(), f.sync], 1],
  ],
  'duplicate name, all pipelined': [[[p('s', 'select 1'), f.sync, p('s', 'select 2'), f.sync, b('s'), f.execute(), f.sync], 3]],
  'unknown statement and portal': [
    [[b('nope'), f.sync], 1],
    [[f.execute('nope'), f.sync], 1],
    [[f.describe('S', 'nope'), f.sync], 1],
    [[f.describe('P', 'nope'), f.sync], 1],
    [[f.query('select 1')], 1],
  ],
  close: [
    [[p('s', 'select 1'), b('s', 'c'), f.close('P', 'c'), f.close('S', 's'), f.sync], 1],
    [[b('s'), f.sync], 1],
    [[f.close('S', 'never'), f.sync], 1],
  ],
  'portal suspended, resumed, another in between': [
    [[f.query('begin')], 1],
    [
      [
        p('', 'select * from generate_series(1,5)'),
        b('', 'c'),
        f.execute('c', 2),
        p('', 'select 9'),
        b(''),
        f.execute(),
        f.execute('c', 2),
        f.execute('c', 2),
        f.sync,
      ],
      1,
    ],
    [[f.query('commit')], 1],
  ],
  'unnamed statement is dropped by a Query': [
    [[p('', 'select 1'), f.sync], 1],
    [[f.query('select 2')], 1],
    [[b(''), f.execute(), f.sync], 1],
  ],
  'unnamed statement survives a failed Bind': [
    [[p('', 'select $1::int'), f.sync], 1],
    [[f.bind({ parameters: ['x'] }), f.sync], 1],
    [[f.bind({ parameters: ['4'] }), f.execute(), f.sync], 1],
  ],
  'failed Parse drops the unnamed statement': [
    [[p('', 'select 1'), f.sync], 1],
    [[p('', 'select x y z'), f.sync], 1],
    [[b(''), f.execute(), f.sync], 1],
  ],
  'sql PREPARE, protocol Bind': [
    [[f.query('prepare pr as select 11')], 1],
    [[b('pr'), f.execute(), f.sync], 1],
  ],
  'protocol Parse, sql EXECUTE': [
    [[p('px', 'select 12'), f.sync], 1],
    [[f.query('execute px')], 1],
  ],
  'protocol Parse, sql EXECUTE, pipelined': [[[p('px', 'select 12'), f.sync, f.query('execute px')], 2]],
  'prepare and execute pipelined': [[[f.query('prepare pr as select 13'), f.query('execute pr')], 2]],
  'prepare and execute in one series': [
    [[p('', 'prepare pr as select 14'), b(''), f.execute(), p('', 'execute pr'), b(''), f.execute(), f.sync], 1],
  ],
  deallocate: [
    [[p('px', 'select 12'), f.sync], 1],
    [[f.query('deallocate px')], 1],
    [[b('px'), f.sync], 1],
  ],
  'deallocate all, then parse again, pipelined': [
    [[p('s', 'select 1'), f.sync], 1],
    [[f.query('deallocate all'), p('s', 'select 2'), b('s'), f.execute(), f.sync], 2],
  ],
  'discard all': [
    [[p('s', 'select 1'), f.sync], 1],
    [[f.query('discard all')], 1],
    [[b('s'), f.sync], 1],
  ],
  'sql cursor, Describe and Execute sent ahead': [
    [
      [
        f.query('begin; declare ahead cursor for select generate_series(1,4)'),
        f.describe('P', 'ahead'),
        f.execute('ahead', 2),
        f.sync,
        f.query('rollback'),
      ],
      3,
    ],
  ],
  'sql cursor, protocol Execute': [
    [[f.query('begin; declare c cursor for select generate_series(1,4)')], 1],
    [[f.execute('c', 3), f.sync], 1],
    [[f.query('fetch all from c')], 1],
    [[f.query('end')], 1],
  ],
  'protocol portal, sql FETCH': [
    [[f.query('begin')], 1],
    [[p('', 'select generate_series(1,4)'), b('', 'c'), f.sync], 1],
    [[f.query('fetch 2 from c')], 1],
    [[f.query('end')], 1],
  ],
  'failed COMMIT': [
    [[f.query('create temp table d(i int primary key deferrable initially deferred); insert into d values (1)')], 1],
    [[f.query('begin; insert into d values (1)')], 1],
    [[f.query('commit')], 1],
    [[p('', 'insert into d values (1)'), b(''), f.execute(), f.sync], 1],
  ],
  notices: [[[f.query("do $$ begin raise notice 'hello %', 1; raise warning 'w'; end $$")], 1]],
  'copy to': [
    [[f.query('copy (select generate_series(1,3)) to stdout')], 1],
    [[f.query('copy (select 1) to stdout (format binary)')], 1],
  ],
  'copy from, extended, with an early Sync': [
    [[f.query('create temp table t(i int, s text)')], 1],
    [[p('', 'copy t from stdin'), b(''), f.execute(), f.sync, ...COPY_ROWS, f.sync], 1],
    [[f.query('select i + 0, s || s from t')], 1],
  ],
  'copy to, extended': [[[p('', 'copy (select 1) to stdout'), b(''), f.execute(), f.sync], 1]],
  'copy from, data sent ahead': [
    [[f.query('create temp table t(i int, s text)')], 1],
    [[f.query('copy t from stdin'), ...COPY_ROWS, f.query('select count(*) from t')], 2],
    [[p('', 'copy t from stdin'), b(''), f.execute(), ...COPY_ROWS, f.sync, f.query('select count(*) from t')], 2],
  ],
  'two copies in one Query, data sent ahead': [
    [[f.query('create temp table t(i int, s text)')], 1],
    [[f.query('copy t from stdin; select 5; copy t from stdin; select count(*) from t'), ...COPY_ROWS, ...COPY_ROWS], 1],
  ],
  'copy from with bad data': [
    [[f.query('create temp table t(i int, s text)')], 1],
    [[f.query('copy t from stdin'), f.copyData(Buffer.from('x\ty\n')), f.copyDone, f.query('select 1')], 2],
    [
      [
        p('', 'copy t from stdin'),
        b(''),
        f.execute(),
        f.copyData(Buffer.from('x\ty\n')),
        f.copyDone,
        f.sync,
        f.query('select 2'),
      ],
      2,
    ],
  ],
  'copy from given up by the client': [
    [[f.query('create temp table t(i int, s text)')], 1],
    [[f.query('copy t from stdin; select 1'), f.copyData(Buffer.from('1\ty\n')), f.copyFail('no more'), f.query('select 1')], 2],
    [[p('', 'copy t from stdin'), b(''), f.execute(), f.copyFail('no'), f.sync, f.query('select count(*) from t')], 2],
  ],
  'copy from into nothing, data sent ahead': [
    [[f.query('copy nosuch from stdin'), ...COPY_ROWS, f.query('select 1')], 2],
    [[p('', 'copy nosuch from stdin'), b(''), f.execute(), ...COPY_ROWS, f.sync, f.query('select 1')], 2],
  ],
  'stray copy data': [[[f.copyData(Buffer.from('x')), f.copyDone, f.copyFail('y'), f.query('select 1')], 1]],
  'implicit transaction of a series is rolled back': [
    [[f.query('create temp table t(i int)')], 1],
    [[p('', 'insert into t values (1)'), b(''), f.execute(), p('', 'select 1/0'), b(''), f.execute(), f.sync], 1],
    [[f.query('select count(*) from t')], 1],
  ],
  'set search_path in a series that fails': [
    [[f.query('create temp table zz()')], 1],
    [
      [
        p('', 'set search_path = zz'),
        b(''),
        f.execute(),
        p('', 'select 1/0'),
        b(''),
        f.execute(),
        f.sync,
        f.query('show search_path'),
      ],
      2,
    ],
  ],
  'listen and notify': [
    [[f.query('listen ch')], 1],
    [[f.query('select 1')], 1],
  ],
};

for (const major of MAJORS) {
  describe(`PostgreSQL ${major}`, () => {
    let server: LocalPostgres;
    let proxy: TestProxy;
    beforeAll(async () => {
      server = await startLocalPostgres({ major });
      proxy = await startProxy(server, fakeEngine());
    });
    afterAll(async () => {
      await proxy?.stop();
      await server?.stop();
    });
    const direct = () =>
      WireClient.connect({ port: server.port, password: server.password, parameters: [['application_name', 'sluice/test']] });
    const through = () => WireClient.connect({ port: proxy.port });

    /**
     * Messages up to the n-th ReadyForQuery, or the end; names of temporary schemas differ from session to session,
     * and an Execute of an unknown portal is asked as a Describe (the source line in the error differs).
     */
    const collect = async (client: WireClient, ready: number): Promise<string[]> => {
      const seen: string[] = [];
      for (let left = ready; left > 0; ) {
        const next = await client.next();
        if (next === null) {
          seen.push('the connection ended');
          break;
        }
        seen.push(
          `${next.type} ${next.body
            .toString('latin1')
            .replaceAll(/pg_temp_\d+/g, 'pg_temp_N')
            .replace(/L\d+\0Rexec_(?:execute|describe_portal)_message/, 'R')}`,
        );
        if (next.type === 'Z') left--;
      }
      return seen;
    };

    const play = async (client: WireClient, steps: readonly (readonly [readonly Buffer[], number])[]): Promise<string[]> => {
      const seen: string[] = [];
      for (const [bytes, ready] of steps) {
        client.send(...bytes);
        seen.push(...(await collect(client, ready)));
      }
      await client.close();
      return seen;
    };

    it.each(Object.entries(CASES))('%s', async (_, steps) => {
      const expected = await play(await direct(), steps);
      expect(await play(await through(), steps)).toEqual(expected);
    });

    it('malformed bodies fail with the same SQLSTATE, and the session lives', async () => {
      const bodies = [
        f.message('Q', Buffer.from('select 1')),
        f.message('Q', Buffer.from('select 1\0select 2\0')),
        f.message('Q', Buffer.from([0x73, 0xff, 0])),
      ];
      for (const bytes of bodies) {
        const seen = [];
        for (const client of [await direct(), await through()]) {
          const { error, status } = await client.exchange([bytes]);
          seen.push([error?.['C'], error?.['S'], status, (await client.query('select 1')).results[0]?.tag]);
          await client.close();
        }
        expect(seen[1]).toEqual(seen[0]);
      }
    });

    it.each(Object.entries(CASES))('byte by byte: %s', async (_, steps) => {
      const expected = await play(await direct(), steps);
      const client = await through();
      const seen: string[] = [];
      for (const [bytes, ready] of steps) {
        const all = Buffer.concat(bytes);
        for (let i = 0; i < all.length - 1; i++) {
          client.send(all.subarray(i, i + 1));
          if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        client.send(all.subarray(all.length - 1));
        seen.push(...(await collect(client, ready)));
      }
      await client.close();
      expect(seen).toEqual(expected);
    });
  });
}
