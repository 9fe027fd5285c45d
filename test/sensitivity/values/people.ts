/** Names, addresses, telephone numbers and travel documents, by country. */
import type { Context, Generator } from './context.ts';
import { icaoDigit } from './checksums.ts';
import { NATIONAL_IDS } from './national-ids.ts';

const PHONES: Readonly<Record<string, readonly string[]>> = {
  US: ['(!##) !##-####', '!##-!##-####', '+1 !## !## ####', '+1!##!######', '!##.!##.####'],
  GB: ['07### ######', '020 #### ####', '+44 7### ######', '01### ######', '+447#########'],
  DE: ['030 #######', '0151 ########', '+49 30 #######', '0221/#######', '+49151########', '(089) ######'],
  FR: ['01 ## ## ## ##', '06 ## ## ## ##', '+33 6 ## ## ## ##', '06########', '+336########'],
  ES: ['6## ### ###', '91# ## ## ##', '+34 6## ### ###', '6########', '+346########'],
  IT: ['3## #######', '06 ########', '+39 3## #######', '02########', '+393#########'],
  NL: ['06-########', '020-#######', '+31 6 ########', '06########', '+316########'],
  PL: ['5## ### ###', '22 ### ## ##', '+48 6## ### ###', '5########', '+486########'],
  TR: ['05## ### ## ##', '0212 ### ## ##', '+90 5## ### ## ##', '05#########', '+905#########'],
  JP: ['090-####-####', '03-####-####', '080########', '+81 90-####-####', '06-####-####'],
  BR: ['(11) 9####-####', '(21) ####-####', '+55 11 9####-####', '119########', '+55119########'],
  PT: ['91# ### ###', '21# ### ###', '+351 91# ### ###', '96#######', '+35193#######'],
  SE: ['070-### ## ##', '08-### ## ##', '+46 70 ### ## ##', '07########', '+467########'],
  CA: ['(416) !##-####', '604-!##-####', '+1 514 !## ####', '+1416!######'],
  AU: ['04## ### ###', '02 #### ####', '+61 4## ### ###', '04########', '+614########'],
  IN: ['+91 98### #####', '98########', '0## #### ####', '+9198########'],
  ZA: ['082 ### ####', '+27 82 ### ####', '011 ### ####', '08########'],
  NG: ['0803 ### ####', '+234 803 ### ####', '0803#######'],
  IE: ['087 ### ####', '+353 87 ### ####', '01 ### ####'],
  SG: ['9### ####', '+65 9### ####', '6### ####'],
  NZ: ['021 ### ####', '+64 21 ### ####', '09 ### ####'],
};

const PASSPORTS: Readonly<Record<string, string>> = {
  US: '5########',
  GB: '5########',
  DE: 'C##@@####',
  FR: '##@@#####',
  ES: '@@@######',
  IT: 'Y@#######',
  NL: 'N@@#@####',
  PL: 'E@#######',
  TR: 'U########',
  JP: 'T@#######',
  BR: 'F@######',
  PT: 'C@######',
  SE: '9#######',
  CA: 'G@######',
  AU: 'P@#######',
  IN: 'J#######',
  ZA: 'A########',
  NG: 'A########',
  IE: 'P@#######',
  SG: 'K#######@',
  NZ: 'L@######',
};

const DEFAULT_ID: Readonly<Record<string, string>> = {
  US: 'us.ssn',
  GB: 'gb.nino',
  DE: 'de.steuerid',
  FR: 'fr.nir',
  ES: 'es.dni',
  IT: 'it.cf',
  NL: 'nl.bsn',
  PL: 'pl.pesel',
  TR: 'tr.tckn',
  JP: 'jp.mynumber',
  BR: 'br.cpf',
  PT: 'pt.nif',
  SE: 'se.pnr',
  ZA: 'za',
  AU: 'au.tfn',
  IN: 'in.aadhaar',
};

