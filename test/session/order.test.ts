/**
 * Random series of messages, cut at random places, against a direct connection: the same answers in the same order. The pool
 * holds what goes wrong in proxies: errors in the middle, names defined twice, closed, dropped, replaced, queries between
 * Parse and Sync, portals that are suspended, statements that change the session.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { WireClient } from '../support/wire-client.ts';
import { fakeEngine } from './fake-engine.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { MAJORS } from '../support/majors.ts';

const names = ['', 'a', 'b'];
/** Refused by Sluice; directly, something of the same length that is a syntax error: the two must be indistinguishable. */
const DENIED = '/* deny */ select 1';
const INVALID = 'x'.repeat(DENIED.length);
const texts = [
  'select 1',
  'select generate_series(1,4)',
  'select 1/0',
  'select nosuch',
  'begin',
  'commit',
  'rollback',
  'savepoint s',
  'rollback to s',
  'prepare a as select 5',
  'execute a',
  'deallocate a',
  'deallocate all',
  'declare b cursor for select generate_series(1,3)',
  'fetch 2 from b',
  'close b',
  'set search_path = pg_catalog',
  'show search_path',
  'insert into n values (1)',
  'select count(*) from n',
  '',
  'discard all',
  'copy (select 1) to stdout',
  DENIED,
  DENIED,
];
const message = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...texts).map((sql) => ({ show: `Q ${sql}`, bytes: f.query(sql) })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...texts), fc.constantFrom(...texts))
      .map(([x, y]) => ({ show: `Q ${x};${y}`, bytes: f.query(`${x};${y}`) })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...texts))
      .map(([name, sql]) => ({ show: `P ${name} ${sql}`, bytes: f.parse(name, sql) })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...names))
      .map(([portal, statement]) => ({ show: `B ${portal} ${statement}`, bytes: f.bind({ portal, statement }) })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(0, 0, 2))
      .map(([portal, max]) => ({ show: `E ${portal} ${max}`, bytes: f.execute(portal, max) })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('S' as const, 'P' as const), fc.constantFrom(...names))
      .map(([kind, name]) => ({ show: `D ${kind} ${name}`, bytes: f.describe(kind, name) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('S' as const, 'P' as const), fc.constantFrom(...names))
      .map(([kind, name]) => ({ show: `C ${kind} ${name}`, bytes: f.close(kind, name) })),
  },
  { weight: 4, arbitrary: fc.constant({ show: 'S', bytes: f.sync }) },
  { weight: 1, arbitrary: fc.constant({ show: 'H', bytes: f.flush }) },
  { weight: 1, arbitrary: fc.constant({ show: 'd', bytes: f.copyData(Buffer.from('stray')) }) },
);

const MARK = 'the-end-of-it';

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let proxies: TestProxy[];
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    // Once as transparent as can be, once with every helper and limit in the stream.
    proxies = [
      await startProxy(server, fakeEngine({ lenient: true })),
      await startProxy(server, fakeEngine({ lenient: true, maxAffectedRows: 10, maxRows: 1000 })),
    ];
  });
  afterAll(async () => {
    for (const proxy of proxies ?? []) await proxy.stop();
    await server?.stop();
  });

  const play = async (client: WireClient, chunks: readonly Buffer[]): Promise<string[]> => {
    await client.query('create temp table n(i int)');
    for (const chunk of chunks) {
      client.send(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.send(f.sync, f.query('rollback'), f.query(`select '${MARK}'`));
    const seen: string[] = [];
    for (let over = false; ; ) {
      const next = await client.next();
      if (next === null) {
        seen.push('the connection ended');
        break;
      }
      // Our stand-in for Execute of an unknown portal fails at another line of the server's source.
      const text = next.body.toString('latin1').replace(/F\w+\.[cl]\0L\d+\0R\w+/, '');
      seen.push(`${next.type} ${next.type === 'E' && /\0C(?:42501|42601)\0/.test(text) ? 'refused' : text}`);
      if (next.type === 'D' && next.body.includes(MARK)) over = true;
      if (over && next.type === 'Z') break;
    }
    await client.close();
    return seen;
  };

  it('the same answers in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 24 }),
        fc.array(fc.nat(2000), { maxLength: 8 }),
        fc.nat(1),
        async (list, cuts, which) => {
          const bytes = Buffer.concat(list.map((one) => one.bytes));
          const sorted = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((x, y) => x - y), bytes.length];
          const chunks = sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
          const [direct, through] = await Promise.all([
            WireClient.connect({
              port: server.port,
              password: server.password,
              parameters: [['application_name', 'sluice/test']],
            }),
            WireClient.connect({ port: proxies[which]!.port }),
          ]);
          const expected = await play(direct, [Buffer.from(bytes.toString('latin1').replaceAll(DENIED, INVALID), 'latin1')]);
          const seen = await play(through, chunks);
          expect({ sent: list.map((one) => one.show), seen }).toEqual({ sent: list.map((one) => one.show), seen: expected });
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});
