/** Card numbers and bank accounts. */
import { iban97, luhn } from './checksums.ts';
import { type Shape, digitsOf } from './shape.ts';

/** Issuer identification numbers and the lengths that they use. */
function hasIssuer(digits: string): boolean {
  const two = Number(digits.slice(0, 2));
  const three = Number(digits.slice(0, 3));
  const four = Number(digits.slice(0, 4));
  switch (digits.length) {
    case 14:
      return (three >= 300 && three <= 305) || two === 36 || two === 38 || two === 39;
    case 15:
      return two === 34 || two === 37;
    case 13:
      return digits[0] === '4';
    case 16:
      return (
        digits[0] === '4' ||
        (two >= 51 && two <= 55) ||
        (four >= 2200 && four <= 2204) ||
        (four >= 2221 && four <= 2720) ||
        four === 6011 ||
        (three >= 644 && three <= 659) ||
        (four >= 3528 && four <= 3589) ||
        [36, 50, 56, 57, 58, 60, 62, 63, 67, 81, 82].includes(two) ||
        four === 9792
      );
    case 17:
    case 18:
    case 19:
      return [4, 6].includes(Number(digits[0])) || two === 50;
    case 12:
      return two === 50 || [6304, 6759, 6761, 6762, 6763].includes(four);
    default:
      return false;
  }
}

const GROUPED = /^\d{2,6}(?:[ -]\d{1,7}){0,5}$/;
const MASKED = /^(?:[*xX•#.]{2,6}[ -]?){1,4}\d{3,4}$|^\d{4,6}[ -]?(?:\d{2})?(?:[*xX•#]{2,8}[ -]?){1,4}\d{2,4}$/;

export function recogniseCard(shape: Shape, found: (id: string) => void): void {
  const { text, digits } = shape;
  if (text.length > 25 || text.length < 7) return;
  if (digits >= 12 && digits <= 19 && digits + shape.blanks + shape.dashes === text.length) {
    if (!GROUPED.test(text) && digits !== text.length) return;
    const number = digitsOf(text);
    if (!hasIssuer(number) || /^(\d)\1*$/.test(number)) return;
    found(luhn(number) ? 'card' : 'card.shape');
  } else if (digits >= 3 && digits <= 10 && text.length >= 10 && text.length <= 23 && digits < text.length && MASKED.test(text)) {
    found('card.masked');
  }
}

/** ISO 13616 registry: country and length. */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22
   GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20
   MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26
   UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

export function recogniseAccount(shape: Shape, found: (id: string) => void): void {
  const { text } = shape;
  if (
    text.length > 42 ||
    text.length < 8 ||
    shape.upper + shape.lower + shape.digits + shape.blanks + shape.dashes !== text.length
  )
    return;
  if (shape.digits >= 8 && /^[A-Za-z]{2}\d{2}/.test(text)) {
    const compact = text.replace(/[ -]/g, '').toUpperCase();
    if (IBAN_LENGTHS.get(compact.slice(0, 2)) === compact.length) found(iban97(compact) ? 'iban' : 'iban.shape');
  }
  // ISO 9362. All upper case words of eight letters look the same.
  if ((text.length === 8 || text.length === 11) && /^[A-Z]{6}[A-Z\d]{2}(?:[A-Z\d]{3})?$/.test(text)) found('bic.shape');
}
