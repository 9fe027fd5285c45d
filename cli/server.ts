/** A server to ask about a schema, for commands that serve nobody: the Database's own, one given by URL, or a throw-away one with a schema file. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { openQueryClient } from '../sidecar/catalog/query-client.ts';
import type { SimpleQueryConnection } from '../sidecar/catalog/reader.ts';
import type { PolicySource } from '../sidecar/bundle/policy-source.ts';
import { type Access, accessFromUrl } from '../sidecar/proxy/access.ts';
import { connectUpstream } from '../sidecar/upstream/connect.ts';
import { upstreamSettings } from '../sidecar/upstream/startup-settings.ts';
import { UpstreamError } from '../sidecar/upstream/upstream-error.ts';
import { parseUpstreamUrl } from '../sidecar/upstream/upstream-url.ts';
import { startLocalPostgres } from './demo/local-postgres.ts';
import { CliError } from './errors.ts';
import { accessFor } from './policies.ts';

export interface ServerOptions {
  readonly upstream?: string;
  /** A file of SQL, loaded into a throw-away server on loopback. */
  readonly schema?: string;
}

/** Throws CliError when the server cannot be asked, and whatever `use` throws. */
export async function withServer<T>(
  options: ServerOptions,
  source: PolicySource,
  use: (connection: SimpleQueryConnection) => Promise<T>,
): Promise<T> {
  if (options.schema === undefined) return said(() => connected(accessFor(options.upstream, source)(), use));
  const database = source.current.database!;
  return withSchemaFile(options.schema, database.spec.endpoint.database, (url) =>
    connected(accessFromUrl(parseUpstreamUrl(url), database), use),
  );
}

/** Throws CliError when the server cannot be asked. */
export function withUpstream<T>(access: Access, use: (connection: SimpleQueryConnection) => Promise<T>): Promise<T> {
  return said(() => connected(access, use));
}

async function connected<T>(access: Access, use: (connection: SimpleQueryConnection) => Promise<T>): Promise<T> {
  const connection = await connectUpstream({
    target: access.target,
    user: access.user,
    ...(access.password === undefined ? {} : { password: access.password }),
    database: access.database,
    requireChannelBinding: access.requireChannelBinding,
    settings: upstreamSettings('sluice-check', []),
  });
  const client = openQueryClient(connection);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function withSchemaFile<T>(file: string, database: string, read: (url: string) => Promise<T>): Promise<T> {
  const schema = await readFile(file, 'utf8').catch(() => {
    throw new CliError(`cannot read the schema file ${file}`);
  });
  const { Client, escapeIdentifier } = createRequire(import.meta.url)('pg') as typeof import('pg');
  const server = await startLocalPostgres({ major: 18 });
  try {
    const run = async (name: string, sql: string): Promise<void> => {
      const client = new Client({ connectionString: server.url(name) });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    };
    if (database !== 'postgres') await run('postgres', `CREATE DATABASE ${escapeIdentifier(database)}`);
    await run(encodeURIComponent(database), schema).catch((error: Error) => {
      throw new CliError(`the schema file ${file} cannot be loaded: ${error.message}`);
    });
    return await read(server.url(encodeURIComponent(database)));
  } finally {
    await server.stop();
  }
}

async function said<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof UpstreamError)
      throw new CliError(error.hint === undefined ? error.message : `${error.message} (${error.hint})`, 1, { cause: error });
    throw error;
  }
}
