/** The catalog of real servers: what the queries read is what the server says, by other means. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCatalog, CatalogError, catalogFingerprint } from '../../core/catalog/build.ts';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import { CATALOG_QUERY } from '../../core/catalog/queries.ts';
import { probeCatalog, readCatalog, type SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMA = `
CREATE SCHEMA app;
CREATE SCHEMA "Weird ""Schema""";
CREATE SCHEMA locked;
CREATE TYPE app.status AS ENUM ('open', 'closed', 'äöü 😀');
ALTER TYPE app.status ADD VALUE 'first' BEFORE 'open';
CREATE DOMAIN app.email AS varchar(80) NOT NULL CHECK (VALUE ~ '@');
CREATE TYPE app.pair AS (a int, b text);
CREATE TABLE app.customers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int, name varchar(40) NOT NULL COLLATE "C", mail app.email, tags text[],
  price numeric(10, 2) DEFAULT 0 CHECK (price >= 0) CHECK (price IS NULL OR price < 1000), at timestamptz(3), flag "char", full_name text GENERATED ALWAYS AS (upper(name) || coalesce(mail, '')) STORED, state app.status,
  UNIQUE (name, mail), UNIQUE (price) DEFERRABLE, CHECK (price < id)
);
ALTER TABLE app.customers DROP COLUMN gone;
CREATE UNIQUE INDEX customers_partial ON app.customers (state) WHERE price > 0;
CREATE UNIQUE INDEX customers_expression ON app.customers (lower(name));
CREATE INDEX customers_whole ON app.customers ((customers IS NULL));
CREATE INDEX customers_include ON app.customers (at) INCLUDE (tags);
CREATE TABLE "Weird ""Schema"""."Customer Data" ("select" int, "ü" text);
CREATE TABLE app.parent (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE app.part PARTITION OF app.parent FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE app.base (id int);
CREATE TABLE app.child (more int) INHERITS (app.base, app.child_of_nothing);
`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let owner: pg.Client;
  let connection: SimpleQueryConnection;
  let data: CatalogData;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    owner = new pg.Client({ connectionString: server.url() });
    await owner.connect();
    await owner.query(SCHEMA.replace(', app.child_of_nothing', ''));
    await owner.query(`
      CREATE SEQUENCE app.counter; ALTER SEQUENCE app.counter OWNED BY app.base.id;
      CREATE VIEW app.names AS SELECT c.id, c.name, p.day FROM app.customers c LEFT JOIN app.parent p ON p.id = c.id;
      CREATE FUNCTION app.f(a int, b text DEFAULT 'x', VARIADIC c int[] DEFAULT '{}') RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER AS $$SELECT 'x'$$;
      CREATE PROCEDURE app.p() LANGUAGE sql AS $$SELECT 1$$;
      CREATE ROLE agent LOGIN PASSWORD 'agent' CREATEROLE; GRANT USAGE ON SCHEMA app TO agent; GRANT pg_monitor TO agent; REVOKE CREATE ON SCHEMA public FROM public;
      ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY;`);
    connection = simpleQueryOver(owner);
    data = await readCatalog(connection);
    catalog = new Catalog(data);
  }, 60_000);

  afterAll(async () => {
    await owner?.end();
    await server?.stop();
  });

  it('reads columns with everything that a mask must keep', () => {
    const relation = catalog.relationNamed('app', 'customers')!;
    expect(relation).toMatchObject({ kind: 'table', primaryKey: [1], rowSecurity: true, ownerIsLogin: true });
    expect(relation.uniqueKeys).toEqual([[3, 4]]);
    expect(relation.generatedFrom).toEqual({ 9: [3, 4] });
    expect(relation.columns.map((column) => [column.attnum, column.name, column.type])).toEqual([
      [1, 'id', 'integer'],
      [3, 'name', 'character varying(40)'],
      [4, 'mail', 'app.email'],
      [5, 'tags', 'pg_catalog.text[]'],
      [6, 'price', 'numeric(10,2)'],
      [7, 'at', 'timestamp(3) with time zone'],
      [8, 'flag', 'pg_catalog."char"'],
      [9, 'full_name', 'pg_catalog.text'],
      [10, 'state', 'app.status'],
    ]);
    expect(relation.columns[0]).toMatchObject({ identity: 'a', notNull: true });
    expect(relation.columns[1]).toMatchObject({ collation: 'pg_catalog."C"', notNull: true });
    expect(relation.columns[4]).toMatchObject({ hasDefault: true, typmod: 655_366 });
    expect(relation.columns[7]).toMatchObject({ generated: 's' });
    expect(relation.columns.flatMap((column) => column.checks ?? [])).toEqual([
      '(price >= (0)::numeric)',
      '((price IS NULL) OR (price < (1000)::numeric))',
    ]);
  });

  it('reads relations of every kind and what hangs on them', () => {
    expect(catalog.relationNamed('Weird "Schema"', 'Customer Data')?.columns.map((column) => column.name)).toEqual([
      'select',
      'ü',
    ]);
    const parent = catalog.relationNamed('app', 'parent')!;
    expect(parent.kind).toBe('partitioned');
    expect(catalog.children(parent.oid).map((relation) => relation.name)).toEqual(['part']);
    expect(catalog.relationNamed('app', 'part')).toMatchObject({ isPartition: true, parents: [parent.oid] });
    expect(catalog.relationNamed('app', 'child')?.isPartition).toBeUndefined();
    const customers = catalog.relationNamed('app', 'customers')!;
    expect(catalog.relationNamed('app', 'names')?.dependsOn).toEqual(
      expect.arrayContaining([
        [customers.oid, 1],
        [customers.oid, 3],
        [parent.oid, 1],
        [parent.oid, 2],
      ]),
    );
    expect(catalog.relationNamed('app', 'counter')?.ownedBy).toEqual([catalog.relationNamed('app', 'base')!.oid, 1]);
    expect(catalog.relationNamed('app', 'customers_id_seq')?.ownedBy).toEqual([customers.oid, 1]);
    expect(catalog.relationNamed('app', 'customers_partial')).toMatchObject({
      kind: 'index',
      indexOf: customers.oid,
      indexColumns: [6, 10],
    });
    expect(catalog.relationNamed('app', 'customers_expression')?.indexColumns).toEqual([3]);
    expect(catalog.relationNamed('app', 'customers_whole')?.indexColumns).toContain(0);
    expect(catalog.relationNamed('app', 'customers_include')?.indexColumns).toEqual([5, 7]);
    expect(catalog.relationNamed('pg_catalog', 'pg_class')?.columns.length).toBeGreaterThan(30);
    expect(catalog.relationNamed('information_schema', 'columns')?.kind).toBe('view');
  });

  it('reads types, functions and operators', () => {
    expect(catalog.typesNamed('status')[0]?.labels).toEqual(['first', 'open', 'closed', 'äöü 😀']);
    expect(catalog.typesNamed('email')[0]).toMatchObject({ kind: 'domain', baseOid: 1043, domainNotNull: true, domainChecks: 1 });
    expect(catalog.typesNamed('email')[0]?.checks).toEqual(["((VALUE)::text ~ '@'::text)"]);
    expect(catalog.typesNamed('_int4')[0]).toMatchObject({ elementOid: 23, category: 'A' });
    expect(catalog.typesNamed('pair')[0]).toMatchObject({
      kind: 'composite',
      relationOid: catalog.relationNamed('app', 'pair')!.oid,
    });
    expect(catalog.functionsNamed('f')[0]).toMatchObject({
      schema: 'app',
      argumentTypes: [23, 25, 1007],
      defaults: 2,
      variadic: true,
      returnsSet: true,
      volatility: 'stable',
      securityDefiner: true,
      language: 'sql',
    });
    expect(catalog.functionsNamed('p')[0]?.kind).toBe('procedure');
    expect(catalog.functionsNamed('count').every((entry) => entry.kind === 'aggregate')).toBe(true);
    expect(catalog.operatorsNamed('=').find((entry) => entry.left === 23 && entry.right === 23)?.leakproof).toBe(true);
    expect(catalog.operatorsNamed('=').find((entry) => entry.left === 1700)?.leakproof).toBe(false);
    expect(data.functions.length).toBeGreaterThan(3_200);
  });

  it('says what the login can do and where it looks', async () => {
    expect(data.powers).toEqual(expect.arrayContaining(['superuser', 'bypassrls', 'table-owner']));
    expect(data.defaultSearchPath).toEqual(['public']);
    const client = new pg.Client({ connectionString: server.url('postgres', 'agent', 'agent') });
    await client.connect();
    await client.query(`SET search_path = missing, app, locked, public, pg_catalog`);
    const seen = await readCatalog(simpleQueryOver(client));
    await client.end();
    expect(seen.login).toBe('agent');
    expect(seen.powers).toEqual(expect.arrayContaining(['createrole', 'pg_monitor']));
    expect(seen.powers).not.toContain('superuser');
    expect(seen.powers).not.toContain('create-in-schema');
    expect(seen.defaultSearchPath).toEqual(['app', 'public', 'pg_catalog']);
    expect(seen.unusableSchemas).toEqual(expect.arrayContaining(['Weird "Schema"']));
    expect(seen.unusableSchemas).not.toContain('app');
    expect(seen.serverVersion).toBeGreaterThanOrEqual(major * 10_000);
    expect(new Catalog(seen).findRelation('customers', ['Weird "Schema"', 'app'])?.schema).toBe('app');
  });

  it('cannot be misled by what stands in the search path', async () => {
    await owner.query(
      `CREATE FUNCTION public.format_type(oid, int) RETURNS text LANGUAGE sql AS $$SELECT 'fooled'$$; CREATE VIEW public.pg_class AS SELECT 1 AS oid; SET search_path = public, pg_catalog`,
    );
    try {
      const fooled = new Catalog(await readCatalog(connection));
      expect(fooled.relationNamed('app', 'customers')?.columns[1]?.type).toBe('character varying(40)');
      expect(fooled.data.defaultSearchPath).toEqual(['public', 'pg_catalog']);
      expect((await owner.query('SHOW search_path')).rows).toEqual([{ search_path: 'public, pg_catalog' }]);
    } finally {
      await owner.query('RESET search_path; DROP VIEW public.pg_class; DROP FUNCTION public.format_type(oid, int)');
    }
  });

  it('gives the same fingerprint for the same schema, and a probe that sees every change', async () => {
    expect(catalogFingerprint(await readCatalog(connection))).toBe(catalogFingerprint(await readCatalog(connection)));
    let before = await probeCatalog(connection);
    expect(await probeCatalog(connection)).toBe(before);
    await owner.query('INSERT INTO app.base VALUES (1)');
    await owner.query('VACUUM ANALYZE app.base');
    expect(await probeCatalog(connection)).toBe(before);
    for (const change of [
      'CREATE TABLE app.fresh (a int)',
      'ALTER TABLE app.fresh ADD COLUMN b text',
      'ALTER TABLE app.fresh RENAME COLUMN b TO c',
      'ALTER TABLE app.fresh ALTER COLUMN c SET DEFAULT 1',
      'ALTER TABLE app.fresh DROP COLUMN c',
      'CREATE INDEX fresh_a ON app.fresh (a)',
      'CREATE VIEW app.fresh_view AS SELECT * FROM app.fresh',
      'CREATE OR REPLACE VIEW app.fresh_view AS SELECT a, 1 AS b FROM app.fresh',
      'DROP VIEW app.fresh_view',
      'ALTER TABLE app.fresh RENAME TO renamed',
      'ALTER TABLE app.renamed SET SCHEMA public',
      'DROP TABLE public.renamed',
      `ALTER TYPE app.status ADD VALUE 'late'`,
      `CREATE OR REPLACE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 2'`,
      'CREATE SCHEMA fresh_schema',
      `ALTER DOMAIN app.email ADD CONSTRAINT long CHECK (length(VALUE) > 3)`,
      'ALTER DOMAIN app.email DROP CONSTRAINT long',
      'ALTER TABLE app.customers ADD CONSTRAINT cheap CHECK (price < 500)',
      'ALTER ROLE postgres NOBYPASSRLS',
    ]) {
      await owner.query(change);
      const after = await probeCatalog(connection);
      expect(after, change).not.toBe(before);
      before = after;
    }
  });

  it('does not wait for a table that DDL has locked, and reads its CHECKs once it may', async () => {
    const checks = async (): Promise<readonly unknown[]> =>
      new Catalog(await readCatalog(connection))
        .relationNamed('app', 'customers')!
        .columns.flatMap((column) => column.checks ?? []);
    expect(await checks()).toHaveLength(3);
    const other = new pg.Client({ connectionString: server.url() });
    await other.connect();
    await other.query('BEGIN; LOCK TABLE app.customers IN ACCESS EXCLUSIVE MODE');
    expect(await checks()).toHaveLength(0);
    await other.end();
    expect(await checks()).toHaveLength(3);
  });

  it('refuses an answer that describes no schema', async () => {
    const rows = (await connection.simpleQuery(CATALOG_QUERY)).flat();
    expect(() => buildCatalog([])).toThrow(CatalogError);
    for (const [kind] of rows)
      expect(() => buildCatalog(rows.filter((row) => row[0] !== kind)), String(kind)).toThrow(CatalogError);
    const broken = (kind: string, document: string): (readonly (string | null)[])[] =>
      rows.map((row) => (row[0] === kind ? [kind, document] : row));
    for (const document of ['{', '7', '[7]', '[[1]]', '[[1, 2, 3, "x"]]', '{"a": 1}', '[["x","y","z"]]']) {
      for (const kind of ['schemas', 'relations', 'types', 'functions', 'operators']) {
        expect(() => buildCatalog(broken(kind, document)), `${kind} ${document}`).toThrow(CatalogError);
      }
    }
  });
});
