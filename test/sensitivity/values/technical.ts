/** Values that are nobody's secret: numbers, codes, versions, catalogues; some of them look like something else. */
import type { Context, Generator } from './context.ts';
import { ean13Digit, luhnDigit } from './checksums.ts';

const two = (value: number): string => String(value).padStart(2, '0');
const among =
  (...values: readonly string[]): Generator =>
  (c) =>
    c.random.pick(values);

/** ISO time, spread over some years. */
export function timestamp(c: Context): string {
  return `${c.random.int(2019, 2026)}-${two(c.random.int(1, 12))}-${two(c.random.int(1, 28))} ${two(c.random.int(0, 23))}:${two(c.random.int(0, 59))}:${two(c.random.int(0, 59))}+00`;
}

function uuid(c: Context): string {
  return `${c.random.hex(8)}-${c.random.hex(4)}-4${c.random.hex(3)}-${c.random.pick(['8', '9', 'a', 'b'])}${c.random.hex(3)}-${c.random.hex(12)}`;
}

function ean13(c: Context, prefix: string): string {
  const twelve = prefix + c.random.digits(12 - prefix.length);
  return twelve + ean13Digit(twelve);
}

/** Public IPv4 addresses, none of the documentation's, private or reserved ranges. */
function publicAddress(c: Context): string {
  return `${c.random.pick([5, 31, 46, 62, 78, 81, 84, 91, 185, 193, 212])}.${c.random.int(1, 254)}.${c.random.int(0, 255)}.${c.random.int(1, 254)}`;
}

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  status: ['open', 'closed', 'pending', 'active', 'archived'],
  type: ['standard', 'premium', 'internal', 'legacy'],
  priority: ['low', 'normal', 'high', 'urgent'],
  plan: ['free', 'basic', 'pro', 'enterprise'],
  gender: ['m', 'f', 'x'],
  salutation: ['Mr', 'Ms', 'Mx', 'Dr'],
  title: ['Dr.', 'Prof.', 'Dipl.-Ing.'],
  marital: ['single', 'married', 'divorced', 'widowed'],
  religion: ['rk', 'ev', 'vd', 'is', 'jd'],
  race: ['branca', 'parda', 'preta', 'amarela', 'indígena'],
  contract: ['permanent', 'temporary', 'intern'],
  source: ['web', 'referral', 'fair', 'newsletter', 'ads'],
  relation: ['spouse', 'parent', 'child', 'sibling', 'friend'],
  segment: ['a', 'b', 'c', 'vip'],
  payment: ['card', 'transfer', 'invoice', 'wallet'],
  card: ['visa', 'mastercard', 'amex', 'maestro'],
  provider: ['google', 'github', 'okta', 'azure'],
  tokentype: ['bearer', 'mac'],
  scopes: ['{read}', '{read,write}', '{admin}'],
  event: ['user.created', 'invoice.paid', 'login.failed', 'item.updated'],
  env: ['dev', 'staging', 'production'],
  role: ['owner', 'admin', 'member', 'viewer'],
  purpose: ['car', 'home', 'renovation', 'studies'],
  phonetype: ['home', 'mobile', 'work'],
  addresstype: ['home', 'work', 'other'],
  doctype: ['id_card', 'passport', 'licence'],
  direction: ['in', 'out'],
};

const LOGS =
  'connection reset by peer, retrying in 5 s|job finished in 1834 ms, 0 errors|cache miss for key item:4411|worker 3 started|disk usage at 81 percent|rotated 12 files'.split(
    '|',
  );
const WORDS =
  'alpha beta blue bridge carbon delta east edge falcon green harbor iron jade lemon maple north oak orbit pine quartz river stone sun tango urban vector west zinc'.split(
    ' ',
  );
const LABELS =
  'Main menu|Weekly report|Default queue|North region|Second draft|Spring campaign|Standard template|Quick start|Archive 2024|Release notes|Warehouse A|Premium line|Getting started|Opening hours'.split(
    '|',
  );
