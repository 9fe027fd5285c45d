/**
 * Classes E and F: bytes and statements meant to harm the proxy itself. Whatever one client sends, it is answered or its own
 * session ends; another session, open all the while, goes on; and the process serves the next one.
 */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CanaryOracle, describeFindings } from '../oracle/canary-oracle.ts';
import * as frontend from '../support/frontend.ts';
import { restrictedIdentity, restrictivePolicy, rows, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { startTap, type Tap } from '../support/tap.ts';
import { WireClient } from '../support/wire-client.ts';
import { BOMBS, MALFORMED, OPENINGS } from './corpus/hostile.ts';

describe('hostile input', () => {
  let shop: Shop;
  let sluice: RunningSluice;
  let tap: Tap;
  let oracle: CanaryOracle;
  let bystander: WireClient;
  beforeAll(async () => {
    shop = await startShop(18, ['a'], { name: () => 'shop' });
    oracle = new CanaryOracle(await shop.canaries('a'));
    sluice = await startSluice({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: shop.url('shop') });
    tap = await startTap({ port: sluice.port, onServerData: oracle.listen });
    bystander = await sluice.connect('shop');
  });
  afterAll(async () => {
    await bystander?.close();
    await tap?.stop();
    await sluice?.stop();
    await shop?.stop();
  });

  const othersGoOn = async (): Promise<void> => {
    expect(await rows(bystander, 'SELECT id, phone FROM customers WHERE id = 2')).toEqual([['2', '****7002']]);
    const next = await sluice.connect('shop');
    expect(await rows(next, 'SELECT 1')).toEqual([['1']]);
    await next.close();
    expect(describeFindings(oracle.take())).toBe('0 canaries: ');
  };
  const login = (): Promise<WireClient> =>
    WireClient.connect({ port: tap.port, user: 'agent', database: 'shop', timeout: 30_000 });

  it.each(BOMBS)('F %s', async (_name, sql) => {
    const client = await login();
    const outcome = client.query(sql);
    expect(await rows(bystander, 'SELECT 2')).toEqual([['2']]);
    await outcome;
    if (!client.ended) expect((await client.query('SELECT 1')).error).toBeNull();
    await client.close();
    await othersGoOn();
  });

  it.each(MALFORMED)('$class $name', async ({ bytes }) => {
    const client = await login();
    client.send(bytes, frontend.sync);
    // Whatever comes, until it is quiet or the session has ended.
    for (let quiet = 0; quiet < 2 && !client.ended; ) quiet = (await client.pending(60)).length === 0 ? quiet + 1 : 0;
    client.destroy();
    await othersGoOn();
  });

  it.each(OPENINGS)('$class $name as the first bytes', async ({ bytes }) => {
    const client = await WireClient.open({ port: tap.port });
    client.send(bytes);
    const answer = await client.pending(150).catch(() => []);
    expect(answer.map(({ type }) => type)).not.toContain('Z');
    client.destroy();
    await othersGoOn();
  });

  it('E21 half a message, then nothing, then gone', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, login));
    for (const client of clients) client.send(frontend.query('SELECT id FROM customers').subarray(0, 9));
    await othersGoOn();
    for (const client of clients) client.destroy();
    await othersGoOn();
  });

  it.each([20, 70])('R a cell of %i megabytes arrives whole', async (megabytes) => {
    // Read as it comes: the tests' client puts messages together again and again.
    const socket = connect({ host: '127.0.0.1', port: sluice.port });
    const login = frontend.startup([
      ['user', 'agent'],
      ['database', 'shop'],
    ]);
    socket.write(Buffer.concat([login, frontend.query(`SELECT repeat('x', ${megabytes * 1_000_000}) || 'end'`)]));
    let [length, tail] = [0, Buffer.alloc(0)];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      length += chunk.length;
      tail = Buffer.concat([tail, chunk]).subarray(-64);
      if (length > megabytes * 1_000_000 && tail.subarray(-6).toString('latin1') === 'Z\0\0\0\x05I') break;
    }
    expect(tail.toString('latin1')).toContain('xxxendC');
    expect(length).toBeGreaterThan(megabytes * 1_000_000);
    await othersGoOn();
  });

  it('E24 the server itself does not take the agent, with or without a password', async () => {
    const { port } = shop.server;
    for (const password of ['', 'agent', 'app'])
      for (const user of ['agent', 'shop_app', 'postgres'])
        if (!(user === 'shop_app' && password === 'app'))
          await expect(WireClient.connect({ port, user, database: 'shop', password })).rejects.toThrow('login refused');
  });

  it('E24 what the sidecar listens on is loopback alone', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) await expect(WireClient.open({ host: address, port: sluice.port })).rejects.toThrow();
  });
});
