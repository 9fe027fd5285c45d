/** What detection reads of a real schema, on the oldest and the newest server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import type { ColumnFacts, TableFacts } from '../../core/sensitivity/facts.ts';
import { sampleQuery, sampledColumns } from '../../core/sensitivity/sample-query.ts';
import { readCatalog, readFacts } from '../../sidecar/catalog/reader.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { openClient, type TestClient } from './client.ts';

const SCHEMA = `
CREATE DOMAIN email AS varchar(80) CHECK (VALUE LIKE '%@%');
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE address AS (street text, city text);
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail email UNIQUE, code char(3) NOT NULL DEFAULT 'abc' CHECK (length(code) = 3),
  mood mood, home address, tags text[], doc jsonb, ip inet, born date, "Weird ""Name" text);
COMMENT ON TABLE customers IS 'people who buy';
COMMENT ON COLUMN customers.code IS 'national id';
CREATE TABLE orders (id int, customer bigint REFERENCES customers, mail varchar REFERENCES customers (mail), a int, b int, CHECK (a < b));
CREATE TABLE parted (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE VIEW v AS SELECT id, upper(mail) AS shout FROM customers;
INSERT INTO parted VALUES (1, 'x');
CREATE SEQUENCE alone;
INSERT INTO customers (mail) SELECT 'a' || i || '@example.com' FROM generate_series(1, 5000) i;
ANALYZE;`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: TestClient;
  let tables: readonly TableFacts[];
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    client = await openClient(server.url('postgres'));
    await client.simpleQuery(SCHEMA);
    tables = await readFacts(client, new Catalog(await readCatalog(client)));
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
  const table = (name: string): TableFacts => tables.find((each) => each.name === name)!;
  const column = (name: string, of = 'customers'): ColumnFacts => table(of).columns.find((each) => each.name === name)!;

  it('tables and views are there, partitions and sequences are not', () => {
    expect(tables.map(({ name, kind }) => `${name} ${kind}`).toSorted()).toEqual([
      'customers table',
      'orders table',
      'parted partitioned',
      'v view',
    ]);
    expect(table('customers')).toMatchObject({ comment: 'people who buy', estimatedRows: 5000 });
    expect(table('customers').pages).toBeGreaterThan(10);
  });

  it('types are seen through', () => {
    expect(Object.fromEntries(table('customers').columns.map(({ name, kind }) => [name, kind]))).toEqual({
      id: 'integer',
      mail: 'text',
      code: 'text',
      mood: 'enum',
      home: 'composite',
      tags: 'text',
      doc: 'json',
      ip: 'inet',
      born: 'date',
      'Weird "Name': 'text',
    });
    expect(column('tags').array).toBe(true);
    expect(column('mail')).toMatchObject({ domain: 'email', unique: true });
    expect(column('mail').checks.join()).toContain('~~');
    expect(column('mood').labels).toEqual(['sad', 'ok']);
    expect(column('code')).toMatchObject({ maxLength: 3, notNull: true, comment: 'national id' });
    expect(column('code').checks.join()).toContain('length');
    expect(column('id')).toMatchObject({ primaryKey: true, unique: true });
  });

  it('keys of one column point', () => {
    const customers = table('customers');
    expect(column('customer', 'orders').references).toEqual([customers.oid, column('id').attnum]);
    expect(column('mail', 'orders').references).toEqual([customers.oid, column('mail').attnum]);
    expect(column('a', 'orders').checks).toEqual([]);
  });

  it('a sample is at most a thousand rows of text, of whatever is called what', async () => {
    const customers = table('customers');
    const columns = sampledColumns(customers);
    const rows = (await client.simpleQuery(sampleQuery(customers, columns))).flat();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThanOrEqual(1_000);
    expect(rows[0]).toHaveLength(columns.length);
    expect(rows.flat().some((value) => value?.endsWith('@example.com'))).toBe(true);
    expect(sampledColumns(table('v'))).toEqual([]);
  });

  it('does not wait for DDL that holds a table', async () => {
    const other = await openClient(server.url('postgres'));
    await other.simpleQuery('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
    const found = await readFacts(client, new Catalog(await readCatalog(client)));
    await other.simpleQuery('ROLLBACK');
    other.close();
    expect(found.find((each) => each.name === 'customers')?.columns).toHaveLength(10);
  });

  it('a sample can write nothing', async () => {
    const query = sampleQuery(table('parted'), table('parted').columns).replace('SELECT ', "SELECT nextval('public.alone'), ");
    await expect(client.simpleQuery(query)).rejects.toMatchObject({ sqlstate: '25006' });
    await client.simpleQuery('ROLLBACK');
  });
});
