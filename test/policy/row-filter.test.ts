/**
 * A compiled row filter keeps exactly the rows that the same condition keeps when the server reads it itself, under any
 * search_path, and says which of its operators are leakproof. Two parsers disagreeing about a precedence would show here.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { renderTemplate } from '../../core/policy/bundle.ts';
import { compileRowFilter, parseRowFilter } from '../../core/policy/row-filter.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMA = `
  CREATE EXTENSION citext;
  CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
  CREATE DOMAIN score AS int CHECK (VALUE < 100);
  CREATE TABLE t (
    id int PRIMARY KEY, tenant text, short varchar(5), fixed char(4), "Mixed Case" text, ci citext, small int2, n int4, big int8, exact numeric(8,2),
    f float8, flag bool, day date, at timestamptz, key uuid, ip inet, hue colour, points score, tags text[], doc jsonb);
  INSERT INTO t SELECT i, (ARRAY['a', 'b', 'ai-agents', NULL])[1 + i % 4], (ARRAY['x', 'x y', 'z''q', NULL])[1 + i % 4], (ARRAY['ab', 'abcd', NULL])[1 + i % 3],
    (ARRAY['One', 'two', NULL])[1 + i % 3], (ARRAY['Red', 'rED', 'x', NULL])[1 + i % 4], i % 5 - 2, nullif(i % 7, 3) - 1, nullif(i, 5) * 10000000000, i % 6 + 0.25,
    i / 3.0, (ARRAY[true, false, NULL])[1 + i % 3], date '2026-01-01' + i % 4, timestamptz '2026-01-01 00:00:00+00' + i % 5 * interval '12 hours',
    ('00000000-0000-4000-8000-00000000000' || i % 3)::uuid, ('10.0.0.' || i % 3)::inet, (ARRAY['red', 'green', NULL]::colour[])[1 + i % 3], i % 3, '{}', '{}'
  FROM generate_series(0, 59) AS i;
  CREATE SCHEMA evil;
  CREATE FUNCTION evil.yes(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
  CREATE FUNCTION evil.yes(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
  CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes);
  CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.yes);
  CREATE OPERATOR evil.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes);
  CREATE TYPE evil.date AS (x int);
`;

/** Column, constants for it, and whether the constants sort. */
const COLUMNS: readonly (readonly [column: string, constants: readonly string[]])[] = [
  ['tenant', ["'a'", "'b'", "''", "'ai-agents'", 'identity.namespace', "'it''s'"]],
  ['short', ["'x'", "'x y'", "'z''q'", 'identity.serviceAccount']],
  ['fixed', ["'ab'", "'abcd'"]],
  ['"Mixed Case"', ["'One'", "'two'", 'identity.namespace']],
  ['ci', ["'RED'", "'x'"]],
  ['small', ['1', '-2', "'0'"]],
  ['n', ['0', '-1', '5', '2147483647']],
  ['big', ['10000000000', '590000000000', '9223372036854775807']],
  ['exact', ['1.25', '3', '-0.5']],
  ['f', ['1.5', '3', '0']],
  ['day', ["'2026-01-02'", "'2026-01-03'::date", "date '2026-01-04'", 'current_date']],
  ['at', ["'2026-01-01 12:00:00+00'", "'2026-01-02 00:00:00Z'::timestamptz", 'now()']],
  ['key', ["'00000000-0000-4000-8000-000000000001'"]],
  ['ip', ["'10.0.0.1'"]],
  ['hue', ["'red'", "'blue'"]],
  ['points', ['1', '2']],
];
const columnName = fc.constantFrom(...COLUMNS.map(([name]) => name), 'flag', 'tags', 'doc');
const subject = fc.constantFrom(...COLUMNS);
const comparison = fc
  .tuple(subject, fc.constantFrom('=', '<>', '!=', '<', '<=', '>', '>='), fc.nat(), fc.boolean())
  .map(([[column, constants], operator, pick, flip]) => {
    const constant = constants[pick % constants.length];
    return flip ? `${constant} ${operator} ${column}` : `${column} ${operator} ${constant}`;
  });
const membership = fc
  .tuple(subject, fc.boolean(), fc.array(fc.nat(), { minLength: 1, maxLength: 3 }))
  .map(
    ([[column, constants], not, picks]) =>
      `${column} ${not ? 'NOT IN' : 'in'} (${picks.map((pick) => constants[pick % constants.length]).join(', ')})`,
  );
const between = fc
  .tuple(subject, fc.boolean(), fc.nat(), fc.nat())
  .map(
    ([[column, constants], not, a, b]) =>
      `${column} ${not ? 'NOT ' : ''}BETWEEN ${constants[a % constants.length]} AND ${constants[b % constants.length]}`,
  );
const like = fc
  .tuple(
    fc.constantFrom('tenant', 'short', '"Mixed Case"'),
    fc.boolean(),
    fc.constantFrom("'a%'", "'_'", "'%''%'", "'x\\_y'", "'%\\\\'"),
  )
  .map(([column, not, pattern]) => `${column} ${not ? 'NOT LIKE' : 'LIKE'} ${pattern}`);
const atom = fc.oneof(
  comparison,
  membership,
  between,
  like,
  columnName.map((column) => `${column} IS NULL`),
  columnName.map((column) => `${column} IS NOT NULL`),
  fc.constantFrom(
    'flag',
    'flag IS TRUE',
    'flag IS NOT FALSE',
    'flag = true',
    'tenant = "Mixed Case"',
    'tenant <> short',
    'true',
    'false',
  ),
);
const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc
      .tuple(tie('any'), fc.constantFrom('AND', 'or'), tie('any'))
      .map(([left, operator, right]) => `${left} ${operator} ${right}`),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `NOT ${inner}`),
    tie('any').map((inner) => `NOT (${inner})`),
  ),
})).any;