const COURSES = 'Algebra|Biology|Chemistry|Geography|History|Literature|Music|Physics|Art'.split('|');
const BOOKS =
  'The Silent Harbour|A Short History of Paper|Winter Gardens|Learning Chess|Maps of the Sea|The Glass Bridge|Fungi of the Forest'.split(
    '|',
  );

export const TECHNICAL: Readonly<Record<string, Generator>> = {
  serial: (c) => String(c.row + 1),
  int: (c) => String(c.random.int(1, 20_000)),
  'int.small': (c) => String(c.random.int(0, 99)),
  'int.rating': (c) => String(c.random.int(1, 5)),
  'int.year': (c) => String(c.random.int(1950, 2010)),
  'int.month': (c) => String(c.random.int(1, 12)),
  'int.http': (c) => String(c.random.pick([200, 201, 400, 404, 500])),
  'int.port': (c) => String(c.random.int(1024, 65_535)),
  bool: (c) => (c.random.chance(0.5) ? 't' : 'f'),
  ts: timestamp,
  date: (c) => timestamp(c).slice(0, 10),
  time: (c) => timestamp(c).slice(11, 19),
  interval: (c) => `${c.random.int(1, 90)} minutes`,
  epoch: (c) => String(c.random.int(1_550_000_000, 1_790_000_000)),
  epochms: (c) => String(c.random.int(1_550_000_000, 1_790_000_000) * 1000 + c.random.int(0, 999)),
  uuid,
  'id.hex24': (c) => c.random.hex(24),
  'git.sha': (c) => c.random.hex(40),
  sha256digest: (c) => `sha256:${c.random.hex(64)}`,
  version: (c) => `${c.random.int(0, 9)}.${c.random.int(0, 30)}.${c.random.int(0, 20)}`,
  'version.ip': (c) => `${c.random.int(1, 12)}.${c.random.int(0, 30)}.${c.random.int(0, 20)}.${c.random.int(0, 250)}`,
  'ip4.public': publicAddress,
  'ip4.private': (c) => `10.${c.random.int(0, 40)}.${c.random.int(0, 255)}.${c.random.int(1, 254)}`,
  'ip4.hex': (c) => c.random.hex(8).toUpperCase(),
  ip6: (c) => `2a0${c.random.int(1, 9)}:${c.random.hex(4)}:${c.random.hex(4)}::${c.random.hex(4)}`,
  mac: (c) => Array.from({ length: 6 }, () => c.random.hex(2)).join(':'),
  imei: (c) => {
    const body = `35${c.random.digits(12)}`;
    return body + luhnDigit(body);
  },
  vin: (c) => `W${c.random.chars('ABCDEFGHJKLMNPRSTUVWXYZ0123456789', 16)}`,
  'plate.de': (c) => `${c.random.pick(['B', 'M', 'HH', 'K'])}-${c.random.upper(2)} ${c.random.int(10, 9999)}`,
  'plate.pt': (c) => c.random.pattern('@@-##-@@'),
  pnr: (c) => c.random.chars('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 6),
  ean13: (c) => ean13(c, c.random.pick(['40', '50', '87', '76', '30'])),
  isbn13: (c) => ean13(c, '978'),
  sku: (c) => c.random.pattern('@@@-####'),
  'code.number': (c) => c.random.pattern(c.style < 0.5 ? '@######' : '######'),
  'code.short': (c) => c.random.pattern(c.style < 0.5 ? '@##' : '@@'),
  letter: (c) => c.random.chars('ABCDE', 1),
  digits3: (c) => c.random.digits(3),
  digits4: (c) => c.random.digits(4),
  digits5: (c) => c.random.digits(5),
  digits6: (c) => c.random.digits(6),
  digits9: (c) => c.random.digits(9),
  digits10: (c) => c.random.digits(10),
  digits11: (c) => c.random.digits(11),
  slug: (c) => `${c.random.pick(WORDS)}-${c.random.pick(WORDS)}-${c.random.int(1, 999)}`,
  word: (c) => c.random.pick(WORDS),
  'word.label': (c) => c.random.pick(LABELS),
  tags: (c) => `{${c.random.pick(WORDS)},${c.random.pick(WORDS)}}`,
  url: (c) => `https://www.example.com/${c.random.pick(WORDS)}/${c.random.int(1, 9999)}`,
  filename: (c) => `${c.random.pick(WORDS)}_${c.random.int(1, 999)}.${c.random.pick(['pdf', 'png', 'jpg', 'csv'])}`,
  hostname: (c) => `${c.random.pick(WORDS)}${c.random.int(1, 20)}.example.net`,
  messageid: (c) => `<${c.random.hex(16)}.${c.random.digits(6)}@mail${c.random.int(1, 9)}.example.com>`,
  useragent: (c) => c.faker.internet.userAgent(),
  device: among('iPhone 15', 'Pixel 8', 'Galaxy S24', 'ThinkPad X1', 'MacBook Air', 'iPad Pro'),
  locale: among('en', 'de', 'fr', 'en-US', 'nl', 'sv'),
  timezone: among('Europe/Berlin', 'Europe/Paris', 'America/New_York', 'Asia/Tokyo', 'UTC'),
  mime: among('text/plain', 'text/html', 'image/png', 'application/pdf'),
  unit: among('mg/dL', 'mmol/L', 'g/L', '%', 'U/L'),
  range: among('3.5-5.1', '70-99', '0.6-1.2', '12-16', '<200'),
  hours: among('9-18', '10:00-19:00', '08:30-17:00', 'Mo-Fr 9-17'),
  color: among('red', 'blue', 'black', 'white', 'green', 'grey'),
  category: among('Garden', 'Books', 'Electronics', 'Toys', 'Kitchen'),
  'cloud.region': among('eu-west-1', 'eu-central-1', 'us-east-1', 'ap-south-1'),
  'course.name': among(...COURSES),
  'book.title': among(...BOOKS),
  'product.name': (c) => c.faker.commerce.productName(),
  company: (c) => c.faker.company.name(),
  'org.department': among('Sales', 'Research', 'Logistics', 'Finance', 'Support', 'Quality'),
  'job.title': (c) => c.faker.person.jobTitle(),
  'office.city': (c) => c.faker.location.city(),
  postcode: (c) => c.faker.location.zipCode(),
  street: (c) => c.faker.location.streetAddress(),
  country: (c) => c.faker.location.country(),
  'country.code': (c) => c.faker.location.countryCode(),
  region: (c) => c.faker.location.state(),
  'region.code': (c) => c.random.upper(2),
  'geo.lat': (c) => (c.random.int(36_000_000, 60_000_000) / 1e6).toFixed(6),
  'geo.lon': (c) => (c.random.int(-9_000_000, 28_000_000) / 1e6).toFixed(6),
  'geo.point': (c) => `(${(c.random.int(36_000, 60_000) / 1e3).toFixed(5)},${(c.random.int(-9_000, 28_000) / 1e3).toFixed(5)})`,
  'geo.pair': (c) =>
    `${(c.random.int(36_000_000, 60_000_000) / 1e6).toFixed(6)}, ${(c.random.int(-9_000_000, 28_000_000) / 1e6).toFixed(6)}`,
  'geo.hash': (c) => `u${c.random.chars('0123456789bcdefghjkmnpqrstuvwxyz', 8)}`,
  'prose.log': (c) => `${timestamp(c)} ${c.random.pick(['INFO', 'WARN', 'ERROR'])} ${c.random.pick(LOGS)}`,
  'prose.changelog': (c) => `- fix #${c.random.int(1, 4000)}: ${c.random.pick(LOGS)}\n- bump dependencies`,
  svg: (c) =>
    `<svg viewBox="0 0 100 40"><path d="M${c.random.int(0, 99)} ${c.random.int(0, 39)} L${c.random.int(0, 99)} ${c.random.int(0, 39)}"/></svg>`,
  tsvector: (c) => `'${c.random.pick(WORDS)}':1 '${c.random.pick(WORDS)}':2`,
  ...Object.fromEntries(Object.entries(ENUMS).map(([name, values]) => [`enum.${name}`, among(...values)])),
};
