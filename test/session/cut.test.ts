/**
 * A recorded session cut at every offset, in both directions: whatever is lost, nothing hangs, nothing stays behind on the
 * server, no other session notices, and what was not forwarded has not happened.
 */
import { connect as dial, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as f from '../support/frontend.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { WireClient } from '../support/wire-client.ts';
import { fakeEngine } from './fake-engine.ts';
import { startProxy, type TestProxy } from './proxy.ts';

const RECORDED = Buffer.concat([
  f.startup([
    ['user', 'u'],
    ['database', 'postgres'],
  ]),
  f.query('select 1; select 2'),
  f.parse('s', 'select $1::int'),
  f.bind({ statement: 's', parameters: ['1'] }),
  f.describe('P'),
  f.execute(),
  f.sync,
  f.query('begin'),
  f.parse('', '/* deny */ select 1'),
  f.bind(),
  f.sync,
  f.query('rollback'),
  f.query('copy sink from stdin'),
  f.copyData(Buffer.from('1\n')),
  f.copyDone,
  f.query('update sink set i = i'),
  f.terminate,
]);

const READY = f.message('Z', Buffer.from('I'));

let server: LocalPostgres;
let admin: WireClient;
beforeAll(async () => {
  server = await startLocalPostgres({ major: 18 });
  admin = await WireClient.connect({ port: server.port, password: server.password });
  await admin.query('create table sink(i int)');
});
afterAll(async () => {
  await admin?.close();
  await server?.stop();
});

const ended = (socket: Socket) =>
  new Promise<number>((resolve, reject) => {
    let bytes = 0;
    const timer = setTimeout(() => reject(new Error('hangs')), 10_000);
    socket.on('data', (chunk: Buffer) => void (bytes += chunk.length));
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(bytes);
    });
  });

const quiet = async (proxy: TestProxy) => {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = (
      await admin.query("select count(*) from pg_stat_activity where application_name = 'sluice/test'")
    ).results[0]?.rows[0]?.[0]?.toString();
    if (proxy.registry.size === 0 && left === '0') return;
    if (Date.now() > deadline) throw new Error(`${proxy.registry.size} sessions and ${left} backends are left`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('cut at every offset', () => {
  it('client to server', async () => {
    const proxy = await startProxy(server, fakeEngine({ maxAffectedRows: 1000 }));
    const witness = await WireClient.connect({ port: proxy.port });
    for (let at = 0; at < RECORDED.length; at += 8) {
      await Promise.all(
        Array.from({ length: Math.min(8, RECORDED.length - at) }, async (_, k) => {
          const socket = dial({ port: proxy.port, host: '127.0.0.1' });
          const over = ended(socket);
          // Half-closed, or torn down: both are ways to go.
          if (k % 2 === 0) socket.end(RECORDED.subarray(0, at + k));
          else socket.write(RECORDED.subarray(0, at + k), () => setTimeout(() => socket.destroy(), 5));
          await over;
        }),
      );
    }
    expect((await witness.query('select 1')).results[0]?.tag).toBe('SELECT 1');
    await witness.close();
    await quiet(proxy);
    const open = proxy.journal.of('intent').length - proxy.journal.of('outcome').length;
    expect(open).toBe(0);
    await proxy.stop();
  });

  it('server to client', async () => {
    // How many bytes the server sends for the whole session, by way of a relay that counts.
    const limits: number[] = [];
    let sent = 0;
    let login = 0;
    const relay = createServer((socket) => {
      const upstream = dial({ port: server.port, host: '127.0.0.1' });
      let bytes = 0;
      const cut = limits.shift() ?? Number.POSITIVE_INFINITY;
      socket.on('error', () => {});
      upstream.on('error', () => {});
      socket.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => {
        const room = Math.max(0, cut - bytes);
        // The login ends where the client's bytes are let through.
        if (login === 0 && chunk.includes(READY)) login = bytes + chunk.indexOf(READY) + READY.length;
        bytes += chunk.length;
        sent = bytes;
        if (chunk.length < room) socket.write(chunk);
        else socket.end(chunk.subarray(0, room), () => socket.destroy());
      });
      socket.on('close', () => upstream.destroy());
      upstream.on('close', () => socket.destroy());
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const address = relay.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const proxy = await startProxy({ port, password: server.password }, fakeEngine({ maxAffectedRows: 1000 }));
    const play = async () => {
      const socket = dial({ port: proxy.port, host: '127.0.0.1' });
      const over = ended(socket);
      socket.write(RECORDED);
      return await over;
    };
    await play();
    const total = sent;
    expect(total).toBeGreaterThan(500);
    // Logins over a line that is cut have a test of their own, beside their source.
    const offsets = Array.from({ length: total }, (_, at) => at).filter((at) => at >= login || at % 37 === 0);
    while (offsets.length > 0) {
      const batch = offsets.splice(0, 6);
      limits.push(...batch);
      await Promise.all(batch.map(play));
      limits.length = 0;
    }
    await quiet(proxy);
    const open = proxy.journal.of('intent').length - proxy.journal.of('outcome').length;
    expect(open).toBe(0);
    await proxy.stop();
    await new Promise((resolve) => relay.close(resolve));
  }, 60_000);
});
