/** Writes the policy does not allow, in every form that hides one. What counts is the state of the database afterwards. */
import { raw, write, type Attack } from '../attack.ts';
import * as frontend from '../../support/frontend.ts';
import type { WireClient } from '../../support/wire-client.ts';

const UPDATE = "UPDATE scratch SET value = 'fine' WHERE id = 1";
const INSERT = "INSERT INTO scratch (id, tag, value) VALUES (9300, 'w', 'fine')";
const DELETE = 'DELETE FROM scratch WHERE id = 2';
const SELECT = 'SELECT id, ssn FROM customers ORDER BY id';

async function ok(exchange: ReturnType<WireClient['exchange']>): Promise<void> {
  const { error } = await exchange;
  if (error !== null) throw new Error(`${error['C']}: ${error['M']}`);
}

/** Statements that change something and that no grant covers: kind of statement, SQL. */
const UTILITY: readonly (readonly [name: string, sql: string])[] = [
  ['drop table', 'DROP TABLE scratch'],
  ['drop table cascade', 'DROP TABLE IF EXISTS tickets CASCADE'],
  ['drop schema', 'DROP SCHEMA archive CASCADE'],
  ['drop view', 'DROP VIEW order_totals'],
  ['drop function', 'DROP FUNCTION add_tax(numeric)'],
  ['drop trigger', 'DROP TRIGGER customers_guard ON customers'],
  ['truncate', 'TRUNCATE preferences'],
  ['truncate cascade', 'TRUNCATE TABLE ONLY articles RESTART IDENTITY'],
  ['alter table add column', 'ALTER TABLE scratch ADD COLUMN extra int'],
  ['alter table drop column', 'ALTER TABLE scratch DROP COLUMN value'],
  ['alter table rename', 'ALTER TABLE payroll RENAME TO free_for_all'],
  ['alter table rename column', 'ALTER TABLE customers RENAME COLUMN ssn TO code'],
  ['alter table set schema', 'ALTER TABLE archive.products SET SCHEMA "Weird Schema"'],
  ['alter table disable trigger', 'ALTER TABLE customers DISABLE TRIGGER ALL'],
  ['alter table detach partition', 'ALTER TABLE events DETACH PARTITION events_2026'],
  ['alter table inherit', 'ALTER TABLE vip_customers NO INHERIT customers'],
  ['alter table enable row security', 'ALTER TABLE scratch ENABLE ROW LEVEL SECURITY'],
  ['alter column default', "ALTER TABLE scratch ALTER COLUMN tag SET DEFAULT 'x'"],
  ['alter sequence', 'ALTER SEQUENCE scratch_id_seq RESTART WITH 100000'],
  ['alter type', "ALTER TYPE tier ADD VALUE 'gold'"],
  ['alter role', 'ALTER ROLE shop_app SET search_path = archive'],
  ['alter database', "ALTER DATABASE shop SET work_mem = '5MB'"],
  ['create table', 'CREATE TABLE public.mine (id int)'],
  ['create table as', 'CREATE TABLE public.mine AS SELECT 1 AS one'],
  ['select into', 'SELECT 1 AS one INTO public.mine'],
  ['create unlogged', 'CREATE UNLOGGED TABLE mine (id int)'],
  ['create like', 'CREATE TABLE mine (LIKE customers INCLUDING ALL)'],
  ['create view', 'CREATE VIEW mine AS SELECT 1 AS one'],
  ['create rule', 'CREATE RULE mine AS ON INSERT TO scratch DO ALSO DELETE FROM preferences'],
  ['create trigger', 'CREATE TRIGGER mine BEFORE INSERT ON scratch FOR EACH ROW EXECUTE FUNCTION announce_order()'],
  ['create function', "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
  ['create procedure', "CREATE PROCEDURE mine() LANGUAGE sql AS 'SELECT 1'"],
  ['create operator', 'CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)'],
  ['create cast', 'CREATE CAST (tier AS int) WITH INOUT'],
  ['create index', 'CREATE INDEX mine ON customers (ssn)'],
  ['create statistics', 'CREATE STATISTICS mine ON tenant, region FROM customers'],
  ['create schema', 'CREATE SCHEMA mine'],
  ['create type', 'CREATE TYPE mine AS (a int)'],
  ['create domain', 'CREATE DOMAIN mine AS int'],
  ['create sequence', 'CREATE SEQUENCE mine'],
  ['create publication', 'CREATE PUBLICATION mine FOR TABLE payroll'],
  ['create policy', 'CREATE POLICY mine ON customers USING (true)'],
  ['create role', 'CREATE ROLE mallory LOGIN'],
  ['create extension', 'CREATE EXTENSION btree_gin'],
  ['create aggregate', 'CREATE AGGREGATE mine (int) (SFUNC = int4pl, STYPE = int)'],
  ['grant', 'GRANT ALL ON payroll TO PUBLIC'],
  ['revoke', 'REVOKE SELECT ON customers FROM shop_app'],
  ['default privileges', 'ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC'],
  ['comment', "COMMENT ON TABLE customers IS 'taken'"],
  ['do block', 'DO $$ BEGIN DELETE FROM preferences; END $$'],
  ['do with dynamic SQL', "DO $$ BEGIN EXECUTE 'dro' || 'p table preferences'; END $$"],
  ['call', 'CALL wipe_preferences()'],
  ['dynamic SQL in a function', "SELECT run_sql('DELETE FROM preferences RETURNING key')"],
  ['setval', "SELECT setval('products_id_seq', 500000)"],
  ['nextval without grant', "SELECT nextval('products_id_seq')"],
  ['large object', "SELECT lo_from_bytea(434343, 'x')"],
  ['dblink', "SELECT dblink_exec('dbname=shop user=postgres', 'DELETE FROM preferences')"],
  ['security label free comment on column', "COMMENT ON COLUMN scratch.tag IS 'x'"],
  ['refresh materialized view', 'REFRESH MATERIALIZED VIEW customer_digest WITH NO DATA'],
  ['import by inheritance', 'CREATE TABLE mine () INHERITS (customers)'],
  ['prepared transaction', 'BEGIN; DELETE FROM preferences; COMMIT'],
];

export const WRITES: readonly Attack[] = [
  ...UTILITY.filter(([name]) => name !== 'dblink').map(([name, sql]) =>
    write('C9', name, sql, {
      twin: name.startsWith('create') || name === 'select into' ? 'CREATE TEMPORARY TABLE mine (id int)' : UPDATE,
    }),
  ),
  // G: guardrails
  write('G1', 'delete everything', 'DELETE FROM preferences', { twin: DELETE }),
  write('G1', 'update everything', "UPDATE articles SET title = 'x'", { twin: UPDATE }),
  write('G1', 'where true', 'DELETE FROM preferences WHERE true', { twin: DELETE }),
  write('G1', 'where one equals one', 'DELETE FROM preferences WHERE 1 = 1', { twin: DELETE }),
  write('G1', 'where or true', 'DELETE FROM preferences WHERE 2 > 1 OR 1 > 2', { twin: DELETE }),
  write('G1', 'where not false', 'DELETE FROM preferences WHERE NOT false', { twin: DELETE }),
  write('G1', 'where exists one', 'DELETE FROM preferences WHERE EXISTS (SELECT 1)', { twin: DELETE }),
  write('G1', 'mixed case and comments', 'dElEtE/* */FrOm/**/preferences', { twin: 'dElEtE/* */FrOm/**/scratch WHERE id = 2' }),
  write('G1', 'in a CTE', 'WITH d AS (DELETE FROM preferences RETURNING 1) SELECT count(*) FROM d', {
    twin: 'WITH d AS (DELETE FROM scratch WHERE id = 2 RETURNING 1 AS one) SELECT count(*) FROM d',
  }),
  write('G1', 'behind a harmless statement', 'SELECT 1; DELETE FROM preferences', {
    twin: `SELECT 1; ${UPDATE}`,
    twinShape: 'utility',
    twinExpect: 'works',
  }),
  write('G1', 'explain analyze', 'EXPLAIN ANALYZE DELETE FROM preferences', {
    twin: 'EXPLAIN (COSTS OFF) SELECT id FROM scratch',
    twinExpect: 'works',
  }),
  write('G1', 'explain analyze executes', 'EXPLAIN (ANALYZE, COSTS OFF) UPDATE products SET price = 1 WHERE id = 1', {
    twin: 'EXPLAIN (COSTS OFF) UPDATE scratch SET number = 1 WHERE id = 1',
    twinExpect: 'works',
  }),
  write('G1', 'prepared', ['PREPARE w AS DELETE FROM preferences', 'EXECUTE w'], {
    twin: [`PREPARE w AS ${UPDATE}`, 'EXECUTE w'],
  }),
  write('G1', 'copy of a delete', 'COPY (DELETE FROM preferences RETURNING 1) TO STDOUT', {
    twin: 'COPY (DELETE FROM scratch WHERE id = 2 RETURNING id) TO STDOUT',
  }),
  write('G1', 'carriage return comment', 'SELECT 1 --\r; DELETE FROM preferences', { twin: 'SELECT 1 --\r + 1' }),
  // G2: more rows than allowed
  write('G2', 'too many rows', "DELETE FROM preferences WHERE key = 'theme'", { twin: DELETE }),
  write('G2', 'too many rows updated', "UPDATE articles SET title = title || '!' WHERE id > 0", { twin: UPDATE }),
  write('G2', 'in a CTE that shows one', "WITH d AS (DELETE FROM preferences WHERE key = 'theme' RETURNING 1) SELECT 1", {
    twin: 'WITH d AS (DELETE FROM scratch WHERE id = 2 RETURNING 1) SELECT 1 AS one',
  }),
  write('G2', 'cascade', 'DELETE FROM orders WHERE id IN (2, 3, 4, 5)', { twin: 'DELETE FROM order_items WHERE order_id = 2' }),
  write('G2', 'merge', "MERGE INTO articles a USING products p ON p.id = a.id WHEN MATCHED THEN UPDATE SET title = 'm'", {
    twin: "MERGE INTO scratch s USING products p ON p.id = s.id AND p.id < 4 WHEN MATCHED THEN UPDATE SET tag = 'm'",
  }),
  write('G2', 'insert select', "INSERT INTO scratch (tag) SELECT 'x' FROM generate_series(1, 50)", { twin: INSERT }),
  write(
    'G2',
    'two CTEs that add up',
    'WITH a AS (DELETE FROM preferences WHERE customer_id <= 3 RETURNING 1), b AS (DELETE FROM scratch WHERE id <= 3 RETURNING 1) SELECT 1',
    {
      twin: 'WITH a AS (DELETE FROM scratch WHERE id = 2 RETURNING 1), b AS (DELETE FROM preferences WHERE customer_id = 3 RETURNING 1) SELECT 1 AS one',
    },
  ),
  write(
    'G2',
    'upsert of many',
    "INSERT INTO preferences (customer_id, key) SELECT n, 'theme' FROM generate_series(1, 20) n ON CONFLICT (customer_id, key) DO UPDATE SET revision = 2",
    {
      twin: "INSERT INTO preferences (customer_id, key) VALUES (1, 'theme') ON CONFLICT (customer_id, key) DO UPDATE SET revision = 2",
    },
  ),
  raw(
    'write',
    'G2',
    'copy from stdin of many',
    async (client) => void (await client.copyIn('COPY scratch (tag) FROM STDIN', [Buffer.from('x\n'.repeat(60))])),
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(client.copyIn('COPY scratch (id, tag) FROM STDIN', [Buffer.from('9401\tx\n9402\ty\n')]));
      await ok(client.query('ROLLBACK'));
    },
  ),
  // C3, C4: ungranted targets and masked values that would be stored
  write('C3', 'update an ungranted table', "UPDATE payroll SET iban = 'mine' WHERE employee_id = 1", { twin: UPDATE }),
  write('C3', 'insert into an ungranted table', "INSERT INTO archive.products VALUES (99, 'x')", { twin: INSERT }),
  write('C3', 'update a read-only table', 'UPDATE products SET price = 0 WHERE id = 1', { twin: UPDATE }),
  write('C3', 'insert into a read-only table', "INSERT INTO products (sku, name, price) VALUES ('X', 'x', 1)", { twin: INSERT }),
  write('C3', 'delete from an update-only table', 'DELETE FROM tickets WHERE id = 3', {
    twin: "UPDATE tickets SET status = 'closed' WHERE id = 3",
  }),
  write('C3', 'update an ungranted column', "UPDATE customers SET tenant = 'acme2' WHERE id = 1", {
    twin: "UPDATE customers SET city = 'Rome' WHERE id = 1",
  }),
  write('C3', 'update a masked column without a grant', "UPDATE customers SET ssn = 'mine' WHERE id = 1", {
    twin: "UPDATE customers SET notes = 'fine' WHERE id = 1",
  }),
  write('C3', 'update through a CTE', 'WITH u AS (UPDATE payroll SET gross = 0 WHERE employee_id = 1 RETURNING 1) SELECT 1', {
    twin: 'WITH u AS (UPDATE scratch SET number = 0 WHERE id = 1 RETURNING 1) SELECT 1 AS one',
  }),
  write('C3', 'update a partition', "UPDATE events_2026 SET kind = 'x' WHERE id = 20", { twin: UPDATE }),
  write('C3', 'update a child', "UPDATE vip_customers SET city = 'x' WHERE id = 101", {
    twin: "UPDATE customers SET city = 'x' WHERE id = 2",
  }),
  write('C3', 'update through a view', "UPDATE customer_contacts SET name = 'x' WHERE id = 1", {
    twin: "UPDATE customers SET name = 'x' WHERE id = 1",
  }),
  write('C3', 'multi-column set', "UPDATE customers SET (city, tenant) = ('x', 'y') WHERE id = 1", {
    twin: "UPDATE customers SET (city, name) = ('x', 'y') WHERE id = 1",
  }),
  write(
    'C3',
    'merge into an ungranted table',
    'MERGE INTO payroll p USING employees e ON e.id = p.employee_id WHEN MATCHED THEN DELETE',
    { twin: "MERGE INTO scratch s USING products p ON p.id = s.id AND p.id < 3 WHEN MATCHED THEN UPDATE SET tag = 'x'" },
  ),
  write(
    'C3',
    'settings table as a target',
    "UPDATE pg_settings SET setting = 'off' WHERE name = 'row_security'; UPDATE payroll SET gross = 1 WHERE employee_id = 1",
    { twin: UPDATE },
  ),
  write('C4', 'masked value into another table', "INSERT INTO scratch (tag, value) SELECT 'w', ssn FROM customers WHERE id = 1", {
    twin: "INSERT INTO scratch (id, tag, value) SELECT 9301, 'w', city FROM customers WHERE id = 1",
  }),
  write('C4', 'masked value into another column', 'UPDATE customers SET city = email WHERE id = 1', {
    twin: 'UPDATE customers SET city = name WHERE id = 1',
  }),
  write(
    'C4',
    'masked value through a subquery',
    'UPDATE scratch SET value = (SELECT phone FROM customers WHERE id = 1) WHERE id = 1',
    { twin: 'UPDATE scratch SET value = (SELECT name FROM customers WHERE id = 1) WHERE id = 1' },
  ),
  write(
    'C4',
    'masked value by merge',
    'MERGE INTO scratch s USING customers c ON c.id = s.id AND c.id = 2 WHEN MATCHED THEN UPDATE SET value = c.notes',
    { twin: 'MERGE INTO scratch s USING customers c ON c.id = s.id AND c.id = 2 WHEN MATCHED THEN UPDATE SET value = c.city' },
  ),
  write(
    'C4',
    'masked value through a function in FROM',
    'UPDATE scratch SET value = f.v FROM customers c, json_array_elements_text(json_build_array(c.ssn)) AS f(v) WHERE c.id = scratch.id AND c.id = 1',
    {
      twin: 'UPDATE scratch SET value = f.v FROM customers c, json_array_elements_text(json_build_array(c.city)) AS f(v) WHERE c.id = scratch.id AND c.id = 1',
    },
  ),
  write(
    'C4',
    'masked value through a row whose columns are not known',
    "INSERT INTO scratch (tag, value) SELECT 'w', g::text FROM (SELECT f.* FROM customers c, json_array_elements_text(json_build_array(c.phone)) AS f WHERE c.id = 1) AS g",
    {
      twin: "INSERT INTO scratch (id, tag, value) SELECT 9302, 'w', g::text FROM (SELECT f.* FROM customers c, json_array_elements_text(json_build_array(c.city)) AS f WHERE c.id = 1 AND c.phone IS NOT NULL) AS g",
    },
  ),
  // H: rows outside the filter
  write('H1', 'update hidden rows', "UPDATE orders SET note = 'mine' WHERE id > 810000000", {
    twin: "UPDATE orders SET note = 'mine' WHERE id = 3",
  }),
  write('H1', 'delete hidden rows', 'DELETE FROM orders WHERE id > 810000000', {
    twin: 'DELETE FROM order_items WHERE order_id = 3',
  }),
  write('H1', 'update all with a probing predicate', "UPDATE tickets SET subject = 'x' WHERE id > 810000000 OR id = 810000000", {
    twin: "UPDATE tickets SET subject = 'x' WHERE id = 3 OR id = 4",
  }),
  write('H1', 'insert outside the filter', "INSERT INTO tickets (id, tenant, subject) VALUES (9501, 'globex', 'x')", {
    twin: "INSERT INTO tickets (id, tenant, subject) VALUES (9501, 'acme', 'x')",
  }),
  write('H1', 'insert select outside the filter', "INSERT INTO tickets (id, tenant, subject) SELECT 9502, 'globex', 'x'", {
    twin: "INSERT INTO tickets (id, tenant, subject) SELECT 9502, 'acme', 'x'",
  }),
  write('H1', 'move a row out of the filter', "UPDATE tickets SET tenant = 'globex' WHERE id = 3", {
    twin: "UPDATE tickets SET tenant = 'acme' WHERE id = 3",
  }),
  write(
    'H1',
    'take over a hidden row by upsert',
    // The key of a hidden order in variant a: what a probing client would find out by the duplicate.
    "INSERT INTO orders (id, customer_id, tenant, total) VALUES (811972088, 1, 'acme', 1) ON CONFLICT (id) DO UPDATE SET tenant = 'acme', note = 'mine'",
    {
      residual: 'unique probing, as with row security of PostgreSQL itself',
      twin: "INSERT INTO orders (id, customer_id, tenant, total) VALUES (9601, 1, 'acme', 1) ON CONFLICT (id) DO NOTHING",
    },
  ),
  write(
    'H1',
    'hidden rows through a join',
    "UPDATE tickets SET priority = 1 FROM orders o WHERE o.tenant <> 'acme' AND tickets.id > 810000000",
    { twin: 'UPDATE tickets SET priority = 1 FROM orders o WHERE o.id = tickets.id AND tickets.id = 3' },
  ),
  write(
    'H1',
    'copy into a filtered table',
    "INSERT INTO orders (id, customer_id, tenant, total) VALUES (9602, 1, 'acme', 1), (9603, 1, 'globex', 1)",
    { twin: "INSERT INTO orders (id, customer_id, tenant, total) VALUES (9602, 1, 'acme', 1), (9603, 2, 'acme', 1)" },
  ),
  raw(
    'write',
    'H1',
    'copy from stdin into a filtered table',
    async (client) =>
      void (await client.copyIn('COPY tickets (id, tenant, subject) FROM STDIN', [Buffer.from('9701\tglobex\tx\n')])),
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(client.query("INSERT INTO tickets (id, tenant, subject) VALUES (9701, 'acme', 'x')"));
      await ok(client.query('ROLLBACK'));
    },
  ),
  // E: the protocol
  raw(
    'write',
    'E8',
    'denied parse, then bind of the name',
    async (client) => {
      await client.exchange([frontend.parse('s', 'SELECT 1'), frontend.sync]);
      await client.exchange([frontend.close('S', 's'), frontend.parse('s', 'DELETE FROM preferences'), frontend.sync]);
      await client.exchange([frontend.bind({ statement: 's' }), frontend.execute(), frontend.sync]);
    },
    async (client) => {
      await ok(client.exchange([frontend.parse('s', SELECT), frontend.sync]));
      await ok(client.exchange([frontend.bind({ statement: 's' }), frontend.execute(), frontend.sync]));
    },
  ),
  raw(
    'write',
    'E7',
    'rest of a batch after a denial',
    async (client) => {
      await client.exchange([
        frontend.parse('', 'UPDATE payroll SET gross = 7 WHERE employee_id = 2'),
        frontend.bind(),
        frontend.execute(),
        frontend.parse('', "UPDATE preferences SET key = 'k' || customer_id"),
        frontend.bind(),
        frontend.execute(),
        frontend.sync,
      ]);
    },
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(
        client.exchange([
          frontend.parse('', UPDATE),
          frontend.bind(),
          frontend.execute(),
          frontend.parse('', DELETE),
          frontend.bind(),
          frontend.execute(),
          frontend.sync,
        ]),
      );
      await ok(client.query('ROLLBACK'));
    },
  ),
  raw(
    'write',
    'E7',
    'allowed and denied in one implicit transaction',
    async (client) => {
      await client.exchange([
        frontend.parse('', "UPDATE scratch SET value = 'half' WHERE id = 4"),
        frontend.bind(),
        frontend.execute(),
        frontend.parse('', 'UPDATE payroll SET gross = 8 WHERE employee_id = 3'),
        frontend.bind(),
        frontend.execute(),
        frontend.sync,
      ]);
    },
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(client.exchange([frontend.parse('', UPDATE), frontend.bind(), frontend.execute(), frontend.sync]));
      await ok(client.query('ROLLBACK'));
    },
  ),
  raw(
    'write',
    'C1',
    'denied inside a block, then commit',
    async (client) => {
      await client.query('BEGIN');
      await client.query("UPDATE scratch SET value = 'half' WHERE id = 5");
      await client.query('DELETE FROM payroll WHERE employee_id = 4');
      await client.query('COMMIT');
    },
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(client.query(UPDATE));
      await ok(client.query('SAVEPOINT s'));
      await ok(client.query(DELETE));
      await ok(client.query('ROLLBACK TO s'));
      await ok(client.query('ROLLBACK'));
    },
  ),
  raw(
    'write',
    'C1',
    'denied in the second statement of a message',
    async (client) =>
      void (await client.query("UPDATE scratch SET value = 'half' WHERE id = 6; DELETE FROM payroll WHERE employee_id = 5")),
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(client.query(`${UPDATE}; ${DELETE}`));
      await ok(client.query('ROLLBACK'));
    },
  ),
  raw(
    'write',
    'E11',
    'fastpath write',
    async (client) => {
      // pg_catalog.lo_create(oid) by its OID: no SQL text at all.
      await client.exchange([frontend.functionCall(715, [Buffer.from('454545')])]);
    },
    async (client) => void (await ok(client.query(SELECT))),
  ),
];
