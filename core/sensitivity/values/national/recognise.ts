/** Which national identifiers a value may be. Chosen by length and shape first: a value is tried against a handful. */
import type { Shape } from '../shape.ts';
import { AMERICAS } from './americas.ts';
import { ASIA_AFRICA } from './asia-africa.ts';
import type { NationalId } from './definition.ts';
import { EUROPE } from './europe.ts';

export const NATIONAL_IDS: readonly NationalId[] = [...AMERICAS, ...EUROPE, ...ASIA_AFRICA];

const LONGEST = 24;
const BY_DIGITS = new Map<number, NationalId[]>();
for (const each of NATIONAL_IDS) {
  for (const length of each.digits === undefined ? [] : [each.digits].flat()) {
    BY_DIGITS.set(length, [...(BY_DIGITS.get(length) ?? []), each]);
  }
}
const WITH_LETTERS = NATIONAL_IDS.filter((each) => each.pattern !== undefined);

export function recogniseNationalId(shape: Shape, found: (id: string) => void): void {
  const { text, digits, upper, lower, blanks, dots, dashes, slashes, others } = shape;
  if (text.length > LONGEST || digits < 4 || blanks > 5) return;
  const letters = upper + lower;
  if (digits + blanks + dots + dashes + slashes + (others === 1 && text.includes('+') ? 1 : 0) === text.length) {
    if (text[0] === '+') return;
    const candidates = BY_DIGITS.get(digits);
    if (candidates === undefined) return;
    const compact = text.length === digits ? text : text.replace(/\D/g, '');
    // `000000000` passes most checks; a number of one digit is filler.
    if (/^(\d)\1*$/.test(compact)) return;
    for (const { id, written, test } of candidates) {
      if ((written === undefined || written.test(text)) && test(compact)) found(id);
    }
    if (!/-[\dkK]$/.test(text)) return;
  } else if (letters > 14 || letters + digits + blanks + dots + dashes + slashes + others < text.length) return;
  const compact = text.replace(/[\s./-]/g, '').toUpperCase();
  for (const { id, pattern, written, test } of WITH_LETTERS) {
    if (pattern!.test(compact) && (written === undefined || written.test(text)) && test(compact)) found(id);
  }
}
