/**
 * Row filters and expressions that PostgreSQL would rather evaluate first. For each shape, filter form and probe the rewritten
 * statement runs twice: once aimed at a row that the filter hides, once at a row that does not exist. Any difference in
 * SQLSTATE, message, notices or rows would tell the two apart. The same matrix without our tiers must show differences, or the
 * probes prove nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { engineFor, planOf } from '../support/sql-core.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMA = `
  CREATE TABLE t (id int PRIMARY KEY, tenant int NOT NULL, amt int, j jsonb, txt text, at timestamptz, big numeric,
    js json, doc tsvector, place circle);
  INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 7 ELSE 1 END, i, '{"a":1}', 'value ' || i, '2020-01-01 00:00:00+00', 10::numeric ^ 400,
    '{"a":"\\u0000"}', 'a', '<(1e308,1e308),1e308>' FROM generate_series(1, 200) i;
  CREATE TABLE o (id int PRIMARY KEY, tid int);
  INSERT INTO o SELECT i, i FROM generate_series(1, 300) i;
  CREATE TABLE member (tenant int);
  INSERT INTO member VALUES (1);
  ANALYZE;
  CREATE FUNCTION notice(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0000001 AS
    $$ BEGIN RAISE NOTICE 'saw %', v; RETURN true; END $$;`;

const FILTERS: Readonly<Record<string, string>> = {
  literal: '{tenant} OPERATOR(pg_catalog.=) 1',
  setting: "{tenant} OPERATOR(pg_catalog.=) pg_catalog.current_setting('app.tenant')::pg_catalog.int4",
  'IN sublink': '{tenant} IN (SELECT m.tenant FROM public.member AS m)',
  // Dearer than most predicates, so that it would be evaluated last.
  'a long OR': Array.from({ length: 9 }, (_, index) => `{tenant} OPERATOR(pg_catalog.=) ${index === 0 ? 1 : -index}`).join(
    ' OR ',
  ),
  EXISTS: 'EXISTS (SELECT 1 FROM public.member AS m WHERE m.tenant OPERATOR(pg_catalog.=) {tenant})',
};

/** Each raises or reports only if it is evaluated on the row. `$t` is the table's alias. */
const PROBES: Readonly<Record<string, string>> = {
  notice: 'notice($t.txt)',
  division: '1 / ($t.amt - $t.amt) = 1',
  cast: '$t.j::boolean',
  'error on NULL': '1 / coalesce($t.amt, 0) * 0 + 1 / (coalesce($t.amt, 0) * 0) >= 0',
  'row to text': 'notice($t::text)',
  'text cast': '$t.txt::int = 1',
  'constant converted late': "$t.at = 'x'::text::timestamptz",
  'too large for a double': '$t.big > 1.5::float8',
  'interval out of range': "$t.at > now() - interval '400000 years'",
  'text of a json escape': "$t.js ->> 'a' = 'x'",
  'a query that is none': "$t.doc @@ to_tsquery('simple & (')",
  'a query made of the row': "$t.doc @@ to_tsquery('a & (' || $t.txt)",
  'a document of the row': "$t.txt @@ to_tsquery('a')",
  'geometry out of range': "$t.place @> '<(-1e308,-1e308),1>'::circle",
  'a row too large for a double': '($t.amt, $t.big) > (0, 1.5::float8)',
  'a row with a division': '($t.amt, 1 / ($t.amt - $t.amt)) IN ((1, 2), (3, 4))',
  'array of a sublink': '$t.amt = ANY (ARRAY(SELECT 1 / (o.id - o.id) FROM o WHERE o.id = $t.id))',
};

