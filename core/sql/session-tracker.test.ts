import { describe, expect, it } from 'vitest';
import type { SessionEffect, StatementPlan } from './plan.ts';
import type { SessionState } from './session-state.ts';
import { createSessionState } from './session-tracker.ts';

const plan = {} as StatementPlan;
const path = (name: string, local = false): SessionEffect => ({ kind: 'set-search-path', path: [name], local });
const temp = (name: string, dropOnCommit = false): SessionEffect => ({
  kind: 'create-temporary',
  name,
  columns: ['a'],
  dropOnCommit,
});
const cursor = (name: string, hold = false): SessionEffect => ({ kind: 'declare-cursor', name, plan, hold });
const prepare = (name: string): SessionEffect => ({ kind: 'prepare', name, plan, parameters: 0 });
const BEGIN: SessionEffect = { kind: 'begin' };
const COMMIT: SessionEffect = { kind: 'commit', chain: false };
const ROLLBACK: SessionEffect = { kind: 'rollback', chain: false };
const savepoint = (name: string): SessionEffect => ({ kind: 'savepoint', name });
const rollbackTo = (name: string): SessionEffect => ({ kind: 'rollback-to', name });
const release = (name: string): SessionEffect => ({ kind: 'release', name });

/** Effects, 'error', and the statuses of ReadyForQuery, in the order in which a session would see them. */
function run(...steps: readonly (SessionEffect | 'error' | 'I' | 'T' | 'E')[]): SessionState {
  const state = createSessionState(['public']);
  for (const step of steps) {
    if (step === 'error') state.error();
    else if (typeof step === 'string') state.ready(step);
    else state.apply(step, 'v1');
  }
  return state;
}

describe('search_path', () => {
  it('stays after SET, ends with the transaction after SET LOCAL', () => {
    expect(run(path('a'), 'I').searchPath).toEqual(['a']);
    expect(run(BEGIN, 'T', path('a', true), 'T').searchPath).toEqual(['a']);
    expect(run(BEGIN, 'T', path('a', true), 'T', COMMIT, 'I').searchPath).toEqual(['public']);
    expect(run(path('a', true), 'I').searchPath).toEqual(['public']);
    expect(run(BEGIN, path('a'), path('b', true), COMMIT, 'I').searchPath).toEqual(['a']);
    expect(run(BEGIN, path('b', true), path('a'), COMMIT, 'I').searchPath).toEqual(['a']);
  });

  it('goes back with ROLLBACK, with a failed block, and with COMMIT of a failed block', () => {
    expect(run(BEGIN, 'T', path('a'), 'T', ROLLBACK, 'I').searchPath).toEqual(['public']);
    expect(run(BEGIN, 'T', path('a'), 'T', 'error', 'E', COMMIT, 'I').searchPath).toEqual(['public']);
    expect(run(BEGIN, 'T', path('a'), 'T', 'E', COMMIT, 'I').searchPath).toEqual(['public']);
    expect(run(BEGIN, 'T', path('a'), 'T', 'error', 'I').searchPath).toEqual(['public']);
    expect(run(path('x'), 'I', BEGIN, path('a'), ROLLBACK, 'I').searchPath).toEqual(['x']);
  });

  it('goes back when a later statement of the same message fails', () => {
    expect(run(path('a'), 'error', 'I').searchPath).toEqual(['public']);
    expect(run(path('a'), 'I', 'error', 'I').searchPath).toEqual(['a']);
    expect(run(path('a'), BEGIN, 'T', ROLLBACK, 'I').searchPath).toEqual(['public']);
  });

  it('follows savepoints', () => {
    expect(run(BEGIN, savepoint('s'), path('a'), rollbackTo('s')).searchPath).toEqual(['public']);
    expect(run(BEGIN, savepoint('s'), path('a'), 'error', 'E', rollbackTo('s'), 'T', COMMIT, 'I').searchPath).toEqual(['public']);
    expect(run(BEGIN, path('a'), savepoint('s'), path('b'), 'error', 'E', rollbackTo('s'), 'T', COMMIT, 'I').searchPath).toEqual([
      'a',
    ]);
    expect(run(BEGIN, savepoint('s'), path('a'), release('s'), COMMIT, 'I').searchPath).toEqual(['a']);
    expect(run(BEGIN, savepoint('s'), path('a'), savepoint('s'), path('b'), rollbackTo('s')).searchPath).toEqual(['a']);
    expect(run(BEGIN, savepoint('s'), path('a'), savepoint('t'), path('b'), rollbackTo('s'), rollbackTo('s')).searchPath).toEqual(
      ['public'],
    );
  });

  it('survives COMMIT AND CHAIN, which starts the next block', () => {
    const chained: SessionEffect = { kind: 'commit', chain: true };
    expect(run(BEGIN, path('a'), chained, 'T', path('b'), ROLLBACK, 'I').searchPath).toEqual(['a']);
  });

  it('is reset', () => {
    expect(run(path('a'), { kind: 'reset-search-path' }, 'I').searchPath).toEqual(['public']);
    expect(run(path('a'), { kind: 'discard-all' }, 'I').searchPath).toEqual(['public']);
  });
});

