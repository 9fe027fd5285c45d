/** The demo's plot: a database, a policy, a proxy, an agent; then the audit trail of it all, and its verification. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { show } from '../audit/show.ts';
import { VERDICT, verify } from '../audit/verify.ts';
import { CliError } from '../errors.ts';
import { type LocalPostgres, startLocalPostgres } from './local-postgres.ts';
import { samplePeople } from './people.ts';

export interface StoryOptions {
  readonly keep: boolean;
  /** Seconds between the agent's statements. */
  readonly pace: number;
  readonly out: Writable;
}

interface Proxy {
  readonly child: ChildProcess;
  readonly listen: string;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const sluice = here('../../bin/sluice');
const IDENTITY = 'ai-agents/support-agent';
const PROXY_START_MS = 20_000;

export async function tellStory(options: StoryOptions): Promise<void> {
  const say = (text: string): void => void options.out.write(`${text}\n`);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const audit = join(directory, 'audit.jsonl');
  const policy = here('policy.yaml');
  let server: LocalPostgres | undefined;
  let proxy: Proxy | undefined;
  try {
    say('1. A PostgreSQL 18 on this machine, with a shop and its support desk in it');
    const login = randomBytes(9).toString('hex');
    server = await startLocalPostgres({ major: 18 });
    const customers = await createShop(server, login);
    say(`   127.0.0.1:${server.port}, database "shop": ${customers} invented customers, their orders and tickets, and a payroll`);

    say(`\n2. The proxy, as the service account ${IDENTITY}, with two YAML documents (cli/demo/policy.yaml)`);
    proxy = await startProxy([
      '--policy',
      policy,
      '--as',
      IDENTITY,
      '--database',
      'data-platform/shop',
      '--listen',
      '127.0.0.1:0',
      '--upstream',
      server.url('shop', 'shop_app', login),
      '--audit',
      audit,
    ]);
    say(`   listening on ${proxy.listen}; the agent gets no password, and needs none`);

    say('\n3. The agent: plain "pg", DATABASE_URL pointing to localhost');
    await runAgent(proxy.listen, options);
    await sessionEnded(audit);

    say('\n4. What was recorded, before each statement was forwarded');
    await show(audit, { output: 'table' }, options.out);

    say('\n5. Verified: the hash chain of the audit file holds');
    if ((await verify([audit], { output: 'text' }, options.out)) !== VERDICT.valid)
      throw new CliError('the audit file does not verify');

    if (options.keep) await keep(proxy, audit, say);
    else say('\nDone. Run it again with --keep to get a psql prompt on the proxy.');
  } finally {
    await stopProxy(proxy);
    await server?.stop();
    if (!options.keep) await rm(directory, { recursive: true, force: true });
  }
}

/** The database of the story; how many customers it has. */
export async function createShop(server: LocalPostgres, login: string): Promise<number> {
  // Only the demo and the tests have a client library; the proxy has none.
  const { Client } = createRequire(import.meta.url)('pg') as typeof import('pg');
  const admin = new Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  const shop = new Client({ connectionString: server.url('shop') });
  await shop.connect();
  try {
    await shop.query((await readFile(here('schema.sql'), 'utf8')).replace(":'app_password'", shop.escapeLiteral(login)));
    const sample = samplePeople();
    for (const [table, rows] of Object.entries(sample.tables)) {
      // One JSON array a table: a single round trip, typed by the table itself.
      const columns = rows.map((row) => row.split('\t'));
      const width = columns[0]?.length ?? 0;
      const names = await shop.query<{ column_name: string; type: string }>(
        'SELECT attname AS column_name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum',
        [table],
      );
      const list = names.rows.slice(0, width).map(({ type }, index) => `(value ->> ${index})::${type}`);
      await shop.query(`INSERT INTO ${table} SELECT ${list.join(', ')} FROM json_array_elements($1::json)`, [
        JSON.stringify(columns),
      ]);
    }
    await shop.query(`SELECT setval(pg_get_serial_sequence('tickets', 'id'), (SELECT max(id) FROM tickets))`);
    await shop.query('ANALYZE');
    return sample.customers;
  } finally {
    await shop.end();
  }
}

async function startProxy(args: readonly string[]): Promise<Proxy> {
  const child = spawn(sluice, ['proxy', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 10_000) complaint += text;
  });
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new CliError(`the proxy did not start in ${PROXY_START_MS / 1000} s: ${complaint}`)),
      PROXY_START_MS,
    );
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new CliError(`the proxy ended with ${code}: ${complaint.trim()}`));
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const ready = printed.split('\n').find((line) => line.includes('"msg":"ready"'));
      if (ready === undefined) return;
      clearTimeout(late);
      resolve({ child, listen: (JSON.parse(ready) as { listen: string }).listen });
    });
  });
}

async function runAgent(listen: string, options: StoryOptions): Promise<void> {
  const agent = spawn(process.execPath, [here('agent.mjs')], {
    env: { PATH: process.env['PATH'], DATABASE_URL: `postgres://agent@${listen}/shop`, DEMO_PACE: String(options.pace) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  agent.stdout.pipe(options.out, { end: false });
  const code = await new Promise<number | null>((resolve) => agent.once('close', resolve));
  if (code === 4) throw new CliError('the agent lost its connection: is the database still there?');
  if (code !== 0)
    throw new CliError(`the story did not go as told: a statement was answered otherwise than it should be (agent exit ${code})`);
}

/** The proxy notices a moment later that the agent has left; its last records follow then. */
async function sessionEnded(audit: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    if ((await readFile(audit, 'utf8')).includes('"type":"session-end"')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves when the person has seen enough (Ctrl-C) or the proxy ends. */
async function keep(proxy: Proxy, audit: string, say: (text: string) => void): Promise<void> {
  const [host, port] = proxy.listen.split(':');
  say(
    `\nStill running. In another terminal:\n   psql "host=${host} port=${port} dbname=shop user=agent"\n   bin/sluice audit show ${audit}\nCtrl-C ends it.`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    proxy.child.once('exit', () => resolve());
  });
  if (
    await stat(audit).then(
      (found) => found.size > 0,
      () => false,
    )
  )
    say(`\nThe audit file stays at ${audit}`);
}

async function stopProxy(proxy: Proxy | undefined): Promise<void> {
  if (proxy === undefined || proxy.child.exitCode !== null) return;
  const gone = new Promise<void>((resolve) => proxy.child.once('exit', () => resolve()));
  proxy.child.kill('SIGTERM');
  const impatient = setTimeout(() => proxy.child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(impatient);
}
