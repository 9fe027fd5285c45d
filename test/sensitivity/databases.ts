/** A database for each labelled schema, with its tables and values. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { LocalPostgres } from '../support/postgres.ts';
import { foreignSchema, isForeign } from './foreign.ts';
import type { LabelledSchema } from './labels.ts';
import { type LoadOptions, type Loaded, load, quoted } from './values/load.ts';

/** The DDL of a schema. Throws MissingError where it stands in a package that cannot be had. */
export async function ddlOf(schema: LabelledSchema): Promise<string> {
  if (isForeign(schema.name)) return foreignSchema(schema.name);
  return readFile(fileURLToPath(new URL(`schemas/${schema.set}/${schema.name}.sql`, import.meta.url)), 'utf8');
}

/** Creates, fills and analyses a database of the schema's name. */
export async function createDatabase(server: LocalPostgres, schema: LabelledSchema, options: LoadOptions): Promise<Loaded> {
  const ddl = await ddlOf(schema);
  await withClient(server.url(), (client) => client.query(`CREATE DATABASE ${quoted(schema.name)}`));
  return withClient(server.url(schema.name), async (client) => {
    await client.query(ddl);
    return load(client, schema, options);
  });
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
