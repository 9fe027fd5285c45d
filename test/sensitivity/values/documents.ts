/** Columns that hold more than one thing: JSON, XML, vCards, headers; and columns whose rows are of several kinds. */
import { NATIONAL_IDS } from './national-ids.ts';
import type { Context, Generator } from './context.ts';
import { card } from './money.ts';
import { birthdate, email, fullAddress, fullName, passport, phone } from './people.ts';
import { PROSE, sentences } from './prose.ts';
import { TECHNICAL } from './technical.ts';
import { TOKENS, base64, jwt } from './tokens.ts';

type Build = (c: Context) => unknown;

const draw = (c: Context, table: Readonly<Record<string, Generator>>, name: string): string => table[name]!(c);

const JSONS: Readonly<Record<string, Build>> = {
  event: (c) => ({
    type: draw(c, TECHNICAL, 'enum.event'),
    attempt: c.random.int(1, 5),
    item: c.random.int(1, 999),
    ok: c.random.chance(0.9),
  }),
  preferences: (c) => ({
    theme: c.random.pick(['dark', 'light']),
    density: c.random.pick(['compact', 'cosy']),
    digest: c.random.chance(0.5),
    columns: c.random.int(2, 8),
  }),
  cart: (c) => ({
    items: Array.from({ length: c.random.int(1, 3) }, () => ({
      sku: draw(c, TECHNICAL, 'sku'),
      qty: c.random.int(1, 5),
      price: c.random.int(100, 9900) / 100,
    })),
  }),
  'profile-email': (c) => ({
    id: c.random.int(1, 1e6),
    name: fullName(c),
    email: email(c),
    locale: 'en',
    picture: draw(c, TECHNICAL, 'url'),
  }),
  traits: (c) => ({ email: email(c), name: { first: c.faker.person.firstName(), last: c.faker.person.lastName() } }),
  email: (c) => ({ email: email(c), type: 'subscribe' }),
  principal: (c) => ({
    'java.security.Principal': { name: c.faker.internet.username().toLowerCase(), authenticated: true },
    authorities: ['read'],
  }),
  'contacts-phone': (c) => ({
    contacts: Array.from({ length: c.random.int(1, 3) }, () => ({ kind: c.random.pick(['home', 'work']), number: phone(c) })),
    preferred: c.random.int(0, 1),
  }),
  'order-address': (c) => ({
    order: c.random.int(1, 1e5),
    ship_to: {
      name: fullName(c),
      street: c.faker.location.streetAddress(),
      zip: c.faker.location.zipCode(),
      city: c.faker.location.city(),
    },
  }),
  'text-customer': (c) => ({
    customer: { name: fullName(c), email: email(c), address: fullAddress(c) },
    total: c.random.int(10, 900),
  }),
  patient: (c) => ({
    patient: { name: fullName(c), born: birthdate(c) },
    diagnosis: draw(c, PROSE, 'health.diagnosis'),
    icd10: draw(c, PROSE, 'health.icd10'),
  }),
  geo: (c) => ({ lat: c.random.int(36e6, 60e6) / 1e6, lon: c.random.int(-9e6, 28e6) / 1e6, accuracy: c.random.int(3, 90) }),
  geolocation: (c) => ({
    ip: c.faker.internet.ipv4(),
    city: c.faker.location.city(),
    country: 'Nigeria',
    latitude: c.random.int(36e6, 60e6) / 1e6,
    longitude: c.random.int(-9e6, 28e6) / 1e6,
    timezone: 'Africa/Lagos',
  }),
  card: (c) => ({
    method: 'card',
    card: { number: card(c), exp_month: c.random.int(1, 12), exp_year: 2028 },
    amount: c.random.int(100, 9000),
  }),
  credentials: (c) => ({
    host: 'mail.example.net',
    user: 'service',
    password: draw(c, TOKENS, 'password'),
    api_key: c.random.base62(32),
  }),
  codes: (c) => Array.from({ length: 8 }, () => c.random.base62(10).toLowerCase()),
  totp: (c) => ({ secret: draw(c, TOKENS, 'token.base32') }),
  cookie: (c) => ({
    cookie: { originalMaxAge: 86_400_000, path: '/' },
    user_id: c.random.hex(24),
    origin: 'https://www.example.com',
    token: c.random.base62(24),
  }),
  'hashed-password': (c) => ({ hashed_password: draw(c, TOKENS, 'hash.bcrypt') }),
  'form-csrf': (c) => ({
    action: 'https://id.example.com/self-service',
    method: 'POST',
    nodes: [
      { type: 'input', attributes: { name: 'csrf_token', type: 'hidden', value: base64(c, 86) } },
      { type: 'input', attributes: { name: 'method', value: 'password' } },
    ],
  }),
  'contact-form': (c) => ({ name: fullName(c), email: email(c), message: sentences(c, 2, 4) }),
};

