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
    const boards: Scoreboard[] = [];
    for (const [name, driver] of Object.entries(DRIVERS)) {
      const only = casesOf(name, options);
      if (only === null) continue;
      boards.push(await compareDriver(await driver(options.major), { ...options, only }));
    }
    if (options.only.length === 0 || options.only.includes('canary')) {
      const drivers = await Promise.all(Object.values(DRIVERS).map((driver) => driver(options.major)));
      boards.push(await canaryRow(drivers, options));
    }
    return boards;
  },
};

/** What `--only` asks of a driver: its name is all of it, `pgx.pgconn:TestConnect` one test. Null: nothing. */
function casesOf(driver: string, { only }: RunOptions): readonly string[] | null {
  if (only.length === 0 || only.includes(driver)) return [];
  const cases = only.filter((name) => name.startsWith(`${driver}.`) || name.startsWith(`${driver}:`));
  return cases.length === 0 ? null : cases;
}
