/** Sets of OIDs and names as SQL conditions: a real server agrees with the set for every value in and around it. */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import { columnsOf, namedColumn, namedRelation, oneOf, visibleColumn } from '../../core/sql/introspect/conditions.ts';
import { visibleTo } from '../../core/sql/introspect/visible.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { grant, subjectBundle } from './subject.ts';

/** Names that end strings, arrays, templates and keys, if anything does. */
const ODD = ['{relname}', 'a"b', "it's", 'back\\slash', '1/x/2', 'a,b', '{', '}', '  ', 'NULL', 'ünïcödé', '😀', '$1', 'x;--'];

describe('conditions', () => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major: 18 });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    for (const name of [...ODD, 'plain_shown', 'customers_shown']) {
      for (const schema of ['public', 'odd "{relname}"']) {
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
        await client.query(
          `CREATE TABLE ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)} (${pg.escapeIdentifier(name)} int, other int)`,
        );
      }
    }
    catalog = new Catalog(await readCatalog(simpleQueryOver(client)));
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('holds exactly for the members of a set, close together or far apart', async () => {
    const set = fc.uniqueArray(fc.oneof(fc.integer({ min: 16_384, max: 16_800 }), fc.integer({ min: 16_384, max: 40_000 })), {
      maxLength: 120,
    });
    await fc.assert(
      fc.asyncProperty(set, async (oids) => {
        const low = Math.max(0, Math.min(16_384, ...oids) - 10);
        const high = Math.max(16_384, ...oids) + 10;
        const sql = `SELECT coalesce(array_agg(s.o ORDER BY s.o), '{}') AS found FROM generate_series(${low}, ${high}) AS s(o) WHERE ${oneOf('s.o::oid', oids)}`;
        const { rows } = await client.query<{ found: number[] }>(sql);
        expect(rows[0]?.found).toEqual([...oids].sort((a, b) => a - b));
      }),
      { numRuns: 40 },
    );
    expect(
      oneOf(
        'x',
        Array.from({ length: 40 }, (_unused, index) => 16_384 + 3 * index),
      ),
    ).toContain('get_bit');
  });

  const relations = () => catalog.data.relations.filter((entry) => entry.kind === 'table' && entry.oid >= 16_384);

  it('finds relations by any name, and no other', async () => {
    const all = relations();
    for (const picked of [all.filter((_entry, index) => index % 2 === 0), all.filter((_entry, index) => index % 3 === 0)]) {
      const condition = columnsOf(
        'v',
        namedRelation(
          catalog,
          picked.map((entry) => entry.oid),
          'schemaname',
          'tablename',
        ),
      );
      const { rows } = await client.query<{ schemaname: string; tablename: string }>(
        `SELECT schemaname, tablename FROM pg_tables v WHERE ${condition} AND schemaname NOT IN ('pg_catalog', 'information_schema')`,
      );
      const found = rows.map((row) => `${row.schemaname}|${row.tablename}`).sort();
      expect(found).toEqual(picked.map((entry) => `${entry.schema}|${entry.name}`).sort());
    }
  });

  it('finds the visible columns of partly granted relations by number and by name', async () => {
    const picked = relations();
    const bundle = subjectBundle(catalog, {
      relations: picked.map((entry, index) => grant(entry, ['Select'], index % 2 === 0 ? ['other'] : [])),
    });
    const visible = visibleTo(bundle, catalog);
    const expected = picked
      .flatMap((entry, index) => [
        `${entry.schema}|${entry.name}|${entry.columns[0]?.name}`,
        ...(index % 2 === 0 ? [] : [`${entry.schema}|${entry.name}|other`]),
      ])
      .sort();
    const byNumber = await client.query<{ k: string }>(
      `SELECT concat(n.nspname, '|', c.relname, '|', a.attname) AS k FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE a.attrelid >= 16384 AND a.attnum > 0 AND ${visibleColumn(visible, 'a.attrelid', 'a.attnum')}`,
    );
    expect(byNumber.rows.map((row) => row.k).sort()).toEqual(expected);
    const condition = columnsOf('v', namedColumn(catalog, visible, 'table_schema', 'table_name', 'column_name'));
    const byName = await client.query<{ k: string }>(
      `SELECT concat(table_schema, '|', table_name, '|', column_name) AS k FROM information_schema.columns v WHERE ${condition} AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(byName.rows.map((row) => row.k).sort()).toEqual(expected);
  });
});
