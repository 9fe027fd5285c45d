/**
 * Classes E and F: bytes and statements meant to harm the proxy itself. Whatever one client sends, it is answered or its own
 * session ends; another session, open all the while, goes on; and the process serves the next one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CanaryOracle, describeFindings } from '../oracle/canary-oracle.ts';
import * as frontend from '../support/frontend.ts';
import { restrictedIdentity, restrictivePolicy, rows, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { startTap, type Tap } from '../support/tap.ts';
import { WireClient } from '../support/wire-client.ts';

/** Statements that are cheap to send and dear to read. */
const BOMBS: readonly (readonly [name: string, sql: string])[] = [
  ['nested comments', `SELECT 1 ${'/*'.repeat(30_000)}${'*/'.repeat(30_000)}`],
  ['unclosed nested comments', `SELECT 1 ${'/*'.repeat(60_000)}`],
  ['a long sum', `SELECT ${'1+'.repeat(20_000)}1`],
  ['a run of operators', `SELECT ${'+'.repeat(20_000)} 1`],
  ['nested parentheses', `SELECT ${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
  ['nested subqueries', `${'SELECT (SELECT '.repeat(3_000)}1${')'.repeat(3_000)}`],
  ['a chain of casts', `SELECT 1${'::int'.repeat(10_000)}`],
  ['a long conjunction', `SELECT 1 WHERE ${'true AND '.repeat(50_000)}true`],
  ['twenty thousand statements', 'SELECT 1;'.repeat(20_000)],
  ['a list of fifty thousand', `SELECT id FROM customers WHERE id IN (${Array.from({ length: 50_000 }, (_, n) => n).join(',')})`],
  ['many joins', `SELECT 1 FROM ${Array.from({ length: 200 }, (_, n) => `customers c${n}`).join(' CROSS JOIN ')}`],
  ['a wide row', `SELECT ${Array.from({ length: 1_700 }, (_, n) => `id AS c${n}`).join(', ')} FROM customers`],
  ['nested arrays', `SELECT ${'ARRAY['.repeat(2_000)}1${']'.repeat(2_000)}`],
  ['a literal of nine megabytes', `SELECT length('${'x'.repeat(9_000_000)}')`],
  // PostgreSQL plans a chain of them in cubic time without looking up; these stay below the policy's statement timeout.
  [
    'many common table expressions',
    `WITH ${Array.from({ length: 150 }, (_, n) => `t${n} AS (SELECT ${n === 0 ? 1 : `* FROM t${n - 1}`})`).join(', ')} SELECT 1`,
  ],
  ['nested case', `SELECT ${'CASE WHEN true THEN '.repeat(3_000)}1${' END'.repeat(3_000)}`],
  ['an unclosed string', `SELECT '${'a'.repeat(200_000)}`],
  ['an unclosed dollar quote', `SELECT $x$${'a'.repeat(200_000)}`],
  ['a deep qualified name', `SELECT ${'a.'.repeat(20_000)}b`],
];

/** Bytes after the login that no honest client sends. */
const MALFORMED: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['a second statement behind NUL', frontend.message('Q', Buffer.from('SELECT 1\0SELECT iban FROM payroll\0'))],
  ['a query without its NUL', frontend.message('Q', Buffer.from('SELECT iban FROM payroll'))],
  ['invalid UTF-8', frontend.message('Q', Buffer.from([0x53, 0x45, 0x4c, 0x45, 0x43, 0x54, 0x20, 0x27, 0xff, 0xfe, 0x27, 0]))],
  ['a length of three', Buffer.from([0x51, 0, 0, 0, 3])],
  ['a length of two gigabytes', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff, 0x53])],
  ['a negative length', Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])],
  ['an unknown message type', frontend.message('z', Buffer.from('hello'))],
  ['a server message', frontend.message('Z', Buffer.from('I'))],
  [
    'a function call',
    frontend.functionCall(2924, [Buffer.from('SELECT ssn FROM customers'), Buffer.from('t'), Buffer.from('t'), Buffer.from('')]),
  ],
  ['COPY data out of place', Buffer.concat([frontend.copyData(Buffer.from('x')), frontend.copyDone, frontend.query('SELECT 1')])],
  ['a bind that lies about its parameters', frontend.message('B', Buffer.from([0, 0, 0, 0, 0xff, 0xff]))],
  ['trailing bytes after a parse', Buffer.concat([frontend.message('P', Buffer.from('\0SELECT 1\0\0\0extra')), frontend.sync])],
  ['two statements in a parse', Buffer.concat([frontend.parse('', 'SELECT 1; SELECT iban FROM payroll'), frontend.sync])],
  ['a password message', frontend.message('p', Buffer.from('secret\0'))],
  ['a hundred thousand flushes', Buffer.concat(Array.from({ length: 100_000 }, () => frontend.flush))],
  ['thirty thousand syncs', Buffer.concat(Array.from({ length: 30_000 }, () => frontend.sync))],
  [
    'five thousand statements kept',
    Buffer.concat([...Array.from({ length: 5_000 }, (_, n) => frontend.parse(`s${n}`, `SELECT ${n}`)), frontend.sync]),
  ],
];

