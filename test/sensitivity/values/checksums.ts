/** Check digits by their published rules; what they are used for stands beside each use. */

/** Luhn (ISO/IEC 7812-1): the digit that completes the given ones. */
export function luhnDigit(digits: string): string {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10);
}

export function passesLuhn(digits: string): boolean {
  return luhnDigit(digits.slice(0, -1)) === digits.at(-1);
}

/** Sum of digit × weight. */
export function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + Number(digits[index]) * weight, 0);
}

/** Remainder of a decimal string of any length. */
export function modulo(digits: string, divisor: number): number {
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % divisor;
  return rest;
}

/** ISO 13616: the two check digits of an IBAN. */
export function ibanCheck(country: string, bban: string): string {
  const numbers = `${bban}${country}00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return String(98 - modulo(numbers, 97)).padStart(2, '0');
}

export function passesIban(iban: string): boolean {
  return ibanCheck(iban.slice(0, 2), iban.slice(4)) === iban.slice(2, 4);
}

/** GS1 (EAN-13): the digit that completes twelve. */
export function ean13Digit(digits: string): string {
  const sum = weighted(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
  return String((10 - (sum % 10)) % 10);
}

const DIHEDRAL = [
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
const INVERSE = '0432156789';

/** Verhoeff: the digit that completes the given ones. */
export function verhoeffDigit(digits: string): string {
  let check = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    check = Number(DIHEDRAL[check]![Number(PERMUTATION[(index + 1) % 8]![digit])]);
  }
  return INVERSE[check]!;
}

/** ISO 7064 MOD 11,10. */
export function iso7064Digit(digits: string): string {
  let product = 10;
  for (const digit of digits) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return String((11 - product) % 10);
}

/** ICAO 9303: weights 7, 3, 1 over digits, letters (10 to 35) and fillers (0). */
export function icaoDigit(text: string): string {
  let sum = 0;
  for (let index = 0; index < text.length; index += 1) sum += icaoValue(text[index]!) * [7, 3, 1][index % 3]!;
  return String(sum % 10);
}

export function icaoValue(sign: string): number {
  if (sign === '<') return 0;
  return /[0-9]/.test(sign) ? Number(sign) : sign.charCodeAt(0) - 55;
}
