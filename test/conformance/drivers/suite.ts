/** Drivers' own test suites and usage patterns, directly and through Sluice. */
import type { RunOptions, Scoreboard, Suite } from '../../scoreboard/suite.ts';
import { canaryRow } from './canary.ts';
import { asyncpg } from './asyncpg-driver.ts';
import { compareDriver, type Driver } from './driver.ts';
import { libPq, pgx } from './go-drivers.ts';
import { jdbcPatterns, nodePatterns, psycopgPatterns } from './pattern-drivers.ts';

const DRIVERS: Readonly<Record<string, (major: 15 | 18) => Promise<Driver>>> = {
  pgx,
  'lib-pq': libPq,
  asyncpg,
  'patterns-node': nodePatterns,
  'patterns-psycopg': psycopgPatterns,
  'patterns-jdbc': jdbcPatterns,
};

export const suite: Suite = {
  name: 'drivers',
  about: "drivers' own tests and usage patterns, direct and through Sluice",
  run: async (options) => {
    const jobs = Object.entries(DRIVERS).flatMap(([name, driver]) => {
      const only = casesOf(name, options);
      return only === null ? [] : [async () => compareDriver(await driver(options.major), { ...options, only })];
    });
    if (options.only.length === 0 || options.only.includes('canary')) {
      jobs.push(async () => canaryRow(await Promise.all(Object.values(DRIVERS).map((driver) => driver(options.major))), options));
    }
    // Two beside each other: most tests of a driver wait for something.
    const boards = jobs.map((): Scoreboard | null => null);
    let taken = 0;
    const next = async (): Promise<void> => {
      for (let at = taken++; at < jobs.length; at = taken++) boards[at] = (await jobs[at]?.()) ?? null;
    };
    await Promise.all([next(), next()]);
    return boards.filter((board) => board !== null);
  },
};

/** What `--only` asks of a driver: its name is all of it, `pgx.pgconn:TestConnect` one test. Null: nothing. */
function casesOf(driver: string, { only }: RunOptions): readonly string[] | null {
  if (only.length === 0 || only.includes(driver)) return [];
  const cases = only.filter((name) => name.startsWith(`${driver}.`) || name.startsWith(`${driver}:`));
  return cases.length === 0 ? null : cases;
}
