/** A floor explains what it names and nothing beside it. */
import { parseSync, loadModule } from 'libpg-query';
import { beforeAll, describe, expect, it } from 'vitest';
import { allFloors, floorOf, refusalOf } from './floors.ts';

beforeAll(() => loadModule());

function trees(sql: string): readonly unknown[] {
  return (parseSync(sql) as { stmts: readonly { stmt: unknown }[] }).stmts.map(({ stmt }) => stmt);
}

describe('floors', () => {
  it.each([
    ['CREATE ROLE r', 'roles'],
    ['SET ROLE r', 'roles'],
    ['RESET SESSION AUTHORIZATION', 'roles'],
    ['ALTER TABLE t OWNER TO r', 'roles'],
    ['DO $$ begin end $$', 'server-code'],
    ['DROP FUNCTION f()', 'server-code'],
    ['ALTER FUNCTION f() RENAME TO g', 'server-code'],
    ['CREATE VIEW v AS SELECT 1', 'views'],
    ['CREATE MATERIALIZED VIEW v AS SELECT 1', 'views'],
    ['ALTER VIEW v RENAME TO w', 'views'],
    ["CREATE TYPE e AS ENUM ('a')", 'types'],
    ['DROP DOMAIN d', 'types'],
    ['VACUUM t', 'administration'],
    ['CREATE TABLE c () INHERITS (p)', 'table-forms'],
    ['CREATE TABLE c PARTITION OF p DEFAULT', 'table-forms'],
    ['ALTER TABLE p ATTACH PARTITION c DEFAULT', 'table-forms'],
    ['CREATE TABLE c USING heap AS SELECT 1', 'table-forms'],
    ["COPY t FROM '/etc/passwd'", 'files-and-programs'],
    ["COPY t TO PROGRAM 'id'", 'files-and-programs'],
    ["SELECT pg_read_file('x')", 'files-and-programs'],
    ["SELECT 1 WHERE EXISTS (SELECT query_to_xml('SELECT 1', true, true, ''))", 'text-taking-functions'],
    ["SET client_encoding = 'LATIN1'", 'settings'],
    ['SET plpgsql.extra_errors = 1', 'settings'],
    ['SHOW ALL', 'settings'],
    ["PREPARE TRANSACTION 'x'", 'two-phase-commit'],
    ['EXPLAIN EXECUTE p', 'explain-forms'],
  ])('%s: %s', (sql, floor) => {
    expect(floorOf({ trees: trees(sql) })).toBe(floor);
  });

  it.each([
    'SELECT 1',
    'SELECT * FROM t JOIN u USING (id) ORDER BY 1',
    'CREATE TABLE t (id int PRIMARY KEY) WITH (fillfactor = 10)',
    'CREATE TEMP TABLE t AS SELECT 1',
    'ALTER TABLE t ADD COLUMN c int',
    'ALTER TABLE t RENAME COLUMN a TO b',
    'DROP TABLE t CASCADE',
    'TRUNCATE t CASCADE',
    'SET enable_seqscan = off',
    'SET search_path = a, b',
    'SHOW server_version',
    'COPY t FROM STDIN',
    'COPY (SELECT 1) TO STDOUT',
    'EXPLAIN SELECT 1',
    'BEGIN',
    "SELECT set_config('work_mem', '1MB', false)",
    'FETCH 1 FROM c',
    'EXECUTE p',
  ])('%s: none', (sql) => {
    expect(floorOf({ trees: trees(sql), refusal: { code: 'SLUICE-201', message: 'x does not exist or is not granted.' } })).toBe(
      null,
    );
  });

  it('reads what Sluice says only where the statement cannot tell', () => {
    const refusal = { code: 'SLUICE-206', message: 'Cursor c does not exist.' };
    expect(floorOf({ trees: trees('FETCH 1 FROM c'), refusal })).toBe('unknown-portals');
    expect(floorOf({ trees: trees('SELECT 1'), refusal })).toBe(null);
    expect(floorOf({ trees: trees('SELECT 1'), refusal: { code: 'SLUICE-104', message: '' } })).toBe('size');
  });

  it('knows messages, startup packets and what the direct run met', () => {
    expect(floorOf({ message: 'F' })).toBe('function-call-message');
    expect(floorOf({ startup: { replication: 'database' } })).toBe('replication');
    expect(floorOf({ startup: { client_encoding: 'SQL_ASCII' } })).toBe('startup-settings');
    expect(floorOf({ startup: { client_encoding: 'UTF8', application_name: 'x' } })).toBe(null);
    expect(floorOf({ direct: { authentication: [5] } })).toBe('client-authentication');
    expect(floorOf({ direct: { authentication: [10], tls: false } })).toBe(null);
  });

  it('are told apart from errors of the server', () => {
    expect(refusalOf({ M: 'no', D: 'SLUICE-206 (floor): No policy can grant it.' })).toEqual({
      code: 'SLUICE-206',
      message: 'no',
    });
    expect(refusalOf({ M: 'no', D: 'Key (a)=(SLUICE-206) exists.' })).toBe(null);
  });

  it('each says why', () => {
    expect(new Set(allFloors().map(({ id }) => id)).size).toBe(allFloors().length);
    for (const { why, any } of allFloors()) {
      expect(why.length).toBeGreaterThan(30);
      expect(any.length).toBeGreaterThan(0);
    }
  });
});
