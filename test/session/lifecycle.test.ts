/** How sessions begin and end: refusals at startup, lost peers, cancel, drain, withdrawn policies, slow readers. */
import { connect as dial, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cstringAt } from '../support/backend.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { OLDEST } from '../support/majors.ts';
import { type LoginError, WireClient } from '../support/wire-client.ts';
import { fakeEngine } from './fake-engine.ts';
import { type ProxyOptions, startProxy, type TestProxy } from './proxy.ts';
import { until } from '../support/until.ts';

let server: LocalPostgres;
let admin: WireClient;
const proxies: TestProxy[] = [];
const open = async (engine: SqlEngine | null = fakeEngine(), options: ProxyOptions = {}, port = server.port) => {
  const proxy = await startProxy({ port, password: server.password }, engine ?? undefined, options);
  proxies.push(proxy);
  return proxy;
};
const backends = async (state = '%') =>
  Number(
    (
      await admin.query(`select count(*) from pg_stat_activity where application_name = 'sluice/test' and state like '${state}'`)
    ).results[0]?.rows[0]?.[0]?.toString(),
  );
const fatal = async (client: WireClient) => {
  const seen = [];
  for (let next = await client.next(); next !== null; next = await client.next()) {
    if (next.type !== 'E') continue;
    const text = next.body.toString('latin1').split('\0');
    seen.push([
      text.find((part) => part.startsWith('S')),
      text.find((part) => part.startsWith('C')),
      text.find((part) => part.startsWith('D'))?.slice(0, 11),
    ]);
  }
  return seen;
};

beforeAll(async () => {
  server = await startLocalPostgres({ major: 18 });
  admin = await WireClient.connect({ port: server.port, password: server.password });
});
afterAll(async () => {
  await admin?.close();
  await server?.stop();
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
  await until(async () => (await backends()) === 0);
});

describe('startup', () => {
  it("shows the server's parameters and a key of its own", async () => {
    const proxy = await open();
    const direct = await WireClient.connect({
      port: server.port,
      password: server.password,
      parameters: [['application_name', 'sluice/test']],
    });
    const client = await WireClient.connect({ port: proxy.port, user: 'anyone', database: 'postgres' });
    expect([...client.parameters]).toEqual([...direct.parameters]);
    expect(client.secret).toHaveLength(4);
    expect((await client.query('select pg_backend_pid()')).results[0]?.rows[0]?.[0]?.toString()).toBe(String(client.processId));
    await direct.close();
    await client.close();
    expect(proxy.journal.of('session-start')[0]?.claims).toMatchObject({ user: 'anyone', address: '127.0.0.1' });
  });

  it('another database: 3D000 with those there are', async () => {
    const proxy = await open();
    const refused = await WireClient.connect({ port: proxy.port, database: 'other' }).catch((error: LoginError) => error.fields);
    expect(refused).toMatchObject({ S: 'FATAL', C: '3D000', D: 'SLUICE-801', H: 'Databases: postgres.' });
  });

  it('NegotiateProtocolVersion is sent once, before everything else', async () => {
    const proxy = await open();
    const client = await WireClient.open({ port: proxy.port });
    const newer = Buffer.from(
      f.startup([
        ['user', 'agent'],
        ['database', 'postgres'],
      ]),
    );
    newer.writeUInt16BE(2, 6);
    client.send(newer);
    const types: string[] = [];
    while (types.at(-1) !== 'Z') types.push((await client.next())?.type ?? 'Z');
    expect(types.filter((type) => type !== 'S').join('')).toBe('vRKZ');
    client.destroy();
  });

  it('maxConnections: 53300', async () => {
    const proxy = await open(fakeEngine({ maxConnections: 1 }));
    const first = await WireClient.connect({ port: proxy.port });
    const refused = await WireClient.connect({ port: proxy.port }).catch((error: LoginError) => error.fields);
    expect(refused).toMatchObject({ S: 'FATAL', C: '53300' });
    await first.close();
    await until(() => proxy.registry.size === 0);
    await (await WireClient.connect({ port: proxy.port })).close();
  });

  it('no policy: 57P03; no server: 08001; no journal: 58030', async () => {
    const none = await open(null);
    expect(await WireClient.connect({ port: none.port }).catch((error: LoginError) => error.fields)).toMatchObject({
      C: '57P03',
    });
    const dead = await open(fakeEngine(), {}, 1);
    expect(await WireClient.connect({ port: dead.port }).catch((error: LoginError) => error.fields)).toMatchObject({
      S: 'FATAL',
      C: '08001',
    });
    const unlogged = await open();
    unlogged.journal.failing = true;
    expect(await WireClient.connect({ port: unlogged.port }).catch((error: LoginError) => error.fields)).toMatchObject({
      S: 'FATAL',
      C: '58030',
    });
  });

  it('settings of the client: search_path is judged and set, an encoding other than UTF-8 is refused', async () => {
    const proxy = await open();
    const client = await WireClient.connect({
      port: proxy.port,
      parameters: [
        ['search_path', 'pg_catalog'],
        ['timezone', 'Asia/Tokyo'],
      ],
    });
    expect((await client.query('show search_path; show timezone')).results.map((r) => r.rows[0]?.[0]?.toString())).toEqual([
      'pg_catalog',
      'Asia/Tokyo',
    ]);
    await client.close();
    expect(proxy.journal.of('intent')[0]?.kind).toBe('set');
    for (const [name, value] of [
      ['client_encoding', 'SJIS'],
      ['search_path', 'x; drop table y'],
    ] as const) {
      const refused = await WireClient.connect({ port: proxy.port, parameters: [[name, value]] }).catch(
        (error: LoginError) => error.fields,
      );
      expect(refused).toMatchObject({ S: 'FATAL' });
    }
  });
});

