/** What keeps a query or its rows for later: temporary tables, views, prepared statements, plans, cursors. */
import { folded, form, rowsOf, type StatementForm } from './statement.ts';

export const KEEPING: readonly StatementForm[] = [
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
];