/** `$id`: the row aimed at. */
const SHAPES: Readonly<Record<string, string>> = {
  where: 'SELECT t.id FROM t WHERE t.id = $id AND $p',
  'predicate first': 'SELECT t.id FROM t WHERE $p AND t.id = $id',
  'under OR': 'SELECT t.id FROM t WHERE t.id = $id AND (t.id < 0 OR $p)',
  'under CASE': 'SELECT t.id FROM t WHERE CASE WHEN t.id = $id THEN $p ELSE false END',
  'under COALESCE': 'SELECT t.id FROM t WHERE t.id = $id AND coalesce($p, false)',
  on: 'SELECT o.id FROM o JOIN t ON t.id = o.tid AND t.id = $id AND $p',
  'left join, on': 'SELECT o.id FROM o LEFT JOIN t ON t.id = o.tid AND t.id = $id AND $p WHERE o.id = $id',
  'left join, where':
    'SELECT o.id FROM (VALUES ($id)) v(x) LEFT JOIN t ON t.id = v.x LEFT JOIN o ON o.id = v.x WHERE t.id = $id AND $p',
  'full join, where': 'SELECT v.x FROM (VALUES ($id)) v(x) FULL JOIN t ON t.id = v.x WHERE t.id = $id AND $p',
  'right join': 'SELECT t.id FROM t RIGHT JOIN o ON o.tid = t.id AND $p WHERE o.id = $id',
  exists: 'SELECT o.id FROM o WHERE o.id = $id AND EXISTS (SELECT 1 FROM t WHERE t.id = o.tid AND $p)',
  'not exists':
    'SELECT o.id FROM o WHERE o.id = $id AND NOT EXISTS (SELECT 1 FROM t WHERE t.id = $id AND t.amt > 0 AND $p) AND o.id < 0',
  in: 'SELECT o.id FROM o WHERE o.id = $id AND o.tid IN (SELECT t.id FROM t WHERE t.id = $id AND $p)',
  'in, nested target': 'SELECT o.id FROM o WHERE o.id = $id AND true IN (SELECT $p FROM t WHERE t.id = $id) AND o.id < 0',
  having: 'SELECT t.id FROM t GROUP BY t.id, t.amt, t.txt, t.j, t HAVING t.id = $id AND $p',
  'nested target': 'SELECT s.id FROM (SELECT t.id, $p AS x FROM t) s WHERE s.id = $id AND s.x',
  'nested target under LIMIT': 'SELECT s.id FROM (SELECT t.id, $p AS x FROM t WHERE t.id = $id LIMIT 5) s WHERE s.x',
  'nested target under OFFSET':
    'SELECT s.id FROM (SELECT t.id, $p AS x FROM t WHERE t.id = $id OFFSET 0) s WHERE s.id = $id AND s.x',
  'nested target under LIMIT ALL': 'SELECT s.id FROM (SELECT t.id, $p AS x FROM t LIMIT ALL) s WHERE s.id = $id AND s.x',
  'joined below a LIMIT': 'SELECT s.id FROM (SELECT t.id FROM o JOIN t ON t.id = o.tid AND $p WHERE o.id = $id LIMIT 5) s',
  'deeper below a LIMIT': 'SELECT s.id FROM (SELECT * FROM (SELECT t.id, $p AS x FROM t) r WHERE r.id = $id AND r.x LIMIT 5) s',
  'nested star': 'SELECT s.id FROM (SELECT * FROM t) t, LATERAL (SELECT t.id) s WHERE t.id = $id AND $p',
  cte: 'WITH c AS (SELECT * FROM t) SELECT t.id FROM c AS t WHERE t.id = $id AND $p',
  distinct: 'SELECT s.id FROM (SELECT DISTINCT id, amt, txt, j FROM t) t, LATERAL (SELECT t.id) s WHERE t.id = $id AND $p',
  'group by below': 'SELECT t.id FROM (SELECT id, amt, txt, j FROM t GROUP BY id, amt, txt, j) t WHERE t.id = $id AND $p',
  'union below': 'SELECT t.id FROM (SELECT id, amt, txt, j FROM t UNION SELECT id, amt, txt, j FROM t) t WHERE t.id = $id AND $p',
  'union all below': 'SELECT t.id FROM (SELECT * FROM t UNION ALL SELECT * FROM t) t WHERE t.id = $id AND $p',
  window: 'SELECT t.id FROM (SELECT *, row_number() OVER (PARTITION BY id, amt, txt, j) AS n FROM t) t WHERE t.id = $id AND $p',
  lateral: 'SELECT t.id FROM t, LATERAL (SELECT 1 WHERE $p) x WHERE t.id = $id',
  'lateral function': 'SELECT t.id FROM t, generate_series(1, CASE WHEN $p THEN 1 ELSE 0 END) g WHERE t.id = $id',
  'alias list':
    'SELECT t.id FROM (t JOIN o ON o.id = t.id) AS t(id, b, amt, j, txt, at, big, js, doc, place, oid, tid) WHERE t.id = $id AND $p',
  'row field': 'SELECT t.id FROM t WHERE (t).id = $id AND $p',
  'for update': 'SELECT t.id FROM t WHERE t.id = $id AND $p FOR UPDATE',
  'sublink in predicate': 'SELECT t.id FROM t WHERE t.id = $id AND (SELECT $p)',
  'correlated exists': 'SELECT t.id FROM t WHERE t.id = $id AND EXISTS (SELECT 1 FROM o WHERE o.id = t.id AND $p)',
  'order by, limit': 'SELECT t.id FROM t WHERE t.id = $id ORDER BY $p LIMIT 1',
  'top-level target': 'SELECT $p FROM t WHERE t.id = $id',
  aggregate: 'SELECT bool_or($p) FROM t WHERE t.id = $id',
  'volatile without columns': 'SELECT t.id FROM t WHERE t.id = $id AND 1 / (trunc(random())::int) = 1',
  'left join of a CTE':
    'WITH c AS (SELECT * FROM t) SELECT v.x FROM (VALUES ($id)) v(x) LEFT JOIN c AS t ON t.id = v.x WHERE t.id = $id AND $p',
  'full join of a CTE of a CTE':
    'WITH c AS (SELECT * FROM t), d AS (SELECT * FROM c) SELECT v.x FROM (VALUES ($id)) v(x) FULL JOIN d AS t ON t.id = v.x WHERE t.id = $id AND $p',
  'opaque columns of a CTE':
    'WITH c AS (SELECT * FROM t) SELECT t.id FROM (SELECT c.*, (ROW(1, 2)::o).* FROM c) AS t(id, tenant, amt, j, txt, at, big, js, doc, place, n, m) WHERE t.id = $id AND $p',
  'opaque columns':
    'SELECT t.id FROM (SELECT c.*, (ROW(1, 2)::o).* FROM t AS c) AS t(id, tenant, amt, j, txt, at, big, js, doc, place, n, m) WHERE t.id = $id AND $p',
  'forward CTE': 'WITH RECURSIVE a AS (SELECT * FROM b AS t WHERE t.id = $id AND $p), b AS (SELECT * FROM t) SELECT id FROM a',
  'natural join': 'SELECT t.id FROM t NATURAL JOIN (SELECT id FROM o) o WHERE t.id = $id AND $p',
};

