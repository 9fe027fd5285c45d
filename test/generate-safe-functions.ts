/**
 * Writes core/sql/names/generated/safe-functions.ts from live servers (PostgreSQL 15 and 18). Run by hand after a change of
 * core/sql/names/generate/rules.ts, read the diff, commit it: `node test/generate-safe-functions.ts`.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { FUNCTION_QUERY, render, toFunctionRow } from '../core/sql/names/generate/query.ts';
import { type FunctionRow, safeList } from '../core/sql/names/generate/rules.ts';
import { startLocalPostgres } from './support/postgres.ts';

export async function readFunctions(major: 15 | 18): Promise<readonly FunctionRow[]> {
  const server = await startLocalPostgres({ major });
  const client = new pg.Client({ connectionString: server.url() });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(FUNCTION_QUERY)).rows.map(toFunctionRow);
  } finally {
    await client.end();
    await server.stop();
  }
}

if (import.meta.main) {
  const rows = [...(await readFunctions(15)), ...(await readFunctions(18))];
  const target = fileURLToPath(new URL('../core/sql/names/generated/safe-functions.ts', import.meta.url));
  const entries = safeList(rows);
  await writeFile(target, render(entries));
  process.stdout.write(`${entries.length} names safe of ${new Set(rows.map((row) => row.name)).size}\n`);
}
