/**
 * Every mask kind on a column of every type, on real servers: the masked query has the column's type, modifier and
 * collation, raises for no value, keeps NULL where it should, and never shows what was there.
 */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { quoteIdentifier } from '../../core/catalog/catalog.ts';
import { MASK_KEY_SETTINGS, renderTemplate } from '../../core/policy/bundle.ts';
import { compileMask } from '../../core/policy/masks/compile-mask.ts';
import { maskKeyBlocks } from '../../core/policy/masks/hash.ts';
import type { MaskSpec } from '../../crds/database-access-policy.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { catalogOf } from '../support/catalog.ts';
import { ODD_VALUES, SCHEMA } from './odd-values.ts';
import { MAJORS } from '../support/majors.ts';

const KINDS: readonly MaskSpec[] = [
  { nullify: {} },
  { redact: {} },
  { partial: { keepFirst: 1, keepLast: 0 } },
  { partial: { keepFirst: 0, keepLast: 4 } },
  { partial: { keepFirst: 2, keepLast: 2 } },
  { email: {} },
  { hash: {} },
  { date: { truncate: 'year' } },
  { date: { truncate: 'month' } },
  { date: { truncate: 'day' } },
  { number: { round: 1000 } },
  { number: { round: 999_999_999_999 } },
  { constant: { value: '7' } },
  { constant: { value: 'true' } },
  { constant: { value: 'green' } },
  { constant: { value: '2020-02-29' } },
  { constant: { value: '00000000-0000-4000-8000-000000000000' } },
];
/** Where the answer depends on the value, NULL answers NULL. */
const DERIVED: ReadonlySet<string> = new Set(['partial', 'email', 'hash', 'date', 'number']);

const CHECKED_DOMAINS: ReadonlySet<string> = new Set([
  'domain_checked',
  'domain_strict',
  'domain_number',
  'domain_nested',
  'domain_amount',
  'domain_letters',
]);
const neverNull = (name: string): boolean => name === 'domain_strict' || name === 'domain_nested';

