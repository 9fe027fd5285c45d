/** What a load needs to know of the tables there are. */
import type pg from 'pg';

export interface Column {
  readonly name: string;
  readonly notNull: boolean;
  readonly array: boolean;
  /** A string type. */
  readonly text: boolean;
  /** varchar(n), char(n). */
  readonly maxLength: number | undefined;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly table: string;
  readonly referenced: readonly string[];
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly keys: readonly ForeignKey[];
}

const QUERY = `
SELECT c.relname AS name,
  (SELECT json_agg(json_build_object('name', a.attname, 'notNull', a.attnotnull, 'array', a.attndims > 0 OR t.typcategory = 'A', 'text', t.typcategory = 'S',
      'maxLength', CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
  coalesce((SELECT json_agg(json_build_object('table', p.relname,
      'columns', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY u(attnum, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
      'referenced', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY u(attnum, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum)) ORDER BY k.conname)
    FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid WHERE k.conrelid = c.oid AND k.contype = 'f'), '[]'::json) AS keys
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`;

export async function readTables(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table & { readonly columns: readonly (Column & { readonly maxLength: number | null })[] }>(
    QUERY,
  );
  return rows.map((table) => ({
    ...table,
    columns: table.columns.map((column) => ({ ...column, maxLength: column.maxLength ?? undefined })),
  }));
}
