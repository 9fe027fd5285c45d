/** Class A: one relation under every name, reference and shape PostgreSQL knows for it. */
import { infer, read, type Attack } from '../attack.ts';

const PLAIN = 'SELECT id, name, ssn, email FROM customers ORDER BY id';

export const NAMES: readonly Attack[] = [
  // A1: the relation itself
  read('A1', 'star', 'SELECT * FROM customers'),
  read('A1', 'TABLE', 'TABLE customers'),
  read('A1', 'qualified star', 'SELECT customers.* FROM customers'),
  read('A1', 'schema-qualified column', 'SELECT public.customers.ssn FROM public.customers'),
  read('A1', 'schema-qualified star', 'SELECT public.customers.* FROM public.customers'),
  read('A1', 'catalog-qualified relation', 'SELECT ssn FROM shop.public.customers', { twin: PLAIN }),
  read('A1', 'ONLY', 'SELECT id, ssn FROM ONLY customers'),
  read('A1', 'ONLY in parentheses', 'SELECT id, ssn FROM ONLY (customers)'),
  read('A1', 'with children', 'SELECT id, ssn FROM customers *'),
  read('A1', 'parenthesised join', 'SELECT c.ssn FROM (customers AS c JOIN tickets AS t ON t.customer_id = c.id)'),
  read('A1', 'comma join', 'SELECT c.email FROM tickets t, customers c WHERE c.id = t.customer_id'),
  read('A1', 'self join', 'SELECT a.ssn, b.phone FROM customers a JOIN customers b ON a.id = b.id'),
  read('A1', 'column limited', 'SELECT supplier_cost FROM products', { twin: 'SELECT sku, price FROM products' }),
  read('A1', 'column limited star', 'SELECT * FROM employees'),
  read('A1', 'ungranted table', 'SELECT * FROM payroll', { twin: 'SELECT id, name, department FROM employees' }),
  read('A1', 'ungranted table TABLE', 'TABLE payroll', { twin: 'TABLE employees' }),
  read('A1', 'ungranted schema of the same table name', 'SELECT * FROM archive.customers', { twin: PLAIN }),
  read('A1', 'ungranted column in WHERE only', 'SELECT api_key FROM customers WHERE credit_limit > 0', {
    twin: 'SELECT city FROM customers WHERE id > 3',
  }),
  read('A1', 'quoted names', 'SELECT "E-Mail" FROM "Weird Schema"."Customer Data"'),
  read('A1', 'quoted star', 'SELECT * FROM "Weird Schema"."Customer Data"'),
  // A2: the whole row
  read('A2', 'row variable', 'SELECT customers FROM customers', { twin: 'SELECT order_items FROM order_items' }),
  read('A2', 'row cast to text', 'SELECT c::text FROM customers c'),
  read('A2', 'row_to_json', 'SELECT row_to_json(c) FROM customers c'),
  read('A2', 'to_jsonb and a key', "SELECT to_jsonb(c) -> 'ssn' FROM customers c"),
  read('A2', 'to_jsonb minus keys', "SELECT to_jsonb(c) - 'name' - 'city' FROM customers c"),
  read('A2', 'json_agg', 'SELECT json_agg(c) FROM customers c'),
  read('A2', 'array_agg', 'SELECT array_agg(c)::text FROM customers c', {
    twin: 'SELECT array_agg(id ORDER BY id) FROM customers c',
  }),
  read('A2', 'xmlforest', 'SELECT xmlforest(c.ssn, c.email) FROM customers c', { twin: PLAIN }),
  read('A2', 'concat', 'SELECT concat(c) FROM customers c', { twin: "SELECT concat(id, '-', ssn) FROM customers" }),
  read('A2', 'format', "SELECT format('%s', c) FROM customers c", { twin: "SELECT format('%s %s', id, phone) FROM customers" }),
  read('A2', 'concatenation', "SELECT c || '' FROM customers c", { twin: "SELECT ssn || '' FROM customers" }),
  read('A2', 'ROW of star', 'SELECT ROW(c.*)::text FROM customers c', { twin: 'SELECT ROW(c.id, c.ssn)::text FROM customers c' }),
  read('A2', 'string_to_table of the row', "SELECT string_to_table(c::text, ',') FROM customers c", {
    twin: "SELECT string_to_table(name, ' ') FROM customers c",
  }),
  read('A2', 'jsonb_path_query', "SELECT jsonb_path_query(to_jsonb(c), '$.ssn') FROM customers c"),
  read('A2', 'jsonb_each of the row', 'SELECT e.key, e.value FROM customers c, jsonb_each(to_jsonb(c)) AS e'),
  read('A2', 'json_object_agg', 'SELECT json_object_agg(c.id, c.email) FROM customers c'),
  read('A2', 'whole row of a derived table', 'SELECT d::text FROM (SELECT ssn, id FROM customers) AS d'),
  read('A2', 'whole row in an outer join', 'SELECT to_json(c) FROM tickets t LEFT JOIN customers c ON c.id = t.customer_id'),
  read('A2', 'row under an alias list', 'SELECT row_to_json(t) FROM customers AS t(w0, w1, w2)'),
  read(
    'A2',
    'nullable row under an alias list',
    'SELECT to_jsonb(t) FROM (VALUES (1), (3), (99)) AS v(n) LEFT JOIN customers AS t(w0, w1) ON t.w0 = v.n',
  ),
  read('A2', 'min over rows', 'SELECT max(c::text) FROM customers c', { twin: 'SELECT max(c.id) FROM customers c' }),
  read('A2', 'coalesce of rows', 'SELECT coalesce(c, c)::text FROM customers c', {
    twin: "SELECT coalesce(c.city, '') FROM customers c",
  }),
  // A3: fields of the row
  read('A3', 'field selection', 'SELECT (c).ssn FROM customers c'),
  read('A3', 'field star', 'SELECT (c).* FROM customers c'),
  read('A3', 'functional notation', 'SELECT ssn(customers) FROM customers'),
  read('A3', 'functional notation over an alias', 'SELECT id, email(c), phone(c) FROM customers c'),
  read(
    'A3',
    'functional notation beside a function in FROM',
    'SELECT ssn(c) FROM customers c CROSS JOIN LATERAL unnest(ARRAY[id(c)]) AS f(v)',
  ),
  read('A3', 'attribute notation for a function', 'SELECT (c).describe_customer FROM customers c', {
    twin: 'SELECT add_tax(price) FROM products',
  }),
  read('A3', 'field of an ungranted column', 'SELECT (c).api_key FROM customers c', { twin: 'SELECT (c).city FROM customers c' }),
  read('A3', 'functional notation of an ungranted column', 'SELECT api_key(c) FROM customers c', {
    twin: 'SELECT city(c) FROM customers c',
  }),
  read('A3', 'composite column field', 'SELECT (home).street FROM customers'),
  read('A3', 'row from a subquery', 'SELECT (SELECT c FROM customers c WHERE id = 1)::text', {
    twin: 'SELECT (SELECT c.name FROM customers c WHERE id = 1)',
  }),
  // A4: alias lists that carry the secret under a harmless name
  read('A4', 'table alias list', 'SELECT a, e, g FROM customers AS x(a, b, c, d, e, f, g)'),
  read('A4', 'swapped alias list', 'SELECT id, tenant, region FROM customers AS x(x1, x2, x3, x4, id, tenant, region)'),
  read(
    'A4',
    'alias list through a join',
    'SELECT j.q7 FROM (customers AS t(q1, q2, q3, q4, q5, q6, q7) CROSS JOIN (SELECT 1 AS one) AS z) AS j',
  ),
  read(
    'A4',
    'alias list over a join',
    'SELECT j.q0, j.q6 FROM (customers AS t CROSS JOIN (SELECT 1 AS one) AS z) AS j(q0, q1, q2, q3, q4, q5, q6)',
  ),
  read(
    'A4',
    'alias list over a join with hidden columns',
    'SELECT j.q0, j.q3, j.q4 FROM (employees AS t CROSS JOIN (SELECT 1 AS one) AS z) AS j(q0, q1, q2, q3, q4)',
  ),
  read(
    'A4',
    'row expanded under an alias list',
    'SELECT d.v0, d.v1 FROM (SELECT (t).* FROM "Weird Schema"."Customer Data" AS t(v0, v1, v2, v3, v4)) AS d',
  ),
  read('A4', 'CTE alias list', 'WITH r(a, b, c, d, e, f, g) AS (TABLE customers) SELECT a, g FROM r'),
  read('A4', 'derived alias list', 'SELECT harmless FROM (SELECT ssn FROM customers) AS d(harmless)'),
  read('A4', 'output alias', 'SELECT ssn AS id FROM customers'),
  read('A4', 'three levels of renaming', 'SELECT c FROM (SELECT b AS c FROM (SELECT ssn AS b FROM customers) AS x) AS y'),
  read('A4', 'alias of an allowed column', 'SELECT ssn AS name, email AS city FROM customers'),
  // A5: joins that name columns silently
  read('A5', 'natural join', 'SELECT * FROM customers NATURAL JOIN (SELECT id, ssn FROM customers) AS again', {
    twin: 'SELECT * FROM (SELECT id, name FROM customers) AS a NATURAL JOIN (SELECT id, city FROM customers) AS b',
  }),
  read('A5', 'using', 'SELECT ssn FROM customers JOIN (SELECT ssn, id FROM customers) AS s USING (ssn)', {
    twin: 'SELECT id, name, status FROM customers JOIN (SELECT customer_id AS id, status FROM tickets) AS t USING (id)',
  }),
  read('A5', 'full join using', 'SELECT ssn FROM customers FULL JOIN (SELECT ssn FROM customers WHERE id < 4) AS s USING (ssn)', {
    twin: 'SELECT id FROM customers FULL JOIN (SELECT id FROM products) AS p USING (id)',
  }),
  read('A5', 'using with an alias', 'SELECT j.ssn FROM customers JOIN (SELECT ssn FROM customers) AS s USING (ssn) AS j', {
    twin: 'SELECT j.id FROM customers JOIN (SELECT id FROM products) AS s USING (id) AS j',
  }),
  infer(
    'A5',
    'using as an equality test',
    "SELECT count(*) FROM customers JOIN (SELECT substr(ssn, 1, 1) AS k, id FROM customers) AS s USING (id) WHERE s.k < 'k'",
  ),
  // A6: spellings
  read('A6', 'unicode escapes', 'SELECT * FROM U&"\\0063ustomers"', { twin: 'SELECT id, U&"ss\\006e" FROM customers' }),
  read('A6', 'unicode escapes with another escape', 'SELECT ssn FROM U&"!0063ustomers" UESCAPE \'!\'', {
    twin: 'SELECT id FROM U&"!0063ustomers" UESCAPE \'!\'',
  }),
  read('A6', 'unicode escapes of an ungranted table', 'SELECT iban FROM U&"p\\0061yroll"', {
    twin: 'SELECT name FROM U&"employ\\0065es"',
  }),
  read('A6', 'quoted lower case', 'SELECT "ssn" FROM "public"."customers"'),
  read('A6', 'upper case', 'SELECT SSN, EMAIL FROM PUBLIC.CUSTOMERS'),
  read('A6', 'comments between the parts', 'SELECT/**/ssn/* x */FROM/*/* nested */*/public/**/./**/"customers"'),
  read('A6', 'carriage return ends a line comment', 'SELECT name, --\rssn\nFROM customers'),
  read('A6', 'line comment then newline', 'SELECT name -- x\n, ssn FROM customers'),
  read('A6', 'form feed and vertical tab', 'SELECT\fssn\vFROM\fcustomers', { since: 18, twin: 'SELECT\fid\fFROM\fcustomers' }),
  read('A6', 'unicode column', 'SELECT id, U&"\\0073sn" AS id2 FROM customers'),
  // A7: shadows
  read(
    'A7',
    'temporary table of the same name',
    ['CREATE TEMPORARY TABLE customers AS SELECT * FROM public.customers', 'SELECT ssn FROM customers'],
    { twin: ['CREATE TEMPORARY TABLE mine AS SELECT id, name FROM public.customers', 'SELECT name FROM mine'] },
  ),
  read('A7', 'search_path to the other schema', ['SET search_path = archive, public', 'SELECT name, ssn FROM customers'], {
    twin: ['SET search_path = public, archive', 'SELECT name, ssn FROM customers'],
  }),
  read('A7', 'search_path set locally', ['BEGIN', 'SET LOCAL search_path = archive', 'SELECT ssn FROM customers'], {
    twin: ['BEGIN', 'SET LOCAL search_path = public', 'SELECT id, ssn FROM customers'],
  }),
  read(
    'A7',
    'search_path back after rollback to',
    [
      'SET search_path = archive',
      'BEGIN',
      'SAVEPOINT s',
      'SET search_path = public',
      'ROLLBACK TO s',
      'SELECT ssn FROM customers',
    ],
    {
      twin: [
        'SET search_path = public',
        'BEGIN',
        'SAVEPOINT s',
        "SET search_path = 'Weird Schema'",
        'ROLLBACK TO s',
        'SELECT id, ssn FROM customers',
      ],
    },
  ),
  read(
    'A7',
    'own pg_class first in the path',
    [
      'SET search_path = pg_temp, pg_catalog, public',
      'CREATE TEMPORARY VIEW pg_class AS SELECT ssn AS relname FROM public.customers',
      'SELECT relname FROM pg_class',
    ],
    { twin: ['SET search_path = pg_temp, public', 'SELECT id, ssn FROM customers'] },
  ),
  read('A7', 'path by set_config', ["SELECT set_config('search_path', 'archive', false)", 'SELECT ssn FROM customers'], {
    twin: PLAIN,
  }),
  // A8: common table expressions
  read('A8', 'CTE of the same name reads the table', 'WITH customers AS (SELECT * FROM customers) SELECT ssn FROM customers'),
  read(
    'A8',
    'CTE in another scope',
    'SELECT p.iban FROM payroll p WHERE EXISTS (WITH payroll AS (SELECT 1 AS one) SELECT one FROM payroll)',
    { twin: 'SELECT name FROM employees WHERE EXISTS (WITH payroll AS (SELECT 1 AS one) SELECT one FROM payroll)' },
  ),
  read(
    'A8',
    'CTE shadow out of reach',
    'SELECT (WITH payroll AS (SELECT 1 AS gross) SELECT gross FROM payroll) AS one, p.gross FROM payroll p',
    { twin: 'WITH payroll AS (SELECT 1 AS gross) SELECT gross FROM payroll' },
  ),
  read('A8', 'qualified name beside a CTE', 'WITH payroll AS (SELECT 1 AS iban) SELECT p.iban FROM public.payroll p', {
    twin: 'WITH customers AS (SELECT 1 AS ssn) SELECT c.id, c.ssn FROM public.customers c',
  }),
  read(
    'A8',
    'earlier CTE cannot see a later one',
    'WITH first AS (SELECT iban FROM payroll), payroll AS (SELECT 1 AS iban) SELECT iban FROM first',
    { twin: 'WITH first AS (SELECT id FROM customers), customers AS (SELECT 1 AS id) SELECT id FROM first' },
  ),
  read(
    'A8',
    'recursive',
    'WITH RECURSIVE walk AS (SELECT id, ssn FROM customers WHERE id = 1 UNION ALL SELECT c.id, c.ssn FROM customers c JOIN walk w ON c.id = w.id + 1) SELECT * FROM walk',
  ),
  read('A8', 'materialized', 'WITH c AS MATERIALIZED (SELECT * FROM customers) SELECT ssn FROM c'),
  read('A8', 'CTE used twice', 'WITH c AS (SELECT id, ssn FROM customers) SELECT a.ssn, b.ssn FROM c a JOIN c b USING (id)'),
  read(
    'A8',
    'table beside its CTE',
    'WITH c AS (SELECT id FROM customers) SELECT customers.ssn FROM customers JOIN c USING (id)',
  ),
  // A9: children
  read('A9', 'partition', 'SELECT * FROM events_2026', { twin: 'SELECT id, kind, actor_email FROM events' }),
  read('A9', 'partition column', 'SELECT actor_email FROM events_2025', {
    twin: "SELECT actor_email FROM events WHERE created_at < '2026-01-01'",
  }),
  read('A9', 'parent', 'SELECT * FROM events'),
  read('A9', 'inheritance child', 'SELECT id, ssn, perk FROM vip_customers', {
    twin: 'SELECT id, ssn FROM customers WHERE id > 100',
  }),
  read('A9', 'child rows through the parent', 'SELECT id, ssn, tableoid::regclass FROM customers WHERE id > 100', {
    twin: 'SELECT id, ssn FROM customers WHERE id > 100',
  }),
  // A10: views
  read('A10', 'ungranted view', 'SELECT * FROM customer_contacts', { twin: 'SELECT * FROM order_totals' }),
  read('A10', 'ungranted materialized view', 'SELECT digest FROM customer_digest', { twin: 'SELECT * FROM sales_by_day' }),
  read('A10', 'granted view over sensitive columns', 'SELECT contact, reference FROM ticket_feed', {
    twin: 'SELECT id, subject, status FROM ticket_feed',
  }),
  read('A10', 'whole row of a granted view', 'SELECT row_to_json(f) FROM ticket_feed f', {
    twin: 'SELECT row_to_json(t) FROM order_totals t',
  }),
  read('A10', 'own temporary view', ['CREATE TEMPORARY VIEW mine AS SELECT * FROM customers', 'SELECT ssn FROM mine'], {
    twin: ['CREATE TEMPORARY TABLE mine AS SELECT id, city FROM customers', 'SELECT city FROM mine'],
  }),
  read('A10', 'own view', ['CREATE VIEW public.mine AS SELECT ssn FROM customers', 'SELECT ssn FROM public.mine'], {
    twin: PLAIN,
  }),
  read(
    'A10',
    'view replaced',
    [
      'CREATE OR REPLACE VIEW public.order_totals AS SELECT customer_id, orders, spent FROM (SELECT customer_id, 1::bigint AS orders, gross::numeric AS spent FROM payroll, orders) x',
      'SELECT * FROM order_totals',
    ],
    { twin: 'SELECT * FROM order_totals' },
  ),
  // A11: the row type
  read('A11', 'populate from json', 'SELECT (json_populate_record(NULL::customers, row_to_json(c))).ssn FROM customers c', {
    twin: 'SELECT (json_populate_record(NULL::address, \'{"city": "Rome"}\')).city',
  }),
  read('A11', 'function returning the rows', "SELECT ssn FROM find_customers('%')", { twin: 'SELECT ticket_summary(3)' }),
  read('A11', 'function taking the row', 'SELECT describe_customer(c) FROM customers c', { twin: 'SELECT add_tax(10)' }),
  read('A11', 'security definer', 'SELECT customer_secret(1)', { twin: 'SELECT ticket_summary(1)' }),
  read('A11', 'security definer in FROM', 'SELECT * FROM customer_secret(2)', { twin: 'SELECT * FROM ticket_summary(2)' }),
  read('A11', 'security definer by qualified name', 'SELECT public.customer_secret(id) FROM customers', {
    twin: 'SELECT public.ticket_summary(id) FROM tickets',
  }),
  read('A11', 'dynamic SQL in a function', "SELECT run_sql('SELECT max(iban) FROM payroll')", {
    twin: 'SELECT public.add_tax(100.0)',
  }),
  // A12: system columns and positions
  read('A12', 'by ctid', "SELECT ssn FROM customers WHERE ctid = '(0,5)'", {
    twin: 'SELECT id, ssn FROM customers WHERE id = 5',
  }),
  infer('A12', 'hidden rows by ctid', "SELECT count(*) FROM customers WHERE ctid >= '(0,0)'", {
    twin: 'SELECT count(*) FROM customers',
  }),
  read(
    'A12',
    'current of',
    [
      'BEGIN',
      'DECLARE k CURSOR FOR SELECT * FROM customers WHERE id = 3 FOR UPDATE',
      'FETCH k',
      'UPDATE customers SET city = city WHERE CURRENT OF k RETURNING ssn, email',
      'ROLLBACK',
    ],
    { twin: ['BEGIN', "UPDATE customers SET city = 'Rome' WHERE id = 3 RETURNING ssn, email"], twinShape: 'script' },
  ),
  // A13: inside values
  read('A13', 'jsonb operator', "SELECT profile ->> 'ssn' FROM customers"),
  read('A13', 'jsonb path operator', "SELECT profile #>> '{nested,pin}' FROM customers"),
  read('A13', 'jsonb subscript', "SELECT profile['ssn'] FROM customers", { twin: "SELECT attributes['color'] FROM products" }),
  read('A13', 'jsonb_each', 'SELECT e.value FROM customers, jsonb_each_text(profile) AS e'),
  read(
    'A13',
    'json_to_recordset of an aggregate',
    'SELECT r.ssn FROM json_to_recordset((SELECT json_agg(c) FROM customers c)) AS r(ssn text)',
    { twin: 'SELECT r.a FROM json_to_recordset(\'[{"a":"x"}]\') AS r(a text)' },
  ),
  read('A13', 'array element', 'SELECT contact_numbers[1] FROM customers'),
  read('A13', 'unnest', 'SELECT id, unnest(contact_numbers) FROM customers'),
  read('A13', 'array_to_string', "SELECT array_to_string(contact_numbers, '-') FROM customers"),
  read('A13', 'hstore of the row', 'SELECT hstore(c) FROM customers c', { twin: "SELECT hstore('a', 'b')" }),
  // A14, A15: what is derived from the column
  read('A14', 'generated column', 'SELECT ssn_key FROM customers'),
  read(
    'A14',
    'new generated column',
    ['ALTER TABLE customers ADD COLUMN twin text GENERATED ALWAYS AS (ssn) STORED', 'SELECT twin FROM customers'],
    { twin: 'SELECT label FROM customers' },
  ),
  read('A14', 'renamed column', ['ALTER TABLE payroll RENAME TO orders2', 'SELECT iban FROM orders2'], {
    twin: 'SELECT id, note FROM orders',
  }),
  read(
    'A14',
    'table moved into place',
    ['ALTER TABLE orders RENAME TO orders_old', 'ALTER TABLE payroll RENAME TO orders', 'SELECT * FROM orders'],
    { twin: 'SELECT id, total FROM orders' },
  ),
];
