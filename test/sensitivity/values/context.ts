/** What a generator draws from: a column's own stream, the people's country and language, and the number of the row. */
import { type Faker, allFakers } from '@faker-js/faker';
import { Random, hashOf } from './random.ts';

export interface Context {
  readonly random: Random;
  readonly faker: Faker;
  /** Language of prose; `en2` is the English of the untouched set. */
  readonly language: string;
  /** ISO 3166-1. */
  readonly country: string;
  /** 0 to 1, the same for a whole column: people of one application write in one way, mostly. */
  readonly style: number;
  row: number;
}

export type Generator = (context: Context) => string;

type Locale = readonly [faker: keyof typeof allFakers, language: string, country: string];

/** As the labels' files name them. English of countries that faker does not know borrows a neighbour's. */
const LOCALES: Readonly<Record<string, Locale>> = {
  en_US: ['en_US', 'en', 'US'],
  en_GB: ['en_GB', 'en', 'GB'],
  de: ['de', 'de', 'DE'],
  fr: ['fr', 'fr', 'FR'],
  es: ['es', 'es', 'ES'],
  it: ['it', 'it', 'IT'],
  nl: ['nl', 'nl', 'NL'],
  pl: ['pl', 'pl', 'PL'],
  tr: ['tr', 'tr', 'TR'],
  ja: ['ja', 'ja', 'JP'],
  pt_BR: ['pt_BR', 'pt', 'BR'],
  pt_PT: ['pt_PT', 'pt', 'PT'],
  sv: ['sv', 'sv', 'SE'],
  en_CA: ['en_CA', 'en2', 'CA'],
  en_AU: ['en_AU', 'en2', 'AU'],
  en_IN: ['en_IN', 'en2', 'IN'],
  en_ZA: ['en_ZA', 'en2', 'ZA'],
  en_NG: ['en_NG', 'en2', 'NG'],
  en_IE: ['en_IE', 'en2', 'IE'],
  en_SG: ['en_HK', 'en2', 'SG'],
  en_NZ: ['en_AU', 'en2', 'NZ'],
};

export function contextFor(locale: string, column: string, seed: number): Context {
  const known = LOCALES[locale];
  if (known === undefined) throw new Error(`no such locale: ${locale}`);
  const [name, language, country] = known;
  const own = (hashOf(column) ^ Math.imul(seed, 0x9e3779b1)) >>> 0;
  const faker = allFakers[name];
  const random = new Random(own);
  return { random, faker, language, country, style: random.next(), row: 0 };
}

/** faker's instances are shared; whoever fills a column starts its stream. */
export function start(context: Context): void {
  context.faker.seed(context.random.int(0, 2 ** 31));
}
