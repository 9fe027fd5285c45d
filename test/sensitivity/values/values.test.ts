/** Generated numbers are right by the published rules, checked against published examples and by other means than they are made. */
import { describe, expect, it } from 'vitest';
import {
  ean13Digit,
  ibanCheck,
  icaoDigit,
  iso7064Digit,
  luhnDigit,
  modulo,
  passesIban,
  passesLuhn,
  verhoeffDigit,
  weighted,
} from './checksums.ts';
import { contextFor, start } from './context.ts';
import { generator } from './generators.ts';
import { codiceFiscaleLetter, cpfDigits, peselDigit, tcknDigits } from './national-ids.ts';
import { SETS, labelledSchemas } from '../labels.ts';
import { parseGenerator } from './generators.ts';

function drawn(name: string, locale: string, count = 300): readonly string[] {
  const context = contextFor(locale, `test.${name}`, 1);
  start(context);
  const draw = generator(name);
  return Array.from({ length: count }, (_, row) => {
    context.row = row;
    return draw(context);
  });
}

describe('check digits agree with published examples', () => {
  it.each([
    ['Luhn', luhnDigit('7992739871'), '3'],
    ['IBAN of Great Britain', ibanCheck('GB', 'WEST12345698765432'), '82'],
    ['IBAN of Germany', ibanCheck('DE', '370400440532013000'), '89'],
    ['EAN-13', ean13Digit('400638133393'), '1'],
    ['Verhoeff', verhoeffDigit('236'), '3'],
    ['ISO 7064 MOD 11,10 (German tax id)', iso7064Digit('8609574271'), '9'],
    ['ICAO 9303', icaoDigit('L898902C3'), '6'],
    ['codice fiscale', codiceFiscaleLetter('RSSMRA85T10A562'), 'S'],
    ['CPF', cpfDigits('529982247'), '25'],
    ['T.C. kimlik numarası', tcknDigits('100000001'), '46'],
    ['PESEL', peselDigit('4405140135'), '9'],
  ])('%s', (_, got, wanted) => {
    expect(got).toBe(wanted);
  });
});

const digitsOf = (value: string): string => value.replace(/\D/g, '');
const elevenTest = (digits: string): boolean => weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
const dniLetter = (digits: string): string => 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23]!;

describe('what is generated is valid', () => {
  it.each<readonly [name: string, locale: string, valid: (value: string) => boolean]>([
    ['card.number', 'en_US', (value) => /^\d{15,16}$/.test(value) && passesLuhn(value)],
    ['card.spaced', 'sv', (value) => passesLuhn(digitsOf(value))],
    ['iban', 'de', (value) => value.length === 22 && passesIban(value)],
    ['iban', 'fr', (value) => value.length === 27 && passesIban(value)],
    ['iban', 'it', (value) => value.length === 27 && passesIban(value)],
    ['iban', 'nl', (value) => value.length === 18 && passesIban(value)],
    ['iban', 'tr', (value) => value.length === 26 && passesIban(value)],
    ['iban.spaced', 'pl', (value) => passesIban(value.replaceAll(' ', ''))],
    ['ean13', 'tr', (value) => ean13Digit(value.slice(0, 12)) === value[12]],
    ['isbn13', 'en_US', (value) => value.startsWith('978') && ean13Digit(value.slice(0, 12)) === value[12]],
    ['order.16pass', 'pl', (value) => /^\d{16}$/.test(value) && passesLuhn(value)],
    ['order.16fail', 'pl', (value) => /^\d{16}$/.test(value) && !passesLuhn(value)],
    ['imei', 'sv', (value) => value.length === 15 && passesLuhn(value)],
    ['national-id.es.dni', 'es', (value) => dniLetter(value.slice(0, 8)) === value[8]],
    ['national-id.es.nie', 'es', (value) => dniLetter('XYZ'.indexOf(value[0]!) + value.slice(1, 8)) === value[8]],
    ['national-id.nl.bsn', 'nl', (value) => value.length === 9 && elevenTest(value)],
    ['national-id.pl.pesel', 'pl', (value) => weighted(value, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0],
    ['national-id.fr.nir', 'fr', (value) => (modulo(value.slice(0, 13), 97) + Number(value.slice(13))) % 97 === 0],
    ['national-id.se.pnr', 'sv', (value) => passesLuhn(digitsOf(value).slice(2))],
    ['national-id.za', 'en_ZA', passesLuhn],
    ['national-id.br.cns', 'pt_BR', (value) => weighted(value, [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0],
    [
      'national-id.pt.nif',
      'pt_PT',
      (value) => [0, 1].includes(weighted(value, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11) || value.endsWith('0'),
    ],
    ['national-id.au.tfn', 'en_AU', (value) => weighted(digitsOf(value), [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0],
    ['national-id.us.ssn', 'en_US', (value) => /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(value)],
    ['national-id.in.aadhaar', 'en_IN', (value) => verhoeffDigit(digitsOf(value).slice(0, 11)) === value.at(-1)],
    ['national-id.it.cf', 'it', (value) => /^[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]$/.test(value)],
    ['national-id.de.steuerid', 'de', (value) => new Set(value.slice(0, 10)).size === 9 && value[0] !== '0'],
    ['national-id.gb.nino', 'en_GB', (value) => /^[A-Z]{2} \d{2} \d{2} \d{2} [A-D]$/.test(value)],
    ['passport.mrz', 'sv', (value) => value.length === 44 && icaoDigit(value.slice(0, 9)) === value[9]],
    ['hash.bcrypt', 'it', (value) => /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(value)],
    ['token.jwt', 'sv', (value) => value.split('.').length === 3 && JSON.parse(atob(value.split('.')[0]!)).alg === 'HS256'],
    ['json.geolocation', 'en_NG', (value) => typeof JSON.parse(value).ip === 'string'],
  ])('%s of %s', (name, locale, valid) => {
    expect(drawn(name, locale).filter((value) => !valid(value))).toEqual([]);
  });
});

it('draws the same from the same seed, and something else from another column', () => {
  expect(drawn('person.full', 'pl', 20)).toEqual(drawn('person.full', 'pl', 20));
  expect(drawn('token.hex', 'pl', 20)).not.toEqual(drawn('token.base64', 'pl', 20));
});

it('knows every generator that a label names', () => {
  const names = new Set(
    SETS.flatMap((set) => labelledSchemas(set).flatMap(({ labels }) => labels.map((each) => each.generator))),
  );
  expect(
    [...names].filter((name) => parseGenerator(name).name !== 'fk').map((name) => generator(parseGenerator(name).name)),
  ).not.toContain(undefined);
});
