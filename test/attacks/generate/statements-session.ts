/** What the session changes before the query is read: settings, search paths, temporary tables of the same name. */
import { folded, form, type StatementForm } from './statement.ts';

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

/**
 * What may change what the query's names mean, or the plan of what holds them.
 *
 * @param quoted a path that changes nothing, in quotes.
 * @param between whether an honest client changes the path between PREPARE and EXECUTE.
 */
function names(quoted: string, between: { readonly honest?: boolean }): readonly StatementForm[] {
  return [
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
      m.draw.pick(['SET search_path = public, "Weird Schema"', 'SET search_path TO "$user", public', quoted]),
      q,
    ]),
    form(
      'search path between PREPARE and EXECUTE',
      'script',
      (q) => [`PREPARE gp AS ${q}`, 'SET search_path = archive, public', 'EXECUTE gp', 'RESET search_path', 'EXECUTE gp'],
      between,
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
  ];
}

const SETTINGS: readonly StatementForm[] = [
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
];

/** Twice: so much depends on what names mean. */
export const CHANGING: readonly StatementForm[] = [
  ...names("SET search_path = 'Weird Schema', 'public'", { honest: false }),
  form('settings of the planner', 'script', (q, m) => [`SET ${m.draw.pick(PLANNER)}`, `SET ${m.draw.pick(PLANNER)}`, q]),
  ...SETTINGS,
  ...names("SET search_path = 'public', 'Weird Schema'", {}),
  ...SETTINGS,
];

/** It hands the rows on to what can be asked for later, by others too. */
export const STASHING: readonly StatementForm[] = [
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
];
