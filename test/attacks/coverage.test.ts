/** Every row of the catalogue has its instances, and nothing is filed under a class that is not in it. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CLASSES, FAILURES, labels, type Row } from './catalogue.ts';

const all = labels();

/** How many instances a row has; a test that is named must be in its file. */
async function count(row: Row): Promise<number> {
  const pattern = row.labels ?? new RegExp(`^${row.id} `);
  let found = all.filter((label) => pattern.test(label)).length;
  for (const [file, titles] of Object.entries(row.elsewhere ?? {})) {
    const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    // A title is what stands before a function.
    const tests = [...text.matchAll(/(['"`])((?:(?!\1).)+)\1,\s*(?:async\s*)?\(/g)].map(([, , title]) => title ?? '');
    for (const title of titles) {
      const own = tests.filter((test) => test.startsWith(title));
      if (own.length === 0) throw new Error(`${file} has no test "${title}"`);
      found += title === '' ? own.length : 1;
    }
  }
  return found;
}

describe('the catalogue', () => {
  it.each([...CLASSES, ...FAILURES].map((row) => [row.id, row] as const))('%s', async (_id, row) => {
    expect(await count(row), row.what).toBeGreaterThanOrEqual(row.least);
  });

  it('has every class that is used', () => {
    const known = new Set([...CLASSES.map(({ id }) => id), 'G1', 'G2', 'H1', 'R']);
    expect(all.filter((label) => !known.has(label.split(' ')[0] ?? ''))).toEqual([]);
  });

  it('is counted: a class without instances is missed', async () => {
    expect(await count({ id: 'A99', what: 'nothing', least: 1 })).toBe(0);
    await expect(
      count({
        id: 'A98',
        what: 'a test that is gone',
        elsewhere: { 'test/attacks/coverage.test.ts': ['no such test'] },
        least: 1,
      }),
    ).rejects.toThrow();
  });
});
