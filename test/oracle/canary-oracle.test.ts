/** The oracle fires: on the bare relay, for every encoding and every message type it claims, cut at every byte; and only then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShop, type Canary, type Shop } from '../support/shop.ts';
import { startTap, type Tap } from '../support/tap.ts';
import { WireClient } from '../support/wire-client.ts';
import * as frontend from '../support/frontend.ts';
import { CanaryOracle } from './canary-oracle.ts';

const canary: Canary = { value: 'qwrtzpsdfghj', column: 'public.t.c', type: 'text' };

function dataRow(...values: readonly Buffer[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(values.length);
  return frontend.message(
    'D',
    count,
    ...values.flatMap((value) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(value.length);
      return [length, value];
    }),
  );
}

function encodingsFoundIn(bytes: Buffer, chunk = bytes.length, canaries: readonly Canary[] = [canary]): readonly string[] {
  const oracle = new CanaryOracle(canaries);
  for (let at = 0; at < bytes.length; at += chunk) oracle.listen(bytes.subarray(at, at + chunk));
  return oracle.findings.map(({ encoding }) => encoding);
}

describe('canary oracle on made-up streams', () => {
  const bytes = Buffer.from(canary.value);
  const encodings: readonly (readonly [string, string | Buffer])[] = [
    ['text', canary.value],
    ['text', canary.value.toUpperCase()],
    ['text', canary.value.slice(3, 10)],
    ['reversed', [...canary.value].reverse().join('')],
    ['hex', `\\x${bytes.toString('hex')}`],
    ['hex', bytes.toString('hex').toUpperCase()],
    ['base64 (alignment 0)', bytes.toString('base64')],
    ['base64 (alignment 1)', Buffer.concat([Buffer.from('x'), bytes]).toString('base64')],
    ['base64 (alignment 2)', Buffer.concat([Buffer.from('xy'), bytes]).toString('base64')],
    [
      'base64 (alignment 1)',
      `${Buffer.concat([Buffer.from('x'), bytes])
        .toString('base64')
        .slice(0, 7)}\n${Buffer.concat([Buffer.from('x'), bytes])
        .toString('base64')
        .slice(7)}`,
    ],
    ['url escapes', [...bytes].map((byte) => `%${byte.toString(16)}`).join('')],
    ['bytea escapes', [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')],
    ['character codes', [...bytes].join(',')],
    ['rot13', 'djegmcfqstuw'],
  ];
  it.each(encodings)('finds %s at any chunk size', (encoding, text) => {
    const stream = Buffer.concat([dataRow(Buffer.from('before'), Buffer.from(text)), frontend.message('Z', Buffer.from('I'))]);
    for (const chunk of [1, 2, 7, stream.length]) expect(encodingsFoundIn(stream, chunk)).toContain(encoding);
  });

  it('finds a token spread over columns, rows and COPY lines', () => {
    const letters = [...canary.value].map((letter) => Buffer.from(letter));
    expect(encodingsFoundIn(dataRow(...letters))).toContain('text');
    expect(encodingsFoundIn(Buffer.concat(letters.map((letter) => dataRow(letter))))).toContain('text');
    expect(encodingsFoundIn(Buffer.concat(letters.map((letter) => frontend.message('d', letter, Buffer.from('\n')))))).toContain(
      'text',
    );
  });

  it('finds it in errors, notices, notifications and function results', () => {
    for (const type of ['E', 'N', 'A', 'V', 'S'])
      expect(
        encodingsFoundIn(
          Buffer.concat([frontend.message('R', Buffer.alloc(4)), frontend.message(type, Buffer.from(`xxxx${canary.value}\0`))]),
        ),
      ).toContain('text');
  });

  it('finds numbers, dates and uuids in text and binary', () => {
    const salary: Canary = { value: '61234.56', column: 'c', type: 'number' };
    expect(encodingsFoundIn(dataRow(Buffer.from('61234.56')), 99, [salary])).toContain('text');
    expect(encodingsFoundIn(dataRow(Buffer.from('0003000100000002000604d215e0', 'hex')), 99, [salary])).toContain(
      'binary numeric',
    );
    const birth: Canary = { value: '1961-07-23', column: 'c', type: 'date' };
    const days = Buffer.alloc(4);
    days.writeInt32BE(-14041);
    expect(encodingsFoundIn(dataRow(days), 99, [birth])).toContain('binary date');
    const uuid: Canary = { value: '0b8f9a52-1c34-4b6e-9b6f-6f8f2f3a4d5e', column: 'c', type: 'uuid' };
    expect(encodingsFoundIn(dataRow(Buffer.from(uuid.value.replaceAll('-', ''), 'hex')), 99, [uuid])).toContain('binary uuid');
  });

  it('is silent about anything else', () => {
    const noise = Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 2654435761) & 0xff));
    expect(
      encodingsFoundIn(Buffer.concat([dataRow(Buffer.from('qwrtzp')), dataRow(noise), dataRow(Buffer.from('zqwrtz 61234'))])),
    ).toEqual([]);
  });
});

describe('canary oracle on a bare relay', () => {
  let shop: Shop;
  let tap: Tap;
  let oracle: CanaryOracle;
  let client: WireClient;
  beforeAll(async () => {
    shop = await startShop(18, ['a']);
    oracle = new CanaryOracle(await shop.canaries('a'));
    tap = await startTap({ port: shop.server.port, onServerData: oracle.listen });
    client = await WireClient.connect({ port: tap.port, user: 'shop_app', password: 'app', database: 'shop_a' });
  });
  afterAll(async () => {
    client?.destroy();
    await tap?.stop();
    await shop?.stop();
  });

  const leaks: readonly (readonly [string, string, string])[] = [
    ['text', 'public.customers.ssn', 'SELECT ssn FROM customers'],
    ['hex', 'public.customers.ssn', "SELECT encode(ssn::bytea, 'hex') FROM customers"],
    ['base64 (alignment 1)', 'public.customers.email', "SELECT encode(email::text::bytea, 'base64') FROM customers"],
    ['reversed', 'public.customers.ssn', 'SELECT reverse(ssn) FROM customers'],
    ['text', 'public.customers.ssn', 'SELECT string_to_table(ssn, NULL) FROM customers WHERE id = 1'],
    ['text', 'public.customers.ssn', 'SELECT ssn::int FROM customers'],
    ['text', 'public.customers.ssn', 'SELECT leak(ssn) FROM customers'],
    ['text', 'public.customers.ssn', 'COPY customers TO STDOUT'],
    ['text', 'public.payroll.gross', 'SELECT gross FROM payroll'],
    ['text', 'public.customers.birth_date', 'SELECT birth_date FROM customers'],
    ['md5', 'public.customers.ssn', 'SELECT md5(ssn) FROM customers'],
    ['character codes', 'public.customers.ssn', 'SELECT ascii(string_to_table(ssn, NULL)) FROM customers WHERE id = 1'],
  ];
  it.each(leaks)('sees %s of %s in: %s', async (encoding, column, sql) => {
    oracle.take();
    await client.query(sql);
    expect(
      oracle
        .take()
        .filter((finding) => finding.column === column)
        .map((finding) => finding.encoding),
    ).toContain(encoding);
  });

  it('sees binary results', async () => {
    oracle.take();
    await client.extended('SELECT salary, birth_date, api_key, credit_limit, photo FROM customers', { resultFormat: 1 });
    const found = new Set(oracle.take().map(({ encoding }) => encoding));
    for (const encoding of ['binary numeric', 'binary date', 'binary uuid', 'binary int4', 'text'])
      expect(found).toContain(encoding);
  });

  it('stays silent about what is not protected', async () => {
    oracle.take();
    for (const sql of [
      "SELECT id, name, city FROM customers WHERE tenant = 'acme' AND region = 'eu'",
      'SELECT * FROM order_items',
      'SELECT * FROM pg_class',
      'SELECT now(), random()',
    ])
      await client.query(sql);
    expect(oracle.take()).toEqual([]);
  });
});
