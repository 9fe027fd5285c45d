/** Every input that once did what nothing may do, run again as it was kept. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogData } from '../../core/catalog/model.ts';
import { catalogOf } from '../support/catalog.ts';
import { restrictivePolicy, startShop, type Shop } from '../support/shop.ts';
import { kept } from './corpus.ts';
import { loadTarget } from './thread.ts';
import { trees, write } from './yaml-tree.ts';

let shop: Shop;
let catalog: CatalogData;
beforeAll(async () => {
  shop = await startShop(18, ['a'], { name: () => 'shop' });
  catalog = (await catalogOf(shop.url('shop'))).data;
});
afterAll(() => shop?.stop());

describe('a mistake in a policy', () => {
  it('that is not named and lets more through is found; a policy without one of its documents is none', async () => {
    const target = await loadTarget('policy');
    const fuzzed = await target.prepare({ catalog, kept: [], seed: 1 });
    const policy = write(trees(await readFile(restrictivePolicy, 'utf8')));
    const check = (from: string, to: string): string | undefined => {
      expect(policy).toContain(from);
      return fuzzed.check(Buffer.from(`# mistake in 0\n${policy.replace(from, to)}`));
    };
    expect(check('Enforce', 'Enforce')).toBeUndefined();
    expect(check('"requireWhere": true', '"requireWhere": false')).toMatch(/no WHERE required$/);
    expect(check('"keepLast": 4', '"keepLast": 5')).toMatch(/another mask$/);
    expect(check('"requireWhere": true', '"requireWhere": "false"')).toBeUndefined();
    expect(check('---\n', '')).toBeUndefined();
  });
});

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