describe.each(MAJORS)('masks on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    const { inner, outer } = maskKeyBlocks(Buffer.from('a key of the test'));
    const options = `-c ${MASK_KEY_SETTINGS.inner}=${inner} -c ${MASK_KEY_SETTINGS.outer}=${outer}`;
    client = new pg.Client({ connectionString: server.url(), options, types: { getTypeParser: () => (value: string) => value } });
    await client.connect();
    await client.query(SCHEMA);
    for (const [column, { type, collate, values }] of Object.entries(ODD_VALUES)) {
      for (const suffix of ['', ' NOT NULL']) {
        const table = `${column}${suffix === '' ? '' : '_nn'}`;
        await client.query(
          `CREATE TABLE odd.${table} (id int, v ${type}${collate === undefined ? '' : ` COLLATE ${collate}`}${suffix})`,
        );
        const rows = suffix === '' && !neverNull(column) ? [...values, null] : values;
        for (const [id, value] of rows.entries()) await client.query(`INSERT INTO odd.${table} VALUES (${id}, $1)`, [value]);
      }
    }
    catalog = await catalogOf(server.url());
    // What a client may do to the session must not matter.
    await client.query(
      `SET search_path = evil, public, pg_catalog; SET DateStyle = 'German, DMY'; SET TimeZone = 'Pacific/Auckland'`,
    );
    await client.query(`SET IntervalStyle = sql_standard; SET extra_float_digits = -15; SET bytea_output = escape`);
  }, 180_000);
  afterEach(async () => {
    await client.query('ROLLBACK');
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  const subject = (table: string) => {
    const relation = catalog.relationNamed('odd', table);
    const column = relation === undefined ? undefined : catalog.columnNamed(relation, 'v');
    if (relation === undefined || column === undefined) throw new Error(`no column odd.${table}.v`);
    return { relation, column };
  };

  describe.each(Object.entries(ODD_VALUES))('%s', (name, { values, visible }) => {
    it.each(['', '_nn'])('keeps type, modifier and collation, raises never, hides the value%s', async (suffix) => {
      const table = `odd.${name}${suffix}`;
      const { column } = subject(`${name}${suffix}`);
      for (const spec of KINDS) {
        const compiled = compileMask(spec, column, catalog);
        const mask = renderTemplate(compiled.template, (attnum) =>
          attnum === column.attnum ? `t.${quoteIdentifier(column.name)}` : 'broken',
        );
        const label = `${JSON.stringify(spec)} on ${column.type}${suffix}: ${mask}`;
        await client.query('BEGIN');
        await client
          .query(`CREATE TEMP TABLE made AS SELECT t.v AS original, ${mask} AS masked FROM ${table} t`)
          .catch((error: Error) => {
            throw new Error(`${label}: ${error.message}`);
          });
        const types = await client.query(
          `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attcollation::pg_catalog.text AS collation
             FROM pg_catalog.pg_attribute a WHERE attrelid = 'pg_temp.made'::regclass AND attnum > 0 ORDER BY attnum`,
        );
        const [original, masked] = types.rows as { type: string; collation: string }[];
        // A domain with CHECKs is masked as its base type; what clients are told is compared below.
        if (!CHECKED_DOMAINS.has(name))
          expect({ type: masked?.type, collation: masked?.collation }, label).toEqual({
            type: original?.type,
            collation: original?.collation,
          });
        const rows = (
          await client.query(
            `SELECT t.v::pg_catalog.text AS original, (${mask})::pg_catalog.text AS masked FROM ${table} t ORDER BY id`,
          )
        ).rows as {
          original: string | null;
          masked: string | null;
        }[];
        expect(rows).toHaveLength(values.length + (suffix === '' && !neverNull(name) ? 1 : 0));
        for (const row of rows) {
          if (suffix === '_nn') expect(row.masked, `${label} for ${row.original}`).not.toBeNull();
          if (row.original === null && DERIVED.has(compiled.kind)) expect(row.masked, label).toBeNull();
          if (row.original === null || row.original === '' || visible?.includes(row.original) === true) continue;
          if (compiled.kind === 'date' || compiled.kind === 'number') continue;
          expect(row.masked, `${label} for ${row.original}`).not.toBe(row.original);
        }
        await client.query('ROLLBACK');
      }
    });
  });

  it('describes masked columns to clients exactly as the originals', async () => {
    for (const name of Object.keys(ODD_VALUES)) {
      const { column } = subject(name);
      for (const spec of KINDS) {
        const mask = renderTemplate(compileMask(spec, column, catalog).template, () => 't.v');
        const { fields } = await client.query(`SELECT t.v AS original, ${mask} AS masked FROM odd.${name} t LIMIT 0`);
        const [original, masked] = fields;
        expect([masked?.dataTypeID, masked?.dataTypeModifier], `${JSON.stringify(spec)} on ${name}`).toEqual([
          original?.dataTypeID,
          original?.dataTypeModifier,
        ]);
        expect([masked?.tableID, masked?.columnID], 'a masked column has no origin').toEqual([0, 0]);
      }
    }
  });

  it('computes HMAC-SHA-256, the same for equal values across text and integer types', async () => {
    const { createHmac } = await import('node:crypto');
    const hash = (name: string): string =>
      renderTemplate(compileMask({ hash: {} }, subject(name).column, catalog).template, () => 't.v');
    for (const value of ['abc', 'ünïcödé', 'a\\b\\\\', '']) {
      await client.query('BEGIN');
      await client.query('INSERT INTO odd.plain_text VALUES (99, $1)', [value]);
      await client.query('INSERT INTO odd.varchar_40 VALUES (99, $1)', [value]);
      const expected = createHmac('sha256', 'a key of the test').update(value).digest('hex').slice(0, 32);
      for (const table of ['plain_text', 'varchar_40']) {
        const { rows } = await client.query(`SELECT ${hash(table)} AS h FROM odd.${table} t WHERE id = 99`);
        expect(rows[0].h, `${table} ${value}`).toBe(expected);
      }
      await client.query('ROLLBACK');
    }
  });

  it('dates do not move with the time zone of the session', async () => {
    const { column } = subject('timestamptz');
    const mask = renderTemplate(compileMask({ date: { truncate: 'year' } }, column, catalog).template, () => 't.v');
    const seen = new Set<string>();
    for (const zone of ['UTC', 'Pacific/Auckland', '<X>+150', '<X>-150']) {
      await client.query('BEGIN');
      await client.query(`SELECT pg_catalog.set_config('TimeZone', $1, true)`, [zone]);
      const { rows } = await client.query(
        `SELECT pg_catalog.string_agg(pg_catalog.date_part('epoch', ${mask})::pg_catalog.text, ',' ORDER BY id) AS all FROM odd.timestamptz t`,
      );
      seen.add(rows[0].all);
      await client.query('ROLLBACK');
    }
    expect(seen.size).toBe(1);
  });
});
