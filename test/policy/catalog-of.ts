/** The catalog of a live test server, read as the sidecar reads it, over the `pg` driver. */
import pg from 'pg';
import { Catalog } from '../../core/catalog/catalog.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';

export async function catalogOf(url: string): Promise<Catalog> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (value: string) => value } });
  await client.connect();
  try {
    const simpleQuery = async (sql: string) => {
      const answer = (await client.query({ text: sql, rowMode: 'array' })) as unknown as
        | pg.QueryArrayResult
        | pg.QueryArrayResult[];
      return (Array.isArray(answer) ? answer : [answer]).map((result) => result.rows as (string | null)[][]);
    };
    return new Catalog(await readCatalog({ simpleQuery }));
  } finally {
    await client.end();
  }
}
