/** What each form of write does through the engine: what the client sees and what is stored, on the oldest and newest server. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { type Case, check } from './cases.ts';
import { POLICY, SCHEMA } from './schema.ts';
import { type Lab, startLab } from './support.ts';
import { MAJORS } from '../support/majors.ts';

const MASKED = '***@example.com';

const UPDATES: readonly Case[] = [
  {
    name: 'a plain column',
    sql: `UPDATE customers SET name = 'X' WHERE id = 1`,
    sees: { tag: 'UPDATE 1', rows: [] },
    state: ['SELECT name, email FROM customers WHERE id = 1', [['X', 'ada@example.com']]],
  },
  { name: 'without WHERE stays inside the filter', sql: `UPDATE customers SET name = 'X'`, sees: { tag: 'UPDATE 3' } },
  { name: 'a hidden row is not there', sql: `UPDATE customers SET name = 'X' WHERE id = 8`, sees: { tag: 'UPDATE 0' } },
  {
    name: 'a new value for a masked column is an ordinary write',
    sql: `UPDATE customers SET email = 'new@x.org', balance = 77.77 WHERE id = 1`,
    sees: { tag: 'UPDATE 1' },
    state: ['SELECT email, balance FROM customers WHERE id = 1', [['new@x.org', '77.77']]],
  },
  {
    name: 'RETURNING * has the granted columns, masked',
    sql: `UPDATE customers SET name = 'X' WHERE id = 2 RETURNING *`,
    sees: {
      tag: 'UPDATE 1',
      names: ['id', 'email', 'name', 'phone', 'ssn', 'balance', 'born', 'doc', 'tags', 'region', 'tenant'],
      rows: [[2, MASKED, 'X', '+31 20 222', null, '2000.00', new Date('1981-01-01T00:00:00Z'), { masked: true }, ['b'], 'eu', 1]],
    },
  },
  {
    name: 'names of masked expressions stay',
    sql: `UPDATE customers SET name = 'X' WHERE id = 2 RETURNING email, email::text, lower(email), email || 'x', ssn AS s, "ssn" t`,
    sees: {
      names: ['email', 'email', 'lower', '?column?', 's', 't'],
      rows: [[MASKED, MASKED, MASKED, `${MASKED}x`, null, null]],
    },
  },
  {
    name: 'predicates see masks',
    sql: `UPDATE customers SET name = 'X' WHERE email = '${MASKED}'`,
    sees: { tag: 'UPDATE 3' },
  },
  {
    name: 'a list of columns at once',
    sql: `UPDATE customers SET (name, region) = ('N', 'R') WHERE id = 1 RETURNING name, region`,
    sees: { rows: [['N', 'R']] },
  },
  {
    name: 'a list of columns from a query',
    sql: `UPDATE customers SET (name, region) = (SELECT body, 'R' FROM notes WHERE customer_id = customers.id) WHERE id = 1`,
    sees: { tag: 'UPDATE 1' },
    state: ['SELECT name, region FROM customers WHERE id = 1', [['first', 'R']]],
  },
  {
    name: 'an array element',
    sql: `UPDATE customers SET tags[1] = 'z' WHERE id = 1 RETURNING tags`,
    sees: { rows: [[['z', 'b']]] },
  },
  {
    name: 'FROM a governed relation',
    sql: `UPDATE notes SET copy = c.name FROM customers c WHERE c.id = notes.customer_id AND c.id = 3 RETURNING notes.id, copy`,
    sees: { rows: [[3, 'Cyd']] },
  },
  {
    name: 'FROM and RETURNING *: the source shows no more than its columns',
    sql: `UPDATE notes SET n = 1 FROM customers c JOIN intake i ON true WHERE c.id = notes.customer_id RETURNING *`,
    sees: { tag: 'UPDATE 0' },
  },
  {
    name: 'schema-qualified, aliased, commented, quoted',
    sql: `UPDATE /* a */ public . "customers" AS "C" SET name = 'X' -- b\n WHERE ("C".id = 1) RETURNING "C"."email"`,
    sees: { names: ['email'], rows: [[MASKED]] },
  },
  {
    name: 'three-part references',
    sql: `UPDATE public.customers SET name = 'X' WHERE public.customers.id = 1 RETURNING public.customers.email`,
    sees: { names: ['email'], rows: [[MASKED]] },
  },
  {
    name: 'odd names',
    sql: `UPDATE "Odd Name" SET "select" = 'y' WHERE "Mixed Case" = 'm' RETURNING "Mixed Case", *`,
    sees: { names: ['Mixed Case', 'Id', 'Mixed Case', 'select'], rows: [['m', 1, 'm', 'y']] },
  },
  {
    name: 'a view: its own columns and masks',
    sql: `UPDATE customer_view SET name = 'v' WHERE id = 1 RETURNING *`,
    sees: { rows: [[1, 'masked', 'v', 'eu']] },
  },
  {
    name: 'a partitioned table',
    sql: `UPDATE parts SET v = 'x' RETURNING id, tenant, v`,
    sees: {
      tag: 'UPDATE 2',
      rows: [
        [1, 1, 'x'],
        [2, 1, 'x'],
      ],
    },
  },
  {
    name: 'a filter with a subquery',
    sql: `UPDATE guarded SET v = v || '!' WHERE v LIKE '%' RETURNING v`,
    sees: { rows: [['a!'], ['b!']] },
  },
  {
    name: 'IS DISTINCT FROM in SET is no FROM clause',
    sql: `UPDATE notes SET n = (CASE WHEN copy IS DISTINCT FROM body THEN 1 ELSE 2 END) + 0 WHERE id = 1 RETURNING n`,
    sees: { rows: [[1]] },
  },
  {
    name: 'conditions keep their meaning',
    sql: `UPDATE customers SET name = 'y' WHERE id BETWEEN 1 AND 2 AND (name = 'Ada' OR region = 'xx') AND NOT (region = 'us') RETURNING id`,
    sees: { rows: [[1]] },
  },
  {
    name: 'OR is not weakened by the filter',
    sql: `UPDATE customers SET name = 'y' WHERE id = 1 OR id = 8 RETURNING id`,
    sees: { rows: [[1]] },
  },
  {
    name: 'in WITH, with RETURNING read outside',
    sql: `WITH u AS (UPDATE customers SET name = 'Z' WHERE id = 1 RETURNING *) SELECT email, name FROM u`,
    sees: { names: ['email', 'name'], rows: [[MASKED, 'Z']] },
  },
  {
    name: 'in WITH without RETURNING: nobody sees the check',
    sql: `WITH u AS (UPDATE customers SET name = 'Z' WHERE id = 1) SELECT 7 AS seven`,
    sees: { names: ['seven'], rows: [[7]] },
    state: ['SELECT name FROM customers WHERE id = 1', [['Z']]],
  },
  {
    name: 'old and new',
    sql: `UPDATE customers SET name = 'x' WHERE id = 1 RETURNING old.name, new.name, old.email, new.email AS e`,
    sees: { names: ['name', 'name', 'email', 'e'], rows: [['Ada', 'x', MASKED, MASKED]] },
    since: 18,
  },
  {
    name: 'old and new under other names',
    sql: `UPDATE customers SET name = 'x' WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) o.email, n.name`,
    sees: { rows: [[MASKED, 'x']] },
    since: 18,
  },
];

const DELETES: readonly Case[] = [
  {
    name: 'a guard and a condition that begin at one place',
    sql: `DELETE FROM customers WHERE 'customers'::regclass = tableoid AND 'notes'::regclass::text <> name RETURNING id`,
    sees: { tag: 'DELETE 3' },
  },
  {
    name: 'what counts the rows counts visible ones only',
    before: `SELECT setval('notes_id_seq', 1000)`,
    sql: `DELETE FROM orders WHERE nextval('notes_id_seq') > 0`,
    sees: { tag: 'DELETE 2' },
    state: ['SELECT last_value FROM notes_id_seq', [['1002']]],
  },
  {
    name: 'a CTE with the target’s name is not the target',
    sql: `WITH customers AS (SELECT 9 AS id) DELETE FROM customers WHERE id IN (SELECT id FROM customers) RETURNING id`,
    sees: { tag: 'DELETE 0' },
  },

  {
    name: 'a row',
    sql: 'DELETE FROM customers WHERE id = 1 RETURNING id, email',
    sees: { tag: 'DELETE 1', rows: [[1, MASKED]] },
    state: ['SELECT count(*) FROM customers', [['4']]],
  },
  {
    name: 'everything there is',
    sql: 'DELETE FROM customers',
    sees: { tag: 'DELETE 3' },
    state: ['SELECT id FROM customers ORDER BY 1', [[8], [9]]],
  },
  {
    name: 'USING',
    sql: `DELETE FROM customers USING notes n WHERE n.customer_id = customers.id AND n.body = 'second' RETURNING customers.id, n.body`,
    sees: { rows: [[2, 'second']] },
  },
  {
    name: 'IN a subquery',
    sql: `DELETE FROM customers WHERE id IN (SELECT customer_id FROM notes WHERE n > 1)`,
    sees: { tag: 'DELETE 2' },
  },
  {
    name: 'system columns',
    sql: 'DELETE FROM notes WHERE ctid IN (SELECT ctid FROM notes WHERE id = 1)',
    sees: { tag: 'DELETE 1' },
  },
  {
    name: 'ONLY',
    sql: 'DELETE FROM ONLY (customers) WHERE id = 1',
    sees: { tag: 'DELETE 1' },
  },
  {
    name: 'WHERE CURRENT OF without a filter',
    before: 'DECLARE c CURSOR FOR SELECT id FROM notes; FETCH c',
    sql: 'DELETE FROM notes WHERE CURRENT OF c',
    sees: { tag: 'DELETE 1' },
  },
];

const INSERTS: readonly Case[] = [
  {
    name: 'a row',
    sql: `INSERT INTO customers (id, email) VALUES (20, 'new@example.com')`,
    sees: { tag: 'INSERT 1', rows: [] },
    state: ['SELECT email, tenant, hidden FROM customers WHERE id = 20', [['new@example.com', 1, 'HIDDEN-DEFAULT']]],
  },
  {
    name: 'several rows, RETURNING masked',
    sql: `INSERT INTO customers (id, email, ssn) VALUES (20, 'a@example.com', 's1'), (21, 'b@example.com', DEFAULT) RETURNING id, email, ssn`,
    sees: {
      rows: [
        [20, MASKED.replace('example', 'example')],
        [21, MASKED],
      ].map(([id]) => [id, '***@example.com', null]),
    },
  },
  {
    name: 'without a list: the columns that are granted',
    sql: `INSERT INTO customers VALUES (20, 'x@example.com', 'N') RETURNING name`,
    sees: { rows: [['N']] },
    state: ['SELECT name, hidden FROM customers WHERE id = 20', [['N', 'HIDDEN-DEFAULT']]],
  },
  {
    name: 'without a list, all granted',
    sql: `INSERT INTO orders VALUES (DEFAULT, 1, 5) RETURNING tenant, doubled`,
    sees: { rows: [[1, '10']] },
  },
  { name: 'DEFAULT VALUES', sql: 'INSERT INTO notes DEFAULT VALUES RETURNING n', sees: { rows: [[0]] } },
  {
    name: 'OVERRIDING',
    sql: 'INSERT INTO orders (id, tenant, amount) OVERRIDING SYSTEM VALUE VALUES (77, 1, 1) RETURNING id',
    sees: { rows: [[77]] },
  },
  {
    name: 'GENERATED ALWAYS is the server’s error',
    sql: 'INSERT INTO orders (id, tenant, amount) VALUES (77, 1, 1)',
    sees: '428C9',
  },
  {
    name: 'SELECT from a governed relation, unmasked columns',
    sql: `INSERT INTO notes (customer_id, body) SELECT id, name FROM customers WHERE email LIKE '***%' RETURNING customer_id, body`,
    sees: {
      rows: [
        [1, 'Ada'],
        [2, 'Bob'],
        [3, 'Cyd'],
      ],
    },
  },
  {
    name: 'SELECT from the target itself',
    sql: `INSERT INTO customers (id, email) SELECT id + 100, 'z' || id FROM customers WHERE id = 1 RETURNING email`,
    sees: { rows: [['***z1']] },
  },
  {
    name: 'a CTE with the target’s name is not the target',
    sql: `WITH customers AS (SELECT 'x'::text AS body) INSERT INTO notes (body) SELECT body FROM customers RETURNING body`,
    sees: { rows: [['x']] },
  },
  {
    name: 'TABLE and WITH',
    sql: `WITH s AS (SELECT id FROM customers) INSERT INTO intake (id) TABLE s RETURNING id`,
    sees: { tag: 'INSERT 3' },
  },
  {
    name: 'an aggregate over a masked relation that takes no masked value',
    sql: `INSERT INTO notes (n, body) SELECT count(*), region FROM customers GROUP BY region`,
    sees: { tag: 'INSERT 2' },
  },
  {
    name: 'ON CONFLICT DO NOTHING',
    sql: `INSERT INTO customers (id, email) VALUES (1, 'x@y') ON CONFLICT DO NOTHING RETURNING id`,
    sees: { tag: 'INSERT 0' },
  },
  {
    name: 'ON CONFLICT on a masked column',
    sql: `INSERT INTO customers (id, email) VALUES (30, 'ada@example.com') ON CONFLICT (email) DO NOTHING`,
    sees: { tag: 'INSERT 0' },
  },
  {
    name: 'ON CONFLICT DO UPDATE',
    sql: `INSERT INTO customers AS c (id, email, name) VALUES (1, 'q@example.com', 'Q') ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email WHERE c.region = 'eu' RETURNING c.id, c.email, c.name`,
    sees: { rows: [[1, MASKED, 'Q']] },
    state: ['SELECT email, name FROM customers WHERE id = 1', [['q@example.com', 'Q']]],
  },
  {
    name: 'xmax tells whether it was an insert',
    sql: `INSERT INTO notes (id, body) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET body = excluded.body RETURNING (xmax <> 0) AS updated`,
    sees: { names: ['updated'] },
  },
  {
    name: 'in WITH',
    sql: `WITH i AS (INSERT INTO customers (id, email) VALUES (20, 'w@example.com') RETURNING id, email) SELECT i.email FROM i JOIN notes ON true WHERE notes.id = 1`,
    sees: { rows: [[MASKED]] },
  },
  {
    name: 'parameters',
    sql: 'INSERT INTO customers (id, email) VALUES ($1, $2) RETURNING email',
    values: [40, 'p@example.com'],
    sees: { rows: [[MASKED]] },
  },
];

const MERGES: readonly Case[] = [
  {
    name: 'into an ungoverned table from a governed one',
    sql: `MERGE INTO notes USING customers c ON notes.customer_id = c.id WHEN MATCHED AND c.email LIKE '***%' THEN UPDATE SET n = 50 WHEN NOT MATCHED THEN INSERT (customer_id) VALUES (c.id)`,
    sees: { tag: 'MERGE 3' },
    state: ['SELECT DISTINCT n FROM notes', [[50]]],
    since: 15,
  },
  {
    name: 'into a filtered table, before 17',
    sql: `MERGE INTO orders USING notes s ON orders.id = s.id WHEN MATCHED THEN UPDATE SET amount = 1`,
    sees: { tag: 'MERGE 2' },
    since: 17,
  },
  {
    name: 'deleting from a filtered table needs no check',
    sql: 'MERGE INTO orders USING notes s ON orders.id = s.id WHEN MATCHED THEN DELETE',
    sees: { tag: 'MERGE 2' },
    state: ['SELECT id FROM orders', [[3]]],
  },
  {
    name: 'insert, update and RETURNING',
    sql: `MERGE INTO customers t USING (VALUES (1, 'u@example.com'), (30, 'w@example.com')) AS s(id, email) ON t.id = s.id WHEN MATCHED THEN UPDATE SET email = s.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email) RETURNING merge_action(), t.id, t.email`,
    sees: {
      names: ['merge_action', 'id', 'email'],
      rows: [
        ['UPDATE', 1, MASKED],
        ['INSERT', 30, MASKED],
      ],
    },
    state: ['SELECT email FROM customers WHERE id IN (1, 30) ORDER BY id', [['u@example.com'], ['w@example.com']]],
    since: 17,
  },
  {
    name: 'NOT MATCHED BY SOURCE touches visible rows only',
    sql: `MERGE INTO customers t USING notes s ON t.id = s.customer_id AND s.id = 1 WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED BY TARGET THEN DO NOTHING`,
    sees: { tag: 'MERGE 2' },
    state: ['SELECT id FROM customers ORDER BY 1', [[1], [8], [9]]],
    since: 17,
  },
];

describe.each(MAJORS)('writes on PostgreSQL %i', (major) => {
  let lab: Lab;
  let engine: SqlEngine;
  beforeAll(async () => {
    lab = await startLab(major, SCHEMA);
    engine = lab.engine(POLICY);
  });
  afterAll(async () => lab?.stop());

  const on = (cases: readonly Case[]): readonly Case[] => cases.filter((entry) => (entry.since ?? 0) <= major);
  test.each(on(UPDATES))('UPDATE: $name', (entry) => check(lab, engine, entry));
  test.each(on(DELETES))('DELETE: $name', (entry) => check(lab, engine, entry));
  test.each(on(INSERTS))('INSERT: $name', (entry) => check(lab, engine, entry));
  test.each(on(MERGES))('MERGE: $name', (entry) => check(lab, engine, entry));
});
