/**
 * Reads the schema of the connected database: one simple Query, one round trip, one snapshot (core/catalog/queries.ts).
 */
import { buildCatalog, CatalogError } from '../../core/catalog/build.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import { CATALOG_QUERY, CHANGE_PROBE } from '../../core/catalog/queries.ts';

/** Rows in text format, one list per statement that returned rows. */
export type ResultRows = readonly (readonly (string | null)[])[];

/** Whatever can send one simple Query and collect its rows. */
export interface SimpleQueryConnection {
  /** Rejects when the server answers with an error; the connection stays usable. */
  simpleQuery(sql: string): Promise<readonly ResultRows[]>;
}

/**
 * @throws CatalogError when the answer is not a schema; whatever `simpleQuery` rejects with.
 */
export async function readCatalog(connection: SimpleQueryConnection): Promise<CatalogData> {
  const results = await connection.simpleQuery(CATALOG_QUERY);
  return buildCatalog(results.flat());
}

/** A short text that changes when the schema does. */
export async function probeCatalog(connection: SimpleQueryConnection): Promise<string> {
  const value = (await connection.simpleQuery(CHANGE_PROBE)).at(-1)?.[0]?.[0];
  if (typeof value !== 'string') throw new CatalogError('The server did not answer the schema probe.');
  return value;
}
