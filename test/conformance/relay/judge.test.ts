/** The judge of exchanges: what is excluded is excluded for a floor's reason, and every other difference is found. */
import { describe, expect, it } from 'vitest';
import { align, judge, noVerdicts, type Verdicts } from './judge.ts';
import type { Trace, Traced } from './trace.ts';

const ok = (sql: string, line = 'D 1', status = 'I'): Traced => ({ messages: 'Q', sql: [sql], lines: [line, `Z ${status}`] });
const trace = (...exchanges: readonly Traced[]): Trace => ({ name: 'pg_regress/x 1', exchanges });
const judged = (direct: Trace, again: Trace | undefined, through: Trace | undefined): Verdicts => {
  const verdicts = noVerdicts();
  judge(verdicts, 'x.sql', direct, again, through);
  return verdicts;
};

describe('the judge', () => {
  const direct = trace(ok('a'), ok('b'), ok('c'));

  it('finds the same to be the same', () => {
    expect(judged(direct, direct, direct)).toMatchObject({ cases: 3, identical: 3, differences: [] });
  });

  it.each([
    ['another answer', trace(ok('a'), ok('b', 'D 2'), ok('c'))],
    ['another transaction status', trace(ok('a'), ok('b', 'D 1', 'T'), ok('c'))],
    ['an exchange that never came', trace(ok('a'), ok('c'))],
    ['an answer cut short', trace(ok('a'), { ...ok('b'), lines: ['D 1'] }, ok('c'))],
    ['a refusal that no floor names', trace(ok('a'), { ...ok('b', 'E'), refusal: { code: 'SLUICE-201', message: '' } }, ok('c'))],
  ])('finds %s', (_what, through) => {
    const { identical, differences } = judged(direct, direct, through);
    expect([identical, differences.map(({ name }) => name)]).toEqual([2, ['x.sql:1']]);
  });

  it('finds a connection that is missing, and an exchange that is only through Sluice', () => {
    expect(judged(direct, direct, undefined).differences).toHaveLength(3);
    expect(judged(direct, direct, trace(ok('a'), ok('more'), ok('b'), ok('c'))).differences).toHaveLength(1);
  });

  it('excludes what a floor names, and says which', () => {
    const through = trace(ok('a'), { ...ok('b', 'D other'), floor: 'roles' }, ok('c'));
    expect(judged(direct, direct, through)).toMatchObject({
      identical: 2,
      refusedByFloor: 1,
      floors: { roles: 1 },
      differences: [],
    });
  });

  it('excludes the rest of a block that a floor has aborted, and nothing behind it', () => {
    const before = trace(ok('f', 'D 1', 'T'), ok('s', 'D 1', 'T'), ok('ROLLBACK', 'C ROLLBACK'), ok('t'));
    const refused: Traced = { ...ok('f', 'E refused', 'E'), floor: 'unknown-portals', aborted: true };
    const through = trace(refused, ok('s', 'E 25P02', 'E'), ok('ROLLBACK', 'C ROLLBACK'), ok('t', 'D 2'));
    const { refusedByFloor, differences } = judged(before, before, through);
    expect([refusedByFloor, differences.map(({ name }) => name)]).toEqual([2, ['x.sql:3']]);
  });

  it('calls unstable what two direct runs answer differently', () => {
    const again = trace(ok('a'), ok('b', 'D now'), ok('c'));
    expect(judged(direct, again, trace(ok('a'), ok('b', 'D later'), ok('c')))).toMatchObject({ unstable: 1, identical: 2 });
  });

  it('matches the same questions again after a gap, whatever the OIDs in them', () => {
    const times = ['08:30:01.5', '09:00:00.25'].map((time) => ok(`SELECT t = 'Sat Nov 28 ${time} 2026 PST'`));
    expect(align([times[0]!], [times[1]!]).extra).toEqual([]);
    const left = [ok('a'), ok("SELECT '16384'"), ok('b'), ok('b'), ok('c')];
    const right = [ok('a'), ok("SELECT '16399'"), ok('x'), ok('b'), ok('c')];
    const { pairs, extra } = align(left, right);
    expect(pairs.map((pair) => pair?.sql[0])).toEqual(['a', "SELECT '16399'", undefined, 'b', 'c']);
    expect(extra.map(({ sql }) => sql[0])).toEqual(['x']);
  });
});
