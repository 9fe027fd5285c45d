/** Statements whose answer contains a secret past the engine, and must not through it. */
import type { Attack } from './attack.ts';

export const SHOWS: readonly Attack[] = [
  {
    name: 'RETURNING a masked column',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING ssn',
    twin: 'UPDATE customers SET name = name WHERE id = 1 RETURNING name',
  },
  {
    name: 'RETURNING *',
    sql: 'DELETE FROM customers WHERE id = 1 RETURNING *',
    twin: 'DELETE FROM notes WHERE id = 1 RETURNING *',
  },
  {
    name: 'RETURNING t.*',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING c.*',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING c.*',
  },
  {
    name: 'RETURNING the row',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING customers',
    twin: 'UPDATE notes SET n = n WHERE id = 1 RETURNING notes',
  },
  {
    name: 'RETURNING row_to_json',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING row_to_json(c)',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING row_to_json(c)',
  },
  {
    name: 'RETURNING ROW(t.*)',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING ROW(c.*)',
    twin: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING ROW(c.id, c.name)',
  },
  {
    name: 'attribute of the row',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (c).ssn',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (c).body',
  },
  {
    name: '(t).*',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (c).*',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (c).*',
  },
  {
    name: 'functional notation',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING ssn(c)',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING lower(c.body)',
  },
  {
    name: 'attribute of a copy of the row',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT (x.r).ssn FROM (SELECT c AS r) x)',
    twin: `UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT x.r FROM (SELECT c.name AS r) x)`,
  },
  {
    name: 'the star of the target in a subquery',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT to_json(x) FROM (SELECT c.*) x)',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (SELECT to_json(x) FROM (SELECT c.id, c.body) x)',
  },
  {
    name: 'the target through a CTE of a subquery',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (WITH w AS (SELECT c.ssn AS s) SELECT s FROM w)',
    twin: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (WITH w AS (SELECT c.name AS s) SELECT s FROM w)',
  },
  {
    name: 'a CTE with the target’s name',
    sql: 'WITH customers AS (SELECT 1 AS id) UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT ssn)',
    twin: 'WITH customers AS (SELECT 1 AS id) UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT name)',
  },
  {
    name: 'the row in a subquery',
    sql: 'UPDATE customers c SET name = name WHERE id = 1 RETURNING (SELECT to_jsonb(c))',
    twin: 'UPDATE notes c SET n = n WHERE id = 1 RETURNING (SELECT to_jsonb(c))',
  },
  {
    name: 'a column that is not granted',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING hidden',
    twin: 'UPDATE customers SET name = name WHERE id = 1 RETURNING region',
  },
  {
    name: 'a column that is not granted, from inside',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT hidden)',
    twin: 'UPDATE customers SET name = name WHERE id = 1 RETURNING (SELECT region)',
  },
  {
    name: 'copied into a visible column',
    sql: 'UPDATE customers SET name = ssn WHERE id = 1 RETURNING name',
    twin: 'UPDATE customers SET name = region WHERE id = 1 RETURNING name',
  },
  {
    name: 'copied through a list',
    sql: 'UPDATE customers SET (name, region) = (ssn, hidden) WHERE id = 1 RETURNING name, region',
    twin: 'UPDATE customers SET (name, region) = (phone, phone) WHERE id = 1 RETURNING name, region',
  },
  {
    name: 'copied through ON CONFLICT',
    sql: `INSERT INTO customers (id, email) VALUES (1, 'q') ON CONFLICT (id) DO UPDATE SET name = customers.ssn RETURNING name`,
    twin: `INSERT INTO customers (id, email) VALUES (1, 'q') ON CONFLICT (id) DO UPDATE SET name = customers.phone RETURNING name`,
  },
  {
    name: 'through a CTE',
    sql: 'WITH u AS (UPDATE customers SET name = name RETURNING *) SELECT u::text FROM u',
    twin: 'WITH u AS (UPDATE notes SET n = n RETURNING *) SELECT u::text FROM u',
  },
  {
    name: 'hidden rows by RETURNING',
    sql: 'UPDATE customers SET name = name RETURNING id, phone',
    twin: 'UPDATE notes SET n = n RETURNING id',
  },
  {
    name: 'a hidden row by DELETE',
    sql: 'DELETE FROM customers WHERE id = 9 RETURNING name, region',
    twin: 'DELETE FROM customers WHERE id = 1 RETURNING name, region',
  },
  {
    name: 'a hidden row by upsert',
    sql: `INSERT INTO customers (id, email) VALUES (9, 'q') ON CONFLICT (id) DO UPDATE SET region = 'x' RETURNING phone, name`,
    twin: `INSERT INTO customers (id, email) VALUES (1, 'q') ON CONFLICT (id) DO UPDATE SET region = 'x' RETURNING phone, name`,
  },
  {
    name: 'old.*',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING old.*',
    twin: 'UPDATE notes SET n = n WHERE id = 1 RETURNING old.*',
    since: 18,
  },
  {
    name: 'the old row under another name',
    sql: 'UPDATE customers SET name = name WHERE id = 1 RETURNING WITH (OLD AS o) o',
    twin: 'UPDATE notes SET n = n WHERE id = 1 RETURNING WITH (OLD AS o) o',
    since: 18,
  },
  {
    name: 'MERGE RETURNING',
    sql: 'MERGE INTO customers t USING notes s ON t.id = s.customer_id WHEN MATCHED THEN UPDATE SET name = name RETURNING t.*',
    twin: 'MERGE INTO notes t USING customers s ON s.id = t.customer_id WHEN MATCHED THEN UPDATE SET n = 1 RETURNING t.*',
    since: 17,
  },
  {
    name: 'an alias that hides the target',
    sql: `UPDATE customers SET region = (SELECT ssn FROM (SELECT 1) customers) WHERE id = 1 RETURNING region`,
    twin: `UPDATE customers SET region = (SELECT body FROM notes customers WHERE customers.id = 1) WHERE id = 1 RETURNING region`,
  },
];
