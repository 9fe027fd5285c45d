/** Class E, as far as a bare relay lets it through: messages in an order that a reader of statements alone does not expect. */
import { raw, type Attack } from '../attack.ts';
import * as frontend from '../../support/frontend.ts';
import type { WireClient } from '../../support/wire-client.ts';

const { bind, close, describe, execute, flush, parse, query, sync } = frontend;
const SECRET = 'SELECT ssn FROM customers';
const UNGRANTED = 'SELECT iban FROM payroll';
const HONEST = 'SELECT id, ssn FROM customers ORDER BY id';
const CLEAR = 'SELECT name FROM employees';

/** The same messages with each secret statement replaced by an honest one, which must give no error. */
function both(
  group: string,
  name: string,
  messages: (first: string, second: string) => readonly Buffer[],
  readyCount = 1,
): Attack {
  const run = async (client: WireClient, first: string, second: string): Promise<void> => {
    const { error } = await client.exchange(messages(first, second), readyCount);
    if (error !== null && first !== SECRET) throw new Error(`${error['C']}: ${error['M']}`);
  };
  return raw(
    'read',
    group,
    name,
    (client) => run(client, SECRET, UNGRANTED),
    (client) => run(client, HONEST, CLEAR),
  );
}

export const WIRE: readonly Attack[] = [
  // E7: after an error everything up to Sync is skipped, and what comes behind it is not
  both(
    'E7',
    'behind the Sync of a failed batch',
    (one, two) => [
      parse('', 'SELECT 1'),
      bind(),
      execute(),
      sync,
      parse('', one),
      bind(),
      execute(),
      sync,
      parse('', two),
      bind(),
      execute(),
      sync,
    ],
    3,
  ),
  raw(
    'read',
    'E7',
    'a query in a skipped batch, then one behind it',
    async (client) => {
      await client.exchange([parse('', 'SELECT 1/0'), bind(), execute(), query(UNGRANTED), sync, query(SECRET)], 2);
    },
    async (client) => {
      const { results } = await client.exchange(
        [parse('', 'SELECT 1/0'), bind(), execute(), query(CLEAR), sync, query(HONEST)],
        2,
      );
      if (results.at(-1)?.rows.length !== 14) throw new Error('the query behind the Sync was not answered');
    },
  ),
  // E8: names are bound when the server has parsed, not when the client has sent
  both(
    'E8',
    'statement of a name used twice',
    (one, two) => [
      parse('n', CLEAR),
      sync,
      close('S', 'n'),
      parse('n', one),
      bind({ statement: 'n' }),
      execute(),
      sync,
      close('S', 'n'),
      parse('n', two),
      sync,
      bind({ statement: 'n' }),
      execute(),
      sync,
    ],
    4,
  ),
  raw(
    'read',
    'E8',
    'second parse of a name fails, the first goes on',
    async (client) => {
      await client.exchange(
        [parse('d', SECRET), sync, parse('d', 'SELECT 1'), sync, bind({ statement: 'd' }), execute(), sync],
        3,
      );
    },
    async (client) => {
      const { results } = await client.exchange(
        [parse('d', HONEST), sync, parse('d', 'SELECT 1'), sync, bind({ statement: 'd' }), execute(), sync],
        3,
      );
      if (results.at(-1)?.rows.length !== 14) throw new Error('the first statement is gone');
    },
  ),
  // E9: what lives how long without a name
  both(
    'E9',
    'unnamed statement kept over a named one',
    (one) => [parse('', one), sync, parse('x', 'SELECT 1'), sync, bind(), execute(), sync],
    3,
  ),
  both('E9', 'unnamed statement replaced before it is bound', (one, two) => [
    parse('', CLEAR),
    parse('', one),
    bind(),
    execute(),
    parse('', two),
    bind(),
    execute(),
    sync,
  ]),
  both('E9', 'unnamed portal of an older statement', (one, two) => [
    parse('', one),
    bind(),
    parse('', two),
    execute(),
    bind(),
    execute(),
    sync,
  ]),
  both('E9', 'unnamed statement after a named portal was closed', (one) => [
    parse('', one),
    bind({ portal: 'p' }),
    close('P', 'p'),
    bind(),
    describe('S', ''),
    execute(),
    sync,
  ]),
  // E18: formats and types chosen in Bind and Parse
  both('E18', 'one format for each column', (one) => [
    parse('', `SELECT s.*, s.* FROM (${one}) AS s`),
    formats([1, 0, 1, 0].slice(0, one === SECRET ? 2 : 4)),
    describe('P'),
    execute(),
    sync,
  ]),
  both('E18', 'parameter of a chosen type', (one) => [
    parse('', `${one.replace(' ORDER BY id', '')} WHERE $1 IS NOT NULL`, [25]),
    bind({ parameters: ['x'] }),
    describe('P'),
    execute(),
    sync,
  ]),
  both('E18', 'null and binary parameters', (one) => [
    parse('', `SELECT s.* FROM (${one}) AS s WHERE $1::int IS NULL AND $2::int = 7`),
    bind({ parameters: [null, Buffer.from([0, 0, 0, 7])], resultFormat: 1 }),
    execute(),
    sync,
  ]),
  // E19: portals that wait while others run
  both(
    'E19',
    'two portals in turns',
    (one, two) => [
      query('BEGIN'),
      parse('a', one),
      parse('b', two),
      bind({ portal: 'x', statement: 'a' }),
      bind({ portal: 'y', statement: 'b' }),
      execute('x', 1),
      execute('y', 1),
      execute('x', 2),
      execute('y'),
      execute('x'),
      sync,
      query('COMMIT'),
    ],
    3,
  ),
  both(
    'E19',
    'described before another is bound under its name',
    (one) => [
      query('BEGIN'),
      parse('a', CLEAR),
      parse('b', one),
      bind({ portal: 'x', statement: 'a' }),
      describe('P', 'x'),
      close('P', 'x'),
      bind({ portal: 'x', statement: 'b' }),
      execute('x'),
      sync,
      query('COMMIT'),
    ],
    3,
  ),
  both(
    'E19',
    'resumed in another batch',
    (one) => [
      query('BEGIN'),
      parse('', one),
      bind({ portal: 'x' }),
      execute('x', 1),
      flush,
      sync,
      execute('x', 1),
      sync,
      execute('x'),
      sync,
      query('COMMIT'),
    ],
    5,
  ),
  // E21: everything at once
  both('E21', 'a hundred statements in one write', (one, two) => [
    ...Array.from({ length: 50 }, () => [parse('', one), bind(), execute(), parse('', two), bind(), execute()]).flat(),
    sync,
  ]),
  both('E21', 'a Flush behind every message', (one) => [
    parse('', one),
    flush,
    describe('S', ''),
    flush,
    bind(),
    flush,
    describe('P'),
    flush,
    execute(),
    flush,
    sync,
  ]),
  both('E21', 'many Syncs around one statement', (one) => [sync, sync, parse('', one), sync, bind(), execute(), sync, sync], 5),
];

/** Bind of the unnamed statement with a result format for each column. */
function formats(codes: readonly number[]): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0, 0]);
  const list = Buffer.alloc(2 + 2 * codes.length);
  list.writeInt16BE(codes.length);
  codes.forEach((code, at) => void list.writeInt16BE(code, 2 + 2 * at));
  return frontend.message('B', head, list);
}