describe('ends', () => {
  it('the server dies half-way: one FATAL with SLUICE-803, outcome unknown', async () => {
    const victim = await startLocalPostgres({ major: OLDEST });
    const proxy = await startProxy(victim, fakeEngine());
    proxies.push(proxy);
    const client = await WireClient.connect({ port: proxy.port });
    client.send(f.query('select 1 from pg_sleep(30)'));
    await until(() => proxy.journal.of('intent').length === 1);
    // The postmaster's crash leaves its children to notice; ending the backend's socket is what a lost host looks like.
    await victim.kill();
    const idle = fatal(client);
    await until(() => client.ended || proxy.logs.some((log) => log.event === 'session-end'));
    expect(await idle).toHaveLength(1);
    expect(proxy.journal.of('outcome').at(-1)?.result).toBe('unknown');
    expect(proxy.journal.of('session-end')).toHaveLength(1);
  });

  it("the backend is terminated: the server's own FATAL, once", async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice/test'");
    expect(await fatal(client)).toEqual([['SFATAL', 'C57P01', undefined]]);
  });

  it('the client vanishes mid-query: the server stops working for it', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    client.send(f.query('select pg_sleep(60)'));
    await until(async () => (await backends('active')) === 1);
    client.destroy();
    await until(async () => (await backends()) === 0);
    expect(proxy.journal.of('outcome')[0]?.result).toBe('unknown');
    expect(proxy.journal.of('session-end')[0]?.reason).toBe('client disconnected');
  });

  it('a batch without Sync is not left behind', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    await client.query('create table if not exists left_behind(i int)');
    client.send(f.parse('', 'insert into left_behind values (1)'), f.bind(), f.execute(), f.flush);
    await until(() => proxy.journal.of('outcome').length === 2);
    client.destroy();
    await until(async () => (await backends()) === 0);
    expect((await admin.query('select count(*) from left_behind')).results[0]?.rows[0]?.[0]?.toString()).toBe('0');
  });

  it('Terminate ends both', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    client.send(f.terminate);
    expect(await client.next()).toBeNull();
    await until(async () => (await backends()) === 0);
    expect(proxy.registry.size).toBe(0);
  });

  it('half a message, then nothing: the session ends without a trace upstream', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    client.send(f.query('select 1').subarray(0, 8));
    client.destroy();
    await until(() => proxy.registry.size === 0);
    expect(proxy.journal.of('intent')).toHaveLength(0);
  });
});

