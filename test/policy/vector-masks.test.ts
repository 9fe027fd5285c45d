/** pgvector's types: no package of it for the servers above, so PGlite, which carries the extension. */
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import { renderTemplate } from '../../core/policy/bundle.ts';
import { compileMask } from '../../core/policy/masks/compile-mask.ts';
import { type ResultRows, readCatalog } from '../../sidecar/catalog/reader.ts';
import type { MaskSpec } from '../../crds/database-access-policy.ts';

let database: PGlite;
let catalog: Catalog;

beforeAll(async () => {
  database = new PGlite({ extensions: { vector } });
  await database.exec(`CREATE EXTENSION vector;
    CREATE TABLE items (id int, v3 vector(3) NOT NULL, v vector NOT NULL, maybe vector(2), h halfvec(3) NOT NULL, s sparsevec(5) NOT NULL);
    INSERT INTO items VALUES (1, '[1,2,3]', '[1,2]', NULL, '[1,2,3]', '{1:1,3:2}/5'), (2, '[4,5,6]', '[9]', '[1,1]', '[4,5,6]', '{2:7}/5')`);
  const text = (value: string): string => value;
  const parsers = Object.fromEntries([16, 20, 21, 23, 25, 26, 114, 1009, 1043, 3802].map((oid) => [oid, text]));
  const simpleQuery = async (sql: string): Promise<readonly ResultRows[]> =>
    (await database.exec(sql, { rowMode: 'array', parsers })).map((result) => result.rows as unknown as ResultRows);
  catalog = new Catalog(await readCatalog({ simpleQuery }));
}, 60_000);
afterAll(() => database?.close());

it.each<readonly [MaskSpec, string]>([
  [{ redact: {} }, 'redact'],
  [{ nullify: {} }, 'nullify'],
  [{ hash: {} }, 'redact'],
])('%j keeps type and dimensions, and hides the value', async (spec, kind) => {
  const relation = catalog.relationNamed('public', 'items');
  for (const column of relation?.columns.filter((each) => each.name !== 'id') ?? []) {
    const compiled = compileMask(spec, column, catalog);
    expect(compiled.kind).toBe(kind);
    const mask = renderTemplate(compiled.template, () => `t."${column.name}"`);
    await database.exec(
      `DROP TABLE IF EXISTS made; CREATE TABLE made AS SELECT t."${column.name}" AS original, ${mask} AS masked FROM items t`,
    );
    const { rows } = await database.query<{ type: string }>(
      `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(rows[1]?.type, column.name).toBe(rows[0]?.type);
    const shown = await database.query<{ original: string | null; masked: string | null }>(
      'SELECT original::text, masked::text FROM made',
    );
    for (const row of shown.rows) if (row.original !== null) expect(row.masked).not.toBe(row.original);
    if (column.name === 'v3') expect(shown.rows.map((row) => row.masked)).toEqual(['[0,0,0]', '[0,0,0]']);
  }
});
