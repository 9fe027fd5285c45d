/** Reads a real server's catalog through node-postgres, for tests that need a Catalog but no proxy. */
import pg from 'pg';
import { Catalog } from '../../core/catalog/catalog.ts';
import { readCatalog, type ResultRows, type SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';

/** Everything as text, one list of rows per statement. */
export function simpleQueryOver(client: pg.Client): SimpleQueryConnection {
  return {
    async simpleQuery(sql) {
      const answer: unknown = await client.query({
        text: sql,
        rowMode: 'array',
        types: { getTypeParser: () => (value: string) => value } as never,
      });
      return (Array.isArray(answer) ? answer : [answer]).map((result) => (result as { rows: ResultRows }).rows);
    },
  };
}

export async function catalogOf(url: string): Promise<Catalog> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return new Catalog(await readCatalog(simpleQueryOver(client)));
  } finally {
    await client.end();
  }
}