describe('cancel', () => {
  it('with the key given to the client, and with no other', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    client.send(f.query('select pg_sleep(60)'));
    await until(async () => (await backends('active')) === 1);
    const wrong = await WireClient.open({ port: proxy.port });
    wrong.send(f.cancelRequest(client.processId, Buffer.from(client.secret.map((byte) => byte ^ 1))));
    expect(await wrong.next()).toBeNull();
    expect(await backends('active')).toBe(1);
    const right = await WireClient.open({ port: proxy.port });
    right.send(f.cancelRequest(client.processId, client.secret));
    const answer = await client.exchange([]);
    expect([answer.error?.['C'], answer.status]).toEqual(['57014', 'I']);
    right.destroy();
    await client.close();
  });

  it('that comes right behind the statement does not overtake it', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    proxy.journal.delay = 150;
    const canceller = await WireClient.open({ port: proxy.port });
    client.send(f.query('select pg_sleep(60)'));
    await until(() => proxy.journal.of('intent').length === 1);
    canceller.send(f.cancelRequest(client.processId, client.secret));
    expect((await client.exchange([])).error?.['C']).toBe('57014');
    canceller.destroy();
    await client.close();
  });

  it('also when all places are taken, and while sessions are drained', async () => {
    const proxy = await open(fakeEngine({ maxConnections: 1 }));
    const client = await WireClient.connect({ port: proxy.port });
    await client.query('begin');
    client.send(f.query('select pg_sleep(60)'));
    await until(async () => (await backends('active')) === 1);
    const newcomer = () => WireClient.connect({ port: proxy.port }).catch((error: LoginError) => error.fields);
    expect(await newcomer()).toMatchObject({ S: 'FATAL', C: '53300', D: 'SLUICE-403 (limits)' });
    const cancel = async () => {
      const canceller = await WireClient.open({ port: proxy.port });
      canceller.send(f.cancelRequest(client.processId, client.secret));
      expect(await canceller.next()).toBeNull();
    };
    await cancel();
    expect((await client.exchange([])).error?.['C']).toBe('57014');
    await client.query('rollback');
    await client.query('begin');
    client.send(f.query('select pg_sleep(60)'));
    await until(async () => (await backends('active')) === 1);
    const drained = proxy.registry.drain(60_000);
    expect(await newcomer()).toMatchObject({ S: 'FATAL', C: '57P01', D: 'SLUICE-806: Sluice is shutting down.' });
    await cancel();
    expect((await client.exchange([])).error?.['C']).toBe('57014');
    client.send(f.query('rollback'));
    await drained;
  });
});

describe('drain', () => {
  it('idle sessions end at once, open transactions first come to their end', async () => {
    const proxy = await open();
    const idle = await WireClient.connect({ port: proxy.port });
    const busy = await WireClient.connect({ port: proxy.port });
    await busy.query('begin');
    const drained = proxy.registry.drain(20_000);
    expect(await fatal(idle)).toEqual([['SFATAL', 'C57P01', 'DSLUICE-806']]);
    expect((await busy.query('select 1')).status).toBe('T');
    expect((await busy.query('commit')).results[0]?.tag).toBe('COMMIT');
    expect(await fatal(busy)).toEqual([['SFATAL', 'C57P01', 'DSLUICE-806']]);
    await drained;
    expect(await WireClient.connect({ port: proxy.port }).catch((error: LoginError) => error.fields)).toMatchObject({
      C: '57P01',
    });
  });

  it('after the deadline what is left is cut', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    await client.query('begin');
    await proxy.registry.drain(50);
    expect(await fatal(client)).toEqual([['SFATAL', 'C57P01', 'DSLUICE-806']]);
  });
});

describe('withdrawal', () => {
  it('idle sessions end, those in a transaction when it is over', async () => {
    const proxy = await open();
    const idle = await WireClient.connect({ port: proxy.port });
    const busy = await WireClient.connect({ port: proxy.port });
    await busy.query('begin');
    proxy.host.set(undefined);
    expect(await fatal(idle)).toEqual([['SFATAL', 'C57P03', 'DSLUICE-703']]);
    expect((await busy.query('commit')).error?.['C']).toBe('57P03');
    await busy.close();
  });
});

