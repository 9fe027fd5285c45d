-- What breaks when a table becomes a subquery, and the repair of each: rewrite-facts section 2, as runnable cases. A case that
-- says `different` shows the break itself (so that the harness is seen to find it); its twin shows the repair.

-- case: plain column
-- parameters: ["3"]
SELECT id, name, email, salary FROM customers WHERE id = $1
-- rewritten:
SELECT id, name, email, salary FROM (SELECT id, name, email, salary FROM public.customers) AS customers WHERE id = $1
-- expect: same

-- case: star
SELECT * FROM products ORDER BY id
-- rewritten:
SELECT * FROM (SELECT id, sku, name, description, price, stock, attributes, search, supplier_cost FROM public.products) AS products ORDER BY id
-- expect: same

-- case: identity mask keeps the typmod with an ELSE
SELECT name, salary FROM customers ORDER BY id
-- rewritten:
SELECT name, salary FROM (SELECT id, CASE WHEN true THEN name ELSE name END AS name, salary FROM public.customers) AS customers ORDER BY id
-- expect: minor

-- case: mask without ELSE loses the typmod
SELECT name FROM customers ORDER BY id
-- rewritten:
SELECT name FROM (SELECT id, CASE WHEN id > 0 THEN name END AS name FROM public.customers) AS customers ORDER BY id
-- expect: different

-- case: schema.table.column breaks
SELECT public.customers.id FROM customers ORDER BY 1
-- rewritten:
SELECT public.customers.id FROM (SELECT id FROM public.customers) AS customers ORDER BY 1
-- expect: different

-- case: schema.table.column repaired by dropping the qualifier
SELECT public.customers.id FROM customers ORDER BY 1
-- rewritten:
SELECT customers.id FROM (SELECT id FROM public.customers) AS customers ORDER BY 1
-- expect: same

-- case: group by primary key breaks
SELECT id, name, count(*) FROM products GROUP BY id ORDER BY id
-- rewritten:
SELECT id, name, count(*) FROM (SELECT id, name FROM public.products) AS products GROUP BY id ORDER BY id
-- expect: different

-- case: group by primary key repaired
SELECT id, name, count(*) FROM products GROUP BY id ORDER BY id
-- rewritten:
SELECT id, name, count(*) FROM (SELECT id, name FROM public.products) AS products GROUP BY name, id ORDER BY id
-- expect: same

-- case: group by primary key of a json column through array_agg
SELECT id, attributes FROM products GROUP BY id ORDER BY id
-- rewritten:
SELECT id, (array_agg(attributes))[1] AS attributes FROM (SELECT id, attributes FROM public.products) AS products GROUP BY id ORDER BY id
-- expect: minor

-- case: system columns break
SELECT ctid, tableoid::regclass, id FROM orders ORDER BY id
-- rewritten:
SELECT ctid, tableoid::regclass, id FROM (SELECT id FROM public.orders) AS orders ORDER BY id
-- expect: different

-- case: system columns repaired
SELECT ctid, tableoid::regclass, id FROM orders ORDER BY id
-- rewritten:
SELECT ctid, tableoid::regclass, id FROM (SELECT id, ctid, tableoid FROM public.orders) AS orders ORDER BY id
-- expect: same

-- case: TABLE t
TABLE employees
-- rewritten:
SELECT * FROM (SELECT id, name, department, salary, manager_id, national_id, hired_on FROM public.employees) AS employees
-- expect: same

-- case: TABLESAMPLE moves inside
SELECT count(*) FROM orders TABLESAMPLE system (100) REPEATABLE (7)
-- rewritten:
SELECT count(*) FROM (SELECT id FROM public.orders TABLESAMPLE system (100) REPEATABLE (7)) AS orders
-- expect: same

-- case: whole row loses its type
SELECT e FROM employees e ORDER BY id
-- rewritten:
SELECT e FROM (SELECT id, name, department, salary, manager_id, national_id, hired_on FROM public.employees) AS e ORDER BY id
-- expect: different

-- case: whole row cast back
SELECT e FROM employees e ORDER BY id
-- rewritten:
SELECT e::public.employees AS e FROM (SELECT id, name, department, salary, manager_id, national_id, hired_on FROM public.employees) AS e ORDER BY id
-- expect: minor

-- case: row_to_json
SELECT row_to_json(e) FROM employees e ORDER BY id
-- rewritten:
SELECT row_to_json(e) FROM (SELECT id, name, department, salary, manager_id, national_id, hired_on FROM public.employees) AS e ORDER BY id
-- expect: same

-- case: functional notation
SELECT name(e) FROM employees e ORDER BY id
-- rewritten:
SELECT name(e) FROM (SELECT id, name, department, salary, manager_id, national_id, hired_on FROM public.employees) AS e ORDER BY id
-- expect: same

-- case: join using
SELECT * FROM orders JOIN order_items ON order_items.order_id = orders.id JOIN products ON products.id = product_id ORDER BY orders.id, line_no
-- rewritten:
SELECT * FROM (SELECT id, customer_id, tenant, status, total, currency, placed_at, note, metadata FROM public.orders) AS orders JOIN (SELECT order_id, line_no, product_id, quantity, unit_price FROM public.order_items) AS order_items ON order_items.order_id = orders.id JOIN (SELECT id, sku, name, description, price, stock, attributes, search, supplier_cost FROM public.products) AS products ON products.id = product_id ORDER BY orders.id, line_no
-- expect: same

-- case: FOR UPDATE OF
SELECT o.id FROM orders o WHERE o.status = 'paid' ORDER BY id FOR UPDATE OF o
-- rewritten:
SELECT o.id FROM (SELECT id, status FROM public.orders) AS o WHERE o.status = 'paid' ORDER BY id FOR UPDATE OF o
-- expect: same

-- case: primary key lookup keeps its index
-- parameters: ["7"]
SELECT name FROM customers WHERE id = $1
-- rewritten:
SELECT name FROM (SELECT id, name FROM public.customers) AS customers WHERE id = $1
-- expect: same

-- case: COPY of a query
-- protocol: simple
COPY (SELECT id, department FROM employees ORDER BY id) TO STDOUT
-- rewritten:
COPY (SELECT id, department FROM (SELECT id, department FROM public.employees) AS employees ORDER BY id) TO STDOUT
-- expect: same

-- case: nondeterministic statements prove nothing
SELECT clock_timestamp()
-- rewritten:
SELECT clock_timestamp()
-- expect: unstable

-- case: returning of an update
UPDATE orders SET note = 'x' WHERE id = 3 RETURNING id, note
-- rewritten:
UPDATE public.orders SET note = 'x' WHERE id = 3 RETURNING id, note
-- expect: same
