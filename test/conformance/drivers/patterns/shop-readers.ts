/** Reads every table of the shop in every way of node-postgres and postgres.js. argv: PORT USER DATABASE TABLE… */
import pg from 'pg';
import postgres from 'postgres';
import { runPatterns, type Pattern } from './harness.ts';

const [port = '', user = '', database = '', ...tables] = process.argv.slice(2);
const address = { host: '127.0.0.1', port: Number(port), user, database };
const client = new pg.Client(address);
client.on('error', () => undefined);
await client.connect();
const sql = postgres({ ...address, max: 1, onnotice: () => undefined });

async function block(...statements: readonly string[]): Promise<number> {
  let rows = 0;
  try {
    for (const text of statements) rows += (await client.query(text)).rowCount ?? 0;
  } finally {
    await client.query('ROLLBACK');
  }
  return rows;
}

const WAYS: Readonly<Record<string, (table: string) => Promise<unknown>>> = {
  simple: (table) => client.query(`SELECT * FROM ${table}`),
  parameters: (table) => client.query(`SELECT * FROM ${table} LIMIT $1`, [1_000]),
  named: (table) => client.query({ name: `all of ${table}`, text: `SELECT * FROM ${table} AS t WHERE $1`, values: [true] }),
  binary: (table) => client.query({ text: `SELECT * FROM ${table} LIMIT $1`, values: [1_000], binary: true } as pg.QueryConfig),
  rows: (table) => client.query(`SELECT t FROM ${table} AS t`),
  json: (table) => client.query(`SELECT json_agg(row_to_json(t)) FROM ${table} AS t`),
  'declared cursor': (table) => block('BEGIN', `DECLARE c CURSOR FOR SELECT * FROM ${table}`, 'FETCH ALL FROM c'),
  'binary cursor': (table) =>
    block('BEGIN', `DECLARE c BINARY CURSOR FOR SELECT * FROM ${table}`, 'FETCH 3 FROM c', 'FETCH ALL FROM c'),
  'prepared by SQL': (table) => block('BEGIN', `PREPARE p AS SELECT * FROM ${table}`, 'EXECUTE p', 'DEALLOCATE p'),
  'several statements': (table) => client.query(`SELECT 1; SELECT * FROM ${table}; TABLE ${table}`),
  'temporary copy': (table) =>
    block('BEGIN', `CREATE TEMP TABLE mine ON COMMIT DROP AS SELECT * FROM ${table}`, 'SELECT * FROM mine'),
  'postgres.js': (table) => sql.unsafe(`SELECT * FROM ${table} LIMIT $1`, [1_000], { prepare: true }),
  'postgres.js cursor': async (table) => {
    for await (const rows of sql.unsafe(`SELECT * FROM ${table}`).cursor(5)) if (rows.length === 0) break;
  },
  'postgres.js raw': (table) => sql.unsafe(`SELECT * FROM ${table}`).raw(),
  'postgres.js copy': async (table) => {
    for await (const _ of await sql.unsafe(`COPY ${table} TO STDOUT`).readable());
  },
  'postgres.js copy of a query': async (table) => {
    for await (const _ of await sql.unsafe(`COPY (SELECT * FROM ${table}) TO STDOUT (FORMAT binary)`).readable());
  },
};

const patterns = tables.flatMap((table) =>
  Object.entries(WAYS).map(([way, read]): Pattern => ({ name: `${table} by ${way}`, run: async () => void (await read(table)) })),
);
await runPatterns(patterns, (error) => (error as { readonly code?: string }).code ?? String(error));
process.exit(0);
