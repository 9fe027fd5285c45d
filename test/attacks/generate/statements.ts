/** The statement around a query: everything that runs one, stores one, or hands one on. */
import type { Shape } from '../attack.ts';
import type { Query } from './queries.ts';
import type { Maker } from './relation.ts';

export interface Statement {
  readonly steps: readonly string[];
  readonly shape: Shape;
  /** It changes something (in a transaction that is rolled back). */
  readonly writes: boolean;
  /** It ends or needs transactions of its own: nothing may be put around it. */
  readonly own: boolean;
}

export interface StatementForm {
  readonly name: string;
  readonly honest: boolean;
  readonly since?: 18;
  /** What is read is stored: an honest client does not store masks. */
  readonly stores: boolean;
  build(query: string, maker: Maker): Statement;
}

interface Options {
  readonly honest?: boolean;
  readonly stores?: boolean;
  readonly writes?: boolean;
  readonly own?: boolean;
  readonly since?: 18;
}

function form(
  name: string,
  shape: Shape,
  steps: (query: string, maker: Maker) => readonly string[],
  options: Options = {},
): StatementForm {
  return {
    name,
    honest: options.honest ?? true,
    stores: options.stores ?? false,
    ...(options.since === undefined ? {} : { since: options.since }),
    build: (query, maker) => ({ steps: steps(query, maker), shape, writes: options.writes ?? false, own: options.own ?? false }),
  };
}

/** One text for all rows of the query: what goes into one cell. */
const folded = (query: string): string => `(SELECT max(g::text) AS v FROM (${query}) AS g)`;
const rowsOf = (query: string): string => `(SELECT g::text AS v FROM (${query}) AS g)`;

/** They move conditions before or behind each other, and rows to other workers. */
const PLANNER: readonly string[] = [
  'cpu_operator_cost = 0',
  'enable_seqscan = off',
  'enable_indexscan = off',
  'enable_hashjoin = off',
  'enable_nestloop = off',
  'enable_mergejoin = off',
  'enable_material = off',
  'enable_hashagg = off',
  'enable_sort = off',
  'join_collapse_limit = 1',
  'from_collapse_limit = 1',
  'parallel_setup_cost = 0',
  'parallel_tuple_cost = 0',
  'min_parallel_table_scan_size = 0',
  'plan_cache_mode = force_generic_plan',
  'jit_above_cost = 0',
  'cursor_tuple_fraction = 1',
];

const WRITES = { stores: true, writes: true } as const;

