/**
 * Statements that are large, enormous or made to harm the parser, through the real proxy: large ones work, enormous ones are refused
 * with a code, none of them ends the process or the session that sent it, and other sessions go on.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allowAllIdentity,
  allowAllPolicy,
  restrictedIdentity,
  restrictivePolicy,
  startShop,
  type Shop,
} from '../support/shop.ts';
import { startSluice, type RunningSluice } from '../support/sluice.ts';

describe.each([
  ['allow-all', allowAllPolicy, allowAllIdentity],
  ['restrictive', restrictivePolicy, restrictedIdentity],
])('resource attacks under the %s policy', (_name, policy, identity) => {
  let shop: Shop;
  let sluice: RunningSluice;
  let client: pg.Client;
  let neighbour: pg.Client;
  const connect = async (): Promise<pg.Client> => {
    const made = new pg.Client({ host: '127.0.0.1', port: sluice.port, database: 'shop', user: 'x', ssl: false });
    await made.connect();
    return made;
  };
  beforeAll(async () => {
    shop = await startShop(18, ['a'], { name: () => 'shop' });
    sluice = await startSluice({ policy: [policy], as: identity, upstream: shop.url('shop') });
    client = await connect();
    neighbour = await connect();
  });
  afterAll(async () => {
    await client?.end();
    await neighbour?.end();
    await sluice?.stop();
    await shop?.stop();
  });

  const numbers = (count: number): string => Array.from({ length: count }, (_, index) => index + 1).join(', ');
  const codeOf = async (sql: string): Promise<string> => {
    try {
      await client.query(sql);
      return 'allowed';
    } catch (error) {
      const { code, detail } = error as { code?: string; detail?: string };
      return /SLUICE-\d{3}/.exec(detail ?? '')?.[0] ?? code ?? String(error);
    }
  };

  it('large statements work, with parameters and without', async () => {
    const small = await client.query('SELECT count(*)::int AS n FROM customers WHERE id IN (1, 2, 3)');
    const large = await client.query(
      `SELECT count(*)::int AS n FROM customers WHERE id IN (${numbers(3)}, ${Array.from({ length: 6_000 }, (_, index) => -index - 1).join(', ')})`,
    );
    expect(large.rows).toEqual(small.rows);
    const values = Array.from({ length: 4_000 }, (_, index) => index);
    const bound = await client.query(
      `SELECT count(*)::int AS n FROM customers WHERE id IN (${values.map((_, index) => `$${index + 1}`).join(', ')})`,
      values,
    );
    expect(bound.rows[0].n).toBeGreaterThan(0);
    const text = 'x'.repeat(700_000);
    expect((await client.query(`SELECT length('${text}') AS n`)).rows).toEqual([{ n: 700_000 }]);
  });

  it.each([
    ['too many tokens', `SELECT ${'1,'.repeat(20_000)}1`],
    ['too many bytes', `SELECT '${'x'.repeat(2_000_000)}'`],
    ['nested parentheses', `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
    ['a sum', `SELECT ${'1+'.repeat(9_000)}1`],
    ['nested subqueries', `SELECT ${'(SELECT '.repeat(3_000)}1${')'.repeat(3_000)}`],
    ['nested comments', `SELECT ${'/*'.repeat(20_000)}${'*/'.repeat(20_000)} 1`],
    ['operators', `SELECT ${'+'.repeat(20_000)} 1`],
    ['statements', 'SELECT 1;'.repeat(1_000)],
    [
      'columns that double',
      `WITH w0 AS (SELECT * FROM customers)${Array.from({ length: 25 }, (_, index) => `, w${index + 1} AS (SELECT * FROM w${index} a, w${index} b)`).join('')} SELECT 1 FROM w25`,
    ],
  ])('refuses %s', async (_, sql) => {
    for (let round = 0; round < 3; round += 1) expect(await codeOf(sql)).toBe('SLUICE-104');
    expect(await codeOf('SELECT 1')).toBe('allowed');
    expect((await neighbour.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('survives a hundred bombs in a row', async () => {
    for (let round = 0; round < 100; round += 1) await codeOf(`SELECT 1${'::int'.repeat(6_000 + round)}`);
    expect(await codeOf('SELECT 1')).toBe('allowed');
    expect((await connectOnce()).rows).toEqual([{ one: 1 }]);
  });

  async function connectOnce(): Promise<{ rows: unknown[] }> {
    const fresh = await connect();
    const result = await fresh.query('SELECT 1 AS one');
    await fresh.end();
    return result;
  }

  it('the process is the one that was started', () => {
    expect(() => process.kill(sluice.pid, 0)).not.toThrow();
  });
});