describe('second line', () => {
  it('a protected column in clear kills the session before a row of it is sent', async () => {
    await admin.query(
      "create table if not exists vault(id int, hidden text); truncate vault; insert into vault values (1, 'canary')",
    );
    const oid = (await admin.query("select 'vault'::regclass::oid")).results[0]?.rows[0]?.[0]?.toString();
    const proxy = await open(fakeEngine({ protectedColumns: [`${oid}.2`] }));
    for (const bytes of [
      [f.query('select hidden from vault')],
      [f.parse('', 'select hidden from vault'), f.bind(), f.describe('P'), f.execute(), f.sync],
      [f.parse('', 'select hidden from vault'), f.bind(), f.execute(), f.sync],
    ]) {
      const client = await WireClient.connect({ port: proxy.port });
      const { messages } = await client.exchange(bytes);
      expect(Buffer.concat(messages.map((message) => message.body)).includes('canary')).toBe(false);
      expect(messages.at(-1)?.body.toString('latin1')).toContain('SLUICE-704');
      expect(await client.next()).toBeNull();
    }
    expect(proxy.journal.of('event').filter((event) => event.event === 'tripwire')).toHaveLength(3);
    const fine = await WireClient.connect({ port: proxy.port });
    expect((await fine.query('select id, md5(hidden) from vault')).results[0]?.tag).toBe('SELECT 1');
    const quiet = await fine.exchange([f.parse('', 'select id from vault'), f.bind(), f.execute(), f.sync]);
    expect(quiet.messages.map((message) => message.type).join('')).toBe('12DCZ');
    await fine.close();
  });

  it('a pinned setting that changes ends the session', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    client.send(f.query("select set_config('standard_conforming_strings', 'off', false)"));
    expect((await fatal(client)).at(-1)).toEqual(['SFATAL', 'CXX000', 'DSLUICE-705']);
  });

  it('notifications pass and are recorded', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    await client.query('listen ch');
    await admin.query("notify ch, 'payload'");
    const next = await client.next();
    expect([next?.type, cstringAt(next!.body, 4).text]).toEqual(['A', 'ch']);
    await until(() => proxy.journal.of('event').length === 1);
    expect(JSON.stringify(proxy.journal.of('event'))).not.toContain('payload');
    await client.close();
  });

  it('a server that does not follow the protocol ends the session', async () => {
    for (const bytes of [
      f.message('Z', Buffer.from('I')),
      f.message('1'),
      f.message('R', Buffer.alloc(4)),
      Buffer.from([0x44, 0, 0, 0, 1]),
      f.message('W', Buffer.alloc(3)),
    ]) {
      const upstream = await fakeServer(server.port, bytes);
      const proxy = await open(fakeEngine(), {}, upstream.port);
      const client = await WireClient.connect({ port: proxy.port });
      client.send(f.query('select 1'));
      expect((await fatal(client)).at(-1)?.[2]).toBe('DSLUICE-706');
      upstream.close();
    }
  });
});

it('the server is lost in the middle of a row: nothing is added to the row', async () => {
  const half = Buffer.concat([f.message('D', Buffer.alloc(5000, 0x61)).subarray(0, 3000)]);
  const upstream = await fakeServer(server.port, half, true);
  const proxy = await open(fakeEngine(), {}, upstream.port);
  const client = dial({ port: proxy.port, host: '127.0.0.1' });
  const received: Buffer[] = [];
  client.on('data', (chunk: Buffer) => void received.push(chunk));
  const closed = new Promise((resolve) => client.once('close', resolve));
  client.write(
    f.startup([
      ['user', 'u'],
      ['database', 'postgres'],
    ]),
  );
  await until(() => Buffer.concat(received).includes(f.message('Z', Buffer.from('I'))));
  received.length = 0;
  client.write(f.query('select 1'));
  await closed;
  expect(Buffer.concat(received).equals(half)).toBe(true);
  upstream.close();
});

it('a defect of ours ends one session, not the process', async () => {
  const engine = fakeEngine();
  const proxy = await open(engine);
  const client = await WireClient.connect({ port: proxy.port });
  const other = await WireClient.connect({ port: proxy.port });
  const broken = { ...engine, analyse: () => JSON.parse('not json') };
  proxy.host.set(broken);
  proxy.journal.delay = 1;
  client.send(f.query('select 1'));
  expect((await fatal(client)).at(-1)).toEqual(['SFATAL', 'CXX000', 'DSLUICE-707']);
  proxy.host.set(engine);
  expect((await other.query('select 1')).results[0]?.tag).toBe('SELECT 1');
  await other.close();
});

