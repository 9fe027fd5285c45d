/**
 * Reads the schema of the connected database: one simple Query, one round trip, one snapshot (core/catalog/queries.ts).
 */
import { buildCatalog, CatalogError } from '../../core/catalog/build.ts';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { buildFacts, FACTS_QUERY } from '../../core/sensitivity/facts-query.ts';
import type { TableFacts } from '../../core/sensitivity/facts.ts';
import type { CatalogData } from '../../core/catalog/model.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { CATALOG_QUERY, CHANGE_PROBE } from '../../core/catalog/queries.ts';

/** Rows in text format, one list per statement that returned rows. */
export type ResultRows = readonly (readonly (string | null)[])[];

/** The server answered with an error. `message` may quote the server, and with it values: for queries about the schema only. */
export class QueryError extends UpstreamError {
  readonly sqlstate: string;

  constructor(sqlstate: string, message: string) {
    super('SLUICE-807', `the schema cannot be read: ${message}`);
    this.name = 'QueryError';
    this.sqlstate = sqlstate;
  }
}

/** Whatever can send one simple Query and collect its rows. */
export interface SimpleQueryConnection {
  /**
   * Rejects when the server answers with an error (QueryError); the connection stays usable. With `onRow` rows are handed over as they come
   * and none are held.
   */
  simpleQuery(sql: string, onRow?: (row: readonly (string | null)[]) => void): Promise<readonly ResultRows[]>;
}

/**
 * @throws CatalogError when the answer is not a schema; whatever `simpleQuery` rejects with.
 */
export async function readCatalog(connection: SimpleQueryConnection): Promise<CatalogData> {
  const results = await connection.simpleQuery(CATALOG_QUERY);
  return buildCatalog(results.flat());
}

/** Comments, keys, checks, defaults and sizes: what detection needs beyond the catalog. Throws as `readCatalog`. */
export async function readFacts(connection: SimpleQueryConnection, catalog: Catalog): Promise<readonly TableFacts[]> {
  return buildFacts(catalog, (await connection.simpleQuery(FACTS_QUERY)).flat());
}

/** A short text that changes when the schema does. */
export async function probeCatalog(connection: SimpleQueryConnection): Promise<string> {
  const value = (await connection.simpleQuery(CHANGE_PROBE)).at(-1)?.[0]?.[0];
  if (typeof value !== 'string') throw new CatalogError('The server did not answer the schema probe.');
  return value;
}
