/** What masks promise about values nobody thought of: random texts, numbers and dates, on real servers. */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { MASK_KEY_SETTINGS, renderTemplate } from '../../core/policy/bundle.ts';
import { compileMask } from '../../core/policy/masks/compile-mask.ts';
import { maskKeyBlocks } from '../../core/policy/masks/hash.ts';
import type { MaskSpec } from '../../crds/database-access-policy.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMA = `CREATE TABLE r (t text, v8 varchar(8), v60 varchar(60), c9 char(9), i2 int2, i4 int4, i8 int8, n numeric, n92 numeric(9,2), f4 float4, f8 float8,
  d date, ts timestamp, tz timestamptz, b bytea, j jsonb, m money)`;

const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => !value.includes('\0') && value.isWellFormed());
const short = (length: number) => text.map((value) => [...value].slice(0, length).join(''));
const integer = (bits: bigint) => fc.bigInt({ min: -(1n << bits), max: (1n << bits) - 1n }).map(String);
const float = fc.oneof(fc.double(), fc.float()).map((value) => (Object.is(value, -0) ? '0' : String(value)));
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 45 }))
  .map(([digits, scale]) => `${digits}e-${scale}`);
const instant = fc.oneof(
  fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-30'), noInvalidDate: true }).map((value) => value.toISOString()),
  fc.constantFrom('infinity', '-infinity', '4713-02-01 BC', '294000-01-01'),
);

interface Seen {
  readonly original: string;
  readonly masked: string;
}

describe.each(MAJORS)('masks of random values on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    const { inner, outer } = maskKeyBlocks(Buffer.alloc(100, 7));
    const options = `-c ${MASK_KEY_SETTINGS.inner}=${inner} -c ${MASK_KEY_SETTINGS.outer}=${outer} -c extra_float_digits=3`;
    client = new pg.Client({ connectionString: server.url(), options, types: { getTypeParser: () => (value: string) => value } });
    await client.connect();
    await client.query(SCHEMA);
    catalog = await catalogOf(server.url());
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  /** Runs the mask over batches of values and hands every pair to `check`. */
  async function overValues(
    name: string,
    spec: MaskSpec,
    values: fc.Arbitrary<string>,
    check: (seen: Seen) => void,
  ): Promise<void> {
    const relation = catalog.relationNamed('public', 'r');
    const column = relation === undefined ? undefined : catalog.columnNamed(relation, name);
    if (column === undefined) throw new Error(name);
    const compiled = compileMask(spec, column, catalog);
    expect(compiled.problem).toBeUndefined();
    const mask = renderTemplate(compiled.template, () => `r."${name}"`);
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 20, maxLength: 20 }), async (batch) => {
        await client.query('BEGIN');
        try {
          await client.query(`INSERT INTO r (${name}) SELECT unnest($1::text[])::${column.type}`, [batch]);
          const { rows } = await client.query(`SELECT ${name}::text AS original, (${mask})::text AS masked FROM r`);
          for (const row of rows as Seen[]) {
            check(row);
            seen += 1;
          }
        } finally {
          await client.query('ROLLBACK');
        }
      }),
      { numRuns: 20 },
    );
    expect(seen).toBeGreaterThanOrEqual(400);
  }
  const characters = (value: string): number => [...value].length;

  it.each([
    ['t', text],
    ['v8', short(8)],
    ['v60', short(60)],
    ['c9', short(9).map((value) => value.trimEnd())],
  ] as const)('partial shows at most half of %s, and its length never', async (name, values) => {
    for (const [keepFirst, keepLast] of [
      [0, 4],
      [1, 0],
      [2, 2],
      [1, 1],
    ] as const) {
      await overValues(name, { partial: { keepFirst, keepLast } }, values, ({ original, masked }) => {
        // char(n) is blank-padded, and blanks at its end do not count.
        const value = (padded: string): string => (name === 'c9' ? padded.replace(/ +$/, '') : padded);
        const shown = value(masked).replace(/\*+/, '');
        expect(masked).toMatch(/\*/);
        if (characters(value(original)) < 2 * (keepFirst + keepLast)) expect(value(masked)).toMatch(/^\*{1,4}$/);
        else expect(characters(shown)).toBeLessThanOrEqual(keepFirst + keepLast + (original.includes('*') ? 60 : 0));
      });
    }
  });

  it('email shows one character at most', async () => {
    await overValues(
      'v60',
      { email: {} },
      fc.oneof(
        short(60),
        fc.emailAddress().map((value) => value.slice(0, 60)),
      ),
      ({ original, masked }) => {
        expect(masked.endsWith('***@masked.invalid')).toBe(true);
        expect([original[0] ?? '', '']).toContain([...masked.slice(0, -'***@masked.invalid'.length)].join('').slice(0, 1));
        expect(characters(masked)).toBeLessThanOrEqual(characters('x***@masked.invalid'));
      },
    );
  });

  it('hash is equal for equal values and only for them', async () => {
    for (const [name, values] of [
      ['t', text],
      ['i8', integer(63n)],
      ['b', fc.uint8Array({ maxLength: 30 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`)],
    ] as const) {
      const hashes = new Map<string, string>();
      await overValues(name, { hash: {} }, values, ({ original, masked }) => {
        expect(hashes.get(masked) ?? original).toBe(original);
        hashes.set(masked, original);
      });
      const distinct = new Set(hashes.values());
      expect(distinct.size).toBe(hashes.size);
    }
  });

  it('hash of every family raises for nothing', async () => {
    for (const [name, values] of [
      ['v8', short(8)],
      ['c9', short(9)],
      ['i2', integer(15n)],
      ['i4', integer(31n)],
      ['n', decimal],
      ['n92', integer(20n)],
      ['f4', fc.float().map(String)],
      ['f8', float],
      [
        'j',
        fc
          .jsonValue()
          .map((value) => JSON.stringify(value))
          .filter((value) => !/\\u0000|\\ud/i.test(value)),
      ],
    ] as const) {
      await overValues(name, { hash: {} }, values, ({ masked }) => expect(masked).not.toBeNull());
    }
  });

  it.each(['i2', 'i4', 'i8'] as const)('number rounds %s towards zero to a multiple', async (name) => {
    const bits = { i2: 15n, i4: 31n, i8: 63n }[name];
    for (const round of [2, 1000, 1_000_000_000_000]) {
      await overValues(name, { number: { round } }, integer(bits), ({ original, masked }) => {
        expect(BigInt(masked)).toBe(BigInt(original) - (BigInt(original) % BigInt(round)));
      });
    }
  });

  it('number keeps the size of floats and decimals within a multiple', async () => {
    for (const [name, values] of [
      ['f8', float],
      ['f4', fc.float().map(String)],
      ['n', decimal],
      ['n92', integer(20n)],
    ] as const) {
      await overValues(name, { number: { round: 1000 } }, values, ({ original, masked }) => {
        const [before, after] = [Number(original), Number(masked)];
        expect(Number.isFinite(after)).toBe(true);
        if (Number.isFinite(before)) expect(Math.abs(after)).toBeLessThanOrEqual(Math.abs(before) * (1 + 2 ** -52));
        if (Math.abs(before) < 1000) expect(after === 0).toBe(true);
      });
    }
  });

  it.each(['d', 'ts', 'tz'] as const)('date keeps the year of %s and nothing else', async (name) => {
    await overValues(name, { date: { truncate: 'year' } }, instant, ({ original, masked }) => {
      const year = /^(\d{4})-/.exec(original)?.[1];
      if (year === undefined || original.includes('BC')) expect(masked.slice(0, 10)).toBe('1970-01-01');
      else expect(masked.slice(0, 10)).toBe(`${year}-01-01`);
    });
  });

  it('partial shows the last digits of long numbers alone', async () => {
    for (const [name, values] of [
      ['i8', fc.oneof(integer(63n), integer(30n))],
      ['i4', integer(31n)],
      ['i2', integer(15n)],
      ['n', decimal],
    ] as const) {
      for (const keepLast of [0, 2, 4, 9, 64]) {
        await overValues(name, { partial: { keepFirst: 0, keepLast } }, values, ({ original, masked }) => {
          const whole = BigInt(exactly(original).split('.')[0]!.replace(/^-$/, '0'));
          const size = whole < 0n ? -whole : whole;
          const long = keepLast > 0 && size >= 10n ** BigInt(2 * keepLast - 1);
          expect(BigInt(masked), original).toBe(long ? size % 10n ** BigInt(keepLast) : 0n);
        });
      }
    }
  });

  it('date shows of a text the year at most', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789-/. T'), maxLength: 14 });
    const day = fc.date({ min: new Date('1800-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
    const forms: readonly ((year: string, month: string, day: string) => string)[] = [
      (y, m, d) => `${y}-${m}-${d}`,
      (y, m, d) => `${y}/${m}/${d} 12:34:56.789+02`,
      (y, m, d) => `${y}${m}${d}`,
      (y, m, d) => `${d}.${m}.${y}`,
      (y, m, d) => `${Number(m)}/${Number(d)}/${y}`,
      (y, m, d) => `${d}${m}${y}`,
      (y, m, d) => `${m}${d}${y}`,
      (y, m, d) => `${y}-${d}-${m}`,
      (y, m, d) => `${d}-${m}-${y.slice(2)}`,
    ];
    const dates = fc.tuple(day, fc.constantFrom(...forms)).map(([value, form]) => {
      const [year = '', month = '', date = ''] = value.toISOString().slice(0, 10).split('-');
      return form(year, month, date);
    });
    let shown = 0;
    for (const name of ['t', 'v60', 'c9'] as const) {
      const values = fc
        .oneof(digits, dates, text)
        .map((value) => (name === 'c9' ? [...value].slice(0, 9).join('').trimEnd() : value));
      await overValues(name, { date: { truncate: 'year' } }, values, ({ original, masked }) => {
        const hidden = ['[redacted]', '*********'].includes(masked.trimEnd());
        const year =
          /^(\d{4})([-/.]?)01(?:\2)01$/.exec(masked.trimEnd())?.[1] ?? /^0?1([-/.])0?1\1(\d{4})$/.exec(masked.trimEnd())?.[2];
        expect(hidden || (year !== undefined && original.includes(year)), `${original} becomes ${masked}`).toBe(true);
        // Eight digits with the year behind show nothing: what stands in front is a day and a month.
        if (/^\d{4}(?:18|19|20)\d{2}$/.test(original.trimEnd())) expect(hidden, original).toBe(true);
        if (!hidden) shown += 1;
      });
    }
    expect(shown).toBeGreaterThan(100);
  });

  it('date shows of whole numbers years of seconds, number of money whole multiples', async () => {
    await overValues('i4', { date: { truncate: 'year' } }, fc.oneof(integer(31n), integer(25n)), ({ original, masked }) => {
      expect(BigInt(masked)).toBe(BigInt(original) - (BigInt(original) % 31_556_952n));
    });
    const cents = (value: string): bigint => BigInt(value.replaceAll(/[$,.]/g, ''));
    for (const round of [2, 10_000, 1_000_000_000_000]) {
      const money = integer(63n).map((value) => `${value.slice(0, -2) || '0'}.00`);
      await overValues('m', { number: { round } }, money, ({ original, masked }) => {
        expect(cents(masked)).toBe(cents(original) - (cents(original) % BigInt(round * 100)));
      });
    }
  });
});

/** PostgreSQL writes numeric without exponents; what a test hands in may come back as it is. */
function exactly(text: string): string {
  expect(text).toMatch(/^-?\d*(?:\.\d*)?$/);
  return text;
}
