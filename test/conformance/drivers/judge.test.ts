/** A judge that cannot fail is worth nothing: what differs is seen, and only what a floor names is excused. */
import { beforeAll, describe, expect, it } from 'vitest';
import { judge, scoreboard, settle, type Run, type Verdict } from './judge.ts';
import { noFacts, type Facts, type Refusal } from './recorder.ts';
import { createParser } from './statement-parser.ts';
import type { Outcome, Status } from './test-output.ts';

let parse: (sql: string) => readonly unknown[];
beforeAll(async () => {
  parse = await createParser();
});

function outcome(status: Status, output = ''): Outcome {
  return { status, output, seconds: 0 };
}

function facts(more: Partial<Facts> = {}): Facts {
  return { ...noFacts(), chunks: 1, ...more };
}

function run(tests: Readonly<Record<string, Outcome>>, met: Readonly<Record<string, Facts>> = {}): Run {
  const names = Object.keys(tests);
  return { outcomes: new Map(Object.entries(tests)), facts: new Map(names.map((name) => [name, met[name] ?? facts()])) };
}

function refused(sql: string, code = 'SLUICE-206', message = 'not possible here'): Facts {
  const refusal: Refusal = { code, message, sql };
  return facts({ refusals: [refusal] });
}

function verdict(direct: Run, through: Run, compareOutput = false): Verdict | undefined {
  return judge(direct, through, { parse, compareOutput }).get('T');
}

describe('the verdict on a test', () => {
  it('is identical for the same outcome, failures and skips included', () => {
    expect(verdict(run({ T: outcome('pass') }), run({ T: outcome('pass') }))).toEqual({ kind: 'identical' });
    expect(verdict(run({ T: outcome('skip') }), run({ T: outcome('skip') }))).toEqual({ kind: 'identical' });
    expect(verdict(run({ T: outcome('fail', 'no table after 5ms') }), run({ T: outcome('fail', 'no table after 7ms') }))).toEqual(
      {
        kind: 'identical',
      },
    );
  });

  it('is different for another outcome, another failure, or a test that was not begun', () => {
    for (const [direct, through] of [
      [outcome('pass'), outcome('fail', 'broken')],
      [outcome('fail', 'broken'), outcome('pass')],
      [outcome('pass'), outcome('skip')],
      [outcome('fail', 'no table'), outcome('fail', 'no column')],
    ] as const)
      expect(verdict(run({ T: direct }), run({ T: through }))).toMatchObject({ kind: 'different' });
    expect(verdict(run({ T: outcome('pass') }), run({}))).toMatchObject({ kind: 'different' });
  });

  it('of a pattern is different when it printed something else', () => {
    expect(verdict(run({ T: outcome('pass', '1') }), run({ T: outcome('pass', '2') }), true)).toMatchObject({
      kind: 'different',
    });
    expect(verdict(run({ T: outcome('pass', '1') }), run({ T: outcome('pass', '1') }), true)).toEqual({ kind: 'identical' });
  });

  it('does not exist for a test that never spoke to the server', () => {
    expect(verdict(run({ T: outcome('pass') }, { T: noFacts() }), run({ T: outcome('pass') }))).toBeUndefined();
  });

  it('names a floor only for what Sluice refused in that very test and a floor names', () => {
    const direct = run({ T: outcome('pass') });
    const failed = outcome('fail', 'refused');
    expect(verdict(direct, run({ T: failed }, { T: refused('CREATE ROLE r') }))).toEqual({ kind: 'floor', floor: 'roles' });
    expect(verdict(direct, run({ T: failed }, { T: refused('SELECT 1', 'SLUICE-201') }))).toMatchObject({ kind: 'different' });
    const elsewhere: Run = { outcomes: new Map([['T', failed]]), facts: new Map([['U', refused('CREATE ROLE r')]]) };
    expect(verdict(direct, elsewhere)).toMatchObject({ kind: 'different' });
  });

  it('names a floor for a subtest whose test was refused what prepares it', () => {
    const direct = run({ T: outcome('pass'), 'T/sub': outcome('pass') });
    const through = run({ T: outcome('fail') }, { T: refused('CREATE TYPE e AS ENUM ()') });
    expect([...judge(direct, through, { parse, compareOutput: false })]).toEqual([['T/sub', { kind: 'floor', floor: 'types' }]]);
  });

  it('names the authentication that the server asked for and Sluice did not', () => {
    const direct = run({ T: outcome('pass') }, { T: facts({ authentication: new Set([5]) }) });
    expect(verdict(direct, run({ T: outcome('fail') }))).toEqual({ kind: 'floor', floor: 'client-authentication' });
    const asked = run({ T: outcome('fail') }, { T: facts({ authentication: new Set([5]) }) });
    expect(verdict(direct, asked)).toMatchObject({ kind: 'different' });
  });
});

describe('a test that differs', () => {
  const direct = run({ T: outcome('pass') });
  const through = run({ T: outcome('fail', 'slow') });
  const verdicts = (): ReadonlyMap<string, Verdict> => judge(direct, through, { parse, compareOutput: false });

  it('is unstable when it does not agree with itself directly', () => {
    expect(settle(verdicts(), direct, [new Map([['T', outcome('fail', 'slow')]])], false).get('T')).toEqual({ kind: 'unstable' });
    expect(settle(verdicts(), direct, [new Map([['T', outcome('pass')]])], false).get('T')).toMatchObject({ kind: 'different' });
  });

  it('is counted and listed', () => {
    const board = scoreboard('drivers/x', 'x', verdicts(), { T: 'later' }, { leaks: [], deaths: 0, figures: {} });
    expect(board).toMatchObject({ cases: 1, identical: 0, differences: [{ name: 'T', plan: 'later' }] });
  });
});
