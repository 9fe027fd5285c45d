/** The relay records what passes, and runs behind Sluice's back what a floor names and Sluice refuses, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as frontend from '../../support/frontend.ts';
import { OLDEST } from '../../support/majors.ts';
import { allowAllIdentity, allowAllPolicy, type Shop, startShop } from '../../support/shop.ts';
import { type RunningSluice, startSluice } from '../../support/sluice.ts';
import { WireClient } from '../../support/wire-client.ts';
import { type BackRelay, startBackRelay } from './back-relay.ts';
import { type FrontRelay, startFrontRelay } from './front-relay.ts';
import type { Exchange } from './recording.ts';

let shop: Shop;
let back: BackRelay;
let sluice: RunningSluice;
let front: FrontRelay;
let client: WireClient;
const seen: Exchange[] = [];

beforeAll(async () => {
  shop = await startShop(OLDEST, ['a'], { name: () => 'shop' });
  back = await startBackRelay({ port: shop.server.port });
  const upstream = new URL(shop.url('shop', 'superuser'));
  upstream.port = String(back.port);
  sluice = await startSluice({ policy: [allowAllPolicy], as: allowAllIdentity, upstream: upstream.href });
  front = await startFrontRelay({ port: sluice.port, behind: back, onExchange: (exchange) => seen.push(exchange) });
  client = await WireClient.connect({ port: front.port, database: 'shop', user: 'agent' });
}, 120_000);
afterAll(async () => {
  await client?.close();
  await front?.stop();
  await sluice?.stop();
  await back?.stop();
  await shop?.stop();
});

const last = (): Exchange => seen.at(-1)!;

describe('the conformance relay', () => {
  it('passes and records what Sluice serves', async () => {
    const { results } = await client.query('SELECT 1 AS one');
    expect(results[0]?.rows[0]?.[0]?.toString()).toBe('1');
    expect([last().messages, last().sql]).toEqual(['Q', ['SELECT 1 AS one']]);
    expect(
      last()
        .answer.map(({ type }) => type)
        .join(''),
    ).toBe('TDCZ');
    expect(last().floor).toBe(undefined);
  });

  it('runs behind the back what a floor names and Sluice refuses, in the same session', async () => {
    const { error, status } = await client.query("DO $$ BEGIN PERFORM set_config('relay.test', 'seen', false); END $$");
    expect([error, status]).toEqual([null, 'I']);
    expect([last().floor, last().refusal?.code]).toEqual(['server-code', 'SLUICE-206']);
    await client.query("DO $$ BEGIN RAISE NOTICE '%', current_setting('relay.test'); END $$");
    expect(
      last()
        .answer.map(({ type }) => type)
        .join(''),
    ).toBe('NCZ');
  });

  it('does so inside a transaction block, which goes on', async () => {
    await client.query('BEGIN');
    await client.query("DO $$ BEGIN RAISE NOTICE 'inside'; END $$");
    expect(last().floor).toBe('server-code');
    const { error, status } = await client.query('SELECT 2');
    expect([error, status]).toEqual([null, 'T']);
    await client.query('ROLLBACK');
    expect(
      last()
        .answer.map(({ type }) => type)
        .join(''),
    ).toBe('CZ');
  });

  it('does so in the extended protocol, and knows which prepared statements Sluice cannot know', async () => {
    const made = await client.exchange([frontend.parse('behind', 'VACUUM'), frontend.sync]);
    expect([made.error, last().floor]).toEqual([null, 'administration']);
    const run = await client.exchange([frontend.bind({ statement: 'behind' }), frontend.execute(), frontend.sync]);
    expect(run.error).toBe(null);
    expect([last().messages, last().floor]).toEqual(['BES', 'administration']);
    const other = await client.extended('SELECT 3');
    expect([other.error, last().floor]).toEqual([null, undefined]);
  });

  it('makes nothing good that no floor names', async () => {
    const { error } = await client.query('SELECT 1/0');
    expect(error?.['C']).toBe('22012');
    expect([last().floor, last().refusal]).toEqual([undefined, undefined]);
  });

  it('says when a refusal has aborted a block', async () => {
    await client.query('BEGIN');
    await client.query('LOCK pg_class');
    expect([last().floor, last().aborted]).toEqual(['system-catalogs', true]);
    const { status } = await client.query('ROLLBACK');
    expect(status).toBe('I');
  });
});
