/**
 * Every refusal is counted under its code: each code that a client (or a server) can provoke is provoked against the real
 * command, and the counter of the metrics endpoint must move. Those that nobody can provoke from outside are named with the reason.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CODES, type Code } from '../../core/errors/codes.ts';
import * as f from '../support/frontend.ts';
import { hasProgram } from '../support/majors.ts';
import { must, restrictedIdentity, restrictivePolicy, rows, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { WireClient } from '../support/wire-client.ts';
import { type ChaosRelay, startChaosRelay } from './chaos-relay.ts';

const run = promisify(execFile);

/** Why a code cannot come from outside, and where it is proven instead. */
const UNREACHABLE: Partial<Record<Code, string>> = {
  'SLUICE-103': 'needs an older server than this one: core/sql/analyse.test.ts and test/write/rules.test.ts',
  'SLUICE-105': 'a defect of ours that the rewriter catches: core/sql/text/text.test.ts',
  'SLUICE-707': 'a defect of ours: test/faults/faults-of-ours.test.ts',
  'SLUICE-708': 'only in a pod: test/injected/start.test.ts',
  'SLUICE-709': 'only in a pod: test/injected/staleness.test.ts',
  'SLUICE-710': 'only in a pod: test/injected/start.test.ts',
};

let directory: string;
let policy: string;
let shop: Shop;
let relay: ChaosRelay;
let sluice: RunningSluice;
let metrics: string;

const connect = (database = 'shop', timeout = 20_000): Promise<WireClient> =>
  WireClient.connect({ port: sluice.port, user: 'agent', database, timeout });

