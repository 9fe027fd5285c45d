/**
 * Records what real clients and a real server say to each other, as seeds of the frames' corpus: `npx node test/fuzz/record.ts [PYTHON]`, with a
 * Python that has psycopg. Run by hand when a client with other habits should be among the seeds.
 */
import { spawn } from 'node:child_process';
import pg from 'pg';
import { splitMessages } from '../support/backend.ts';
import { startShop } from '../support/shop.ts';
import { startTap } from '../support/tap.ts';
import { keep } from './corpus.ts';

const LARGEST = 4_000;
/** Of the frames target's tables. */
const CLIENT = 3;
const SERVER = 1;
const LOGIN = 2;

const PSQL = `SELECT id, name FROM customers ORDER BY id LIMIT 3;
\\d products
BEGIN; UPDATE scratch SET id = id; ROLLBACK;
COPY (SELECT 1, 'x') TO STDOUT;
SELECT 1/0;
LISTEN orders; NOTIFY orders, 'x';
\\bind 2 \\g
`;
const PYTHON = `
import psycopg, sys
with psycopg.connect(sys.argv[1]) as c:
    c.execute("SELECT id, price, attributes FROM products WHERE id = %s", (3,)).fetchall()
    for _ in range(6): c.execute("SELECT %s::int + 1", (4,)).fetchone()
    with c.pipeline():
        c.execute("SELECT 1"); c.execute("SELECT %s", ("x",))
    with c.cursor().copy("COPY scratch FROM STDIN") as copy: pass
    cur = c.cursor("named"); cur.execute("SELECT * FROM products"); cur.fetchmany(2)
    c.cursor(binary=True).execute("SELECT id, created_at FROM customers LIMIT 2").fetchall()
    c.rollback()
`;

interface Recording {
  client: Buffer;
  server: Buffer;
}

const shop = await startShop(18, ['a'], { name: () => 'shop' });
const recordings = new Map<number, Recording>();
const of = (connection: number): Recording => {
  const known = recordings.get(connection) ?? { client: Buffer.alloc(0), server: Buffer.alloc(0) };
  recordings.set(connection, known);
  return known;
};
const tap = await startTap({
  port: shop.server.port,
  onClientData: (chunk, connection) => void (of(connection).client = Buffer.concat([of(connection).client, chunk])),
  onServerData: (chunk, connection) => void (of(connection).server = Buffer.concat([of(connection).server, chunk])),
});
const url = `postgres://shop_app:app@127.0.0.1:${tap.port}/shop?sslmode=disable`;
await record('psql', () => run('psql', ['-X', url], PSQL));
await record('pg', async () => {
  const client = new pg.Client({ connectionString: url.replace('?sslmode=disable', '') });
  await client.connect();
  await client.query('SELECT id, name FROM customers WHERE id = $1', [2]);
  await client.query({ name: 'kept', text: 'SELECT $1::text AS x', values: ['y'] });
  await client.query({ name: 'kept', text: 'SELECT $1::text AS x', values: ['z'] });
  await client.query('SELECT nothing').catch(() => undefined);
  await client.query('BEGIN; SELECT 1; COMMIT');
  await client.end();
});
const python = process.argv[2];
if (python !== undefined) await record('psycopg', () => run(python, ['-c', PYTHON, url], ''));
await tap.stop();
await shop.stop();

async function run(program: string, args: readonly string[], input: string): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  await new Promise((resolve) => child.once('close', resolve));
}

async function record(name: string, use: () => Promise<void>): Promise<void> {
  recordings.clear();
  await use();
  for (const { client, server } of recordings.values()) {
    const startup = client.readUInt32BE(0);
    await save(`${name}-client`, CLIENT, client.subarray(startup));
    const login = loginLength(server);
    await save(`${name}-login`, LOGIN, server.subarray(0, login));
    await save(`${name}-server`, SERVER, server.subarray(login));
  }
}

function loginLength(server: Buffer): number {
  let length = 0;
  for (const { type, body } of splitMessages(server).messages) {
    length += body.length + 5;
    if (type === 'Z') return length;
  }
  return length;
}

/** As many whole messages as fit. */
async function save(name: string, table: number, stream: Buffer): Promise<void> {
  let length = 0;
  for (const { body } of splitMessages(stream).messages) {
    if (length + body.length + 5 > LARGEST) break;
    length += body.length + 5;
  }
  await keep('frames', `recorded-${name}`, Buffer.concat([Buffer.from([table, 1, 7, 0]), stream.subarray(0, length)]), 'bin');
}