describe('slow peers', () => {
  it('a reader that stops does not make memory grow, and gets everything later', async () => {
    const proxy = await open();
    const client = dial({ port: proxy.port, host: '127.0.0.1' });
    client.write(
      f.startup([
        ['user', 'u'],
        ['database', 'postgres'],
      ]),
    );
    let bytes = 0;
    let done = false;
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (chunk.subarray(-6).equals(f.message('Z', Buffer.from('I')))) done = true;
    });
    await until(() => done);
    done = false;
    bytes = 0;
    client.pause();
    client.write(f.query("select repeat('x', 1000) from generate_series(1, 150000)"));
    await until(async () => (await backends('active')) === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    globalThis.gc?.();
    const paused = process.memoryUsage();
    expect(paused.arrayBuffers).toBeLessThan(64 * 1024 * 1024);
    client.resume();
    await until(() => done);
    expect(bytes).toBeGreaterThan(150_000 * 1000);
    client.destroy();
  });

  it('a reader that takes nothing for too long is given up', async () => {
    const proxy = await open(fakeEngine(), { timeouts: { writeStall: 100 } });
    const client = dial({ port: proxy.port, host: '127.0.0.1' });
    client.on('error', () => {});
    client.pause();
    client.write(
      f.startup([
        ['user', 'u'],
        ['database', 'postgres'],
      ]),
    );
    client.write(f.query("select repeat('x', 1000) from generate_series(1, 150000)"));
    await until(() => proxy.journal.of('session-end').some((entry) => entry.reason === 'client does not read'));
    client.destroy();
  });

  it('an idle client is disconnected where that is configured', async () => {
    const proxy = await open(fakeEngine(), { timeouts: { idle: 50 } });
    const client = await WireClient.connect({ port: proxy.port });
    expect(await fatal(client)).toEqual([['SFATAL', 'C57P05', 'DSLUICE-806']]);
  });

  it('thousands of Parse and Sync in one write are all answered', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    const flood = Array.from({ length: 12_000 }, (_, i) => [f.parse('', 'select 1'), ...(i % 3 === 0 ? [f.flush] : [])]).flat();
    const answer = await client.exchange([...flood, f.sync]);
    expect(answer.messages.filter((message) => message.type === '1')).toHaveLength(12_000);
    const syncs = await client.exchange(
      Array.from({ length: 12_000 }, () => f.sync),
      12_000,
    );
    expect(syncs.messages).toHaveLength(12_000);
    await client.close();
  });

  it('prepared statements without end are refused at a limit, not kept', async () => {
    const proxy = await open();
    const client = await WireClient.connect({ port: proxy.port });
    const many = Array.from({ length: 5_001 }, (_, i) => f.parse(`s${i}`, 'select 1'));
    const answer = await client.exchange([...many, f.sync]);
    expect(answer.error).toMatchObject({ C: '53400', D: 'SLUICE-404 (floor)' });
    expect((await client.query('deallocate all')).error).toBeNull();
    expect((await client.exchange([f.parse('again', 'select 1'), f.sync])).error).toBeNull();
    await client.close();
  });
});

/** Relays to the real server until the client's first Query, then says `bytes` and nothing else, or is lost behind them. */
async function fakeServer(port: number, bytes: Buffer, lost = false): Promise<{ readonly port: number; close(): void }> {
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    const real = dial({ port, host: '127.0.0.1' });
    sockets.push(socket, real);
    socket.on('error', () => {});
    real.on('error', () => {});
    real.pipe(socket);
    socket.on('data', (chunk: Buffer) => {
      if (chunk[0] !== 0x51) {
        real.write(chunk);
        return;
      }
      real.unpipe(socket);
      real.destroy();
      if (lost) socket.end(bytes);
      else socket.write(Buffer.concat([f.message('C', Buffer.from('SELECT 1\0')), bytes, bytes]));
    });
    socket.on('close', () => real.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}
