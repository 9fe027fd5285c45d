/** Numbers that states and their insurances give to people: right in form and check digit, drawn at random. */
import { iso7064Digit, luhnDigit, modulo, verhoeffDigit, weighted } from './checksums.ts';
import type { Random } from './random.ts';

type Draw = (random: Random) => string;

const two = (value: number): string => String(value).padStart(2, '0');

interface Birth {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function birth(random: Random): Birth {
  return { year: random.int(1940, 2004), month: random.int(1, 12), day: random.int(1, 28) };
}

/** Draws digits until the rule gives a check digit (some rules have none for some numbers). */
function until(draw: () => string | undefined): string {
  for (;;) {
    const value = draw();
    if (value !== undefined) return value;
  }
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
const dniLetter = (digits: string): string => DNI_LETTERS[modulo(digits, 23)]!;

const CF_ODD: Readonly<Record<string, number>> = Object.fromEntries(
  [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((sign, index) => [
    sign,
    [
      1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
      23,
    ][index]!,
  ]),
);

/** Codice fiscale: positions counted from one, the odd ones by a table. */
export function codiceFiscaleLetter(body: string): string {
  let sum = 0;
  for (let index = 0; index < body.length; index += 1) {
    const sign = body[index]!;
    const even = /[0-9]/.test(sign) ? Number(sign) : sign.charCodeAt(0) - 65;
    sum += index % 2 === 0 ? CF_ODD[sign]! : even;
  }
  return String.fromCharCode(65 + (sum % 26));
}

function codiceFiscale(random: Random): string {
  const { year, month, day } = birth(random);
  const consonants = (): string => random.chars('BCDFGLMNPRSTVZ', 3);
  const body = `${consonants()}${consonants()}${two(year % 100)}${'ABCDEHLMPRST'[month - 1]}${two(day + random.pick([0, 40]))}${random.chars('ABCDEFGHIL', 1)}${random.digits(3)}`;
  return body + codiceFiscaleLetter(body);
}

export function cpfDigits(nine: string): string {
  const first = ((weighted(nine, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  const second = ((weighted(`${nine}${first}`, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  return `${first}${second}`;
}

export function tcknDigits(nine: string): string {
  const at = (index: number): number => Number(nine[index]);
  const odd = at(0) + at(2) + at(4) + at(6) + at(8);
  const even = at(1) + at(3) + at(5) + at(7);
  const tenth = (((odd * 7 - even) % 10) + 10) % 10;
  const sum = [...nine].reduce((total, digit) => total + Number(digit), tenth);
  return `${tenth}${sum % 10}`;
}

/** The tax id has ten digits, exactly one of which comes twice, and a check digit by ISO 7064. */
function steuerId(random: Random): string {
  const signs = [...'123456789'];
  const ten = [random.pick(signs)];
  const rest = '0123456789'.split('').filter((digit) => digit !== ten[0]);
  while (ten.length < 9) ten.push(rest.splice(random.int(0, rest.length - 1), 1)[0]!);
  ten.splice(random.int(2, 9), 0, ten[random.int(0, 8)]!);
  return ten.join('') + iso7064Digit(ten.join(''));
}

/** Pension insurance: area, birth, letter, serial; the letter counts as two digits, digit sums of weighted digits. */
function rentenversicherung(random: Random): string {
  const { year, month, day } = birth(random);
  const letter = random.upper(1);
  const serial = random.digits(2);
  const head = `${two(random.int(2, 89))}${two(day)}${two(month)}${two(year % 100)}`;
  const digits = `${head}${two(letter.charCodeAt(0) - 64)}${serial}`;
  const sum = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].reduce((total, weight, index) => {
    const product = Number(digits[index]) * weight;
    return total + Math.floor(product / 10) + (product % 10);
  }, 0);
  return `${head}${letter}${serial}${sum % 10}`;
}

function nir(random: Random): string {
  const { year, month } = birth(random);
  const body = `${random.pick(['1', '2'])}${two(year % 100)}${two(month)}${two(random.int(1, 95))}${random.digits(6)}`;
  return body + two(97 - modulo(body, 97));
}

function nino(random: Random): string {
  const letters = 'ABCEGHJKLMNPRSTWXYZ';
  return `${random.chars('ABCEGHJKLMNPRSTW', 1)}${random.chars(letters.replace('O', ''), 1)} ${random.pattern('## ## ##')} ${random.chars('ABCD', 1)}`;
}

/** Eleven-test: the weighted sum, the last digit counting negative, is a multiple of eleven. */
function bsn(random: Random): string {
  return until(() => {
    const eight = `${random.int(1, 9)}${random.digits(7)}`;
    const check = weighted(eight, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    return check === 10 ? undefined : `${eight}${check}`;
  });
}

export function peselDigit(ten: string): string {
  return String((10 - (weighted(ten, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10);
}

function pesel(random: Random): string {
  const { year, month, day } = birth(random);
  const ten = `${two(year % 100)}${two(year >= 2000 ? month + 20 : month)}${two(day)}${random.digits(4)}`;
  return ten + peselDigit(ten);
}

function nip(random: Random): string {
  return until(() => {
    const nine = `${random.pick(['526', '677', '782', '951'])}${random.digits(6)}`;
    const check = weighted(nine, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    return check === 10 ? undefined : `${nine}${check}`;
  });
}

/** Identity card: three letters, a check digit, five digits; weights 7, 3, 1 as in travel documents. */
function dowod(random: Random): string {
  const letters = `A${random.upper(2)}`;
  const digits = random.digits(5);
  const check = (icaoSum(letters, [7, 3, 1]) + icaoSum(digits, [7, 3, 1, 7, 3])) % 10;
  return `${letters}${check}${digits}`;
}

function icaoSum(text: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => {
    const sign = text[index]!;
    return sum + weight * (/[0-9]/.test(sign) ? Number(sign) : sign.charCodeAt(0) - 55);
  }, 0);
}

/** My Number: weights 6 to 2 and 7 to 2 from the left. */
function myNumber(random: Random): string {
  const eleven = random.digits(11);
  const rest = weighted(eleven, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return `${eleven}${rest <= 1 ? 0 : 11 - rest}`;
}

function pis(random: Random): string {
  const ten = `1${random.digits(9)}`;
  const check = 11 - (weighted(ten, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return `${ten}${check > 9 ? 0 : check}`;
}

/** Health card (those that begin with 7, 8 or 9): the weighted sum is a multiple of eleven. */
function cns(random: Random): string {
  return until(() => {
    const fourteen = `${random.int(7, 9)}${random.digits(13)}`;
    const rest = (11 - (weighted(fourteen, [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
    return rest > 9 ? undefined : `${fourteen}${rest}`;
  });
}

function nif(random: Random): string {
  const eight = `${random.pick(['1', '2'])}${random.digits(7)}`;
  const rest = weighted(eight, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return `${eight}${rest < 2 ? 0 : 11 - rest}`;
}

function tfn(random: Random): string {
  return until(() => {
    const nine = random.digits(9);
    return weighted(nine, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 ? nine.replace(/^(...)(...)/, '$1 $2 ') : undefined;
  });
}

function medicare(random: Random): string {
  const eight = `${random.int(2, 6)}${random.digits(7)}`;
  return `${eight}${weighted(eight, [1, 3, 7, 9, 1, 3, 7, 9]) % 10}${random.int(1, 9)}`;
}

function personnummer(random: Random): string {
  const { year, month, day } = birth(random);
  const nine = `${two(year % 100)}${two(month)}${two(day)}${random.digits(3)}`;
  return `${Math.floor(year / 100)}${nine.slice(0, 6)}-${nine.slice(6)}${luhnDigit(nine)}`;
}

function southAfrica(random: Random): string {
  const { year, month, day } = birth(random);
  const twelve = `${two(year % 100)}${two(month)}${two(day)}${random.digits(4)}08`;
  return twelve + luhnDigit(twelve);
}

/** Nine digits, then two by the weights of social security (1 to 9 and 2 to 10 in the voter's number). */
function titulo(random: Random): string {
  const eight = random.digits(8);
  const state = two(random.int(1, 28));
  const first = (weighted(eight, [2, 3, 4, 5, 6, 7, 8, 9]) % 11) % 10;
  const second = (weighted(`${state}${first}`, [7, 8, 9]) % 11) % 10;
  return `${eight}${state}${first}${second}`;
}

/** Health insurance: a letter that counts as two digits, then Luhn with the factors 1 and 2. */
function krankenversichertennummer(random: Random): string {
  const letter = random.upper(1);
  const eight = random.digits(8);
  const digits = `${two(letter.charCodeAt(0) - 64)}${eight}`;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const product = Number(digits[index]) * (index % 2 === 0 ? 1 : 2);
    sum += product > 9 ? product - 9 : product;
  }
  return `${letter}${eight}${sum % 10}`;
}

export const NATIONAL_IDS: Readonly<Record<string, Draw>> = {
  'de.steuerid': steuerId,
  'de.rvnr': rentenversicherung,
  'de.kvnr': krankenversichertennummer,
  'fr.nir': nir,
  'es.dni': (random) => {
    const digits = random.digits(8);
    return digits + dniLetter(digits);
  },
  'es.nie': (random) => {
    const first = random.int(0, 2);
    const digits = random.digits(7);
    return `${'XYZ'[first]}${digits}${dniLetter(`${first}${digits}`)}`;
  },
  'es.nss': (random) => {
    const ten = `${two(random.int(1, 52))}${random.digits(8)}`;
    return ten + two(modulo(ten, 97));
  },
  'us.ssn': (random) =>
    `${String(random.int(1, 665)).padStart(3, '0')}-${two(random.int(1, 99))}-${String(random.int(1, 9999)).padStart(4, '0')}`,
  'gb.nino': nino,
  'gb.licence': (random) =>
    `${random.upper(5)}${random.int(1, 9)}${two(random.int(1, 12))}${two(random.int(1, 28))}${random.int(0, 9)}${random.upper(1)}9${random.digits(1)}${random.upper(2)}`,
  'it.cf': codiceFiscale,
  'it.cie': (random) => random.pattern('CA#####@@'),
  'nl.bsn': bsn,
  'pl.pesel': pesel,
  'pl.nip': nip,
  'pl.dowod': dowod,
  'tr.tckn': (random) => {
    const nine = `${random.int(1, 9)}${random.digits(8)}`;
    return nine + tcknDigits(nine);
  },
  'jp.mynumber': myNumber,
  'br.cpf': (random) => {
    const nine = random.digits(9);
    return `${nine.slice(0, 3)}.${nine.slice(3, 6)}.${nine.slice(6)}-${cpfDigits(nine)}`;
  },
  'br.rg': (random) => random.pattern('##.###.###-#'),
  'br.titulo': titulo,
  'br.pis': pis,
  'br.cns': cns,
  'pt.nif': nif,
  'pt.cc': (random) => random.pattern('######## # @@#'),
  'in.aadhaar': (random) => {
    const eleven = `${random.int(2, 9)}${random.digits(10)}`;
    return `${eleven}${verhoeffDigit(eleven)}`.replace(/^(....)(....)/, '$1 $2 ');
  },
  'in.pan': (random) => `${random.upper(3)}P${random.upper(1)}${random.digits(4)}${random.upper(1)}`,
  'se.pnr': personnummer,
  za: southAfrica,
  'au.tfn': tfn,
  'au.medicare': medicare,
};
