/**
 * Nothing of a value leaves in a verdict. Two databases that differ in their values alone, keys of JSON objects among them, are judged
 * for the same reasons; what a reason said of a value would differ.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { withClient } from './databases.ts';
import { detector } from './detector.ts';
import { scan } from './measure.ts';
import { contextFor, start } from './values/context.ts';
import { email, fullName } from './values/people.ts';
import { quoted } from './values/load.ts';

const ROWS = 300;

/** One JSON document per row, its keys made of values. */
const DOCUMENTS: Readonly<Record<string, (c: ReturnType<typeof contextFor>) => unknown>> = {
  by_hash: (c) => ({ [`user_${c.random.hex(32)}`]: c.random.int(1, 9) }),
  by_login: (c) => ({ [c.faker.internet.username()]: { email: email(c) } }),
  by_first_name: (c) => ({ [c.faker.person.firstName().toLowerCase()]: { score: 1 } }),
  by_full_name: (c) => ({ people: { [fullName(c)]: { phone: '+46701740605' } } }),
  by_number: (c) => ({ accounts: { [`acct${c.random.digits(12)}`]: 'open', [c.random.digits(11)]: 'closed' } }),
  by_token: (c) => ({ sessions: { [c.random.base62(24)]: true, [`sk_${c.random.base62(20)}`]: false } }),
  by_words: (c) => ({ [`card_${c.random.chars('bcdfgh', 6)}_user`]: c.random.chars('bcdfgh', 9) }),
};

async function fill(server: LocalPostgres, name: string, seed: number): Promise<void> {
  await withClient(server.url(), (client) => client.query(`CREATE DATABASE ${quoted(name)}`));
  await withClient(server.url(name), async (client) => {
    for (const [column, build] of Object.entries(DOCUMENTS)) {
      const context = contextFor('en_GB', column, seed);
      start(context);
      const texts = Array.from({ length: ROWS }, () => JSON.stringify(build(context)));
      await client.query(`CREATE TABLE ${column} (kept jsonb, told text)`);
      await client.query(`INSERT INTO ${column} SELECT v::jsonb, v FROM unnest($1::text[]) v`, [texts]);
    }
    await client.query('ANALYZE');
  });
}

describe('verdicts about JSON whose keys are values', () => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startLocalPostgres();
    await fill(server, 'one', 1);
    await fill(server, 'other', 2);
  });
  afterAll(() => server.stop());

  it('give reasons that do not depend on the keys', async () => {
    const reasons = async (name: string): Promise<Readonly<Record<string, readonly string[]>>> => {
      const { tables, verdicts } = await scan(server.url(name), detector);
      return Object.fromEntries(
        tables.flatMap((table) =>
          table.columns.map((column) => {
            const verdict = verdicts.find(({ oid, attnum }) => oid === table.oid && attnum === column.attnum);
            return [`${table.name}.${column.name}`, [...new Set(verdict?.evidence.map(({ rule }) => rule))].sort()];
          }),
        ),
      );
    };
    const one = await reasons('one');
    expect(Object.keys(one)).toHaveLength(14);
    expect(await reasons('other')).toEqual(one);
    // A key that was made of letters and digits leaves no trace of either.
    expect(
      Object.values(one)
        .flat()
        .filter((rule) => /\d|bcd|acct|_[a-z]_/.test(rule)),
    ).toEqual([]);
  });
});
