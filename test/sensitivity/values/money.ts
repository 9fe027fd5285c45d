/** Cards, bank accounts and pay. */
import { ibanCheck, luhnDigit } from './checksums.ts';
import type { Context, Generator } from './context.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** Country → its basic account number: `n` a digit, `a` a capital letter, `c` either. */
const BBAN: Readonly<Record<string, string>> = {
  DE: 'n18',
  FR: 'n10 c11 n2',
  ES: 'n20',
  IT: 'a1 n10 c12',
  NL: 'a4 n10',
  GB: 'a4 n14',
  IE: 'a4 n14',
  PL: 'n24',
  TR: 'n5 n1 n16',
  PT: 'n21',
  SE: 'n20',
};
const NL_BANKS = ['ABNA', 'INGB', 'RABO', 'TRIO'];
const GB_BANKS = ['BARC', 'LOYD', 'NWBK', 'MIDL'];

export function iban(c: Context): string {
  const country = BBAN[c.country] === undefined ? 'GB' : c.country;
  let bban = BBAN[country]!.split(' ')
    .map((part) => draw(c, part[0]!, Number(part.slice(1))))
    .join('');
  if (country === 'NL') bban = c.random.pick(NL_BANKS) + bban.slice(4);
  if (country === 'GB' || country === 'IE') bban = c.random.pick(GB_BANKS) + bban.slice(4);
  return country + ibanCheck(country, bban) + bban;
}

function draw(c: Context, kind: string, length: number): string {
  if (kind === 'n') return c.random.digits(length);
  return kind === 'a' ? c.random.upper(length) : c.random.chars('0123456789', length);
}

/** Issuer prefixes and lengths of the large networks. */
const NETWORKS: readonly (readonly [prefix: string, length: number])[] = [
  ['4', 16],
  ['4', 16],
  ['51', 16],
  ['53', 16],
  ['2221', 16],
  ['37', 15],
  ['6011', 16],
];

export function card(c: Context): string {
  const [prefix, length] = c.random.pick(NETWORKS);
  const body = prefix + c.random.digits(length - 1 - prefix.length);
  return body + luhnDigit(body);
}

const spaced = (digits: string): string => digits.replace(/(.{4})(?=.)/g, '$1 ');

const LEVELS: Readonly<Record<string, readonly [number, number]>> = {
  PL: [4300, 24_000],
  TR: [22_000, 140_000],
  JP: [220_000, 900_000],
  IN: [250_000, 4_000_000],
  SE: [24_000, 90_000],
  BR: [1500, 22_000],
};

/** 16 digits that a card scheme would not accept, or would by accident. */
function order(passes: boolean): Generator {
  return (c) => {
    const body = `${c.random.pick(['20', '10', '45', '7', '99'])}${c.random.digits(13)}`.slice(0, 15).padEnd(15, '0');
    const check = Number(luhnDigit(body));
    return `${body}${passes ? check : (check + c.random.int(1, 9)) % 10}`;
  };
}

export const MONEY: Readonly<Record<string, Generator>> = {
  iban,
  'iban.spaced': (c) => spaced(iban(c)),
  'card.number': card,
  'card.spaced': (c) => spaced(card(c)),
  'card.masked': (c) => `XXXX-XXXX-XXXX-${c.random.digits(4)}`,
  'card.cvv': (c) => c.random.digits(3),
  'card.expiry': (c) => `${two(c.random.int(1, 12))}/${c.random.int(26, 32)}`,
  salary: (c) => {
    const [from, to] = LEVELS[c.country] ?? [1800, 9500];
    return (Math.round(c.random.int(from, to) / 10) * 10 + (c.random.chance(0.3) ? c.random.int(0, 99) / 100 : 0)).toFixed(2);
  },
  amount: (c) => (c.random.int(100, 500_000) / 100).toFixed(2),
  percent: (c) => (c.random.int(0, 2500) / 100).toFixed(2),
  decimal: (c) => (c.random.next() * 100).toFixed(2),
  'decimal.text': (c) => (c.random.next() * 1000).toFixed(3),
  'order.16fail': order(false),
  'order.16pass': order(true),
  'account.de': (c) => c.random.digits(10),
  'account.gb': (c) => c.random.digits(8),
  'account.it': (c) => `0000${c.random.digits(8)}`,
  'account.jp': (c) => c.random.digits(7),
  'account.br': (c) => c.random.pattern('#####-#'),
  'account.in': (c) => c.random.digits(c.random.pick([11, 14, 16])),
  'account.au': (c) => c.random.digits(9),
  'account.se': (c) => c.random.pattern('8###-#,### ### ###-#'),
  bic: (c) => `${c.random.upper(4)}${c.country}${c.random.upper(1)}${c.random.digits(1)}XXX`,
  blz: (c) => c.random.pattern('!#0##0##'),
  sortcode: (c) => c.random.pattern('##-##-##'),
  bsb: (c) => c.random.pattern('0##-###'),
  ifsc: (c) => `${c.random.pick(['HDFC', 'ICIC', 'SBIN', 'UTIB'])}0${c.random.digits(6)}`,
  currency: (c) => c.random.pick(['EUR', 'USD', 'GBP', 'JPY', 'SEK', 'PLN']),
  siret: (c) => c.random.digits(14),
  vat: (c) => `${c.random.pick(['DE', 'FR', 'NL'])}${c.random.digits(9)}`,
  'vat.it': (c) => {
    const ten = c.random.digits(10);
    return ten + luhnDigit(ten);
  },
  coupon: (c) => `${c.random.pick(['SAVE', 'SUMMER', 'WELCOME', 'BLACK'])}${c.random.int(5, 50)}`,
  'stripe.id': (c) => `cus_${c.random.base62(14)}`,
};