const KANA_LAST = [
  'サトウ',
  'スズキ',
  'タカハシ',
  'タナカ',
  'イトウ',
  'ワタナベ',
  'ヤマモト',
  'ナカムラ',
  'コバヤシ',
  'カトウ',
  'ヨシダ',
  'ヤマダ',
];
const KANA_FIRST = [
  'ハルト',
  'ユイ',
  'ソウタ',
  'アオイ',
  'ユウキ',
  'サクラ',
  'ケンジ',
  'ミサキ',
  'タクミ',
  'ヒナ',
  'ダイスケ',
  'アヤカ',
];
const INFIXES = ['van', 'de', 'van der', 'van den', 'ter', 'den'];
const DISTRICTS: Readonly<Record<string, readonly string[]>> = {
  BR: ['Centro', 'Vila Nova', 'Jardim América', 'Bela Vista', 'Boa Viagem', 'Copacabana', 'Santa Cecília', 'Liberdade'],
  TR: ['Atatürk Mah.', 'Cumhuriyet Mah.', 'Bahçelievler', 'Yenimahalle', 'Fatih Mah.', 'Barbaros Mah.'],
  IN: ['Andheri East', 'Koramangala', 'Banjara Hills', 'Salt Lake', 'Sector 21', 'T. Nagar', 'Indiranagar'],
  GB: ['Clifton', 'Headingley', 'Jesmond', 'Didsbury', 'Chapel Allerton', 'Mossley Hill'],
};
const LINES: Readonly<Record<string, readonly string[]>> = {
  fr: ['Appt #', 'Bâtiment A', 'Étage #', 'Résidence Les Tilleuls', 'Escalier B'],
  pt: ['Apto ##', 'Bloco A', 'Casa #', 'Fundos', 'Apto ###'],
  en: ['Flat #', 'Apt ##', 'Unit ##', 'Suite ###', 'Floor #'],
};

export function phone(c: Context): string {
  const formats = PHONES[c.country]!;
  // Most of a column is written alike.
  const usual = formats[Math.floor(c.style * formats.length)]!;
  return c.random.pattern(c.random.chance(0.75) ? usual : c.random.pick(formats));
}

export function phoneInternational(c: Context): string {
  const format = PHONES[c.country]!.find((each) => each.startsWith('+'))!;
  return `+${c.random.pattern(format).replace(/[^0-9]/g, '')}`;
}

export function fullName(c: Context): string {
  const { faker } = c;
  if (c.country === 'JP') return `${faker.person.lastName()}${c.style < 0.5 ? ' ' : ''}${faker.person.firstName()}`;
  return `${faker.person.firstName()} ${faker.person.lastName()}`;
}

export function email(c: Context): string {
  return c.faker.internet.email().toLowerCase();
}

export function fullAddress(c: Context): string {
  const { faker } = c;
  const town = `${faker.location.zipCode()} ${faker.location.city()}`;
  if (c.country === 'JP') return `${faker.location.state()}${faker.location.city()}${c.random.pattern('#-##-#')}`;
  if (['US', 'CA', 'AU', 'GB', 'IN', 'ZA', 'NZ', 'IE', 'NG', 'SG'].includes(c.country))
    return `${faker.location.streetAddress()}, ${faker.location.city()} ${faker.location.zipCode()}`;
  return `${faker.location.streetAddress()}, ${town}`;
}

export function street(c: Context): string {
  if (c.country === 'JP') return `${c.faker.location.city()}${c.random.pattern('#-##-#')}`;
  return c.style < 0.8 ? c.faker.location.streetAddress() : c.faker.location.street();
}

export function passport(c: Context): string {
  return c.random.pattern(PASSPORTS[c.country]!);
}

/** Second line of a travel document's machine-readable zone (ICAO 9303, TD3). */
function machineReadable(c: Context): string {
  const number = passport(c).padEnd(9, '<').slice(0, 9);
  const born = `${c.random.int(50, 99)}${c.random.pattern('0')}${c.random.int(1, 9)}${c.random.int(10, 28)}`;
  const expires = `${c.random.int(27, 36)}${c.random.int(10, 12)}${c.random.int(10, 28)}`;
  const state = 'SWE';
  const body = `${number}${icaoDigit(number)}${state}${born}${icaoDigit(born)}${c.random.pick(['F', 'M'])}${expires}${icaoDigit(expires)}${'<'.repeat(14)}0`;
  return body + icaoDigit(body.slice(0, 10) + body.slice(13, 20) + body.slice(21, 43));
}

