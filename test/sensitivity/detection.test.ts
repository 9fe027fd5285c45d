/** Detection on both sets, bounded: it must stay as good as it was. The full measurement is `npm run detection -- --set all`. */
import { expect, it } from 'vitest';
import { detector } from './detector.ts';
import { figures } from './evaluate.ts';
import { FLOORS } from './floors.ts';
import { SETS } from './labels.ts';
import { measure } from './measure.ts';
import { plain } from './report.ts';

it('finds what is sensitive, and little else', async () => {
  const { measured, missing } = await measure(detector, { sets: SETS, only: [], seed: 1, cap: 100, say: () => {} });
  // Schemas that are not ours to keep come from the distribution's packages; CI has them all.
  if (process.env['SLUICE_TEST_REQUIRE_ALL'] !== undefined) expect(missing).toEqual([]);
  for (const each of missing) console.warn(`not measured: ${each}`);
  for (const set of SETS) {
    const found = figures(measured.filter(({ schema }) => schema.set === set).flatMap(({ judged }) => judged));
    const floor = FLOORS[set];
    const reached = { recall: found.exact.recall, precision: found.exact.precision, protection: found.protection.recall };
    expect(found.silent, plain(set, found)).toBe(0);
    for (const key of ['recall', 'precision', 'protection'] as const)
      expect(reached[key], `${key} on ${set}:\n${plain(set, found)}`).toBeGreaterThanOrEqual(floor[key]);
  }
}, 300_000);