function vcard(c: Context): string {
  const [first, last] = [c.faker.person.firstName(), c.faker.person.lastName()];
  return `BEGIN:VCARD\nVERSION:3.0\nN:${last};${first};;;\nFN:${first} ${last}\nEMAIL;TYPE=INTERNET:${email(c)}\nTEL;TYPE=CELL:${phone(c)}\nADR;TYPE=HOME:;;${c.faker.location.streetAddress()};${c.faker.location.city()};;${c.faker.location.zipCode()};\nEND:VCARD`;
}

function setting(c: Context): string {
  const kind = c.random.int(0, 9);
  if (kind === 0) return `sk_live_${c.random.base62(32)}`;
  if (kind === 1) return c.random.hex(64);
  if (kind === 2) return draw(c, TOKENS, 'token.pem');
  return c.random.pick(['true', 'false', 'all', 'en', '#15171a', 'casper', '[]', 'My site', 'public']);
}

export const DOCUMENTS: Readonly<Record<string, Generator>> = {
  ...Object.fromEntries(Object.entries(JSONS).map(([name, build]) => [`json.${name}`, (c: Context) => JSON.stringify(build(c))])),
  vcard,
  'vcard.xml': (c) =>
    `<vCard xmlns='vcard-temp'><FN>${fullName(c)}</FN><EMAIL><USERID>${email(c)}</USERID></EMAIL><TEL><NUMBER>${phone(c)}</NUMBER></TEL><ADR><STREET>${c.faker.location.streetAddress()}</STREET><LOCALITY>${c.faker.location.city()}</LOCALITY></ADR></vCard>`,
  'xml.customer': (c) =>
    `<customer id="${c.random.int(1, 9999)}"><name>${xml(fullName(c))}</name><email>${email(c)}</email><address>${xml(fullAddress(c))}</address></customer>`,
  'xml.message': (c) =>
    `<message from='${c.faker.internet.username().toLowerCase()}@example.org/home' to='${c.faker.internet.username().toLowerCase()}@example.org' type='chat'><body>${xml(sentences(c, 1, 2))}</body></message>`,
  'csv.customer': (c) => `${c.random.int(1, 9999)};${fullName(c)};${fullAddress(c)};${email(c)};${phone(c)}`,
  'words.contact': (c) => ` ${fullName(c)} ${email(c)} ${phone(c)} ${c.faker.location.city()} `.toLowerCase(),
  'mail.headers': (c) =>
    `From: ${fullName(c)} <${email(c)}>\nTo: ${email(c)}\nSubject: ${draw(c, PROSE, 'prose.subject')}\nReceived: from [${c.faker.internet.ipv4()}] by mx.example.com\nMessage-ID: ${draw(c, TECHNICAL, 'messageid')}`,
  'sip.message': (c) =>
    `INVITE sip:${c.faker.internet.username()}@${c.faker.internet.domainName()} SIP/2.0\r\nVia: SIP/2.0/UDP ${c.faker.internet.ipv4()}:5060\r\nFrom: "${fullName(c)}" <sip:${c.faker.internet.username()}@example.org>\r\nCall-ID: ${c.random.hex(20)}`,
  'mixed.email20': (c) =>
    c.random.chance(0.2) ? email(c) : draw(c, TECHNICAL, c.random.pick(['word', 'slug', 'enum.status', 'version'])),
  'mixed.phone-email': (c) => (c.random.chance(0.7) ? phone(c) : email(c)),
  'mixed.national-id.in': (c) =>
    c.random.chance(0.8) ? NATIONAL_IDS[c.random.pick(['in.aadhaar', 'in.pan'])]!(c.random) : passport(c),
  'mixed.settings': setting,
  'token.jwt': jwt,
};

/** Arrays of text, as PostgreSQL reads them. */
export function arrayOf(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

function xml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
