/** The transparency oracle tells the least difference, and leaves alone only what it says it does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must, startShop, type Shop } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';
import { compareTraffic, normalise, type Step } from './transparency.ts';
import * as frontend from '../support/frontend.ts';
import { splitMessages } from '../support/backend.ts';

describe('transparency oracle', () => {
  let shop: Shop;
  let clients: { readonly direct: WireClient; readonly again: WireClient; readonly through: WireClient };
  beforeAll(async () => {
    shop = await startShop(18, ['a']);
    await shop.copy('shop_a', 'other');
    clients = { direct: await shop.connect('shop_a'), again: await shop.connect('shop_a'), through: await shop.connect('other') };
    await must(clients.through, "UPDATE customers SET city = 'Elsewhere' WHERE id = 7");
  });
  afterAll(async () => {
    for (const client of Object.values(clients ?? {})) client.destroy();
    await shop?.stop();
  });

  const step = (sql: string): Step => ({ name: sql, run: async (client) => (await client.extended(sql)).messages });

  it('agrees where the databases do', async () => {
    const report = await compareTraffic(
      [step('SELECT id, name FROM customers ORDER BY id'), step('SELECT 1/0'), step('SELECT nothing')],
      clients,
      1e9,
    );
    expect(report).toEqual({ compared: 3, unstable: [], mismatches: [] });
  });

  it('reports one cell that differs, and where', async () => {
    const { mismatches } = await compareTraffic([step('SELECT id, city FROM customers WHERE id = 7')], clients, 1e9);
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]?.direct).toContain('Oslo');
    expect(mismatches[0]?.through).toContain('Elsewhere');
  });

  it('does not judge what is not deterministic', async () => {
    expect((await compareTraffic([step('SELECT random()')], clients, 1e9)).unstable).toEqual(['SELECT random()']);
  });

  it('compares every field of errors', () => {
    const error = (fields: Record<string, string>): readonly string[] =>
      normalise(
        splitMessages(
          frontend.message(
            'E',
            Buffer.from(
              `${Object.entries(fields)
                .map(([code, text]) => `${code}${text}\0`)
                .join('')}\0`,
            ),
          ),
        ).messages,
        1e9,
      );
    const base = { S: 'ERROR', C: '42703', M: 'column "x" does not exist', P: '8' };
    expect(error({ ...base, F: 'a.c', L: '1', W: 'context' })).not.toEqual(error(base));
    expect(error({ ...base, P: '9' })).not.toEqual(error(base));
    expect(error({ ...base, D: 'SLUICE-101 (floor)' })).not.toEqual(error(base));
    for (const change of [{ C: '42702' }, { M: 'other' }, { P: '9' }, { S: 'FATAL' }])
      expect(error({ ...base, ...change })).not.toEqual(error(base));
    expect(error({ ...base, C: '23505', n: 'a_key' })).not.toEqual(error({ ...base, C: '23505', n: 'b_key' }));
  });
});