/** One row that every filter hides, and none at all; both have a partner in o. */
const HIDDEN = 150;
const ABSENT = 250;

interface Seen {
  readonly code: string | null;
  readonly message: string | null;
  readonly rows: readonly unknown[];
  readonly notices: readonly string[];
}

async function run(client: pg.Client, sql: string): Promise<Seen> {
  const notices: string[] = [];
  const listen = (notice: { message?: string | undefined }): void => void notices.push(notice.message ?? '');
  client.on('notice', listen);
  try {
    const result = await client.query({ text: sql, rowMode: 'array' });
    return { code: null, message: null, rows: result.rows, notices };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message, rows: [], notices };
  } finally {
    client.removeListener('notice', listen);
  }
}

/** The aimed-at number is the one thing that may differ. */
function anonymous(seen: Seen, id: number): string {
  return JSON.stringify(seen).replaceAll(String(id), '#');
}

const parser = await createWasmParser();

for (const major of MAJORS) {
  describe(`row filters on PostgreSQL ${major}`, () => {
    let server: LocalPostgres;
    let client: pg.Client;
    let catalog: Catalog;

    beforeAll(async () => {
      server = await startLocalPostgres({ major });
      client = new pg.Client({ connectionString: server.url('postgres') });
      await client.connect();
      await client.query(SCHEMA);
      await client.query("SET app.tenant = '1'; SET max_parallel_workers_per_gather = 0");
      catalog = await catalogOf(server.url('postgres'));
    }, 60_000);

    afterAll(async () => {
      await client?.end();
      await server?.stop();
    });

    const cases = Object.keys(FILTERS).flatMap((filter) => Object.keys(SHAPES).map((shape) => [shape, filter] as const));

    it.each(cases)('%s, filter by %s: a hidden row is as one that does not exist', async (shape, filter) => {
      const engine = engineFor(catalog, parser, {
        tables: { 'public.t': { filter: FILTERS[filter]!, write: true }, 'public.o': {} },
        overrides: { functions: [{ schema: 'public', name: 'notice', rule: 'test/policy' }] },
      });
      for (const [name, probe] of Object.entries(PROBES)) {
        const sql = (id: number): string =>
          SHAPES[shape]!.replaceAll('$p', probe.replaceAll('$t', 't')).replaceAll('$id', String(id));
        const seen: string[] = [];
        for (const id of [HIDDEN, ABSENT]) {
          const plan = planOf(engine, sql(id));
          expect(plan.denial, sql(id)).toBeUndefined();
          seen.push(anonymous(await run(client, plan.text), id));
        }
        expect(seen[0], `${name}: ${sql(HIDDEN)}`).toBe(seen[1]);
      }
    });

    it.each(Object.keys(FILTERS))('a parameter that is converted late, in a generic plan, filter by %s', async (filter) => {
      const engine = engineFor(catalog, parser, { tables: { 'public.t': { filter: FILTERS[filter]! }, 'public.o': {} } });
      const seen: string[] = [];
      for (const id of [HIDDEN, ABSENT]) {
        const plan = planOf(engine, `SELECT t.id FROM t WHERE t.id = ${id} AND t.amt = $1::text::int`, [25]);
        expect(plan.denial).toBeUndefined();
        await client.query(`SET plan_cache_mode = force_generic_plan; PREPARE q (text) AS ${plan.text}`);
        seen.push(anonymous(await run(client, "EXECUTE q ('x')"), id));
        await client.query('DEALLOCATE q; RESET plan_cache_mode');
      }
      expect(seen[0]).toBe(seen[1]);
    });

    it('is a matrix whose probes do tell rows apart where nothing guards them', async () => {
      let told = 0;
      let total = 0;
      for (const filter of Object.values(FILTERS)) {
        for (const shape of Object.values(SHAPES)) {
          for (const probe of Object.values(PROBES)) {
            const naive = (id: number): string =>
              shape
                .replaceAll('$p', probe.replaceAll('$t', 't'))
                .replaceAll('$id', String(id))
                .replace(/\bt\b(?= WHERE| ON| RIGHT| NATURAL| GROUP|\)| UNION|,|$)/g, (name, offset: number, text: string) =>
                  /(?:FROM|JOIN) $/.test(text.slice(0, offset))
                    ? `(SELECT * FROM public.t AS f WHERE ${filter.replaceAll('{tenant}', 'f.tenant')}) AS t`
                    : name,
                );
            total += 1;
            const [hidden, absent] = [await run(client, naive(HIDDEN)), await run(client, naive(ABSENT))];
            if (anonymous(hidden, HIDDEN) !== anonymous(absent, ABSENT)) told += 1;
          }
        }
      }

      expect(told).toBeGreaterThan(total / 3);
    }, 120_000);
  });
}
