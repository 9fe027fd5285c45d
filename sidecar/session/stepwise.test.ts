import { describe, expect, it } from 'vitest';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { SessionEffect, StatementKind, StatementPlan } from '../../core/sql/plan.ts';
import type { SessionView } from '../../core/sql/session-state.ts';
import { analyseStepwise, needsSteps, noteAltered, refuseAltered } from './stepwise.ts';

const session: SessionView = { searchPath: ['public'], prepared: new Map(), cursors: new Map(), temporary: new Map(), epoch: 7 };

const plan = (kind: StatementKind, effect: SessionEffect, range: readonly [number, number], oid = 0): StatementPlan => ({
  decision: 'allow',
  kind,
  range,
  text: '',
  rewritten: false,
  edits: [{ start: range[0], end: range[0] + 1, replacement: 'x' }],
  facts: {
    reads: kind === 'select' ? [{ oid, relation: 'r', columns: [], action: 'Select' }] : [],
    writes: kind === 'alter' ? [{ oid, relation: 'r', columns: [], action: 'Alter' }] : [],
    masks: {},
    filters: {},
    functions: [],
    rules: [],
  },
  effect,
  writesRows: false,
  touchesGoverned: false,
  returnsRows: false,
  cacheable: true,
  fingerprint: '',
  normalised: '',
});

const EFFECTS: Record<string, readonly [StatementKind, SessionEffect]> = {
  set: ['set', { kind: 'set-search-path', path: ['evil'], local: false }],
  local: ['set', { kind: 'set-search-path', path: ['evil'], local: true }],
  begin: ['begin', { kind: 'begin' }],
  commit: ['commit', { kind: 'commit', chain: false }],
  rollback: ['rollback', { kind: 'rollback', chain: false }],
  temp: ['create', { kind: 'create-temporary', name: 'q', columns: ['i'] }],
  select: ['select', { kind: 'none' }],
};

/** Analyses words; records the session that each was judged in. */
function run(words: readonly string[]): { readonly seen: string[]; readonly plans: readonly StatementPlan[] } {
  const text = words.join(';');
  const seen: string[] = [];
  const engine = {
    bundle: { version: 'v' },
    catalog: { data: { defaultSearchPath: ['public'] } },
    analyse: ({ sql }: { sql: Buffer }, view: SessionView) => {
      const word = sql.toString();
      seen.push(`${word} in ${view.searchPath.join()} with ${[...view.temporary.keys()].join()}`);
      const [kind, effect] = EFFECTS[word]!;
      return [plan(kind, effect, [0, sql.length])];
    },
  } as unknown as SqlEngine;
  let at = 0;
  const whole = words.map((word) => {
    const [kind, effect] = EFFECTS[word]!;
    const start = at;
    at += word.length + 1;
    return plan(kind, effect, [start, start + word.length]);
  });
  return { seen, plans: analyseStepwise(engine, Buffer.from(text), whole, session, new Set()) };
}

describe('analyseStepwise', () => {
  it('judges each statement in the session that the ones before leave', () => {
    expect(run(['select', 'set', 'temp', 'select']).seen).toEqual([
      'select in public with ',
      'set in public with ',
      'temp in evil with ',
      'select in evil with q',
    ]);
  });

  it('gives places in the whole message', () => {
    const { plans } = run(['set', 'select']);
    expect(plans.map((one) => [one.range, one.edits[0]?.start])).toEqual([
      [[0, 3], 0],
      [[4, 10], 4],
    ]);
  });

  it.each([[['begin', 'set', 'rollback', 'select']], [['begin', 'local', 'commit', 'select']]])(
    'refuses what depends on how a transaction of the same message ends: %j',
    (words) => {
      const { plans } = run(words);
      expect(plans.at(-1)?.denial?.code).toBe('SLUICE-102');
      expect(plans.slice(0, -1).every((one) => one.decision === 'allow')).toBe(true);
    },
  );

  it('goes on after a COMMIT that keeps everything, and allows transaction control in doubt', () => {
    expect(run(['begin', 'set', 'commit', 'select']).plans.every((one) => one.decision === 'allow')).toBe(true);
    expect(run(['begin', 'set', 'rollback', 'begin', 'commit']).plans.every((one) => one.decision === 'allow')).toBe(true);
  });

  it('is needed only when something changes before the last statement', () => {
    const of = (word: string) => plan(...EFFECTS[word]!, [0, 1]);
    expect(needsSteps([of('begin'), of('select'), of('commit')])).toBe(false);
    expect(needsSteps([of('select'), of('set')])).toBe(false);
    expect(needsSteps([of('set'), of('select')])).toBe(true);
  });
});

it('a relation altered in this transaction is refused until its end, others are not', () => {
  const altered = new Set<number>();
  noteAltered(plan('alter', { kind: 'schema-change' }, [0, 1], 11), altered);
  expect(refuseAltered(plan('select', { kind: 'none' }, [0, 1], 11), altered).denial?.code).toBe('SLUICE-102');
  expect(refuseAltered(plan('select', { kind: 'none' }, [0, 1], 12), altered).decision).toBe('allow');
  expect(refuseAltered(plan('alter', { kind: 'schema-change' }, [0, 1], 11), altered).decision).toBe('allow');
});
