/** Writes whose own target is what must be protected: conditions over it, values from it, RETURNING of it. */
import type { Shape } from '../attack.ts';
import { condition, shown, single } from './queries.ts';
import { ROWS } from './expressions.ts';
import { allowed, worthwhile, type Field, type Maker } from './relation.ts';
import type { Statement } from './statement.ts';
import { quoted, TABLES, type Table } from './tables.ts';

interface TargetForm {
  readonly name: string;
  readonly honest: boolean;
  readonly since?: 18;
  readonly deletes?: boolean;
  /** Into tables that the agent may insert into. */
  readonly inserts?: boolean;
  /** `where` tells by a protected value; `returning` shows one. */
  build(target: Target): string;
}

interface Target {
  readonly table: string;
  readonly row: string;
  readonly key: string;
  readonly bareKey: string;
  readonly insert: string;
  /** Of a row that is there, and of the last one that is there, which is hidden. */
  readonly values: string;
  readonly hiddenValues: string;
  readonly set: string;
  readonly where: string;
  readonly returning: string;
}

const f = (
  name: string,
  build: TargetForm['build'],
  options: { readonly honest?: boolean; readonly deletes?: boolean; readonly inserts?: boolean; readonly since?: 18 } = {},
): TargetForm => ({
  name,
  honest: options.honest ?? true,
  build,
  ...(options.deletes === undefined ? {} : { deletes: options.deletes }),
  ...(options.inserts === undefined ? {} : { inserts: options.inserts }),
  ...(options.since === undefined ? {} : { since: options.since }),
});

/** Columns and values of a row for the tables that the agent may insert into. */
const INSERTS: Readonly<Record<string, readonly [columns: string, values: string]>> = {
  orders: ['id, customer_id, tenant, total', "%, 1, 'acme', 1"],
  tickets: ['id, tenant, subject', "%, 'acme', 'about nothing'"],
};

