/** Binary values against the server: what it sends for a value, and the text it has for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalPostgres, type LocalPostgres } from '../../test/support/postgres.ts';
import { WireClient } from '../../test/support/wire-client.ts';
import { parameterText } from './parameter-text.ts';

const VALUES: readonly (readonly [type: string, oid: number, send: string, values: readonly string[]])[] = [
  ['bool', 16, 'boolsend', ['t', 'f']],
  ['bytea', 17, 'byteasend', ['\\x', '\\x00ff27']],
  ['name', 19, 'namesend', ['a name']],
  ['int8', 20, 'int8send', ['0', '-1', '9223372036854775807', '-9223372036854775808']],
  ['int2', 21, 'int2send', ['0', '-1', '32767', '-32768']],
  ['int4', 23, 'int4send', ['0', '-1', '2147483647', '-2147483648']],
  ['text', 25, 'textsend', ['', 'Åsa', "O'Brien"]],
  ['oid', 26, 'oidsend', ['0', '4294967295']],
  ['json', 114, 'json_send', ['{"a": [1,2]}']],
  ['jsonb', 3802, 'jsonb_send', ['{"a": [1, 2]}']],
  ['bpchar', 1042, 'bpcharsend', ['ab ']],
  ['varchar', 1043, 'varcharsend', ['x']],
  ['date', 1082, 'date_send', ['2000-01-01', '1999-12-31', '0001-01-01', '9999-12-31', 'infinity', '-infinity', '2024-02-29']],
  [
    'timestamp',
    1114,
    'timestamp_send',
    [
      '2000-01-01 00:00:00',
      '1999-12-31 23:59:59.999999',
      '2026-11-29 06:00:00.5',
      '0001-01-01 00:00:00',
      'infinity',
      '-infinity',
    ],
  ],
  ['timestamptz', 1184, 'timestamptz_send', ['2000-01-01 00:00:00+00', '1969-07-20 20:17:40.000001+00', 'infinity']],
  [
    'numeric',
    1700,
    'numeric_send',
    [
      '0',
      '0.00',
      '1',
      '-1',
      '1.50',
      '10000',
      '99999999',
      '0.0001',
      '0.00001',
      '-12345.678900',
      '1e20',
      '1e-20',
      'NaN',
      'Infinity',
      '-Infinity',
      '100000000000000000000.000000000001',
      '3e4',
      '0.10',
    ],
  ],
  ['uuid', 2950, 'uuid_send', ['6f2ec1d2-0b3a-4c4e-9a31-0123456789ab']],
];

describe('bound values in binary', () => {
  let server: LocalPostgres;
  let client: WireClient;
  beforeAll(async () => {
    server = await startLocalPostgres({ major: 18 });
    client = await WireClient.connect({ port: server.port, password: server.password });
    await client.query("SET timezone = 'UTC'");
  });
  afterAll(async () => {
    await client?.close();
    await server?.stop();
  });

  it.each(VALUES)('%s', async (type, oid, send, values) => {
    const literal = (value: string): string => `'${value.replaceAll("'", "''")}'::${type}`;
    for (const value of values) {
      const { results } = await client.query(`SELECT encode(${send}(${literal(value)}), 'hex'), ${literal(value)}::text || ''`);
      const [hex, text] = (results[0]?.rows[0] ?? []).map((cell) => cell?.toString());
      // A cast to text is not what these are sent as: blanks of bpchar are gone, and bool is spelt out.
      const expected = type === 'bpchar' || type === 'bool' ? value : text;
      expect(parameterText(Buffer.from(hex!, 'hex'), 1, oid)?.toString(), value).toBe(expected);
    }
  });

  it('have no text in another type, of another length, or out of range', () => {
    for (const oid of [0, 700, 701, 1007, 3614]) expect(parameterText(Buffer.alloc(8), 1, oid)).toBeUndefined();
    for (const oid of [16, 20, 21, 23, 26, 1082, 1114, 1184, 1700, 2950, 3802])
      for (const length of [0, 3, 5, 9, 17]) expect(parameterText(Buffer.alloc(length), 1, oid), `${oid}`).toBeUndefined();
    expect(parameterText(Buffer.from('7ffffff0', 'hex'), 1, 1082)).toBeUndefined();
    // A numeric that says it has more groups, or another sign, than there are.
    expect(parameterText(Buffer.from('0005000000000000', 'hex'), 1, 1700)).toBeUndefined();
    expect(parameterText(Buffer.from('0000000012340000', 'hex'), 1, 1700)).toBeUndefined();
    expect(parameterText(Buffer.from('00007fff00000000', 'hex'), 1, 1700)).toBeUndefined();
  });

  it('as text are what came', () => {
    expect(parameterText(Buffer.from('x'), 0, 701)?.toString()).toBe('x');
  });
});