export function nationalId(c: Context): string {
  const name = DEFAULT_ID[c.country];
  if (name === undefined) throw new Error(`no national id for ${c.country}`);
  return NATIONAL_IDS[name]!(c.random);
}

const day = (c: Context, from: number, to: number): string =>
  `${c.random.int(from, to)}-${String(c.random.int(1, 12)).padStart(2, '0')}-${String(c.random.int(1, 28)).padStart(2, '0')}`;

export const birthdate: Generator = (c) => day(c, 1938, 2012);

export const PEOPLE: Readonly<Record<string, Generator>> = {
  'person.first': (c) => c.faker.person.firstName(),
  'person.last': (c) => c.faker.person.lastName(),
  'person.full': fullName,
  'person.full.upper': (c) => fullName(c).toUpperCase(),
  'person.full.lower': (c) => fullName(c).toLowerCase(),
  'person.first.lower': (c) => c.faker.person.firstName().toLowerCase(),
  'person.last.lower': (c) => c.faker.person.lastName().toLowerCase(),
  'person.login': (c) => c.faker.internet.username().toLowerCase(),
  'person.slug': (c) => c.faker.helpers.slugify(fullName(c)).toLowerCase(),
  'person.kana': (c) => `${c.random.pick(KANA_LAST)} ${c.random.pick(KANA_FIRST)}`,
  'person.initials': (c) => [...c.random.upper(c.random.int(1, 3))].map((letter) => `${letter}.`).join(''),
  'person.infix': (c) => c.random.pick(INFIXES),
  'address.street': street,
  'address.house': (c) => `${c.random.int(1, 180)}${c.random.chance(0.15) ? c.random.pick(['a', 'b', 'c']) : ''}`,
  'address.postcode': (c) => c.faker.location.zipCode(),
  'address.city': (c) => c.faker.location.city(),
  'address.city.lower': (c) => c.faker.location.city().toLowerCase(),
  'address.full': fullAddress,
  'address.line2': (c) => c.random.pattern(c.random.pick(LINES[c.language] ?? LINES['en']!)),
  'address.district': (c) => c.random.pick(DISTRICTS[c.country] ?? DISTRICTS['GB']!),
  'geo.city-country': (c) => `${c.faker.location.city()}, ${c.faker.location.country()}`,
  phone,
  'phone.intl': phoneInternational,
  email,
  'email.list': (c) => Array.from({ length: c.random.int(1, 3) }, () => email(c)).join(', '),
  sip: (c) => `sip:${c.faker.internet.username().toLowerCase()}@${c.faker.internet.domainName()}`,
  'sip.contact': (c) =>
    `sip:${c.faker.internet.username().toLowerCase()}@${c.faker.internet.ipv4()}:${c.random.int(1024, 65535)}`,
  'sip.received': (c) => `sip:${c.faker.internet.ipv4()}:${c.random.int(1024, 65535)}`,
  'sip.socket': (c) => `udp:${c.faker.internet.ipv4()}:${c.random.int(1024, 65535)}`,
  jid: (c) => `${c.faker.internet.username().toLowerCase()}@${c.faker.internet.domainName()}`,
  'jid.list': (c) =>
    Array.from({ length: c.random.int(1, 3) }, () => `${c.faker.internet.username().toLowerCase()}@chat.example.org`).join(' '),
  upi: (c) =>
    `${c.faker.internet
      .username()
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '')}@${c.random.pick(['okicici', 'ybl', 'paytm', 'oksbi'])}`,
  passport,
  'passport.mrz': machineReadable,
  'national-id': nationalId,
  birthdate,
  'birthdate.iso': birthdate,
  'birthdate.dmy': (c) => birthdate(c).split('-').reverse().join('/'),
};
