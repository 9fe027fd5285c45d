/** Statements that change, past the engine, what the subject must not reach. */
import type { Attack } from './attack.ts';

export const REACHES: readonly Attack[] = [
  { name: 'UPDATE without WHERE', sql: `UPDATE customers SET name = 'X'`, twin: `UPDATE notes SET n = 1` },
  {
    name: 'UPDATE by key',
    sql: `UPDATE customers SET name = 'X' WHERE id = 9`,
    twin: `UPDATE customers SET name = 'X' WHERE id = 2`,
  },
  {
    name: 'OR',
    sql: `UPDATE customers SET name = 'X' WHERE id = 1 OR true`,
    twin: `UPDATE customers SET name = 'X' WHERE id = 1 OR id = 2`,
  },
  { name: 'DELETE', sql: `DELETE FROM customers WHERE id >= 8`, twin: `DELETE FROM customers WHERE id < 8` },
  {
    name: 'DELETE with a comment and a trailing condition',
    sql: `DELETE FROM customers WHERE id >= 8 -- `,
    twin: `DELETE FROM customers WHERE id < 8 /* ) */`,
  },
  {
    name: 'DELETE USING',
    sql: `DELETE FROM customers USING members m WHERE m.tenant <> customers.tenant`,
    twin: `DELETE FROM customers USING notes m WHERE m.customer_id = customers.id`,
  },
  {
    name: 'upsert of a hidden row',
    sql: `INSERT INTO customers (id, email) VALUES (9, 'q') ON CONFLICT (id) DO UPDATE SET name = 'X'`,
    twin: `INSERT INTO customers (id, email) VALUES (2, 'q') ON CONFLICT (id) DO UPDATE SET name = 'X'`,
  },
  {
    name: 'upsert of a hidden row into our tenant',
    sql: `INSERT INTO customers (id, email, tenant) VALUES (9, 'q', 1) ON CONFLICT (id) DO UPDATE SET tenant = 1`,
    twin: `INSERT INTO customers (id, email, tenant) VALUES (2, 'q', 1) ON CONFLICT (id) DO UPDATE SET tenant = 1`,
  },
  {
    name: 'a row moved out',
    sql: `UPDATE customers SET tenant = 2 WHERE id = 1`,
    twin: `UPDATE customers SET tenant = 1 WHERE id = 1`,
  },
  {
    name: 'a row moved out by a CTE',
    sql: `WITH u AS (UPDATE customers SET tenant = 2 WHERE id = 1) SELECT 1`,
    twin: `WITH u AS (UPDATE customers SET name = 'q' WHERE id = 1) SELECT 1`,
  },
  {
    name: 'a row moved out, RETURNING a constant',
    sql: `UPDATE customers SET tenant = 2 WHERE id = 1 RETURNING 1`,
    twin: `UPDATE customers SET name = 'q' WHERE id = 1 RETURNING 1`,
  },
  {
    name: 'a row moved out, RETURNING *',
    sql: `UPDATE customers SET tenant = 2 WHERE id = 1 RETURNING *`,
    twin: `UPDATE customers SET name = 'q' WHERE id = 1 RETURNING *`,
  },
  {
    name: 'a row moved out by NULL',
    sql: `UPDATE guarded SET tenant = (SELECT max(tenant) + 1 FROM members) WHERE id = 1`,
    twin: `UPDATE guarded SET v = 'q' WHERE id = 1`,
  },
  {
    name: 'a row moved out by a trigger',
    sql: `UPDATE stamped SET v = 'move' WHERE id = 1`,
    twin: `UPDATE stamped SET v = 'stay' WHERE id = 1`,
  },
  {
    name: 'a row moved to another partition',
    sql: `UPDATE parts SET tenant = 2 WHERE id = 1`,
    twin: `UPDATE parts SET v = 'q' WHERE id = 1`,
  },
  {
    name: 'a row inserted outside',
    sql: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 2)`,
    twin: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 1)`,
  },
  {
    name: 'one row of many inserted outside',
    sql: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 1), (51, 'r', 2)`,
    twin: `INSERT INTO customers (id, email, tenant) VALUES (50, 'q', 1), (51, 'r', 1)`,
  },
  {
    name: 'inserted outside by SELECT',
    sql: `INSERT INTO orders (tenant, amount) SELECT 2, n FROM notes`,
    twin: `INSERT INTO orders (tenant, amount) SELECT 1, n FROM notes`,
  },
  {
    name: 'inserted outside by a trigger',
    sql: `INSERT INTO stamped VALUES (7, 1, 'move')`,
    twin: `INSERT INTO stamped VALUES (7, 1, 'stay')`,
  },
  {
    name: 'inserted outside in WITH',
    sql: `WITH i AS (INSERT INTO orders (tenant, amount) VALUES (2, 1)) SELECT 1`,
    twin: `WITH i AS (INSERT INTO orders (tenant, amount) VALUES (1, 1)) SELECT 1`,
  },
  {
    name: 'inserted outside, RETURNING',
    sql: `INSERT INTO orders (tenant, amount) VALUES (2, 1) RETURNING id`,
    twin: `INSERT INTO orders (tenant, amount) VALUES (1, 1) RETURNING id`,
  },
  {
    name: 'MERGE: matched',
    sql: `MERGE INTO customers t USING (VALUES (9)) s(id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'X'`,
    twin: `MERGE INTO notes t USING (VALUES (1)) s(id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 5`,
    since: 17,
  },
  {
    name: 'MERGE: not matched by source',
    sql: `MERGE INTO orders t USING (VALUES (1)) s(id) ON t.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE`,
    twin: `MERGE INTO orders t USING (VALUES (1)) s(id) ON t.id = s.id WHEN NOT MATCHED BY SOURCE AND t.amount = 20 THEN DELETE`,
    since: 17,
  },
  {
    name: 'MERGE: inserted outside',
    sql: `MERGE INTO orders t USING (VALUES (2)) s(tenant) ON false WHEN NOT MATCHED THEN INSERT (tenant, amount) VALUES (s.tenant, 1)`,
    twin: `MERGE INTO orders t USING (VALUES (1)) s(tenant) ON false WHEN NOT MATCHED THEN INSERT (tenant, amount) VALUES (s.tenant, 1)`,
    since: 17,
  },
  {
    name: 'a column without Update',
    sql: `UPDATE customers SET hidden = 'X' WHERE id = 1`,
    twin: `UPDATE customers SET region = 'X' WHERE id = 1`,
  },
  {
    name: 'a column without Insert',
    sql: `INSERT INTO customers (id, email, hidden) VALUES (50, 'q', 'X')`,
    twin: `INSERT INTO customers (id, email, phone) VALUES (50, 'q', 'X')`,
  },
  { name: 'a table that is not granted', sql: `DELETE FROM members`, twin: `DELETE FROM notes` },
  { name: 'a partition that is not granted', sql: `DELETE FROM parts_2`, twin: `DELETE FROM parts` },
];
