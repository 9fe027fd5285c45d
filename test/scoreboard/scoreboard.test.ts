/** The scoreboard judges: what must fail a run fails it, and nothing can be explained in free text. */
import { describe, expect, it } from 'vitest';
import { type KeptRow, page } from './reference.ts';
import { failures } from './suite.ts';

const board: KeptRow = {
  suite: 'regress',
  what: 'one file',
  cases: 1000,
  identical: 890,
  refusedByFloor: 100,
  floors: { roles: 100 },
  unstable: 5,
  differences: [],
  leaks: [],
  deaths: 0,
  figures: {},
  run: 'full',
  seed: 7,
  date: '2026-11-28',
};
const differing = (count: number, plan?: string) =>
  Array.from({ length: count }, (_, index) => ({
    name: `join.sql:${index}`,
    seen: '1 row, 2 rows',
    ...(plan === undefined ? {} : { plan }),
  }));

describe('a scoreboard', () => {
  it('passes when all that was compared is the same', () => {
    expect(failures(board, {})).toEqual([]);
  });

  it.each([
    ['a leak', { leaks: ['join.sql:3: person.name in D'] }],
    ['a death', { deaths: 1 }],
    ['no case at all', { cases: 0 }],
    ['a difference without a plan', { differences: differing(1) }],
    ['a difference with a plan nobody wrote', { differences: differing(1, 'later') }],
    ['more than one in a hundred of what was compared', { differences: differing(9, 'known') }],
  ])('fails for %s', (_what, change) => {
    expect(failures({ ...board, ...change }, { known: 'mend it' })).not.toEqual([]);
  });

  it('bears a few differences that have a plan', () => {
    expect(failures({ ...board, differences: differing(8, 'known') }, { known: 'mend it' })).toEqual([]);
  });

  it('lists every difference with its plan on the page', () => {
    const text = page([{ ...board, differences: differing(2, 'known') }], { known: 'mend it' });
    expect(text).toContain('| regress | 1000 | 890 (99.44 %) | 100 (10.00 %) | 5 | 2 | 0 | 0 | full |');
    expect(text).toContain('Different, 2: mend it');
    expect(text).toContain('- `join.sql:1`: 1 row, 2 rows');
  });
});