export const STATEMENTS: readonly StatementForm[] = [
  ...Array.from({ length: 8 }, () => form('SELECT', 'query', (q) => [q])),
  form('parenthesised', 'query', (q) => [`((${q}))`]),
  form('subquery', 'query', (q) => [`SELECT * FROM (${q}) AS g`]),
  form('row of a subquery', 'query', (q) => [`SELECT g::text FROM (${q}) AS g`]),
  form('JSON of a subquery', 'query', (q) => [`SELECT jsonb_agg(to_jsonb(g) ORDER BY g::text) FROM (${q}) AS g`]),
  form('row_to_json', 'query', (q) => [`SELECT row_to_json(g) FROM (${q}) AS g`]),
  form('WITH', 'query', (q, m) => [`WITH g AS ${m.draw.pick(['', 'MATERIALIZED ', 'NOT MATERIALIZED '])}(${q}) SELECT * FROM g`]),
  form('TABLE', 'query', (q) => [`WITH g AS (${q}) TABLE g`]),
  form('VALUES', 'query', (q) => [`VALUES (${folded(q)})`]),
  form('UNION with itself', 'query', (q) => [`(${q}) UNION ALL (${q})`]),
  form('row cast to a number', 'query', (q) => [`SELECT (g::text)::int FROM (${q}) AS g`], { honest: false }),
  form('row in a bad pattern', 'query', (q) => [`SELECT 'a' ~ ('(' || g::text) FROM (${q}) AS g`], { honest: false }),
  form('XML of a subquery', 'query', (q) => [`SELECT xmlagg(xmlelement(name r, g::text)) FROM (${q}) AS g`], { honest: false }),
  form('query_to_xml', 'query', (q) => [`SELECT query_to_xml($x$${q}$x$, true, true, '')`], { honest: false }),
  form('dynamic SQL', 'query', (q) => [`SELECT run_sql($x$SELECT max(g::text) FROM (${q}) AS g$x$)`], { honest: false }),
  form(
    'DO',
    'script',
    (q) => [`DO $x$ DECLARE r text; BEGIN FOR r IN SELECT g::text FROM (${q}) AS g LOOP RAISE NOTICE '%', r; END LOOP; END $x$`],
    {
      honest: false,
    },
  ),
  form(
    'own function',
    'script',
    (q) => [
      `CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT g::text FROM (${q}) AS g; END`,
      'SELECT * FROM pg_temp.mine()',
    ],
    {
      honest: false,
      writes: true,
    },
  ),
  form('ts_stat', 'query', (q) => [`SELECT word FROM ts_stat($x$SELECT to_tsvector('simple', g::text) FROM (${q}) AS g$x$)`], {
    honest: false,
  }),
  form('several statements', 'utility', (q) => [`SELECT 1; ${q}; SELECT 2`]),
  form('after empty statements', 'utility', (q) => [`;; ${q};;`]),
  form('in a block', 'script', (q, m) => ['BEGIN', q, m.draw.pick(['COMMIT', 'ROLLBACK', 'END'])], { own: true }),
  form('block in one message', 'utility', (q) => [`BEGIN; ${q}; COMMIT`], { own: true }),
  form(
    'after an error and a savepoint',
    'script',
    (q) => ['BEGIN', 'SAVEPOINT s', 'SELECT 1/0', 'ROLLBACK TO s', q, 'ROLLBACK'],
    { own: true },
  ),
  form('read only block', 'script', (q) => ['BEGIN READ ONLY', q, 'COMMIT'], { own: true }),
  form('COPY', 'utility', (q) => [`COPY (${q}) TO STDOUT`]),
  form('COPY csv', 'utility', (q, m) => [
    `COPY (${q}) TO STDOUT WITH (FORMAT csv, HEADER${m.draw.pick([", FORCE_QUOTE *, DELIMITER '|'", '', ", NULL 'nothing'"])})`,
  ]),
  form('COPY binary', 'utility', (q) => [`COPY (${q}) TO STDOUT WITH (FORMAT binary)`]),
  form('COPY old syntax', 'utility', (q) => [`COPY (${q}) TO STDOUT CSV`]),
  form(
    'COPY of a write',
    'utility',
    (q) => [`COPY (UPDATE scratch SET number = number WHERE id = 1 RETURNING ${folded(q)}) TO STDOUT`],
    { writes: true },
  ),
  form(
    'temporary table as',
    'script',
    (q) => [`CREATE TEMPORARY TABLE gt AS SELECT g::text AS v FROM (${q}) AS g`, 'SELECT v FROM gt'],
    { stores: true },
  ),
  form(
    'temporary table with data of nothing',
    'script',
    (q) => [`CREATE TEMPORARY TABLE gt ON COMMIT DROP AS (${q}) WITH NO DATA`],
    { stores: true },
  ),
  form(
    'temporary table filled',
    'script',
    (q) => ['CREATE TEMPORARY TABLE gt (v text)', `INSERT INTO gt SELECT v FROM ${folded(q)} AS n`, 'COPY gt TO STDOUT'],
    { stores: true },
  ),
  form(
    'temporary table indexed',
    'script',
    (q) => [
      'CREATE TEMPORARY TABLE gt (v text)',
      `INSERT INTO gt ${rowsOf(q)}`,
      'CREATE INDEX ON gt (v)',
      'ANALYZE gt',
      'SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = $x$gt$x$',
      'TABLE gt',
    ],
    {
      stores: true,
      honest: false,
    },
  ),
  form('SELECT INTO', 'script', (q) => [`SELECT g::text AS v INTO TEMPORARY gt FROM (${q}) AS g`, 'TABLE gt'], { stores: true }),
  form(
    'temporary view',
    'script',
    (q) => [`CREATE TEMPORARY VIEW gv AS SELECT g::text AS v FROM (${q}) AS g`, 'SELECT v FROM gv'],
    { honest: false },
  ),
  form('view', 'script', (q) => [`CREATE VIEW public.gv AS SELECT g::text AS v FROM (${q}) AS g`, 'SELECT v FROM public.gv'], {
    honest: false,
    writes: true,
  }),
  form(
    'materialized view',
    'script',
    (q) => [`CREATE MATERIALIZED VIEW gm AS SELECT g::text AS v FROM (${q}) AS g`, 'SELECT v FROM gm'],
    { honest: false, writes: true },
  ),
  form(
    'recursive view',
    'script',
    (q) => [`CREATE TEMP RECURSIVE VIEW gv (v) AS SELECT g::text FROM (${q}) AS g`, 'SELECT v FROM gv'],
    { honest: false },
  ),
  form(
    'table as EXECUTE',
    'script',
    (q) => [`PREPARE gp AS ${q}`, 'CREATE TEMPORARY TABLE gt AS EXECUTE gp', 'SELECT gt::text FROM gt'],
    { honest: false, stores: true },
  ),
  form('PREPARE', 'script', (q) => [`PREPARE gp AS ${q}`, 'EXECUTE gp', 'EXECUTE gp', 'DEALLOCATE gp']),
  form('PREPARE with a parameter', 'script', (q) => [
    `PREPARE gp (int) AS SELECT g.* FROM (${q}) AS g WHERE $1 = 1`,
    'EXECUTE gp (1)',
    'EXECUTE gp (1 + 0)',
  ]),
  form('EXPLAIN', 'utility', (q) => [`EXPLAIN ${q}`], { honest: false }),
  form('EXPLAIN VERBOSE', 'utility', (q) => [`EXPLAIN (VERBOSE, FORMAT json) ${q}`], { honest: false }),
  form('EXPLAIN ANALYZE', 'utility', (q) => [`EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) ${q}`], {
    honest: false,
  }),
  form(
    'EXPLAIN EXECUTE',
    'script',
    (q) => [`PREPARE gp AS ${q}`, 'EXPLAIN (ANALYZE, TIMING off, SUMMARY off, BUFFERS off) EXECUTE gp'],
    { honest: false },
  ),
  form(
    'cursor',
    'script',
    (q) => ['BEGIN', `DECLARE gc CURSOR FOR ${q}`, 'FETCH 2 FROM gc', 'FETCH ALL FROM gc', 'CLOSE gc', 'COMMIT'],
    { own: true },
  ),
  form(
    'scroll cursor',
    'script',
    (q) => ['BEGIN', `DECLARE gc SCROLL CURSOR FOR ${q}`, 'MOVE FORWARD ALL IN gc', 'FETCH BACKWARD ALL FROM gc', 'COMMIT'],
    { own: true },
  ),
  form('cursor with hold', 'script', (q) => [`DECLARE gc CURSOR WITH HOLD FOR ${q}`, 'FETCH ALL FROM gc', 'CLOSE gc'], {
    own: true,
  }),
  form('binary cursor', 'script', (q) => ['BEGIN', `DECLARE gc BINARY CURSOR FOR ${q}`, 'FETCH ALL FROM gc', 'COMMIT'], {
    own: true,
  }),
  form(
    'search path before',
    'script',
    (q, m) => [
      m.draw.pick([
        'SET search_path = archive, public',
        "SELECT set_config('search_path', 'archive,public', false)",
        'BEGIN; SET LOCAL search_path = archive, public',
        "SET search_path = 'archive'",
      ]),
      q,
    ],
    { honest: false, own: true },
  ),
  form(
    'search path in one message',
    'utility',
    (q, m) => [
      m.draw.pick([
        `SET search_path = archive, public; ${q}`,
        `BEGIN; SET LOCAL search_path = archive, public; ${q}; COMMIT`,
        `SELECT set_config('search_path', 'archive, public', false); ${q}`,
        `SET search_path = archive, public; RESET search_path; ${q}`,
      ]),
    ],
    { honest: false, own: true },
  ),
  form('another path that changes nothing', 'script', (q, m) => [
    m.draw.pick([
      'SET search_path = public, "Weird Schema"',
      'SET search_path TO "$user", public',
      "SET search_path = 'Weird Schema', 'public'",
    ]),
    q,
  ]),
  form(
    'search path between PREPARE and EXECUTE',
    'script',
    (q) => [`PREPARE gp AS ${q}`, 'SET search_path = archive, public', 'EXECUTE gp', 'RESET search_path', 'EXECUTE gp'],
    { honest: false },
  ),
  form(
    'search path taken back by a savepoint',
    'script',
    (q) => [
      'SET search_path = archive, public',
      'BEGIN',
      'SAVEPOINT s',
      'SET search_path = public',
      'ROLLBACK TO s',
      q,
      'ROLLBACK',
    ],
    { honest: false, own: true },
  ),
  form(
    'temporary table in the way',
    'script',
    (q, m) => [`CREATE TEMPORARY TABLE ${m.draw.pick(['customers', 'scratch', 'payroll', 'products'])} AS SELECT 1 AS id`, q],
    { honest: false },
  ),
  form('temporary table between PREPARE and EXECUTE', 'script', (q) => [
    `PREPARE gp AS ${q}`,
    'CREATE TEMPORARY TABLE harmless AS SELECT 1 AS id',
    'EXECUTE gp',
  ]),
  form(
    'EXPLAIN of a granted table',
    'utility',
    (q, m) => [
      m.draw.pick([
        `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT * FROM scratch WHERE value > ${folded(q)}`,
        `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT * FROM scratch, (${q}) AS g`,
        `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) UPDATE scratch SET tag = 'g' WHERE id = 1 AND ${folded(q)} IS NOT NULL`,
        `EXPLAIN (VERBOSE, COSTS off) WITH g AS MATERIALIZED (${q}) SELECT * FROM scratch, g`,
        `EXPLAIN SELECT * FROM articles WHERE EXISTS (${q})`,
      ]),
    ],
    { honest: false, writes: true },
  ),
  form('settings of the planner', 'script', (q, m) => [`SET ${m.draw.pick(PLANNER)}`, `SET ${m.draw.pick(PLANNER)}`, q]),
  form('statement timeout set', 'script', (q) => ["SET statement_timeout = '4s'", q]),
  form(
    'isolation',
    'script',
    (q, m) => [
      m.draw.pick([
        'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE',
        'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ',
        'START TRANSACTION READ ONLY',
      ]),
      q,
      'COMMIT AND CHAIN',
      q,
      'ROLLBACK',
    ],
    { own: true },
  ),
  form(
    'search path before',
    'script',
    (q, m) => [
      m.draw.pick([
        'SET search_path = archive, public',
        "SELECT set_config('search_path', 'archive,public', false)",
        'BEGIN; SET LOCAL search_path = archive, public',
        "SET search_path = 'archive'",
      ]),
      q,
    ],
    { honest: false, own: true },
  ),
  form(
    'search path in one message',
    'utility',
    (q, m) => [
      m.draw.pick([
        `SET search_path = archive, public; ${q}`,
        `BEGIN; SET LOCAL search_path = archive, public; ${q}; COMMIT`,
        `SELECT set_config('search_path', 'archive, public', false); ${q}`,
        `SET search_path = archive, public; RESET search_path; ${q}`,
      ]),
    ],
    { honest: false, own: true },
  ),
  form('another path that changes nothing', 'script', (q, m) => [
    m.draw.pick([
      'SET search_path = public, "Weird Schema"',
      'SET search_path TO "$user", public',
      "SET search_path = 'public', 'Weird Schema'",
    ]),
    q,
  ]),
  form('search path between PREPARE and EXECUTE', 'script', (q) => [
    `PREPARE gp AS ${q}`,
    'SET search_path = archive, public',
    'EXECUTE gp',
    'RESET search_path',
    'EXECUTE gp',
  ]),
  form(
    'search path taken back by a savepoint',
    'script',
    (q) => [
      'SET search_path = archive, public',
      'BEGIN',
      'SAVEPOINT s',
      'SET search_path = public',
      'ROLLBACK TO s',
      q,
      'ROLLBACK',
    ],
    { honest: false, own: true },
  ),
  form(
    'temporary table in the way',
    'script',
    (q, m) => [`CREATE TEMPORARY TABLE ${m.draw.pick(['customers', 'scratch', 'payroll', 'products'])} AS SELECT 1 AS id`, q],
    { honest: false },
  ),
  form('temporary table between PREPARE and EXECUTE', 'script', (q) => [
    `PREPARE gp AS ${q}`,
    'CREATE TEMPORARY TABLE harmless AS SELECT 1 AS id',
    'EXECUTE gp',
  ]),
  form(
    'EXPLAIN of a granted table',
    'utility',
    (q, m) => [
      m.draw.pick([
        `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT * FROM scratch WHERE value > ${folded(q)}`,
        `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT * FROM scratch, (${q}) AS g`,
        `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) UPDATE scratch SET tag = 'g' WHERE id = 1 AND ${folded(q)} IS NOT NULL`,
        `EXPLAIN (VERBOSE, COSTS off) WITH g AS MATERIALIZED (${q}) SELECT * FROM scratch, g`,
        `EXPLAIN SELECT * FROM articles WHERE EXISTS (${q})`,
      ]),
    ],
    { honest: false, writes: true },
  ),
  form('statement timeout set', 'script', (q) => ["SET statement_timeout = '4s'", q]),
  form(
    'isolation',
    'script',
    (q, m) => [
      m.draw.pick([
        'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE',
        'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ',
        'START TRANSACTION READ ONLY',
      ]),
      q,
      'COMMIT AND CHAIN',
      q,
      'ROLLBACK',
    ],
    { own: true },
  ),
  form('notification', 'script', (q) => ['LISTEN orders', `SELECT pg_notify('orders', left(v, 4000)) FROM ${folded(q)} AS n`], {
    honest: false,
    own: true,
  }),
  form(
    'setting',
    'script',
    (q) => [`SELECT set_config('my.stash', left(v, 4000), false) FROM ${folded(q)} AS n`, 'SHOW my.stash'],
    { honest: false },
  ),
  form(
    'application name',
    'script',
    (q) => [
      `SELECT set_config('application_name', left(v, 60), false) FROM ${folded(q)} AS n`,
      'SELECT application_name FROM pg_stat_activity',
    ],
    { honest: false },
  ),
  // Writes into tables that the agent owns, from the query.
  form(
    'INSERT',
    'script',
    (q) => [
      `INSERT INTO scratch (id, tag, value) SELECT 9100, 'g', v FROM ${folded(q)} AS n`,
      'SELECT value FROM scratch WHERE id = 9100',
    ],
    WRITES,
  ),
  form(
    'INSERT RETURNING',
    'dml',
    (q) => [`INSERT INTO scratch (id, tag, value) SELECT 9100, 'g', v FROM ${folded(q)} AS n RETURNING value`],
    WRITES,
  ),
  form('INSERT VALUES', 'dml', (q) => [`INSERT INTO scratch (id, value) VALUES (9100, ${folded(q)}) RETURNING *`], WRITES),
  form(
    'INSERT with a CTE',
    'dml',
    (q) => [`WITH g AS (${q}) INSERT INTO scratch (id, value) SELECT 9100, max(g::text) FROM g RETURNING value`],
    WRITES,
  ),
  form(
    'INSERT into jsonb',
    'dml',
    (q) => [
      `INSERT INTO scratch (id, data) SELECT 9100, jsonb_agg(to_jsonb(g) ORDER BY g::text) FROM (${q}) AS g RETURNING data`,
    ],
    WRITES,
  ),
  form(
    'writing CTE',
    'dml',
    (q) => [
      `WITH i AS (INSERT INTO scratch (id, value) SELECT 9100, v FROM ${folded(q)} AS n RETURNING value) SELECT value FROM i`,
    ],
    WRITES,
  ),
  form(
    'updating CTE',
    'dml',
    (q) => [`WITH u AS (UPDATE scratch SET value = v FROM ${folded(q)} AS n WHERE id = 1 RETURNING scratch.value) TABLE u`],
    WRITES,
  ),
  form(
    'UPDATE FROM',
    'dml',
    (q) => [`UPDATE scratch SET value = n.v FROM ${folded(q)} AS n WHERE scratch.id = 1 RETURNING scratch.value`],
    WRITES,
  ),
  form(
    'UPDATE of several columns',
    'dml',
    (q) => [`UPDATE scratch SET (tag, value) = (SELECT 'g', v FROM ${folded(q)} AS n) WHERE id = 2 RETURNING value`],
    WRITES,
  ),
  form('UPDATE WHERE', 'dml', (q) => [`UPDATE scratch SET tag = 'g' WHERE id = 1 AND ${folded(q)} > '(2' RETURNING id`], {
    writes: true,
  }),
  form('UPDATE RETURNING a sublink', 'dml', (q) => [`UPDATE scratch SET number = number WHERE id = 1 RETURNING ${folded(q)}`], {
    writes: true,
  }),
  form(
    'UPDATE FROM RETURNING',
    'dml',
    (q) => [`UPDATE scratch SET number = number FROM ${folded(q)} AS n WHERE scratch.id = 1 RETURNING n.v, n.*`],
    { writes: true },
  ),
  form('DELETE USING', 'dml', (q) => [`DELETE FROM scratch USING ${folded(q)} AS n WHERE scratch.id = 1 RETURNING n.v`], {
    writes: true,
  }),
  form(
    'DELETE WHERE',
    'dml',
    (q) => [`DELETE FROM scratch WHERE id <= 2 AND ${folded(q)} IS NOT NULL RETURNING (${folded(q)})`],
    { writes: true },
  ),
  form(
    'MERGE',
    'script',
    (q) => [
      `MERGE INTO scratch AS s USING ${folded(q)} AS n ON s.id = 1 WHEN MATCHED THEN UPDATE SET value = n.v`,
      'SELECT value FROM scratch WHERE id = 1',
    ],
    WRITES,
  ),
  form(
    'MERGE NOT MATCHED',
    'script',
    (q) => [
      `MERGE INTO scratch AS s USING ${folded(q)} AS n ON s.id = -1 WHEN NOT MATCHED THEN INSERT (id, value) VALUES (9100, n.v)`,
      'SELECT value FROM scratch WHERE id = 9100',
    ],
    WRITES,
  ),
  form(
    'MERGE WHEN AND',
    'dml',
    (q) => [
      `MERGE INTO scratch AS s USING (VALUES (1)) AS n(id) ON s.id = n.id WHEN MATCHED AND ${folded(q)} > '(2' THEN DELETE WHEN MATCHED THEN DO NOTHING`,
    ],
    { writes: true },
  ),
  form(
    'MERGE RETURNING',
    'dml',
    (q) => [
      `MERGE INTO scratch AS s USING ${folded(q)} AS n ON s.id = 1 WHEN MATCHED THEN UPDATE SET tag = 'g' RETURNING merge_action(), n.v`,
    ],
    { writes: true, since: 18 },
  ),
  form(
    'ON CONFLICT',
    'dml',
    (q) => [
      `INSERT INTO scratch (id, value) SELECT 1, v FROM ${folded(q)} AS n ON CONFLICT (id) DO UPDATE SET value = excluded.value RETURNING value`,
    ],
    WRITES,
  ),
  form(
    'ON CONFLICT SET a sublink',
    'dml',
    (q) => [`INSERT INTO scratch (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET value = ${folded(q)} RETURNING scratch.value`],
    WRITES,
  ),
  form(
    'ON CONFLICT WHERE',
    'dml',
    (q) => [
      `INSERT INTO scratch (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tag = 'g' WHERE ${folded(q)} > '(2' RETURNING scratch.id`,
    ],
    { writes: true },
  ),
  form(
    'RETURNING old and new',
    'dml',
    (q) => [`UPDATE scratch SET value = n.v FROM ${folded(q)} AS n WHERE scratch.id = 1 RETURNING old.value, new.value, new`],
    { ...WRITES, since: 18 },
  ),
];

/** The forms by name, once each. */
export const STATEMENT_NAMES: ReadonlySet<string> = new Set(STATEMENTS.map(({ name }) => name));
export type { Query };
