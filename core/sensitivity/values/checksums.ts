/** Check digits. All take a string of digits (letters where said) of the right length. */

const digit = (text: string, i: number): number => text.charCodeAt(i) - 48;

/** ISO/IEC 7812-1, annex B. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const value = digit(digits, i) * (double ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

export function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += digit(digits, i) * weights[i]!;
  return sum;
}

/** Remainder of a long decimal number. */
export function remainder(digits: string, modulus: number): number {
  let rest = 0;
  for (let i = 0; i < digits.length; i++) rest = (rest * 10 + digit(digits, i)) % modulus;
  return rest;
}

/** ISO 7064 MOD 97-10 over letters and digits, as IBANs have it (the first four characters moved to the end). */
export function iban97(iban: string): boolean {
  let rest = 0;
  for (let i = 0; i < iban.length; i++) {
    const code = iban.charCodeAt((i + 4) % iban.length);
    if (code >= 48 && code <= 57) rest = (rest * 10 + code - 48) % 97;
    else rest = (rest * 100 + code - 55) % 97;
  }
  return rest === 1;
}

/** ISO 7064 MOD 11,10. */
export function mod1110(digits: string): boolean {
  let product = 10;
  for (let i = 0; i < digits.length - 1; i++) {
    let sum = (digit(digits, i) + product) % 10;
    if (sum === 0) sum = 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digit(digits, digits.length - 1);
}

const D5 = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const PERMUTATION = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** Verhoeff's check over the dihedral group of order 10. */
export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i++) {
    const permuted = digit(PERMUTATION[i % 8]!, digit(digits, digits.length - 1 - i));
    check = digit(D5[check]!, permuted);
  }
  return check === 0;
}

/** `yymmdd` at an offset; days and months may be shifted (women, residents). */
export function isDate(
  digits: string,
  at: number,
  order: 'ymd' | 'dmy' | 'mdy',
  shift: { month?: readonly number[]; day?: number } = {},
): boolean {
  const first = Number(digits.slice(at, at + 2));
  const second = Number(digits.slice(at + 2, at + 4));
  const third = Number(digits.slice(at + 4, at + 6));
  let [month, day] = order === 'ymd' ? [second, third] : order === 'dmy' ? [second, first] : [first, second];
  for (const months of shift.month ?? []) if (month > months && month <= months + 12) month -= months;
  if (shift.day !== undefined && day > shift.day) day -= shift.day;
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
