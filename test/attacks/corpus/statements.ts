/** Class C: the same read inside every statement form and clause. */
import { read, type Attack } from '../attack.ts';

const MASKED = 'SELECT id, ssn, email FROM customers ORDER BY id';

export const STATEMENTS: readonly Attack[] = [
  // C1: several statements
  read('C1', 'second statement', 'SELECT 1; SELECT ssn FROM customers', {
    twin: 'SELECT 1; SELECT id, ssn FROM customers',
    twinShape: 'utility',
    twinExpect: 'works',
  }),
  read('C1', 'after empty statements', ';; ; SELECT iban FROM payroll', {
    twin: ';; ; SELECT name FROM employees',
    twinShape: 'utility',
    twinExpect: 'works',
  }),
  read('C1', 'inside a transaction in one message', 'BEGIN; SELECT iban FROM payroll; COMMIT', {
    twin: 'BEGIN; SELECT name FROM employees; COMMIT',
    twinShape: 'utility',
    twinExpect: 'works',
  }),
  read('C1', 'after a savepoint', ['BEGIN', 'SELECT 1/0', 'ROLLBACK', 'SELECT iban FROM payroll'], {
    twin: ['BEGIN', 'SELECT 1', 'ROLLBACK', 'SELECT name FROM employees'],
  }),
  // C2: comments and quoting
  read('C2', 'nested comment hides the end', '/* /* */ SELECT 1; */ SELECT ssn FROM customers', {
    twin: '/* /* */ SELECT 1; */ SELECT id, ssn FROM customers',
  }),
  read('C2', 'dollar quotes', 'SELECT $a$ -- $a$ || ssn FROM customers', { twin: 'SELECT $a$ -- $a$ || name FROM customers' }),
  read('C2', 'escape string', "SELECT E'\\'' || ssn || E'\\'' FROM customers"),
  read('C2', 'continued string', "SELECT 'a'\n'b' || ssn FROM customers"),
  read('C2', 'comment in an operator', 'SELECT ssn ||/**/ssn FROM customers'),
  read('C2', 'quoted comment', "SELECT '/*' || ssn || '*/' FROM customers"),
  read(
    'C2',
    'standard_conforming_strings off',
    ['SET standard_conforming_strings = off', "SELECT 'x\\'|| name ||', ssn FROM customers --' FROM customers"],
    { twin: ['SET standard_conforming_strings = on', "SELECT 'x\\'|| name ||', ssn FROM customers --' FROM customers"] },
  ),
  read(
    'C2',
    'quoting changed through pg_settings',
    [
      "UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
      "SELECT 'x\\'|| name ||', ssn FROM customers --' FROM customers",
    ],
    { twin: ['SELECT 1', "SELECT 'x\\'|| name ||', ssn FROM customers --' FROM customers"] },
  ),
  // C3: writes that read
  read('C3', 'CTE delete returning', 'WITH gone AS (DELETE FROM payroll RETURNING *) SELECT * FROM gone', {
    twin: 'WITH gone AS (DELETE FROM scratch WHERE id = 2 RETURNING *) SELECT * FROM gone',
  }),
  read(
    'C3',
    'CTE update returning',
    'WITH u AS (UPDATE customers SET city = city WHERE id = 1 RETURNING ssn) SELECT ssn FROM u',
    { twin: "WITH u AS (UPDATE customers SET city = 'Rome' WHERE id = 1 RETURNING id, city) SELECT id, city FROM u" },
  ),
  read('C3', 'insert returning a subquery', "INSERT INTO scratch (tag) VALUES ('x') RETURNING (SELECT max(ssn) FROM customers)", {
    twin: "INSERT INTO scratch (id, tag) VALUES (9001, 'x') RETURNING id, (SELECT max(name) FROM customers)",
  }),
  read('C3', 'prepare then explain execute', ['PREPARE q AS SELECT max(iban) FROM payroll', 'EXECUTE q'], {
    twin: ['PREPARE q AS SELECT max(name) FROM employees', 'EXECUTE q'],
  }),
  // C4: copies
  read('C4', 'select into', ['SELECT ssn, email INTO TEMPORARY taken FROM customers', 'SELECT * FROM taken'], {
    twin: ['SELECT id, name INTO TEMPORARY taken FROM customers', 'SELECT * FROM taken'],
  }),
  read('C4', 'create table as', ['CREATE TEMPORARY TABLE taken AS SELECT * FROM customers', 'SELECT ssn FROM taken'], {
    twin: ['CREATE TEMPORARY TABLE taken AS SELECT id, city FROM customers', 'SELECT city FROM taken'],
  }),
  read(
    'C4',
    'create table as execute',
    ['PREPARE q AS SELECT ssn FROM customers', 'CREATE TEMPORARY TABLE taken AS EXECUTE q', 'SELECT * FROM taken'],
    { twin: ['PREPARE q AS SELECT id FROM customers', 'EXECUTE q'] },
  ),
  read(
    'C4',
    'insert select',
    ["INSERT INTO scratch (tag, value) SELECT 'x', ssn FROM customers", "SELECT value FROM scratch WHERE tag = 'x'"],
    {
      twin: [
        "INSERT INTO scratch (id, tag, value) SELECT 9100 + id, 'x', sku FROM products WHERE id < 4",
        "SELECT value FROM scratch WHERE tag = 'x'",
      ],
    },
  ),
  read(
    'C4',
    'update from',
    ['UPDATE scratch SET value = c.ssn FROM customers c WHERE c.id = scratch.id', 'SELECT value FROM scratch'],
    {
      twin: [
        'UPDATE scratch SET value = p.sku FROM products p WHERE p.id = scratch.id AND scratch.id < 4',
        'SELECT value FROM scratch',
      ],
    },
  ),
  read(
    'C4',
    'merge',
    [
      'MERGE INTO scratch s USING customers c ON c.id = s.id WHEN MATCHED THEN UPDATE SET value = c.ssn',
      'SELECT value FROM scratch',
    ],
    {
      twin: [
        'MERGE INTO scratch s USING products p ON p.id = s.id AND p.id < 4 WHEN MATCHED THEN UPDATE SET value = p.sku',
        'SELECT value FROM scratch',
      ],
    },
  ),
  read(
    'C4',
    'temporary table and insert',
    ['CREATE TEMPORARY TABLE taken (v text)', 'INSERT INTO taken SELECT ssn FROM customers', 'SELECT v FROM taken'],
    {
      twin: [
        'CREATE TEMPORARY TABLE taken (v text)',
        'INSERT INTO taken SELECT city FROM customers WHERE id < 4',
        'SELECT v FROM taken',
      ],
    },
  ),
  // C5: RETURNING
  read('C5', 'update returning', 'UPDATE customers SET city = city WHERE id = 1 RETURNING ssn', {
    twin: "UPDATE customers SET city = 'Rome' WHERE id = 1 RETURNING id, city, ssn",
  }),
  read('C5', 'update returning star', 'UPDATE customers SET city = city WHERE id = 1 RETURNING *', {
    twin: "UPDATE customers SET city = 'Rome' WHERE id = 2 RETURNING id, name, phone",
  }),
  read('C5', 'update returning the row', 'UPDATE customers AS c SET city = city WHERE id = 1 RETURNING c::text', {
    twin: "UPDATE customers AS c SET city = 'Rome' WHERE id = 2 RETURNING c.city",
  }),
  read('C5', 'update returning functional notation', 'UPDATE customers AS c SET city = city WHERE id = 1 RETURNING ssn(c)', {
    twin: "UPDATE customers AS c SET city = 'Rome' WHERE id = 2 RETURNING upper(c.city)",
  }),
  read(
    'C5',
    'update from returning the source',
    'UPDATE scratch SET tag = tag FROM customers c WHERE c.id = scratch.id AND c.id = 3 RETURNING c.ssn',
    { twin: "UPDATE scratch SET tag = 'y' FROM customers c WHERE c.id = scratch.id AND c.id = 3 RETURNING c.name, c.ssn" },
  ),
  read(
    'C5',
    'delete using returning the source',
    'DELETE FROM scratch USING customers c WHERE c.id = scratch.id AND c.id = 3 RETURNING c.ssn',
    { twin: 'DELETE FROM scratch USING customers c WHERE c.id = scratch.id AND c.id = 3 RETURNING c.name, c.ssn' },
  ),
  read('C5', 'delete returning hidden rows', "DELETE FROM orders WHERE tenant <> 'acme' RETURNING note, total", {
    twin: 'DELETE FROM order_items WHERE order_id = 3 RETURNING order_id, line_no',
  }),
  read(
    'C5',
    'upsert returning',
    "INSERT INTO preferences (customer_id, key) VALUES (1, 'theme') ON CONFLICT (customer_id, key) DO UPDATE SET revision = 2 RETURNING (SELECT ssn FROM customers WHERE id = 1)",
    {
      twin: "INSERT INTO preferences (customer_id, key) VALUES (1, 'theme') ON CONFLICT (customer_id, key) DO UPDATE SET revision = preferences.revision + 1 RETURNING revision",
    },
  ),
  // A function's column is called as its OUT parameter, not as the alias: the alias then means a column of the target.
  read(
    'C5',
    'returning what looks like a column of a function',
    "UPDATE customers SET city = city WHERE id = 1 RETURNING (SELECT ssn FROM jsonb_array_elements('[1]') AS ssn)",
    { twin: "UPDATE customers SET city = city WHERE id = 1 RETURNING (SELECT v FROM jsonb_array_elements('[1]') AS f(v))" },
  ),
  read(
    'C5',
    'returning what looks like the alias of pairs',
    'UPDATE customers SET city = city WHERE id = 1 RETURNING (SELECT phone FROM jsonb_each_text(\'{"a": "b"}\') AS phone)',
    {
      twin: 'UPDATE customers SET city = city WHERE id = 1 RETURNING (SELECT key || value FROM jsonb_each_text(\'{"a": "b"}\'))',
    },
  ),
  read(
    'C5',
    'returning what looks like a numbered function',
    "UPDATE customers SET city = city WHERE id = 1 RETURNING (SELECT email FROM json_array_elements_text('[1]') WITH ORDINALITY AS email)",
    {
      twin: 'UPDATE customers SET city = city WHERE id = 1 RETURNING (SELECT g FROM generate_series(1, 1) WITH ORDINALITY AS g)',
    },
  ),
  read('C5', 'returning old and new', 'UPDATE customers SET city = city WHERE id = 1 RETURNING old.ssn, new.email', {
    since: 18,
    twin: "UPDATE scratch SET value = 'n' WHERE id = 1 RETURNING old.value, new.value",
  }),
  read('C5', 'returning with renamed old', 'UPDATE customers SET city = city WHERE id = 1 RETURNING WITH (OLD AS o) o.ssn', {
    since: 18,
    twin: "UPDATE scratch SET value = 'n' WHERE id = 1 RETURNING WITH (OLD AS o) o.value",
  }),
  read(
    'C5',
    'merge returning',
    "MERGE INTO scratch s USING customers c ON c.id = s.id AND c.id = 2 WHEN MATCHED THEN UPDATE SET tag = 'm' RETURNING merge_action(), c.ssn",
    {
      since: 18,
      twin: "MERGE INTO scratch s USING products p ON p.id = s.id AND p.id = 2 WHEN MATCHED THEN UPDATE SET tag = 'm' RETURNING merge_action(), p.sku",
    },
  ),
  // C14: every clause that takes an expression
  read('C14', 'scalar subquery', 'SELECT (SELECT max(ssn) FROM customers)'),
  read('C14', 'array subquery', 'SELECT ARRAY(SELECT ssn FROM customers)'),
  read('C14', 'values with a subquery', 'VALUES ((SELECT max(iban) FROM payroll))', {
    twin: 'VALUES ((SELECT max(name) FROM employees))',
  }),
  read(
    'C14',
    'lateral',
    'SELECT l.s FROM tickets t, LATERAL (SELECT c.ssn AS s FROM customers c WHERE c.id = t.customer_id) AS l',
  ),
  read('C14', 'union', 'SELECT name FROM employees UNION SELECT ssn FROM customers'),
  read('C14', 'union with an ungranted table', 'SELECT name FROM employees UNION ALL SELECT iban FROM payroll', {
    twin: 'SELECT name FROM employees UNION ALL SELECT sku FROM products',
  }),
  read('C14', 'except', 'SELECT ssn FROM customers EXCEPT SELECT city FROM customers'),
  read('C14', 'intersect', 'SELECT ssn FROM customers INTERSECT SELECT ssn FROM customers'),
  read('C14', 'tablesample', 'SELECT ssn FROM customers TABLESAMPLE bernoulli (100)', {
    twin: 'SELECT id, ssn FROM customers TABLESAMPLE bernoulli (100)',
  }),
  read('C14', 'rows from', 'SELECT r.* FROM customers c, ROWS FROM (unnest(c.contact_numbers), generate_series(1, 2)) AS r'),
  read('C14', 'function over a column in FROM', "SELECT x FROM customers, regexp_split_to_table(ssn, 'zzz') AS x", {
    twin: "SELECT x FROM customers, regexp_split_to_table(name, ' ') AS x",
  }),
  read(
    'C14',
    'xmltable',
    "SELECT x.v FROM customers c, XMLTABLE('/a' PASSING xmlelement(name a, c.ssn) COLUMNS v text PATH '.') AS x",
    { twin: MASKED },
  ),
  read('C14', 'json_table', "SELECT j.v FROM customers c, JSON_TABLE(to_jsonb(c), '$.ssn' COLUMNS (v text PATH '$')) AS j", {
    since: 18,
    twin: MASKED,
  }),
  read('C14', 'order by error', 'SELECT id FROM customers ORDER BY ssn::int', { twin: 'SELECT id FROM customers ORDER BY ssn' }),
  read('C14', 'limit from a subquery', 'SELECT 1 LIMIT (SELECT max(iban) FROM payroll)::int', {
    twin: 'SELECT id FROM products ORDER BY id LIMIT (SELECT 2)',
  }),
  read('C14', 'window', 'SELECT max(ssn) OVER (PARTITION BY city) FROM customers'),
  read('C14', 'named window', 'SELECT nth_value(ssn, 2) OVER w FROM customers WINDOW w AS (ORDER BY id)'),
  read('C14', 'having', 'SELECT city FROM customers GROUP BY city HAVING max(ssn)::int > 0', {
    twin: 'SELECT city FROM customers GROUP BY city HAVING count(*) > 1',
  }),
  read('C14', 'case', 'SELECT CASE WHEN id > 0 THEN ssn ELSE email END FROM customers'),
  read('C14', 'coalesce and nullif', "SELECT coalesce(nullif(ssn, ''), email) FROM customers"),
  read('C14', 'greatest', "SELECT greatest(ssn, '') FROM customers"),
  read('C14', 'collate', 'SELECT ssn COLLATE "C" FROM customers'),
  read('C14', 'row constructor', 'SELECT (ssn, email) FROM customers', { twin: 'SELECT (ssn, name) FROM customers' }),
  read(
    'C14',
    'in subquery values',
    'SELECT x.ssn FROM (SELECT ssn FROM customers WHERE id IN (SELECT customer_id FROM tickets)) AS x',
  ),
  read(
    'C14',
    'nested five deep',
    'SELECT s FROM (SELECT s FROM (SELECT s FROM (SELECT s FROM (SELECT ssn AS s FROM customers) a) b) c) d',
  ),
  read(
    'C14',
    'correlated in the target list',
    'SELECT t.id, (SELECT c.ssn FROM customers c WHERE c.id = t.customer_id) FROM tickets t',
  ),
  read('C14', 'inlined CTE', 'WITH c AS NOT MATERIALIZED (SELECT id, ssn FROM customers) SELECT c.ssn FROM c WHERE c.id < 4'),
  read(
    'C14',
    'insert source in a CTE',
    "WITH i AS (INSERT INTO scratch (tag, value) SELECT 'z', iban FROM payroll RETURNING value) SELECT value FROM i",
    { twin: "WITH i AS (INSERT INTO scratch (id, tag, value) SELECT 9200, 'z', 'v' RETURNING value) SELECT value FROM i" },
  ),
  read('C14', 'for update', 'SELECT ssn FROM customers WHERE id = 3 FOR UPDATE', {
    twin: 'SELECT id, name FROM customers WHERE id = 3 FOR UPDATE',
  }),
  read(
    'C14',
    'for share of',
    'SELECT c.ssn FROM customers c JOIN tickets t ON t.customer_id = c.id WHERE c.id = 3 FOR SHARE OF c',
    { twin: 'SELECT c.id FROM customers c JOIN tickets t ON t.customer_id = c.id WHERE c.id = 3 FOR UPDATE OF c' },
  ),
];
