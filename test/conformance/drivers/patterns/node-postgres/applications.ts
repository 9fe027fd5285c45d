/** What ORMs and tools send. */
import type { Pattern } from '../harness.ts';
import { seen, type Tools } from './tools.ts';

export const applications = ({ on }: Tools): readonly Pattern[] => [
  on('queries as ORMs write them', async (c) => [
    seen(
      await c.query(
        'SELECT "items"."id" AS "items_id", "items"."name" AS "items_name", "l"."note" AS "l_note" FROM "public"."items" "items" LEFT OUTER JOIN "lines" "l" ON "l"."item" = "items"."id" AND ("l"."position" > $1) WHERE ("items"."name" ILIKE $2 OR "items"."id" IN ($3, $4)) ORDER BY "items"."id" ASC, "l"."position" DESC LIMIT $5 OFFSET $6',
        [1, 'ITEM 1%', 2, 3, 5, 1],
      ),
    ),
    seen(await c.query('SELECT 1 AS "one" FROM "items" WHERE "items"."name" = $1 LIMIT $2', ['item 9', 1])),
    seen(await c.query('SELECT COUNT(*) FROM (SELECT DISTINCT "tags" FROM "items") AS "sub"')),
    seen(
      await c.query(
        "SELECT data->>'n' AS n, data #> '{list,2}' AS l, data @> '{\"n\": 3}' AS three FROM items WHERE data ? 'n' AND data @> $1 ORDER BY id",
        ['{"n": 3}'],
      ),
    ),
    seen(
      await c.query(
        'WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n, rank() OVER (ORDER BY n DESC) FROM t',
      ),
    ),
    seen(
      await c.query(
        "SELECT date_trunc('month', made) AS m, count(*) FILTER (WHERE active) AS n, array_agg(id ORDER BY id) AS ids FROM items GROUP BY ROLLUP (1) HAVING count(*) > $1 ORDER BY 1",
        [0],
      ),
    ),
    seen(
      await c.query(
        "SELECT json_build_object('id', i.id, 'lines', json_agg(l ORDER BY l.position)) AS doc FROM items AS i JOIN lines AS l ON l.item = i.id WHERE i.id < 3 GROUP BY i.id",
      ),
    ),
    seen(
      await c.query('SELECT * FROM unnest($1::int[], $2::text[]) AS t (a, b)', [
        [1, 2],
        ['x', 'y'],
      ]),
    ),
    seen(await c.query('SELECT id FROM items WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED', [[1, 2]])),
    seen(await c.query('TABLE busy LIMIT 1')),
    seen(await c.query('VALUES (1, $1), (2, NULL)', ['v'])),
  ]),
  on('introspection as tools do it', async (c) => [
    seen(
      await c.query(
        "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
      ),
    ),
    seen(
      await c.query(
        'SELECT column_name, data_type, is_nullable, column_default, character_maximum_length, numeric_precision, udt_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
        ['items'],
      ),
    ),
    seen(
      await c.query(
        "SELECT con.conname, con.contype, pg_get_constraintdef(con.oid) AS def FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid WHERE c.relname = 'lines' ORDER BY 1",
      ),
    ),
    seen(
      await c.query(
        "SELECT i.relname, ix.indisunique, ix.indisprimary, pg_get_indexdef(ix.indexrelid) AS def FROM pg_index ix JOIN pg_class i ON i.oid = ix.indexrelid WHERE ix.indrelid = 'items'::regclass ORDER BY 1",
      ),
    ),
    seen(
      await c.query(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS dflt, col_description(a.attrelid, a.attnum) AS comment FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = 'items'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      ),
    ),
    seen(
      await c.query(
        'SELECT t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid ORDER BY 1, e.enumsortorder',
      ),
    ),
    seen(
      await c.query(
        "SELECT p.proname, pg_get_function_arguments(p.oid) AS args, p.prokind, l.lanname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE n.nspname = 'public' AND l.lanname <> 'c' ORDER BY 1",
      ),
    ),
    seen(await c.query("SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'")),
    seen(await c.query("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' ORDER BY 1")),
    seen(await c.query('SELECT extname, extversion FROM pg_extension ORDER BY 1')),
    seen(await c.query('SELECT sequencename, data_type::text, last_value FROM pg_sequences ORDER BY 1')),
    seen(
      await c.query(
        "SELECT relname, relkind, reltuples >= -1 AS counted, pg_total_relation_size(oid) > 0 AS big FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'i') ORDER BY 1",
      ),
    ),
    seen(
      await c.query(
        "SELECT to_regclass('items')::text, to_regclass('nothing'), has_table_privilege('items', 'SELECT') AS may, obj_description('items'::regclass) AS d",
      ),
    ),
  ]),
];
