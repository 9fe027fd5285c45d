import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readName } from '../names/reader.ts';
import type { ColumnProfile } from '../profile.ts';
import { judge } from './judge.ts';

const NAMES = [
  'c1',
  'email',
  'phone',
  'note',
  'name',
  'address',
  'ssn',
  'card_number',
  'token',
  'ip',
  'status',
  'email_count',
  'iban',
  'city',
];
/** Recognisers whose finding is always a reason to hide. */
const TELLING = [
  'email',
  'phone',
  'card',
  'iban',
  'ip',
  'password-hash',
  'token',
  'street',
  'person.full',
  'id.us.ssn',
  'id.de.steuerid',
  'prose',
  'url-credentials',
];
const SUBJECTS = [undefined, 'person', 'deal', 'writing', 'vault'] as const;

function profile(values: number, recognised: Record<string, number>): ColumnProfile {
  return { values, nulls: 0, recognised, distinct: values, length: { mean: 20, largest: 40 }, words: 3 };
}

function classOf(name: string, subject: (typeof SUBJECTS)[number], seen: ColumnProfile | undefined) {
  return judge({ kind: 'text', reading: readName(name, new Set()), subject, clues: [], profile: seen }).class;
}

describe('judge', () => {
  it('never shows a column because more of it was found to be sensitive', () => {
    const counts = fc.dictionary(fc.constantFrom(...TELLING), fc.integer({ min: 0, max: 100 }), { maxKeys: 3 });
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.constantFrom(...SUBJECTS),
        counts,
        fc.constantFrom(...TELLING),
        fc.integer({ min: 1, max: 100 }),
        (name, subject, recognised, more, by) => {
          if (classOf(name, subject, profile(100, recognised)) === undefined) return;
          const grown = { ...recognised, [more]: Math.min(100, (recognised[more] ?? 0) + by) };
          expect(classOf(name, subject, profile(100, grown))).toBeDefined();
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('asks more of few values and of numbers that pass by chance', () => {
    expect(classOf('c1', undefined, profile(100, { 'id.nl.bsn': 100 }))).toBe('pii.national-id');
    expect(classOf('c1', undefined, profile(100, { 'id.nl.bsn': 12 }))).toBeUndefined();
    expect(classOf('c1', undefined, profile(2, { 'id.nl.bsn': 2 }))).toBeUndefined();
    expect(classOf('c1', undefined, { ...profile(100, { 'id.nl.bsn': 100 }), distinct: 1 })).toBeUndefined();
    expect(classOf('c1', undefined, profile(2, { email: 2 }))).toBe('pii.email');
  });

  it('lets values overrule a name that they do not fit', () => {
    const words = { ...profile(100, {}), distinct: 3, words: 1, length: { mean: 6, largest: 8 } };
    expect(classOf('phone', 'person', words)).toBeUndefined();
    expect(classOf('phone', 'person', profile(100, { 'hex.digest': 100 }))).toBe('pii.phone');
  });
});
