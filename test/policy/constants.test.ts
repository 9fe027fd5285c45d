/**
 * A constant that a policy may use (in a mask or a row filter) is one that the server takes without error under any DateStyle:
 * whatever the check accepts, the server accepts too. The other way round the check may be stricter.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { quoteLiteral } from '../../core/catalog/catalog.ts';
import { constantProblem } from '../../core/policy/masks/literal.ts';
import { shapeOf } from '../../core/policy/masks/type-shape.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MAJORS } from '../support/majors.ts';

const TYPES: Readonly<Record<string, string>> = {
  t: 'text',
  v: 'varchar(5)',
  c: 'char(3)',
  i2: 'int2',
  i4: 'int4',
  i8: 'int8',
  n: 'numeric',
  n42: 'numeric(4,2)',
  n24: 'numeric(2,4)',
  nneg: 'numeric(3,-2)',
  f4: 'float4',
  f8: 'float8',
  b: 'boolean',
  u: 'uuid',
  d: 'date',
  ts: 'timestamp',
  tz: 'timestamptz',
  ip: 'inet',
  j: 'json',
  jb: 'jsonb',
  e: 'mood',
};
const SAMPLES: Readonly<Record<string, string>> = {
  t: "it's \\ fine",
  v: 'abcde',
  c: 'abc',
  i2: '-32768',
  i4: '2147483647',
  i8: '9223372036854775807',
  n: '12345678901234567890.5',
  n42: '-99.99',
  n24: '0',
  nneg: '0',
  f4: '1.5',
  f8: '-2',
  b: 'true',
  u: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
  d: '2024-02-29',
  ts: '2024-02-29 23:59:59.5',
  tz: '2024-02-29T23:59:59Z',
  ip: '10.0.0.1',
  j: '{"redacted": [true, 1.5, "1e5"]}',
  jb: '{"redacted": [true, 1.5, "1e5"]}',
  e: 'sad',
};
const pad =
  (length: number) =>
  (value: number): string =>
    String(value).padStart(length, '0');
const date = fc
  .tuple(
    fc.integer({ min: 0, max: 10_001 }).map(pad(4)),
    fc.integer({ min: 0, max: 13 }).map(pad(2)),
    fc.integer({ min: 0, max: 32 }).map(pad(2)),
  )
  .map((parts) => parts.join('-'));
const time = fc
  .tuple(
    fc.integer({ min: 0, max: 25 }).map(pad(2)),
    fc.integer({ min: 0, max: 61 }).map(pad(2)),
    fc.integer({ min: 0, max: 61 }).map(pad(2)),
  )
  .map((parts) => parts.join(':'));
const number = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.bigInt({ min: 0n, max: 10n ** 22n }),
    fc.constantFrom('', '.', '.5', '.995', '.0001', 'e5', '.99999'),
  )
  .map((parts) => parts.join(''));
const octet = fc.integer({ min: 0, max: 300 });
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '{',
    '"\\u0000"',
    '"\\ud800"',
    '1e999999',
    '-0',
    '[1,]',
    ' 1 ',
    '"\\u00e9"',
    '"\\ud83d\\ude00"',
    '"\\ude00\\ud83d"',
  ),
);
const text = fc.string({ unit: 'binary', maxLength: 8 }).filter((value) => value.isWellFormed());
const near: Readonly<Record<string, fc.Arbitrary<string>>> = {
  number: fc.oneof(
    number,
    fc.integer({ min: -40_000, max: 40_000 }).map(String),
    fc.constantFrom('2147483648', '-2147483649', '9223372036854775808', '32768', 'NaN', ''),
  ),
  date: fc.oneof(date, fc.constantFrom('2023-02-29', '2024-02-29', 'infinity', '1900-02-29')),
  stamp: fc
    .tuple(
      date,
      fc.constantFrom(' ', 'T', 't'),
      time,
      fc.constantFrom('', 'Z', '+00', '-15', '+14:59', '.123456', '.1234567', ' UTC', '.5+02:00'),
    )
    .map((parts) => parts.join('')),
  address: fc.oneof(
    fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.')),
    fc.ipV6(),
    fc.ipV4Extended(),
  ),
  json,
  text,
  word: fc.constantFrom(
    'true',
    'false',
    't',
    'TRUE',
    'sad',
    'ok',
    'Sad',
    '',
    '00000000-0000-0000-0000-00000000000g',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '{ffffffff-ffff-ffff-ffff-ffffffffffff}',
  ),
};

describe.each(MAJORS)('constants on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(
      `CREATE TYPE mood AS ENUM ('sad', 'ok', ''); CREATE TABLE k (${Object.entries(TYPES)
        .map(([name, type]) => `${name} ${type}`)
        .join(', ')})`,
    );
    catalog = await catalogOf(server.url());
    await client.query("SET DateStyle = 'SQL, DMY'");
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('accepted by the check is accepted by the server', async () => {
    const relation = catalog.relationNamed('public', 'k');
    if (relation === undefined) throw new Error('no table');
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...relation.columns), fc.oneof(...Object.values(near)), async (column, value) => {
        if (constantProblem(value, shapeOf(column, catalog)) !== undefined) return;
        accepted += 1;
        await client.query(`SELECT CAST(${quoteLiteral(value)} AS ${column.type})`).catch((error: Error) => {
          throw new Error(`${column.type} ${JSON.stringify(value)}: ${error.message}`);
        });
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it.each(Object.entries(SAMPLES))('the check is not so strict as to refuse %s %s', async (name, value) => {
    const column = catalog.relationNamed('public', 'k')?.columns.find((each) => each.name === name);
    if (column === undefined) throw new Error(name);
    expect(constantProblem(value, shapeOf(column, catalog))).toBeUndefined();
    await client.query(`SELECT CAST(${quoteLiteral(value)} AS ${column.type})`);
  });
});
