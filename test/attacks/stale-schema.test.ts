/** A15: the schema changes while the proxy holds an older picture of it. What it does not know yet is never shown. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CanaryOracle, describeFindings } from '../oracle/canary-oracle.ts';
import * as frontend from '../support/frontend.ts';
import { must, restrictedIdentity, restrictivePolicy, rows, startShop, type Shop } from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { startTap, type Tap } from '../support/tap.ts';
import { WireClient } from '../support/wire-client.ts';
import { MAJOR } from './laboratory.ts';

describe('a schema that changes behind the proxy', () => {
  let shop: Shop;
  let sluice: RunningSluice;
  let tap: Tap;
  let oracle: CanaryOracle;
  let admin: WireClient;
  let client: WireClient;
  beforeAll(async () => {
    shop = await startShop(MAJOR, ['a'], { name: () => 'shop' });
    oracle = new CanaryOracle(await shop.canaries('a'));
    sluice = await startSluice({ policy: [restrictivePolicy], as: restrictedIdentity, upstream: shop.url('shop', 'superuser') });
    tap = await startTap({ port: sluice.port, onServerData: oracle.listen });
    admin = await shop.connect('shop', 'superuser');
    client = await WireClient.connect({ port: tap.port, user: 'agent', database: 'shop' });
  });
  afterAll(async () => {
    await client?.close();
    await admin?.close();
    await tap?.stop();
    await sluice?.stop();
    await shop?.stop();
  });

  const silent = (): void => expect(describeFindings(oracle.take())).toBe('0 canaries: ');

  it('a column that was added', async () => {
    const before = (await client.query('SELECT * FROM customers')).results[0]?.fields?.length;
    await must(admin, 'ALTER TABLE customers ADD COLUMN copied text; UPDATE customers SET copied = ssn');
    for (const sql of [
      'SELECT * FROM customers',
      'TABLE customers',
      'SELECT c.* FROM customers c',
      'SELECT row_to_json(c) FROM customers c',
      'COPY (TABLE customers) TO STDOUT',
      'SELECT * FROM customers NATURAL JOIN (SELECT 1 AS one) AS o',
    ])
      await client.query(sql);
    expect((await client.query('SELECT * FROM customers')).results[0]?.fields?.length).toBe(before);
    expect((await client.query('SELECT copied FROM customers')).error?.['C']).toBe('42501');
    expect((await client.query('SELECT copied(c), (c).copied FROM customers c')).error).not.toBeNull();
    silent();
  });

  it('a column that was added, in a statement prepared before', async () => {
    await client.exchange([frontend.parse('all', 'SELECT * FROM orders'), frontend.describe('S', 'all'), frontend.sync]);
    await must(
      admin,
      'ALTER TABLE orders ADD COLUMN copied text; UPDATE orders SET copied = c.ssn FROM customers c WHERE c.id = orders.customer_id',
    );
    await client.exchange([frontend.bind({ statement: 'all' }), frontend.execute(), frontend.sync]);
    await client.query('PREPARE later AS SELECT * FROM orders');
    await client.query('EXECUTE later');
    silent();
  });

  it('a table that was added', async () => {
    await must(admin, 'CREATE TABLE public.fresh AS SELECT ssn FROM customers');
    expect((await client.query('SELECT * FROM fresh')).error?.['C']).toBe('42501');
    expect((await client.query('SELECT * FROM public.fresh')).error?.['C']).toBe('42501');
    await must(admin, 'CREATE SCHEMA early; CREATE TABLE early.scratch AS SELECT 1 AS id, ssn AS value FROM customers');
    await client.query('SET search_path = early, public');
    await client.query('SELECT value FROM scratch');
    await client.query('RESET search_path');
    silent();
  });

  it('a partition that was attached', async () => {
    await must(
      admin,
      "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01'); INSERT INTO events SELECT id + 1000, tenant, kind, actor_email, payload, '2027-02-02' FROM events",
    );
    expect((await client.query('SELECT * FROM events_2027')).error?.['C']).toBe('42501');
    expect(await rows(client, 'SELECT count(*) FROM events WHERE id > 1000')).toEqual([['24']]);
    await client.query('SELECT * FROM events');
    silent();
  });
});
