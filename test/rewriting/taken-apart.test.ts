/** Fields of an expression that hands on a whole row: taken where the row has its table's type, else refused in words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { restrictiveBundle } from '../fuzz/policies.ts';
import { catalogOf } from '../support/catalog.ts';
import { startShop, type Shop } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';

let shop: Shop;
let client: WireClient;
let engine: SqlEngine;
beforeAll(async () => {
  shop = await startShop(18, ['a'], { name: () => 'shop' });
  client = await shop.connect('shop');
  const catalog = await catalogOf(shop.url('shop'));
  const parser = await createWasmParser();
  engine = createEngine({ catalog, bundle: await restrictiveBundle(catalog), parser, salt: '7f' });
});
afterAll(async () => {
  await client?.close();
  await shop?.stop();
});

const plan = (sql: string) =>
  engine.analyse({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] }, createSessionState(['public']))[0]!;

/** `@`: the row. */
const EXPRESSIONS = [
  '(SELECT @).id',
  '(VALUES (@)).id',
  '(SELECT @ UNION ALL SELECT @ LIMIT 1).id',
  '(coalesce(@, @)).id',
  '(CASE WHEN true THEN @ END).id',
  '(greatest(@, @)).id',
  '(nullif(@, @)).id',
  '((ARRAY[@])[1]).id',
  '((ARRAY(SELECT @))[1]).id',
  '(SELECT (SELECT @)).id',
] as const;

describe.each(EXPRESSIONS)('%s', (expression) => {
  const select = (from: string): string => `SELECT ${expression.replaceAll('@', 't')} FROM ${from} t`;

  it('of a table that is shown whole', async () => {
    const made = plan(select('orders'));
    expect(made.denial ?? null).toBeNull();
    expect((await client.query(made.text.toString())).error).toBeNull();
  });

  it('of a table that is shown in part: the server would not know the field', async () => {
    expect((await client.query(select('products'))).error).toBeNull();
    expect((await client.query(select('(SELECT id, sku FROM products)'))).error?.['M']).toMatch(/in record data type$/);
    expect(plan(select('products')).denial?.code).toBe('SLUICE-602');
  });
});

it.each([
  'SELECT (t).id FROM products t',
  'SELECT t.id, (t.search)::text FROM products t',
  'SELECT (x.row).id FROM (SELECT t AS row FROM products t) x',
  "SELECT ((SELECT t.attributes)['a'])::text FROM products t",
  'SELECT (SELECT count(t) FROM products t)',
  'SELECT id FROM products t WHERE (CASE WHEN t IS NULL THEN ROW(1, 2) ELSE ROW(2, 3) END) IS NOT NULL',
])('still taken: %s', async (sql) => {
  const made = plan(sql);
  expect(made.denial ?? null).toBeNull();
  expect((await client.query(made.text.toString())).error).toBeNull();
});
