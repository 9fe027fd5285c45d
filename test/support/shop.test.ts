/** The fixture itself: it loads on both majors, its tokens are unique, its two variants differ in secrets alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rows, startShop, type Shop } from './shop.ts';
import { MAJORS } from './majors.ts';

describe.each(MAJORS)('shop on PostgreSQL %i', (major) => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop(major);
  });
  afterAll(() => shop?.stop());

  it('has canaries that are long, many, and different in the two variants', async () => {
    const [a, b] = await Promise.all([shop.canaries('a'), shop.canaries('b')]);
    expect(a.length).toBeGreaterThan(300);
    expect(b.length).toBeGreaterThan(a.length);
    expect(Math.min(...a.map(({ value }) => value.length))).toBeGreaterThanOrEqual(8);
    const inB = new Set(b.map(({ value }) => value));
    const shared = a.filter(({ value }) => inB.has(value));
    expect(shared).toEqual([]);
  });

  it('is the same in both variants wherever the restrictive policy shows raw values', async () => {
    const visible = [
      "SELECT id, tenant, region, name, city, tier, tags, created_at, label FROM customers WHERE tenant = 'acme' AND region = 'eu' ORDER BY id",
      "SELECT right(phone, 4), extract(year from birth_date), round(salary, -4) FROM customers WHERE tenant = 'acme' AND region = 'eu' ORDER BY id",
      "SELECT * FROM orders WHERE tenant = 'acme' ORDER BY id",
      "SELECT * FROM tickets WHERE tenant = 'acme' ORDER BY id",
      'SELECT * FROM order_items ORDER BY 1, 2',
      'SELECT id, sku, name, description, price, stock, attributes, search FROM products ORDER BY id',
      'SELECT id, ticket_id, author FROM ticket_messages ORDER BY id',
      'SELECT id, tenant, kind, created_at FROM events ORDER BY id',
      'SELECT * FROM scratch ORDER BY 1',
      'SELECT * FROM order_totals ORDER BY 1',
      'SELECT * FROM sales_by_day ORDER BY 1',
    ];
    const [a, b] = await Promise.all([shop.connect('shop_a'), shop.connect('shop_b')]);
    for (const sql of visible) expect(await rows(a, sql), sql).toEqual(await rows(b, sql));
    await Promise.all([a.close(), b.close()]);
  });

  it('copies with the same OIDs', async () => {
    await shop.copy('shop_a', 'shop_copy');
    const [a, copy] = await Promise.all([shop.connect('shop_a'), shop.connect('shop_copy')]);
    const oid = "SELECT 'public.customers'::regclass::oid";
    expect(await rows(copy, oid)).toEqual(await rows(a, oid));
    await Promise.all([a.close(), copy.close()]);
    await shop.drop('shop_copy');
  });
});