const identity = { namespace: 'ai-agents', serviceAccount: 'x' };

describe.each(MAJORS)('row filters on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let plain: pg.Client;
  let hostile: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    plain = new pg.Client({ connectionString: server.url() });
    hostile = new pg.Client({ connectionString: server.url() });
    await plain.connect();
    await hostile.connect();
    await plain.query(SCHEMA);
    await hostile.query(
      "SET search_path = evil, public, pg_catalog; SET DateStyle = 'German, DMY'; SET TimeZone = 'Pacific/Auckland'",
    );
    catalog = await catalogOf(server.url());
  }, 60_000);
  afterAll(async () => {
    await plain?.end();
    await hostile?.end();
    await server?.stop();
  });

  const compile = (text: string) => {
    const relation = catalog.relationNamed('public', 't');
    if (relation === undefined) throw new Error('no table');
    const name = (attnum: number): string => `t."${catalog.column(relation, attnum)?.name}"`;
    const result = compileRowFilter(parseRowFilter(text), relation, catalog, identity);
    return result.ok ? { ...result, sql: renderTemplate(result.filter.template, name) } : result;
  };
  const rows = async (client: pg.Client, where: string): Promise<readonly number[]> =>
    (
      await client.query({ text: `SELECT id FROM public.t WHERE ${where} ORDER BY id`, rowMode: 'array' })
    ).rows.flat() as number[];

  it('keep the rows that the server itself would keep', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(condition, async (text) => {
        const compiled = compile(text);
        if (!compiled.ok) throw new Error(`${text}: ${compiled.message}`);
        const spliced = text.replaceAll('identity.namespace', "'ai-agents'").replaceAll('identity.serviceAccount', "'x'");
        expect(await rows(hostile, compiled.sql), `${text}\n${compiled.sql}`).toEqual(await rows(plain, `(${spliced})`));
        compared += 1;
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ["tenant = 'a' AND region = 'eu'", 'public.t has no column "region"', 17],
    ["tenat = 'a'", 'did you mean "tenant"', 0],
    ["tenant = (SELECT 'a')", 'expected a constant', 10],
    ["tenant = current_setting('x')", 'now()', 9],
    ["lower(tenant) = 'a'", 'needs a column of the table on one side', 0],
    ["tenant || 'x' = 'ax'", 'needs a column of the table on one side', 0],
    ["public.t.tenant = 'a'", 'plain name', 0],
    ['tenant = 1', 'expected a constant of type', 9],
    ["n = 'x'", 'whole number', 4],
    ['small = 40000', 'whole number between -32768 and 32767', 8],
    ["day = '31.12.2026'", 'a date such as', 6],
    ["at = '2026-01-01 00:00:00'", '+00', 5],
    ['day > now()', 'now() for columns', 6],
    ["hue = 'purple'", 'one of red, green, blue', 6],
    ['n = n + 1', 'expected a constant', 4],
    ["tenant ~ 'a'", 'operator ~ is not allowed', 0],
    ["tenant ILIKE 'a'", 'operator ILIKE is not allowed', 0],
    ["tenant LIKE 'a\\'", 'ends in an escape', 12],
    ['tenant LIKE short', 'constant pattern', 12],
    ["tags = '{}'", 'cannot be compared', 0],
    ["doc = '{}'", 'cannot be compared', 0],
    ['n', 'only if it is a boolean', 0],
    ['tenant = identity.pod', 'identity.pod does not exist', 9],
    ['n = identity.namespace', 'is text', 4],
    ["tenant = E'a'", 'write strings plainly', 9],
    ['tenant = n', 'is not compared with', 9],
    ['tenant IN (NULL)', 'expected a constant', 11],
    ["tenant = 'a'; DROP TABLE t", 'not a condition that Sluice understands', undefined],
    ["tenant = 'a' --", '', undefined],
    ['tenant = $1', 'expected a constant', 9],
    ['', 'not a condition', undefined],
  ])('refuse %s', (text, expected, offset) => {
    const compiled = compile(text);
    if (text.endsWith('--')) {
      expect(compiled.ok && compiled.sql.includes('--')).toBe(false);
      return;
    }
    expect(compiled.ok, text).toBe(false);
    if (compiled.ok) return;
    expect(compiled.message).toContain(expected);
    if (offset !== undefined) expect(compiled.offset).toBe(offset);
  });

  it('know which filters are leakproof', async () => {
    const flag = (text: string): boolean => {
      const compiled = compile(text);
      return compiled.ok && compiled.filter.leakproof;
    };
    for (const text of [
      "tenant = 'a'",
      "short IN ('x')",
      'n BETWEEN 1 AND 2',
      'flag',
      "key = '00000000-0000-4000-8000-000000000001'",
      'doc IS NULL',
    ])
      expect(flag(text), text).toBe(true);
    for (const text of ['exact = 1', "tenant LIKE 'a%'", "hue = 'red'"]) expect(flag(text), text).toBe(false);
  });

  it('keep using the index', async () => {
    await plain.query('CREATE INDEX ON t (tenant); SET enable_seqscan = off');
    for (const text of ["tenant = 'a'", "tenant IN ('a', 'b')", 'tenant = identity.namespace']) {
      const compiled = compile(text);
      const { rows: plan } = await plain.query(`EXPLAIN SELECT * FROM t WHERE ${compiled.ok ? compiled.sql : 'error'}`);
      expect(JSON.stringify(plan), text).toContain('Index Cond');
    }
  });
});
