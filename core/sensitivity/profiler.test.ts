import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { ColumnFacts, ValueKind } from './facts.ts';
import { ColumnProfiler } from './profiler.ts';

function column(kind: ValueKind = 'text', array = false): ColumnFacts {
  return { attnum: 1, name: 'c', kind, type: kind, array, notNull: false, primaryKey: false, unique: false, checks: [] };
}

function profile(values: readonly (string | null)[], kind: ValueKind = 'text', array = false) {
  const profiler = new ColumnProfiler(column(kind, array));
  for (const value of values) profiler.add(value);
  return profiler.profile();
}

describe('ColumnProfiler', () => {
  it('counts', () => {
    expect(profile(['a@b.example', 'a@b.example', null, '', '  ', 'plain'])).toMatchObject({
      values: 3,
      nulls: 1,
      distinct: 2,
      recognised: { email: 2 },
      length: { largest: 11 },
    });
  });

  it('looks into arrays', () => {
    expect(profile(['{a@b.example,"c d",NULL}', '{}'], 'text', true)).toMatchObject({ values: 2, recognised: { email: 1 } });
  });

  it('names JSON paths by the words it knows', () => {
    const { paths } = profile(
      ['{"customer": {"firstName": "x", "zqxy17": 1}, "jane.doe@mail.example": {"email": "a@b.example"}, "cut": "o'],
      'json',
    );
    expect(Object.keys(paths!)).toEqual(['*', '*.email', 'customer.*', 'customer.first_name']);
  });

  it('keeps nothing of a value', () => {
    const canary = 'zqkanarienvogelzq';
    const values = [
      canary,
      `${canary}@mail.example`,
      `{"${canary}": "${canary}", "a": {"${canary}x": ["${canary}"]}}`,
      `see ${canary} there`,
      `[{"k": "${canary}"`,
    ];
    for (const kind of ['text', 'json'] as const) {
      expect(JSON.stringify(profile(values, kind))).not.toMatch(/zq|kanarienvogel/);
    }
  });

  it('keeps nothing of any JSON', () => {
    const words = fc.stringMatching(/^zq[a-z]{6,12}zq$/);
    fc.assert(
      fc.property(fc.dictionary(words, fc.oneof(words, fc.dictionary(words, words))), (value) => {
        expect(JSON.stringify(profile([JSON.stringify(value)], 'json'))).not.toContain('zq');
      }),
      { numRuns: 200 },
    );
  });

  it('is bounded by paths and by time, whatever the values are', () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [
        `${'note_'.repeat((i % 9) + 1)}email_${'city_'.repeat(i % 8)}`,
        { [`name_${'id_'.repeat(i % 20)}x`]: 1 },
      ]),
    );
    expect(Object.keys(profile([JSON.stringify(many)], 'json').paths!).length).toBeLessThanOrEqual(65);
    const hostile = [
      '[',
      '{"a":',
      '"',
      '@',
      'a@',
      '1',
      '1 ',
      '0-',
      '((',
      '.',
      'a.',
      ':',
      '::',
      '=',
      'x ',
      '+',
      '$2b$',
      '<',
      'é',
      '{',
      '\\',
      'A1',
      '-----BEGIN ',
    ];
    const started = performance.now();
    for (const piece of hostile) {
      for (const kind of ['text', 'json'] as const)
        profile([piece.repeat(5_000), `${piece.repeat(900)}!`, `a${piece.repeat(900)}`], kind);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
