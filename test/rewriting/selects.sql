-- Reads in all their forms, over the shop of test/fixtures. Each must behave the same with every column that is not a key behind
-- an identity mask, and must not show one raw value with those columns behind NULL masks. Statements end with a semicolon.
-- names and references
SELECT * FROM customers ORDER BY id;
SELECT id, name, email, salary FROM customers WHERE id = 3;
SELECT public.customers.id, public.customers.name FROM public.customers ORDER BY 1;
SELECT public.customers.* FROM public.customers ORDER BY id;
SELECT customers.* FROM ONLY customers ORDER BY id;
SELECT c.* FROM ONLY (customers) AS c ORDER BY id;
SELECT c.id FROM customers * AS c ORDER BY 1;
SELECT "customers"."id", CUSTOMERS.Name FROM PUBLIC."customers" ORDER BY 1;
SELECT U&"n\0061me" FROM U&"c!0075stomers" UESCAPE '!' ORDER BY 1;
SELECT public /* a */ . /* b */ customers -- c
  . id FROM public/**/./**/customers/**/ORDER BY 1;
TABLE products;
TABLE ONLY products;
(TABLE products) UNION ALL TABLE products;
SELECT x.a, x.b, x.c FROM products AS x(a, b, c) ORDER BY a;
SELECT * FROM products x(a) ORDER BY a;
SELECT j.* FROM (products AS p(a, b, c) CROSS JOIN (VALUES (1)) v(q)) AS j ORDER BY a;
SELECT k, b FROM (products CROSS JOIN (VALUES (1)) v(q)) AS j(k, b) ORDER BY k;
SELECT j.n, total FROM (customers JOIN orders ON orders.customer_id = customers.id) AS j(i, n) ORDER BY total, n LIMIT 3;
SELECT "Customer Data"."Id", "select" FROM "Weird Schema"."Customer Data" ORDER BY 1;
SELECT "Weird Schema"."Customer Data"."E-Mail" FROM "Weird Schema"."Customer Data" ORDER BY "Weird Schema"."Customer Data"."Id";
SELECT public.products.sku, archive.products.sku FROM public.products JOIN archive.products ON public.products.id = archive.products.id ORDER BY 1;
SELECT archive.products.* FROM archive.products, public.products WHERE archive.products.id = public.products.id ORDER BY 1;
SELECT id FROM products WHERE EXISTS (SELECT 1 FROM archive.products WHERE public.products.id = archive.products.id) ORDER BY 1;
SELECT products.id FROM products WHERE (SELECT public.products.sku || archive.products.sku FROM archive.products LIMIT 1) <> '' AND products IS NOT NULL ORDER BY 1;
SELECT id FROM products WHERE id IN (SELECT public.products.id FROM archive.products) ORDER BY public.products.id;
-- joins
SELECT (j.*) IS NULL, j IS NULL FROM (products JOIN tickets USING (id)) AS j ORDER BY j.id;
SELECT row_to_json(j) FROM (products CROSS JOIN (VALUES (1)) v(q)) AS j ORDER BY j.id;
SELECT * FROM products p JOIN generate_series(1, 3) WITH ORDINALITY g ON g.ordinality = p.id ORDER BY p.id;
SELECT j.* FROM (products p JOIN generate_series(1, 3) WITH ORDINALITY AS g(n, o) ON g.o = p.id) AS j ORDER BY j.id;
SELECT name FROM (products p JOIN generate_series(1, 3) WITH ORDINALITY AS g(n, o) ON g.o = p.id) AS j ORDER BY j.id;
SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY o.id;
SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.status = 'paid' ORDER BY c.id, o.id;
SELECT c.name, o.total FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id ORDER BY c.id, o.id;
SELECT c.id, e.id FROM customers c FULL JOIN employees e ON e.id = c.id ORDER BY 1, 2;
SELECT * FROM tickets JOIN (SELECT id, body FROM ticket_messages) m USING (id) ORDER BY id;
SELECT * FROM tickets NATURAL JOIN (SELECT id, author FROM ticket_messages) m ORDER BY id;
SELECT id, t.subject, m.body FROM tickets t JOIN ticket_messages m USING (id) ORDER BY id;
SELECT j.id FROM tickets t JOIN ticket_messages m USING (id) AS j ORDER BY 1;
SELECT jj.a FROM (tickets t JOIN ticket_messages m USING (id)) AS jj(a) ORDER BY 1;
SELECT * FROM customers c CROSS JOIN LATERAL (SELECT o.id AS order_id, o.total FROM orders o WHERE o.customer_id = c.id ORDER BY o.id LIMIT 2) x ORDER BY c.id, order_id;
SELECT c.id, x.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) x ON true ORDER BY 1;
SELECT a.name, b.name FROM employees a LEFT JOIN employees b ON a.manager_id = b.id ORDER BY a.id;
SELECT c.name, p.name, i.quantity FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id ORDER BY 1, 2, 3;
SELECT o.id FROM orders o, customers c WHERE o.customer_id = c.id AND c.tenant = 'acme' ORDER BY 1;
SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id WHERE i.line_no = 1 ORDER BY o.id;
-- subqueries
SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders) ORDER BY 1;
SELECT id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id) ORDER BY 1;
SELECT id FROM customers c WHERE NOT EXISTS (SELECT FROM orders WHERE customer_id = c.id) ORDER BY 1;
SELECT id FROM customers WHERE id = ANY (SELECT customer_id FROM orders) AND id <> ALL (SELECT id FROM tickets WHERE status = 'closed') ORDER BY 1;
SELECT id, (SELECT max(total) FROM orders o WHERE o.customer_id = c.id) FROM customers c ORDER BY 1;
SELECT ARRAY(SELECT name FROM customers ORDER BY id);
SELECT (id, name) IN (SELECT id, name FROM customers) FROM customers ORDER BY id;
SELECT s.n FROM (SELECT name AS n, id FROM customers) s WHERE s.id < 5 ORDER BY 1;
SELECT * FROM (SELECT * FROM (SELECT * FROM products) a) b ORDER BY id;
SELECT id FROM products ORDER BY id LIMIT (SELECT count(*) / 2 FROM products) OFFSET (SELECT min(id) FROM products);
SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id) THEN 'yes' ELSE 'no' END FROM customers c ORDER BY c.id;
VALUES (1, (SELECT max(name) FROM products)), (2, 'x');
SELECT * FROM (VALUES (1), ((SELECT min(id) FROM customers))) v(id) ORDER BY 1;
-- common table expressions
WITH x AS (SELECT * FROM customers) SELECT id, name FROM x ORDER BY 1;
WITH customers AS (SELECT id, name FROM customers) SELECT * FROM customers ORDER BY 1;
WITH customers AS (SELECT 1 AS id) SELECT c.id, p.id FROM customers c, public.customers p ORDER BY 2;
WITH a AS (SELECT id, customer_id FROM orders), b AS (SELECT customer_id, count(*) AS n FROM a GROUP BY 1) SELECT c.name, b.n FROM customers c JOIN b ON b.customer_id = c.id ORDER BY c.id;
WITH RECURSIVE chain AS (SELECT id, manager_id, name, 1 AS depth FROM employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.manager_id, e.name, depth + 1 FROM employees e JOIN chain ON e.manager_id = chain.id) SELECT * FROM chain ORDER BY id;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT n.i, c.name FROM n JOIN customers c ON c.id = n.i ORDER BY 1;
WITH x AS MATERIALIZED (SELECT id FROM customers), y AS NOT MATERIALIZED (SELECT id FROM x) SELECT count(*) FROM y;
WITH r(a, b, c) AS (TABLE products) SELECT a, b FROM r ORDER BY 1;
SELECT * FROM (WITH q AS (SELECT id FROM products) SELECT * FROM q) z ORDER BY 1;
WITH RECURSIVE t AS (SELECT id, manager_id FROM employees WHERE id = 1 UNION ALL SELECT e.id, e.manager_id FROM employees e JOIN t ON e.manager_id = t.id) SEARCH DEPTH FIRST BY id SET ord SELECT id FROM t ORDER BY ord;
-- grouping
SELECT tenant, count(*), avg(salary), max(name) FROM customers GROUP BY tenant HAVING count(*) > 0 ORDER BY 1;
SELECT id, name, count(*) FROM products GROUP BY id ORDER BY id;
SELECT p.id, p.name, p.price, sum(i.quantity) FROM products p JOIN order_items i ON i.product_id = p.id GROUP BY p.id ORDER BY p.name, p.id;
SELECT p.*, count(i.order_id) FROM products p LEFT JOIN order_items i ON i.product_id = p.id GROUP BY p.id ORDER BY p.id;
SELECT c.name, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND c.region = 'eu') FROM customers c GROUP BY c.id ORDER BY c.id;
SELECT id AS key, name FROM products GROUP BY key ORDER BY key;
SELECT id, name FROM products GROUP BY 1 ORDER BY 1;
SELECT o.id, i.line_no, max(o.note) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, i.line_no ORDER BY 1, 2;
SELECT i.quantity, i.order_id FROM order_items i GROUP BY i.order_id, i.line_no ORDER BY 2, 1;
SELECT tenant, region, count(*) FROM customers GROUP BY GROUPING SETS ((tenant), (region), ()) ORDER BY 1, 2, 3;
SELECT tenant, region, grouping(tenant), count(*) FROM customers GROUP BY ROLLUP (tenant, region) ORDER BY 1, 2, 3;
SELECT tenant, region, count(*) FROM customers GROUP BY CUBE (tenant, region) ORDER BY 1, 2, 3;
SELECT DISTINCT tenant FROM customers ORDER BY tenant;
SELECT DISTINCT ON (tenant) tenant, name FROM customers ORDER BY tenant, id DESC;
SELECT count(DISTINCT name) FILTER (WHERE id > 2), string_agg(name, ',' ORDER BY id) FROM customers;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FROM customers;
SELECT lower(name) AS n, count(*) FROM customers GROUP BY n ORDER BY n;
SELECT name AS id FROM customers ORDER BY id;
-- windows
SELECT id, rank() OVER (PARTITION BY tenant ORDER BY salary DESC, id) FROM customers ORDER BY id;
SELECT id, sum(salary) OVER w, lag(name) OVER w FROM customers WINDOW w AS (PARTITION BY tenant ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY id;
SELECT * FROM (SELECT id, row_number() OVER (ORDER BY name, id) AS n FROM customers) s WHERE n <= 3 ORDER BY n;
-- set operations
SELECT id FROM customers UNION SELECT customer_id FROM orders ORDER BY 1;
SELECT name FROM customers UNION ALL SELECT name FROM employees ORDER BY name;
SELECT id FROM customers INTERSECT SELECT customer_id FROM orders EXCEPT SELECT id FROM tickets ORDER BY id;
(SELECT id, name FROM customers ORDER BY id LIMIT 2) UNION ALL (SELECT id, name FROM products ORDER BY id LIMIT 2) ORDER BY 2, 1;
-- whole rows
SELECT row_to_json(p) FROM products p ORDER BY p.id;
SELECT to_jsonb(p) - 'search' FROM products p ORDER BY p.id;
SELECT json_agg(t ORDER BY t.id) FROM tickets t;
SELECT (t).subject, subject(t), t.subject FROM tickets t ORDER BY t.id;
SELECT (t).* FROM tickets t ORDER BY t.id;
SELECT t.*::text FROM tickets t ORDER BY t.id;
SELECT t IS NULL, t IS NOT NULL FROM tickets t ORDER BY t.id;
SELECT count(DISTINCT t) FROM tickets t;
SELECT row_to_json(t) FROM customers c LEFT JOIN tickets t ON t.customer_id = c.id ORDER BY c.id, t.id;
SELECT ROW(t.*), ROW(t.id, t.subject) FROM tickets t ORDER BY t.id;
SELECT a.id FROM tickets a JOIN tickets b ON a = b ORDER BY 1;
SELECT t FROM tickets t WHERE t.id < 3 ORDER BY t.id;
-- system columns
SELECT ctid, id FROM products ORDER BY id;
SELECT ctid, * FROM products ORDER BY id;
SELECT p.ctid, p.*, i.line_no FROM products p JOIN order_items i ON i.product_id = p.id ORDER BY p.id, i.order_id, i.line_no;
SELECT tableoid = 'public.vip_customers'::regclass, id FROM customers ORDER BY id;
SELECT id FROM products WHERE ctid = '(0,1)';
SELECT * FROM products a JOIN (SELECT ctid AS row FROM products) b ON a.ctid = b.row ORDER BY id;
SELECT xmin IS NOT NULL, cmax IS NOT NULL FROM tickets ORDER BY id;
-- samples, locks, limits
SELECT id FROM products TABLESAMPLE bernoulli (100) ORDER BY id;
SELECT p.id FROM products AS p TABLESAMPLE system (100) REPEATABLE (7) ORDER BY p.id;
SELECT id FROM products TABLESAMPLE bernoulli (50 * 2) REPEATABLE (1 + 2) ORDER BY id;
SELECT id FROM products TABLESAMPLE system (100.0::real) ORDER BY id;
SELECT p.id FROM products p WHERE p IN (SELECT q FROM products q) ORDER BY 1;
SELECT p.id FROM products p WHERE p IN (VALUES (p)) ORDER BY 1;
SELECT q.a FROM products AS q(a) TABLESAMPLE bernoulli (100) WHERE q.a > 1 ORDER BY 1;
SELECT id FROM products ORDER BY id FOR UPDATE;
SELECT p.id FROM products p JOIN order_items i ON i.product_id = p.id ORDER BY p.id FOR NO KEY UPDATE OF p SKIP LOCKED;
SELECT id FROM tickets WHERE id = 1 FOR SHARE NOWAIT;
SELECT id FROM products ORDER BY price DESC, id FETCH FIRST 2 ROWS WITH TIES;
-- expressions
SELECT name || ' ' || email, upper(name), length(name), salary * 2, -salary, name LIKE 'A%' FROM customers ORDER BY id;
SELECT coalesce(phone, email::text), nullif(city, ''), greatest(salary, 1), CASE tier WHEN 'free' THEN 1 ELSE 2 END FROM customers ORDER BY id;
SELECT profile->>'plan', profile @> '{}', tags[1], tags || 'x', array_length(tags, 1), home, (home).city, profile['plan'] FROM customers ORDER BY id;
SELECT birth_date + 1, extract(year FROM birth_date), date_trunc('month', created_at), created_at AT TIME ZONE 'UTC', age(created_at, created_at) FROM customers ORDER BY id;
SELECT name COLLATE "C" FROM customers ORDER BY name COLLATE "C", id;
SELECT id FROM customers WHERE name BETWEEN 'A' AND 'Z' AND tier IN ('free', 'pro') AND (phone IS NULL OR phone <> '') AND NOT (salary < 0) ORDER BY 1;
SELECT id FROM customers WHERE salary IS DISTINCT FROM 0 AND tags && ARRAY['x', 'y'] OR id = ANY ('{1,2}') ORDER BY 1;
SELECT (second).x FROM (SELECT ROW(1)::record AS r, id FROM customers) s, LATERAL (SELECT s.id AS x) second ORDER BY 1;
SELECT xmlforest(name, id AS key) FROM customers WHERE id = 1;
SELECT overlay(name PLACING 'xx' FROM 1), substring(name FROM 1 FOR 2), trim(both 'x' FROM name), position('a' IN name) FROM customers ORDER BY id;
SELECT c.*, 1 AS one FROM customers c WHERE c.id IN (1, 2) ORDER BY c.id;
SELECT search @@ to_tsquery('english', 'a | b'), ts_rank(search, to_tsquery('english', 'a')) FROM products ORDER BY id;
SELECT id, currency, total, note FROM orders ORDER BY id;
SELECT current_date IS NOT NULL, current_user = session_user;
SELECT add_tax(price) FROM products ORDER BY id;
-- functions in FROM
SELECT c.id, t FROM customers c, unnest(c.tags) AS t ORDER BY 1, 2;
SELECT c.id, t.tag, t.n FROM customers c CROSS JOIN LATERAL unnest(c.tags) WITH ORDINALITY AS t(tag, n) ORDER BY 1, 3;
SELECT c.id, k FROM customers c, jsonb_object_keys(c.profile) k ORDER BY 1, 2;
SELECT g, p.name FROM generate_series(1, 3) AS g JOIN products p ON p.id = g ORDER BY g;
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(5, 7)) AS x(a, b) ORDER BY b;
SELECT r.a, r.b FROM json_to_recordset('[{"a":1,"b":"x"}]') AS r(a int, b text);
SELECT x.* FROM customers c, jsonb_to_record(c.profile) AS x(plan text) ORDER BY c.id;
SELECT x.n FROM XMLTABLE('/r/n' PASSING XMLPARSE(DOCUMENT '<r><n>1</n></r>') COLUMNS n int PATH '.') x;
-- partitions and inheritance, views
SELECT id, tenant, kind FROM events ORDER BY id;
SELECT tableoid::regclass IS NOT NULL, id FROM events WHERE created_at >= '2026-01-01' ORDER BY id;
SELECT id, name FROM vip_customers ORDER BY id;
SELECT * FROM customer_contacts ORDER BY id;
SELECT * FROM sales_by_day ORDER BY day;
SELECT * FROM order_totals ORDER BY customer_id;
-- errors stay what they are
SELECT 1 / (id - id) FROM products;
SELECT name::int FROM products;
SELECT id FROM products p, tickets t;
SELECT nosuchcolumn + 1 FROM generate_series(1, 2) g;
SELECT name FROM products GROUP BY sku;
SELECT p.id FROM products;
