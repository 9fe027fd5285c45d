/** What a literal is, as PostgreSQL itself says it: each is asked for by the server and compared. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalPostgres, type LocalPostgres } from '../../../test/support/postgres.ts';
import { WireClient } from '../../../test/support/wire-client.ts';
import { numberText, stringText } from './literal-text.ts';
import { NUMBER, Scanner, STRING } from './scanner.ts';

const LITERALS = [
  "''",
  "'a'",
  "'O''Brien'",
  "''''",
  "'a'\n'b'",
  "'a' -- it's a comment\n 'b'\r\n'c''d'",
  "'Åsa 数'",
  "'back\\slash'",
  '$$a$$',
  "$x$it's $$ in $y$ here$x$",
  '$$$$',
  "E'a\\nb\\tc\\\\d\\'e''f'",
  "e'\\101\\x41\\u00e9\\U0001F600\\q\\b\\f\\r\\v'",
  "E'\\ud83d\\ude00'",
  "E'a\\''\n'b\\''",
  "E'\\303\\245'",
  "E'\\x4'",
  "U&'d\\0061t\\+000061'",
  "U&'d!0061''!!' UESCAPE '!'",
  "U&'\\D83D\\DE00'",
  "u&'d!0061' /* c */ uescape '!'",
  "U&'plain'",
  "B'1010'",
  "b''",
  "X'1Ff0'",
  '0',
  '42',
  '007',
  '1_000',
  '0x1F',
  '0o17',
  '0b101',
  '0X_ff',
  '9223372036854775808',
  '1.50',
  '.5',
  '5.',
  '00.10',
  '1e3',
  '1.5e1',
  '1.5E-2',
  '12.345e2',
  '1e-3',
  '0.0e0',
  '0e5',
  '1e20',
  '1_0.0_1e+2',
];

function textOf(literal: string): string | undefined {
  const bytes = Buffer.from(`SELECT ${literal} `);
  const scanner = new Scanner(bytes, 7);
  expect(scanner.next(), literal).toBe(true);
  const { kind, start, end } = scanner;
  expect([STRING, NUMBER], literal).toContain(kind);
  expect(scanner.next(), literal).toBe(false);
  return (kind === STRING ? stringText(bytes, start, end) : numberText(bytes, start, end))?.toString();
}

describe('the value of a literal', () => {
  let server: LocalPostgres;
  let client: WireClient;
  beforeAll(async () => {
    server = await startLocalPostgres({ major: 18 });
    client = await WireClient.connect({ port: server.port, password: server.password });
  });
  afterAll(async () => {
    await client?.close();
    await server?.stop();
  });

  it.each(LITERALS)('%j', async (literal) => {
    const { results } = await client.query(`SELECT ${literal}`);
    expect(textOf(literal)).toBe(results[0]?.rows[0]?.[0]?.toString());
  });
});

describe('what the server would refuse', () => {
  it.each(["E'\\ud83d'", "E'\\ude00'", "E'\\u0000'", "U&'\\00'", "U&'\\D83Dx'", "X'1G'"])('%s has no text', (literal) => {
    const bytes = Buffer.from(literal);
    expect(stringText(bytes, 0, bytes.length)).toBeUndefined();
  });

  it('numbers whose digits nobody wrote are not written out', () => {
    for (const literal of ['1e401', '1e999999999', '1e-100000000000000000000'])
      expect(numberText(Buffer.from(literal), 0, literal.length)).toBeUndefined();
    expect(numberText(Buffer.from('1e400'), 0, 5)).toHaveLength(401);
  });
});
