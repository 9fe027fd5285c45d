/** Which functions of real extensions may be called without a grant: those that compute, and none that reads, writes or connects. */
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogData, FunctionData } from '../../core/catalog/model.ts';
import { isInternalFunction, isTrustedExtensionFunction } from '../../core/sql/names/extensions.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { OLDEST } from '../support/majors.ts';

function allowed(data: CatalogData): readonly FunctionData[] {
  return data.functions.filter((entry) => isTrustedExtensionFunction(entry));
}

describe('contributed extensions of PostgreSQL 15', () => {
  let server: LocalPostgres;
  let data: CatalogData;

  beforeAll(async () => {
    server = await startLocalPostgres({ major: OLDEST });
    const client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    const available = await client.query<{ name: string }>('SELECT name FROM pg_available_extensions ORDER BY 1');
    for (const { name } of available.rows) await client.query(`CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`);
    data = await readCatalog(simpleQueryOver(client));
    await client.end();
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
  });

  it.each([
    ['pg_trgm', 'similarity'],
    ['unaccent', 'unaccent'],
    ['citext', 'regexp_replace'],
    ['hstore', 'akeys'],
    ['uuid-ossp', 'uuid_generate_v4'],
    ['pgcrypto', 'digest'],
    ['fuzzystrmatch', 'levenshtein'],
    ['ltree', 'subpath'],
  ])('%s: %s', (extension, name) => {
    expect(allowed(data).some((entry) => entry.extension === extension && entry.name === name)).toBe(true);
  });

  it('trusts nothing that reads tables, files, pages or other servers, or changes a setting', () => {
    const owners = new Set(allowed(data).map((entry) => entry.extension));
    const never = [
      'adminpack',
      'amcheck',
      'dblink',
      'file_fdw',
      'lo',
      'pageinspect',
      'pg_buffercache',
      'pg_prewarm',
      'pg_stat_statements',
      'pg_surgery',
      'pg_visibility',
      'pg_walinspect',
      'pgrowlocks',
      'pgstattuple',
      'postgres_fdw',
      'sslinfo',
      'xml2',
    ];
    expect(data.extensions.map((entry) => entry.name)).toEqual(expect.arrayContaining(['adminpack', 'dblink', 'xml2']));
    expect(never.filter((name) => owners.has(name))).toEqual([]);
    expect(
      allowed(data)
        .filter((entry) => entry.extension === 'tablefunc')
        .map((entry) => entry.name),
    ).toEqual(['normal_rand']);
    expect(allowed(data).filter((entry) => /set_limit|isn_weak|crosstab|connectby/.test(entry.name))).toEqual([]);
    expect(allowed(data).filter((entry) => isInternalFunction(entry))).toEqual([]);
  });
});

describe('pgvector', () => {
  it('computes distances and nothing else', async () => {
    const db = new PGlite({ extensions: { vector } });
    try {
      await db.exec('CREATE EXTENSION vector');
      const data = await readCatalog({
        simpleQuery: async (sql) =>
          (await db.exec(sql, { rowMode: 'array' })).map((result) => result.rows as unknown as string[][]),
      });
      const names = new Set(allowed(data).map((entry) => entry.name));
      for (const name of ['l2_distance', 'cosine_distance', 'inner_product', 'vector_dims', 'avg'])
        expect(names.has(name), name).toBe(true);
      expect([...names].filter((name) => /handler|_in$|_out$|_recv$|typmod/.test(name))).toEqual([]);
      const operators = data.operators.filter((entry) => entry.extension === 'vector').map((entry) => entry.name);
      expect(operators).toEqual(expect.arrayContaining(['<->', '<=>', '<#>']));
    } finally {
      await db.close();
    }
  }, 60_000);
});