/** First bytes of a connection. */
const OPENINGS: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['direct TLS', Buffer.from('16030100c8010000c40303', 'hex')],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a startup packet of no length', Buffer.from([0, 0, 0, 0])],
  ['a huge startup packet', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
  [
    'the user given twice',
    frontend.startup([
      ['user', 'agent'],
      ['database', 'shop'],
      ['user', 'postgres'],
    ]),
  ],
  [
    'replication',
    frontend.startup([
      ['user', 'agent'],
      ['database', 'shop'],
      ['replication', 'database'],
    ]),
  ],
  ['protocol 2', frontend.startup([['user', 'agent']], 131072)],
  [
    'plain text behind an SSLRequest',
    Buffer.concat([
      frontend.sslRequest,
      frontend.startup([
        ['user', 'agent'],
        ['database', 'shop'],
      ]),
    ]),
  ],
  ['a cancel request for someone else', frontend.cancelRequest(1, Buffer.from([1, 2, 3, 4]))],
  ['an unterminated parameter', Buffer.concat([Buffer.from([0, 0, 0, 13, 0, 3, 0, 0]), Buffer.from('user\0')])],
];

describe('hostile input', () => {
  let shop: Shop;
  let sluice: RunningSluice;
  let tap: Tap;
  let oracle: CanaryOracle;
  let bystander: WireClient;
  beforeAll(async () => {
    shop = await startShop(18, ['a'], { name: () => 'shop' });
    oracle = new CanaryOracle(await shop.canaries('a'));
    sluice = await startSluice({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: shop.url('shop') });
    tap = await startTap({ port: sluice.port, onServerData: oracle.listen });
    bystander = await sluice.connect('shop');
  });
  afterAll(async () => {
    await bystander?.close();
    await tap?.stop();
    await sluice?.stop();
    await shop?.stop();
  });

  const othersGoOn = async (): Promise<void> => {
    expect(await rows(bystander, 'SELECT id, phone FROM customers WHERE id = 2')).toEqual([['2', '****7002']]);
    const next = await sluice.connect('shop');
    expect(await rows(next, 'SELECT 1')).toEqual([['1']]);
    await next.close();
    expect(describeFindings(oracle.take())).toBe('0 canaries: ');
  };
  const login = (): Promise<WireClient> =>
    WireClient.connect({ port: tap.port, user: 'agent', database: 'shop', timeout: 30_000 });

  it.each(BOMBS)('%s', async (_name, sql) => {
    const client = await login();
    const outcome = client.query(sql);
    expect(await rows(bystander, 'SELECT 2')).toEqual([['2']]);
    await outcome;
    if (!client.ended) expect((await client.query('SELECT 1')).error).toBeNull();
    await client.close();
    await othersGoOn();
  });

  it.each(MALFORMED)('%s', async (_name, bytes) => {
    const client = await login();
    client.send(bytes, frontend.sync);
    // Whatever comes, until it is quiet or the session has ended.
    for (let quiet = 0; quiet < 2 && !client.ended; ) quiet = (await client.pending(60)).length === 0 ? quiet + 1 : 0;
    client.destroy();
    await othersGoOn();
  });

  it.each(OPENINGS)('%s as the first bytes', async (_name, bytes) => {
    const client = await WireClient.open({ port: tap.port });
    client.send(bytes);
    const answer = await client.pending(150).catch(() => []);
    expect(answer.map(({ type }) => type)).not.toContain('Z');
    client.destroy();
    await othersGoOn();
  });

  it('half a message, then nothing, then gone', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, login));
    for (const client of clients) client.send(frontend.query('SELECT id FROM customers').subarray(0, 9));
    await othersGoOn();
    for (const client of clients) client.destroy();
    await othersGoOn();
  });
});
