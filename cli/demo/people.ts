/** A few thousand invented people, the same every time: COPY text for each table of schema.sql. */

const GIVEN = [
  'Ada',
  'Amina',
  'Bea',
  'Chen',
  'Dario',
  'Elif',
  'Farid',
  'Greta',
  'Hana',
  'Ivo',
  'Jun',
  'Kaya',
  'Lena',
  'Milo',
  'Nadia',
  'Omar',
  'Petra',
  'Quinn',
  'Rosa',
  'Sami',
  'Tove',
  'Uma',
  'Viktor',
  'Wanda',
  'Yara',
  'Zoe',
];
const FAMILY = [
  'Abe',
  'Brandt',
  'Costa',
  'Diallo',
  'Eriksen',
  'Fischer',
  'Gupta',
  'Haddad',
  'Ito',
  'Jansen',
  'Kowalski',
  'Lopez',
  'Moreau',
  'Novak',
  'Okafor',
  'Petrov',
  'Rossi',
  'Silva',
  'Tanaka',
  'Ueda',
  'Varga',
  'Weber',
  'Yilmaz',
  'Zhang',
];
const REGIONS = ['eu', 'us', 'apac'];
const PRODUCTS = [
  ['Kettle', '39.90'],
  ['Desk lamp', '54.00'],
  ['Office chair', '219.00'],
  ['Headphones', '129.50'],
  ['Notebook', '4.20'],
  ['Backpack', '79.00'],
  ['Bicycle bell', '12.00'],
  ['Coffee, 1 kg', '18.75'],
];
const SUBJECTS = [
  'parcel has not arrived',
  'wrong size delivered',
  'cannot sign in',
  'refund for a returned item',
  'invoice address is wrong',
  'item broken on arrival',
];

export interface SampleTables {
  /** Table name -> rows in COPY text format. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly customers: number;
}

export function samplePeople(customers = 3000): SampleTables {
  const next = generator(20261121);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(next() * 10)).join('');
  const date = (from: number, to: number): Date => new Date(from + next() * (to - from));
  const people: string[] = [];
  const orders: string[] = [];
  const tickets: string[] = [];
  for (let id = 1; id <= customers; id += 1) {
    const name = `${pick(GIVEN)} ${pick(FAMILY)}`;
    const email = `${name.toLowerCase().replace(' ', '.')}.${id}@example.com`;
    const born = date(Date.UTC(1948, 0), Date.UTC(2006, 0)).toISOString().slice(0, 10);
    people.push(
      [
        id,
        name,
        email,
        `+49 30 ${digits(7)}`,
        `${digits(3)}-${digits(2)}-${digits(4)}`,
        born,
        pick(REGIONS),
        (next() * 500).toFixed(2),
      ].join('\t'),
    );
    for (let count = Math.floor(next() * 4); count > 0; count -= 1) {
      const placed = date(Date.UTC(2026, 0), Date.UTC(2026, 10, 20)).toISOString();
      orders.push(
        [orders.length + 1, id, 1 + Math.floor(next() * PRODUCTS.length), 1 + Math.floor(next() * 3), placed].join('\t'),
      );
    }
    if (next() < 0.2) {
      const opened = date(Date.UTC(2026, 9), Date.UTC(2026, 10, 20)).toISOString();
      tickets.push([tickets.length + 1, id, pick(SUBJECTS), pick(['open', 'waiting', 'solved']), opened].join('\t'));
    }
  }
  const payroll = FAMILY.map((family) => `${family}\t${(40_000 + Math.floor(next() * 90_000)).toFixed(2)}`);
  const products = PRODUCTS.map(([name, price], index) => `${index + 1}\t${name}\t${price}`);
  return { tables: { customers: people, products, orders, tickets, payroll }, customers };
}

/** A linear congruential generator (Numerical Recipes' constants): the demo must look the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