async function counted(code: Code): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return Number(new RegExp(`^sluice_refusals_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

async function start(extra: readonly string[] = []): Promise<void> {
  sluice = await startSluice({
    policy: [policy],
    as: restrictedIdentity,
    upstream: shop.url('shop').replace(`:${shop.server.port}`, `:${relay.port}`),
    extra: ['--metrics', '127.0.0.1:0', '--log-level', 'error', ...extra],
  });
  metrics = /"metrics":"([^"]+)"/.exec(sluice.output())![1]!;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-codes-'));
  policy = join(directory, 'policy.yaml');
  const text = await readFile(restrictivePolicy, 'utf8');
  await writeFile(policy, text.replace('statementTimeout: 5s, maxConnections: 50', 'statementTimeout: 1s, maxConnections: 25'));
  shop = await startShop(18, ['a'], { name: () => 'shop' });
  relay = await startChaosRelay({ port: shop.server.port });
  await start();
});
afterAll(async () => {
  await sluice?.stop();
  await relay?.stop();
  await shop?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** One statement, in a session of its own. */
const statement = (sql: string) => async (): Promise<void> => {
  const client = await connect();
  await client.query(sql);
  await client.close();
};
/** Bytes behind a login. */
const bytes =
  (...sent: readonly Buffer[]) =>
  async (): Promise<void> => {
    const client = await connect();
    client.send(...sent);
    await client.pending(100);
    client.destroy();
  };
/** Bytes instead of a login. */
const opening = (sent: Buffer) => async (): Promise<void> => {
  const client = await WireClient.open({ port: sluice.port });
  client.send(sent);
  await client.pending(100);
  client.destroy();
};
/** A login that fails. */
const refusedLogin =
  (database = 'shop') =>
  async (): Promise<void> => {
    await connect(database).then(
      (client) => client.close(),
      () => undefined,
    );
  };
/** What the server sends is changed on the way once this session is up. */
const lying = (sql: string, edit: (chunk: Buffer) => Buffer) => async (): Promise<void> => {
  let lies = false;
  relay.behave = () => ({ edit: (direction, chunk) => (lies && direction === 'toClient' ? edit(chunk) : chunk) });
  const client = await connect();
  relay.behave = () => undefined;
  lies = true;
  await client.query(sql);
  client.destroy();
};
const superuser = async (sql: string): Promise<void> => {
  const client = await shop.connect('postgres', 'superuser');
  await must(client, sql);
  await client.close();
};

type Provocation = readonly [code: Code, name: string, provoke: () => Promise<void>];

const PROVOCATIONS: readonly Provocation[] = [
  ['SLUICE-101', 'no grammar', statement('SELECT FROM WHERE')],
  ['SLUICE-102', 'a form nobody knows', statement('SET search_path TO public; ROLLBACK; SELECT 1')],
  ['SLUICE-104', 'too large', statement(`SELECT '${'x'.repeat(2_000_000)}'`)],
  ['SLUICE-104', 'too deep', statement(`SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`)],
  ['SLUICE-106', 'no UTF-8', bytes(f.message('Q', Buffer.from([0x53, 0xff, 0])))],
  ['SLUICE-201', 'an ungranted table', statement('SELECT * FROM payroll')],
  ['SLUICE-202', 'an ungranted column', statement('SELECT salary FROM employees')],
  ['SLUICE-203', 'an ungranted action', statement("UPDATE products SET name = 'x' WHERE id = 1")],
  ['SLUICE-204', 'an ungranted function', statement("SELECT pg_read_file('/etc/passwd')")],
  ['SLUICE-205', 'a pinned setting', statement('SET row_security = off')],
  [
    'SLUICE-205',
    'at the startup',
    opening(
      f.startup([
        ['user', 'a'],
        ['database', 'shop'],
        ['client_encoding', 'LATIN1'],
      ]),
    ),
  ],
  ['SLUICE-206', 'a kind of statement', statement('DO $$ BEGIN END $$')],
  ['SLUICE-207', 'a row type', statement('SELECT NULL::payroll')],
  ['SLUICE-208', 'an operator', statement("SELECT name === 'x' FROM customers")],
  ['SLUICE-209', 'a channel', statement('LISTEN elsewhere')],
  ['SLUICE-301', 'no WHERE', statement('DELETE FROM orders')],
  [
    'SLUICE-302',
    'too many rows written',
    statement("INSERT INTO scratch (tag, value) SELECT 'x', 'y' FROM generate_series(1, 9)"),
  ],
  ['SLUICE-303', 'a protection', statement('DROP TABLE scratch')],
  [
    'SLUICE-304',
    'a row outside the filter',
    statement("INSERT INTO orders (id, tenant, customer_id, total) VALUES (99991, 'globex', 2, 1)"),
  ],
  ['SLUICE-401', 'too many rows', statement('SELECT generate_series(1, 2000)')],
  ['SLUICE-402', 'too slow', statement('SELECT count(*) FROM generate_series(1, 1000000000)')],
  [
    'SLUICE-403',
    'too many sessions',
    async () => {
      const clients = await Promise.allSettled(Array.from({ length: 27 }, () => connect()));
      for (const client of clients) if (client.status === 'fulfilled') await client.value.close();
    },
  ],
  [
    'SLUICE-403',
    'too many silent connections',
    async () => {
      const clients = await Promise.all(Array.from({ length: 120 }, () => WireClient.open({ port: sluice.port })));
      await clients.at(-1)!.pending(100);
      for (const client of clients) client.destroy();
    },
  ],
  [
    'SLUICE-404',
    'too many prepared statements',
    async () => {
      const client = await connect();
      for (let part = 0; part < 6; part += 1)
        await client.exchange([...Array.from({ length: 1_000 }, (_, n) => f.parse(`s${part}_${n}`, `SELECT ${n}`)), f.sync]);
      await client.close();
    },
  ],
  ['SLUICE-501', 'a length that cannot be', bytes(Buffer.from([0x51, 0, 0, 0, 3]))],
  ['SLUICE-501', 'a startup packet that cannot be', opening(Buffer.from([0, 0, 0, 1, 0, 3, 0, 0]))],
  ['SLUICE-501', 'a message that lies about itself', bytes(f.message('B', Buffer.from([0, 0, 0, 0, 0xff, 0xff])), f.sync)],
  ['SLUICE-502', 'a password out of place', bytes(f.message('p', Buffer.from('x\0')))],
  ['SLUICE-503', 'a function call', bytes(f.functionCall(1, []))],
  [
    'SLUICE-503',
    'replication',
    opening(
      f.startup([
        ['user', 'a'],
        ['database', 'shop'],
        ['replication', 'true'],
      ]),
    ),
  ],
  ['SLUICE-503', 'an unknown message', bytes(f.message('z', Buffer.from('x')))],
  ['SLUICE-601', 'a masked value elsewhere', statement('UPDATE customers SET name = phone WHERE id = 2')],
  ['SLUICE-602', 'a form that cannot be masked', statement('UPDATE customers SET city = customers::text WHERE id = 2')],
  ['SLUICE-603', 'COPY into a filtered table', statement('COPY orders FROM STDIN')],
  [
    'SLUICE-702',
    'more large statements than the worker can queue',
    async () => {
      const clients = await Promise.all(Array.from({ length: 22 }, () => connect('shop', 60_000)));
      const large = `SELECT 1 WHERE 1 IN (${Array.from({ length: 40_000 }, (_, n) => n).join(',')})`;
      await Promise.all(clients.map((client) => client.query(large).catch(() => undefined)));
      for (const client of clients) client.destroy();
    },
  ],
  [
    'SLUICE-704',
    'a protected column as itself',
    lying('SELECT id FROM customers WHERE id = 2', (chunk) => {
      const at = chunk.indexOf('id\0');
      if (at < 0) return chunk;
      const changed = Buffer.from(chunk);
      changed.writeInt16BE(ssn, at + 7);
      changed.writeUInt32BE(customers, at + 3);
      return changed;
    }),
  ],
  [
    'SLUICE-705',
    'a pinned setting changed',
    lying('SELECT 1', (chunk) => Buffer.concat([f.message('S', Buffer.from('standard_conforming_strings\0off\0')), chunk])),
  ],
  [
    'SLUICE-706',
    'a server that sends what nobody asked for',
    lying('SELECT 1', (chunk) => Buffer.concat([f.message('1'), chunk])),
  ],
  ['SLUICE-801', 'another database', refusedLogin('elsewhere')],
  [
    'SLUICE-802',
    'a server that does not answer',
    async () => {
      relay.behave = () => ({ fault: { kind: 'blackhole', direction: 'toServer', after: 0 } });
      await refusedLogin()();
      relay.behave = () => undefined;
    },
  ],
  [
    'SLUICE-803',
    'a connection that breaks',
    async () => {
      const client = await connect();
      relay.strike('reset');
      await client.pending(200);
      client.destroy();
    },
  ],
  [
    'SLUICE-804',
    'another password',
    async () => {
      await superuser("ALTER ROLE shop_app PASSWORD 'another'");
      await refusedLogin()();
      await superuser("ALTER ROLE shop_app PASSWORD 'app'");
    },
  ],
  [
    'SLUICE-805',
    'a server that proves nothing',
    async () => {
      const hba = join(shop.server.dataDirectory, 'pg_hba.conf');
      const before = await readFile(hba, 'utf8');
      await writeFile(hba, `host all all 127.0.0.1/32 trust\n${before}`);
      await superuser('SELECT pg_reload_conf()');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await refusedLogin()();
      await writeFile(hba, before);
      await superuser('SELECT pg_reload_conf()');
      await new Promise((resolve) => setTimeout(resolve, 300));
    },
  ],
  [
    'SLUICE-807',
    'a server that takes nobody',
    async () => {
      await superuser('ALTER DATABASE shop ALLOW_CONNECTIONS false');
      await refusedLogin()();
      await superuser('ALTER DATABASE shop ALLOW_CONNECTIONS true');
    },
  ],
];

let customers = 0;
let ssn = 0;

describe('every refusal is counted', () => {
  beforeAll(async () => {
    const client = await shop.connect('shop');
    const [found] = await rows(
      client,
      "SELECT attrelid, attnum FROM pg_attribute WHERE attrelid = 'customers'::regclass AND attname = 'ssn'",
    );
    customers = Number(found?.[0]);
    ssn = Number(found?.[1]);
    await client.close();
  });

  it.each(PROVOCATIONS)('%s: %s', async (code, _name, provoke) => {
    const before = await counted(code);
    await provoke();
    await expect.poll(() => counted(code), { timeout: 15_000 }).toBeGreaterThan(before);
  });

  it.runIf(hasProgram('prlimit'))('SLUICE-701: a journal that cannot be written', async () => {
    const client = await connect();
    await run('prlimit', ['--pid', String(sluice.pid), '--fsize=10:unlimited']);
    const before = await counted('SLUICE-701');
    expect((await client.query('SELECT 1')).error?.['C']).toBe('58030');
    expect((await client.extended('SELECT 1')).error?.['C']).toBe('58030');
    await refusedLogin()();
    expect(await counted('SLUICE-701')).toBe(before + 3);
    await run('prlimit', ['--pid', String(sluice.pid), '--fsize=unlimited:unlimited']);
    await client.close();
  });

  it('SLUICE-703: a policy that is gone', async () => {
    const text = await readFile(policy, 'utf8');
    const idle = await connect();
    const inside = await connect();
    await inside.query('BEGIN');
    const before = await counted('SLUICE-703');
    await writeFile(policy, text.slice(0, text.lastIndexOf('---')));
    await expect.poll(() => counted('SLUICE-703'), { timeout: 15_000 }).toBe(before + 1);
    await expect.poll(() => idle.ended).toBe(true);
    expect((await inside.query('SELECT 1')).error?.['C']).toBe('57P03');
    await refusedLogin()();
    expect(await counted('SLUICE-703')).toBe(before + 3);
    inside.destroy();
    await writeFile(policy, text);
    await expect
      .poll(
        () =>
          connect().then(
            (client) => client.close().then(() => true),
            () => false,
          ),
        { timeout: 15_000 },
      )
      .toBe(true);
  });

  it('SLUICE-806: a proxy that is shut down', async () => {
    const inside = await connect();
    await inside.query('BEGIN');
    process.kill(sluice.pid, 'SIGTERM');
    await expect.poll(() => refusedLogin()().then(() => counted('SLUICE-806')), { timeout: 15_000 }).toBeGreaterThan(0);
    await inside.query('COMMIT');
    await sluice.stop();
  });

  it('leaves no code out', () => {
    const provoked = new Set<string>([...PROVOCATIONS.map(([code]) => code), 'SLUICE-701', 'SLUICE-703', 'SLUICE-806']);
    const missing = Object.keys(CODES).filter((code) => !provoked.has(code) && UNREACHABLE[code as Code] === undefined);
    expect(missing).toEqual([]);
  });
});
