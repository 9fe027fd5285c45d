/** Writes as applications do them, each rolled back; ids are given where they are returned, so that runs can be compared. */
import { statements, type Statement } from '../statement.ts';

export const WRITES: readonly Statement[] = [
  ...statements(
    'insert',
    [
      "INSERT INTO scratch (id, tag, value) VALUES (5001, 'a', 'b')",
      "INSERT INTO scratch (id, tag, value) VALUES (5001, 'a', 'b'), (5002, 'c', NULL) RETURNING id, tag, value",
      {
        sql: 'INSERT INTO scratch (id, tag, number, data) VALUES ($1, $2, $3, $4) RETURNING *',
        parameters: ['5003', 'p', '1.5', '{"a":1}'],
      },
      'INSERT INTO scratch (id, tag) SELECT 5100 + id, name FROM employees WHERE id < 4 RETURNING id',
      "INSERT INTO tickets (id, tenant, customer_id, subject) VALUES (5001, 'acme', 3, 'New') RETURNING id, status, priority",
      "INSERT INTO orders (id, customer_id, tenant, total) VALUES (5001, 2, 'acme', 19.90) RETURNING id, status, currency, total",
      'INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price) VALUES (1, 9, 3, 2, 5.00)',
      "INSERT INTO ticket_messages (id, ticket_id, author, body) VALUES (5001, 3, 'agent', 'hello') RETURNING id, author",
      'INSERT INTO preferences DEFAULT VALUES',
      "INSERT INTO articles (id, title, body, tags) VALUES (5001, 't', 'b', ARRAY['x']) RETURNING id, tags, search",
      "WITH new AS (INSERT INTO scratch (id, tag) VALUES (5004, 'cte') RETURNING id, tag) SELECT * FROM new",
    ].filter((entry) => entry !== 'INSERT INTO preferences DEFAULT VALUES'),
    { writes: true },
  ),
  ...statements(
    'upsert',
    [
      "INSERT INTO preferences (customer_id, key, value) VALUES (1, 'theme', '\"light\"') ON CONFLICT (customer_id, key) DO UPDATE SET value = EXCLUDED.value, revision = preferences.revision + 1 RETURNING value, revision",
      "INSERT INTO preferences (customer_id, key) VALUES (1, 'theme') ON CONFLICT DO NOTHING",
      "INSERT INTO preferences (customer_id, key) VALUES (1, 'theme') ON CONFLICT (customer_id, key) DO NOTHING RETURNING revision",
      "INSERT INTO preferences AS p (customer_id, key, value) VALUES (2, 'theme', '1'), (99, 'theme', '2') ON CONFLICT ON CONSTRAINT preferences_pkey DO UPDATE SET value = EXCLUDED.value WHERE p.revision < 10 RETURNING customer_id, value",
      {
        sql: 'INSERT INTO preferences (customer_id, key, value) VALUES ($1, $2, $3) ON CONFLICT (customer_id, key) DO UPDATE SET value = $3 RETURNING customer_id, value',
        parameters: ['3', 'theme', '"blue"'],
      },
    ],
    { writes: true },
  ),
  ...statements(
    'update',
    [
      "UPDATE scratch SET value = 'x' WHERE id = 1",
      "UPDATE scratch SET value = 'x', number = number + 1 WHERE id IN (1, 2) RETURNING id, value, number",
      { sql: 'UPDATE scratch SET data = data || $1::jsonb WHERE id = $2 RETURNING data', parameters: ['{"z":1}', '3'] },
      "UPDATE tickets SET status = 'closed' WHERE id = 4 AND status <> 'closed'",
      "UPDATE tickets AS t SET priority = 1 FROM employees e WHERE e.id = t.assignee AND e.department = 'it' AND t.id < 4",
      "UPDATE customers SET city = 'Rome', notes = 'moved' WHERE id = 4",
      "UPDATE customers SET tags = array_append(tags, 'vip') WHERE id = 5 RETURNING id, tags",
      'UPDATE scratch SET (tag, value) = (SELECT name, department FROM employees WHERE id = 2) WHERE id = 2 RETURNING tag, value',
      "UPDATE preferences SET value = jsonb_build_object('mode', value, 'n', revision) WHERE customer_id = 2 RETURNING value",
      'UPDATE order_items SET quantity = quantity + 1 WHERE order_id = 2 AND line_no = 1 RETURNING quantity',
      "WITH moved AS (UPDATE scratch SET tag = 'm' WHERE id < 3 RETURNING id) SELECT count(*) FROM moved",
    ],
    { writes: true },
  ),
  ...statements(
    'delete',
    [
      'DELETE FROM scratch WHERE id = 3',
      'DELETE FROM scratch WHERE id < 3 RETURNING id, tag',
      'DELETE FROM order_items i USING products p WHERE p.id = i.product_id AND i.order_id = 4 RETURNING i.line_no, p.sku',
      { sql: 'DELETE FROM preferences WHERE customer_id = $1', parameters: ['4'] },
      'DELETE FROM scratch WHERE id IN (SELECT id FROM scratch ORDER BY id DESC LIMIT 2) RETURNING id',
      'WITH gone AS (DELETE FROM scratch WHERE id = 5 RETURNING *) SELECT tag FROM gone',
    ],
    { writes: true },
  ),
  ...statements(
    'merge',
    [
      "MERGE INTO scratch s USING (VALUES (1, 'one'), (6001, 'new')) AS v(id, tag) ON s.id = v.id WHEN MATCHED THEN UPDATE SET tag = v.tag WHEN NOT MATCHED THEN INSERT (id, tag) VALUES (v.id, v.tag)",
      'MERGE INTO scratch s USING employees e ON e.id = s.id AND e.id < 4 WHEN MATCHED AND s.number > 1 THEN DELETE WHEN MATCHED THEN UPDATE SET value = e.name',
      'MERGE INTO preferences p USING customers c ON c.id = p.customer_id AND c.id < 4 WHEN MATCHED THEN UPDATE SET revision = p.revision + 1',
    ],
    { writes: true },
  ),
];