const FORMS: readonly TargetForm[] = [
  f('UPDATE WHERE', (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} < 6 AND (${t.where})`),
  f('UPDATE all WHERE', (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE (${t.where})`, { honest: false }),
  f(
    'UPDATE RETURNING',
    (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} < 6 RETURNING ${t.returning}`,
  ),
  f(
    'UPDATE hidden RETURNING',
    (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} > 12 RETURNING ${t.returning}`,
    { honest: false },
  ),
  f(
    'UPDATE RETURNING the row',
    (t) =>
      `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} = 3 RETURNING ${t.row}::text, to_jsonb(${t.row})`,
    { honest: false },
  ),
  f('UPDATE RETURNING a star', (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} = 3 RETURNING *`),
  f(
    'UPDATE FROM itself',
    (t) =>
      `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.row}.${t.set} FROM ${t.table} AS other WHERE other.${t.bareKey} = ${t.key} AND ${t.key} < 6 AND (${t.where})`,
    { honest: false },
  ),
  f(
    'UPDATE by the value',
    (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = (${t.returning})::text WHERE ${t.key} = 3 RETURNING ${t.set}`,
    { honest: false },
  ),
  f(
    'UPDATE in a CTE',
    (t) =>
      `WITH u AS (UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} < 6 RETURNING ${t.returning} AS v) SELECT * FROM u`,
  ),
  f(
    'UPDATE CASE',
    (t) =>
      `UPDATE ${t.table} AS ${t.row} SET ${t.set} = CASE WHEN ${t.where} THEN 'yes' ELSE 'no' END WHERE ${t.key} < 6 RETURNING ${t.set}`,
  ),
  f(
    'UPDATE old and new',
    (t) =>
      `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} < 6 RETURNING WITH (OLD AS o, NEW AS n) ${t.returning.replaceAll(`${t.row}.`, 'o.')}, ${t.returning.replaceAll(`${t.row}.`, 'n.')}`,
    { since: 18 },
  ),
  f(
    'UPDATE old row',
    (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE ${t.key} < 6 RETURNING old, to_jsonb(new)`,
    { since: 18, honest: false },
  ),
  f('DELETE WHERE', (t) => `DELETE FROM ${t.table} AS ${t.row} WHERE ${t.key} = 2 AND (${t.where})`, { deletes: true }),
  f('DELETE RETURNING', (t) => `DELETE FROM ${t.table} AS ${t.row} WHERE ${t.key} = 2 RETURNING ${t.returning}`, {
    deletes: true,
  }),
  f('DELETE hidden', (t) => `DELETE FROM ${t.table} AS ${t.row} WHERE ${t.key} > 12 RETURNING ${t.returning}`, {
    deletes: true,
    honest: false,
  }),
  f(
    'DELETE USING',
    (t) =>
      `DELETE FROM scratch AS sc USING ${t.table} AS ${t.row} WHERE ${t.key} = sc.id AND sc.id < 6 AND (${t.where}) RETURNING ${t.returning}`,
    { deletes: false },
  ),
  f(
    'UPDATE FROM',
    (t) =>
      `UPDATE scratch AS sc SET tag = 'g' FROM ${t.table} AS ${t.row} WHERE ${t.key} = sc.id AND sc.id < 6 AND (${t.where}) RETURNING sc.id, ${t.returning}`,
  ),
  f(
    'MERGE ON',
    (t) =>
      `MERGE INTO ${t.table} AS ${t.row} USING (VALUES (1), (2), (3)) AS n(k) ON n.k = ${t.key} AND (${t.where}) WHEN MATCHED THEN UPDATE SET ${t.set} = ${t.row}.${t.set}`,
    { honest: false },
  ),
  f(
    'MERGE WHEN AND',
    (t) =>
      `MERGE INTO ${t.table} AS ${t.row} USING (VALUES (1), (2), (3)) AS n(k) ON n.k = ${t.key} WHEN MATCHED AND (${t.where}) THEN UPDATE SET ${t.set} = ${t.row}.${t.set}`,
    { honest: false },
  ),
  f(
    'MERGE RETURNING',
    (t) =>
      `MERGE INTO ${t.table} AS ${t.row} USING (VALUES (1), (2)) AS n(k) ON n.k = ${t.key} WHEN MATCHED THEN UPDATE SET ${t.set} = ${t.row}.${t.set} RETURNING ${t.returning}`,
    { honest: false, since: 18 },
  ),
  f(
    'MERGE using',
    (t) =>
      `MERGE INTO scratch AS sc USING ${t.table} AS ${t.row} ON sc.id = ${t.key} AND ${t.key} < 6 AND (${t.where}) WHEN MATCHED THEN UPDATE SET tag = 'g'`,
  ),
  f(
    'MERGE NOT MATCHED BY SOURCE',
    (t) =>
      `MERGE INTO ${t.table} AS ${t.row} USING (VALUES (-1)) AS n(k) ON n.k = ${t.key} WHEN NOT MATCHED BY SOURCE AND ${t.key} < 6 AND (${t.where}) THEN UPDATE SET ${t.set} = ${t.row}.${t.set} RETURNING merge_action(), ${t.returning}`,
    { honest: false, since: 18 },
  ),
  f(
    'MERGE storing',
    (t) =>
      `MERGE INTO scratch AS sc USING ${t.table} AS ${t.row} ON sc.id = ${t.key} AND ${t.key} = 3 WHEN MATCHED THEN UPDATE SET value = (${t.returning})::text`,
    { honest: false },
  ),
  f(
    'INSERT ON CONFLICT',
    (t) =>
      `INSERT INTO ${t.table} AS ${t.row} (${t.insert}) VALUES (${t.values}) ON CONFLICT (${t.bareKey}) DO UPDATE SET ${t.set} = ${t.row}.${t.set} WHERE ${t.where} RETURNING ${t.returning}`,
    { inserts: true },
  ),
  f(
    'INSERT ON CONFLICT of a hidden row',
    (t) =>
      `INSERT INTO ${t.table} AS ${t.row} (${t.insert}) SELECT ${t.hiddenValues} ON CONFLICT (${t.bareKey}) DO UPDATE SET ${t.set} = excluded.${t.set} RETURNING ${t.returning}, ${t.row}.*`,
    { honest: false, inserts: true },
  ),
  f(
    'WHERE CURRENT OF',
    (t) => `UPDATE ${t.table} AS ${t.row} SET ${t.set} = ${t.set} WHERE CURRENT OF gc RETURNING ${t.returning}`,
    { honest: false },
  ),
];

/** How the target's columns are named. */
const NAMES: readonly { readonly honest: boolean; sql(row: string, column: string): string }[] = [
  { honest: true, sql: (row, column) => `${row}.${column}` },
  { honest: true, sql: (row, column) => `${row}.${column}` },
  { honest: true, sql: (_row, column) => column },
  { honest: false, sql: (row, column) => `(${row}).${column}` },
  { honest: false, sql: (row, column) => `${column}(${row})` },
  { honest: true, sql: (row, column) => `(SELECT ${row}.${column})` },
];

export interface TargetStatement extends Statement {
  readonly parts: readonly string[];
}

export function composeTarget(maker: Maker): TargetStatement {
  const { draw, honest } = maker;
  const fits = allowed(maker);
  const form = draw.pick(FORMS, fits);
  const source = / (USING|FROM)$|^MERGE (using|storing)/.test(form.name);
  const table: Table = draw.pick(TABLES, (each) => {
    if (form.inserts === true) return Object.hasOwn(INSERTS, each.name) && each.schema === 'public';
    if (!honest) return each.kind === 'table';
    if (source) return each.granted && each.kind === 'table';
    return each.updatable !== undefined && (form.deletes !== true || each.deletable === true);
  });
  const row = draw.pick(['x', 'tt', quoted(table.name)]);
  const name = draw.pick(NAMES, fits);
  const fields = table.columns
    .filter(({ guard }) => !honest || guard === 'clear' || (guard === 'masked' && draw.chance(0.5)))
    .map(
      (column): Field => ({
        sql: source ? `${row}.${quoted(column.name)}` : name.sql(row, quoted(column.name)),
        name: column.name,
        column,
      }),
    );
  const key = `${row}.${quoted(table.key)}`;
  const told = condition(draw.pick(worthwhile(fields, maker)), key, maker);
  const whole = !honest && draw.chance(0.2) ? draw.pick(ROWS, fits).sql(row) : null;
  const out = shown(draw.pick(worthwhile(fields, maker)), maker);
  const set = quoted(table.updatable ?? table.columns.find(({ type }) => type === 'text')?.name ?? table.key);
  const sql = form.build({
    table: `${quoted(table.schema)}.${quoted(table.name)}`,
    row,
    key,
    bareKey: quoted(table.key),
    insert: INSERTS[table.name]?.[0] ?? '',
    values: INSERTS[table.name]?.[1].replace('%', '3') ?? '',
    hiddenValues: INSERTS[table.name]?.[1].replace('%', `(SELECT max(id) FROM ${quoted(table.name)})`) ?? '',
    set,
    where: told.sql,
    returning: single(whole ?? out.sql),
  });
  const shape: Shape = form.name === 'WHERE CURRENT OF' ? 'script' : 'dml';
  const steps =
    shape === 'script'
      ? [`DECLARE gc CURSOR FOR SELECT * FROM ${quoted(table.schema)}.${quoted(table.name)} FOR UPDATE`, 'FETCH gc', sql]
      : [sql];
  return { steps, shape, writes: true, own: false, parts: [table.name, ...told.parts, ...out.parts, form.name] };
}
