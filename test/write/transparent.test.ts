/**
 * Writes as applications and ORMs spell them, past the engine and through it: with everything granted, and with masks and
 * filters in force that change no value. Tag, names, types, rows, SQLSTATE and the state afterwards must be equal.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { SCHEMA } from './schema.ts';
import { type Lab, type Outcome, type Policy, startLab } from './support.ts';
import { MAJORS } from '../support/majors.ts';

type Statement = string | readonly [sql: string, values: readonly unknown[]];

const STATEMENTS: readonly Statement[] = [
  // Django
  [`UPDATE "customers" SET "email" = $1, "name" = $2, "phone" = $3 WHERE "customers"."id" = $4`, ['d@x.org', 'D', null, 1]],
  [`INSERT INTO "notes" ("customer_id", "body", "n") VALUES ($1, $2, $3) RETURNING "notes"."id"`, [1, 'b', 4]],
  [`DELETE FROM "notes" WHERE "notes"."id" IN ($1, $2)`, [1, 2]],
  `UPDATE "notes" SET "n" = ("notes"."n" + 1) WHERE "notes"."customer_id" = 1`,
  `UPDATE "customers" SET "name" = CASE WHEN ("customers"."id" = 1) THEN 'a' WHEN ("customers"."id" = 2) THEN 'b' ELSE NULL END::text WHERE "customers"."id" IN (1, 2)`,
  `UPDATE "notes" SET "body" = U0."name" FROM "customers" U0 WHERE (U0."id" = "notes"."customer_id" AND U0."region" = 'eu')`,
  `UPDATE "notes" SET "n" = (SELECT COUNT(*) FROM "customers" U0 WHERE U0."id" > "notes"."id")`,
  `INSERT INTO "notes" ("id", "body") VALUES (1, 'u'), (50, 'v') ON CONFLICT("id") DO UPDATE SET "body" = EXCLUDED."body" RETURNING "id", "body"`,
  `INSERT INTO "notes" ("id", "body") VALUES (1, 'u') ON CONFLICT DO NOTHING`,
  `DELETE FROM "notes" WHERE "id" IN (SELECT V0."id" FROM "notes" V0 INNER JOIN "customers" V1 ON (V0."customer_id" = V1."id") WHERE V1."region" = 'eu')`,
  // SQLAlchemy
  `UPDATE customers SET name='wendy' WHERE customers.id = 1 RETURNING customers.id, customers.name, customers.email`,
  `DELETE FROM customers USING notes WHERE customers.id = notes.customer_id AND notes.body = 'first' RETURNING customers.id`,
  `WITH anon_1 AS (SELECT id AS id FROM customers WHERE region = 'eu') UPDATE notes SET body=(SELECT 'x') FROM anon_1 WHERE notes.customer_id = anon_1.id`,
  [
    `INSERT INTO customers (id, email) SELECT p0::INTEGER, p1::VARCHAR FROM (VALUES ($1::INTEGER, $2::VARCHAR, 0)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING customers.id, customers.id AS id__1`,
    [60, 's@x'],
  ],
  // Rails
  `INSERT INTO "notes" ("body") VALUES ('a') ON CONFLICT ("id") DO UPDATE SET "body"=excluded."body" RETURNING "id"`,
  `DELETE FROM "notes" WHERE "notes"."id" = 1`,
  `UPDATE "notes" SET "n" = COALESCE("notes"."n", 0) + 1 WHERE "notes"."id" = 2`,
  // Prisma, TypeORM, Hibernate, Ecto, sqlc
  `INSERT INTO "public"."notes" ("body","n") VALUES ('a',1) RETURNING "public"."notes"."id", "public"."notes"."body"`,
  `UPDATE "public"."notes" SET "body" = 'z' WHERE ("public"."notes"."id" = 1 AND 1=1) RETURNING "public"."notes"."id"`,
  `DELETE FROM "public"."notes" WHERE ("public"."notes"."id" IN (1,2) AND 1=1)`,
  `INSERT INTO "notes"("id", "body", "n") VALUES (DEFAULT, 'x', DEFAULT) RETURNING "id", "n"`,
  `update customers c1_0 set name=cast('h' as text) where c1_0.id=1`,
  `update customers set email='h@x', name='h', phone='1', region='eu' where id=1`,
  `INSERT INTO "notes" AS n0 ("body") VALUES ('e') ON CONFLICT ("id") DO UPDATE SET "body" = EXCLUDED."body" WHERE (n0."n" > 0) RETURNING "id"`,
  [`UPDATE customers SET name = COALESCE($1, name), phone = COALESCE($2, phone) WHERE id = $3 RETURNING *`, [null, '9', 2]],
  [`UPDATE customers SET name = $1, tags = $2 WHERE id = ANY($3::int[]) RETURNING id, tags`, ['n', ['p', 'q'], [1, 2]]],
  // By hand
  `INSERT INTO notes (body) SELECT name FROM customers ORDER BY id LIMIT 2 RETURNING body`,
  `INSERT INTO orders (tenant, amount) VALUES (1, 2.50), (1, 3) RETURNING *`,
  `WITH moved AS (DELETE FROM notes WHERE n < 3 RETURNING *), kept AS (INSERT INTO intake (id, extra) SELECT id, body FROM moved RETURNING id) SELECT count(*) FROM kept`,
  `UPDATE customers SET (name, phone) = (SELECT body, 'p' FROM notes WHERE notes.customer_id = customers.id LIMIT 1) WHERE id IN (1, 2) RETURNING id, name, phone`,
  `UPDATE customers AS c SET name = upper(c.name) FROM notes AS n LEFT JOIN intake i ON i.id = n.id WHERE n.customer_id = c.id RETURNING c.*, n.body, i.extra`,
  `UPDATE notes SET n = n * 2 WHERE id > 0 AND NOT (body IS NULL OR body = '') RETURNING id, n AS doubled, n + 1, upper(body), body::varchar(3), (n > 2)::int`,
  `DELETE FROM notes WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = notes.customer_id AND c.name ILIKE 'a%') RETURNING *`,
  `UPDATE customers SET doc = '{"a": [1, 2]}', born = DATE '2000-01-01', balance = 12.345 WHERE id = 1 RETURNING doc, born, balance`,
  `UPDATE customers SET tags = tags || ARRAY['n'], tags[1] = 'x' WHERE id = 1`,
  `UPDATE customers SET tags[2:3] = ARRAY['m', 'n'] WHERE id = 1 RETURNING tags, tags[1], cardinality(tags)`,
  `INSERT INTO customers (id, email) VALUES (1, 'dup')`,
  `INSERT INTO customers (id) VALUES (77)`,
  `UPDATE customers SET id = 2 WHERE id = 1`,
  `UPDATE notes SET n = 'x' WHERE id = 1`,
  `UPDATE notes SET n = 1 WHERE body = 1`,
  `INSERT INTO notes (id, body) VALUES (1, 'a', 'b')`,
  `UPDATE orders SET doubled = 1 WHERE id = 1`,
  `UPDATE notes SET n = 1, n = 2 WHERE id = 1`,
  `INSERT INTO orders (id, tenant, amount) OVERRIDING USER VALUE VALUES (9, 1, 1) RETURNING tenant, amount, doubled`,
  `INSERT INTO parts VALUES (7, 1, 'n') RETURNING *`,
  `UPDATE parts SET v = upper(v) WHERE tenant = 1 RETURNING *`,
  `UPDATE "Odd Name" SET "Mixed Case" = 'q' WHERE "Id" = 1 RETURNING "Mixed Case", "select"`,
  `UPDATE customer_view SET name = 'v' WHERE id = 1 RETURNING id, name`,
  `INSERT INTO customer_view (id, email, name) VALUES (90, 'v@x', 'V') RETURNING *`,
  `DELETE FROM notes WHERE ctid = (SELECT min(ctid) FROM notes) RETURNING id`,
  `DELETE FROM customers WHERE id = 1 RETURNING xmin IS NOT NULL AS versioned, tableoid > 0`,
];

const ON_18: readonly Statement[] = [
  `MERGE INTO notes USING (VALUES (1, 'm'), (70, 'n')) AS s (id, body) ON notes.id = s.id WHEN MATCHED THEN UPDATE SET body = s.body WHEN NOT MATCHED THEN INSERT (id, body) VALUES (s.id, s.body)`,
  `UPDATE customers SET name = 'n' WHERE id = 1 RETURNING old.name AS before, new.name AS after, name`,
  `INSERT INTO customers (id, email) VALUES (1, 'u@x') ON CONFLICT (id) DO UPDATE SET name = 'u' RETURNING old.name, new.name`,
  `DELETE FROM customers WHERE id = 1 RETURNING old.id, new.id, *`,
  `MERGE INTO customers t USING (VALUES (1, 'm@x'), (70, 'n@x')) AS s (id, email) ON t.id = s.id WHEN MATCHED THEN UPDATE SET email = s.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email) RETURNING merge_action(), *`,
  `MERGE INTO customers t USING notes s ON t.id = s.customer_id WHEN MATCHED AND s.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET name = s.body WHEN NOT MATCHED BY SOURCE THEN UPDATE SET name = 'none' RETURNING merge_action() AS what, t.id, t.name, s.*`,
];

const IDENTITY: Policy = {
  temporaryTables: false,
  tables: Object.fromEntries(
    (
      [
        ['public.customers', { email: 'varchar(60)', doc: 'json', balance: 'numeric(10,2)', born: 'date' }, 'id'],
        ['public.notes', { copy: 'text' }, 'id'],
        ['public.orders', { amount: 'numeric' }, 'id'],
        ['public.parts', {}, 'id'],
        ['public.intake', { email: 'text' }, undefined],
        ['public.Odd Name', { 'Mixed Case': 'text' }, 'Id'],
        ['public.customer_view', { email: 'varchar(60)' }, 'id'],
      ] as const
    ).map(([table, masked, key]) => [
      table,
      {
        select: ['*'],
        insert: ['*'],
        update: ['*'],
        delete: true,
        masks: Object.fromEntries(
          Object.entries(masked).map(([column, type]) => [column, `(CASE WHEN true THEN @ ELSE @ END)::${type}`]),
        ),
        ...(key === undefined ? {} : { filter: `(@${key} OPERATOR(pg_catalog.>) '-1')` }),
      },
    ]),
  ),
};

const ALL: Policy = {
  temporaryTables: false,
  tables: Object.fromEntries(Object.keys(IDENTITY.tables).map((name) => [name, 'all' as const])),
};

const STATE = `SELECT (SELECT json_agg(t ORDER BY id) FROM customers t)::text, (SELECT json_agg(t ORDER BY id, body) FROM notes t)::text, (SELECT json_agg(t ORDER BY id) FROM orders t)::text,
  (SELECT json_agg(t ORDER BY id) FROM parts t)::text, (SELECT json_agg(t ORDER BY id) FROM intake t)::text, (SELECT json_agg(t) FROM "Odd Name" t)::text`;

describe.each(MAJORS)('ordinary writes on PostgreSQL %i', (major) => {
  let lab: Lab;
  let identity: SqlEngine;
  let all: SqlEngine;
  beforeAll(async () => {
    lab = await startLab(major, SCHEMA);
    identity = lab.engine(IDENTITY);
    all = lab.engine(ALL);
  });
  afterAll(async () => lab?.stop());

  const statements = [...STATEMENTS, ...(major < 18 ? [] : ON_18)].map((entry) =>
    typeof entry === 'string' ? ([entry, undefined] as const) : entry,
  );

  /** Sequences are not rolled back: the same values each time. */
  async function witness(run: () => Promise<Outcome>): Promise<unknown> {
    await lab.client.query(`SELECT setval('notes_id_seq', 100), setval('orders_id_seq', 100)`);
    return lab.undo(async () => {
      const outcome = await run();
      const { rows } = await lab.client.query(STATE);
      return { outcome: outcome.kind === 'error' ? outcome.sqlstate : outcome, rows };
    });
  }

  test.each(statements)('%s', async (sql, values) => {
    const expected = await witness(() => lab.direct(sql, values));
    expect(await witness(() => lab.run(all, sql, values)), 'with everything granted').toEqual(expected);
    expect(await witness(() => lab.run(identity, sql, values)), 'with masks and filters that change nothing').toEqual(expected);
  });
});
