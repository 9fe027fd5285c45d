/** Writes into tables that the agent owns, from the query. */
import { folded, form, type StatementForm } from './statement.ts';

const WRITES = { stores: true, writes: true } as const;

export const WRITING: readonly StatementForm[] = [
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
