import { describe, expect, it } from 'vitest';
import { conditionsOf, heldConditions, orHeld, some, transitions, type Verdict } from './conditions.ts';

const NOW = Date.parse('2026-06-01T12:00:00.123Z');
const ready = (status: Verdict['status'], message = 'm', reason = 'R'): Verdict => ({ type: 'Ready', status, reason, message });
const [old] = conditionsOf([ready('True')], [], 1, NOW - 60_000);

describe('conditions', () => {
  it('move their date with their status, and with nothing else', () => {
    const [same] = conditionsOf([ready('True', 'other', 'Other')], [old!], 2, NOW);
    expect(same).toMatchObject({ lastTransitionTime: old!.lastTransitionTime, message: 'other', observedGeneration: 2 });
    const [flipped] = conditionsOf([ready('False')], [old!], 2, NOW);
    expect(flipped?.lastTransitionTime).toBe('2026-06-01T12:00:00Z');
  });

  it('are one line and of bounded length', () => {
    const [condition] = conditionsOf([ready('True', `a\nb\u202ec${'x'.repeat(5_000)}`)], [], 1, NOW);
    expect(condition?.message.startsWith('a b c')).toBe(true);
    expect(condition?.message).toHaveLength(2_000);
  });

  it('are news where they are new or another', () => {
    expect(transitions([ready('True')], [])).toMatchObject([{ from: undefined }]);
    expect(transitions([ready('True')], [old!])).toEqual([]);
    expect(transitions([ready('Unknown')], [old!])).toMatchObject([{ from: 'True', status: 'Unknown' }]);
  });

  it('of an earlier holder stand in for what is not known, of this generation only', () => {
    expect(orHeld(ready('Unknown'), heldConditions([old!], 1)).status).toBe('True');
    expect(orHeld(ready('False'), heldConditions([old!], 1)).status).toBe('False');
    expect(orHeld(ready('Unknown'), heldConditions([old!], 2)).status).toBe('Unknown');
  });

  it('count what they leave out', () => {
    expect(some(['a', 'b', 'c'], 2)).toBe('a; b; and 1 more');
    expect(some(['a', 'b'], 2)).toBe('a; b');
  });
});