describe('temporary relations', () => {
  const names = (state: SessionState): readonly string[] => [...state.temporary.keys()];

  it('follow transactions', () => {
    expect(names(run(temp('t'), 'I'))).toEqual(['t']);
    expect(names(run(BEGIN, temp('t'), ROLLBACK, 'I'))).toEqual([]);
    expect(names(run(temp('t'), 'error', 'I'))).toEqual([]);
    expect(names(run(temp('t'), 'I', BEGIN, { kind: 'drop-temporary', names: ['t'] }, ROLLBACK, 'I'))).toEqual(['t']);
    expect(names(run(temp('t'), 'I', { kind: 'discard-temp' }, 'I'))).toEqual([]);
    expect(names(run(BEGIN, savepoint('s'), temp('t'), rollbackTo('s')))).toEqual([]);
  });

  it('are gone after ON COMMIT DROP, so that the name means the governed table again', () => {
    expect(names(run(BEGIN, temp('t', true), 'T'))).toEqual(['t']);
    expect(names(run(BEGIN, temp('t', true), 'T', COMMIT, 'I'))).toEqual([]);
    expect(names(run(temp('t', true), 'I'))).toEqual([]);
  });
});

describe('prepared statements and cursors', () => {
  it('keeps prepared statements through a rollback', () => {
    const state = run(BEGIN, prepare('p'), ROLLBACK, 'I');
    expect(state.prepared.get('p')).toEqual({ plan, parameters: 0, policyVersion: 'v1' });
    expect(run(prepare('p'), prepare('q'), { kind: 'deallocate', name: 'p' }, 'I').prepared.has('q')).toBe(true);
    expect(run(prepare('p'), { kind: 'deallocate', name: null }, 'I').prepared.size).toBe(0);
  });

  it('ends cursors with their transaction unless held', () => {
    const names = (state: SessionState): readonly string[] => [...state.cursors.keys()];
    expect(names(run(BEGIN, cursor('c'), 'T'))).toEqual(['c']);
    expect(names(run(BEGIN, cursor('c'), cursor('h', true), COMMIT, 'I'))).toEqual(['h']);
    expect(names(run(BEGIN, cursor('h', true), ROLLBACK, 'I'))).toEqual([]);
    expect(names(run(cursor('h', true), 'I', BEGIN, cursor('h', true), ROLLBACK, 'I'))).toEqual([]);
    expect(names(run(cursor('h', true), 'I', BEGIN, { kind: 'close-cursor', name: 'h' }, ROLLBACK, 'I'))).toEqual([]);
    expect(names(run(BEGIN, cursor('a'), savepoint('s'), cursor('b'), rollbackTo('s')))).toEqual(['a']);
    expect(names(run(BEGIN, cursor('a'), { kind: 'close-cursor', name: null }))).toEqual([]);
  });
});

it('changes its epoch with every change, never back to an earlier one', () => {
  const state = createSessionState(['public']);
  const seen = new Set([state.epoch]);
  for (const step of [BEGIN, path('a'), ROLLBACK, prepare('p'), temp('t')]) {
    state.apply(step, 'v1');
    expect(seen.has(state.epoch)).toBe(false);
    seen.add(state.epoch);
  }
  state.error();
  state.ready('I');
  expect(seen.has(state.epoch)).toBe(false);
  const epoch = state.epoch;
  state.apply({ kind: 'none' }, 'v1');
  state.ready('I');
  expect(state.epoch).toBe(epoch);
});
