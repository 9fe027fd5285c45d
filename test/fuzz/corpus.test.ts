/** Every input that once did what nothing may do, run again as it was kept. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogData } from '../../core/catalog/model.ts';
import { catalogOf } from '../support/catalog.ts';
import { startShop, type Shop } from '../support/shop.ts';
import { kept } from './corpus.ts';
import { loadTarget } from './thread.ts';

let shop: Shop;
let catalog: CatalogData;
beforeAll(async () => {
  shop = await startShop(18, ['a'], { name: () => 'shop' });
  catalog = (await catalogOf(shop.url('shop'))).data;
});
afterAll(() => shop?.stop());

describe('kept inputs', () => {
  it.each(['frames', 'shape', 'policy', 'statements'])('of %s', async (name) => {
    const target = await loadTarget(name);
    const fuzzed = await target.prepare({ catalog, kept: [], seed: 1 });
    const failed = (await kept(name)).flatMap((file) => {
      const why = fuzzed.check(file.bytes);
      return why === undefined ? [] : [`${file.name}: ${why}`];
    });
    expect(failed).toEqual([]);
  });
});
