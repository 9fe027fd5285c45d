/** Drivers' own test suites and usage patterns, directly and through Sluice. */
import type { Suite } from '../../scoreboard/suite.ts';
import { compareDriver } from './driver.ts';
import { asyncpg } from './asyncpg-driver.ts';
import { jdbcPatterns, nodePatterns, psycopgPatterns } from './pattern-drivers.ts';
import { libPq, pgx } from './go-drivers.ts';

export const suite: Suite = {
  name: 'drivers',
  about: "drivers' own tests and usage patterns, direct and through Sluice",
  run: async (options) => {
    const boards = [];
    const chosen = (process.env['DRV'] ?? '').split(',').filter(Boolean);
    for (const driver of [pgx, libPq, asyncpg, nodePatterns, psycopgPatterns, jdbcPatterns].filter((d) => chosen.length === 0 || chosen.includes(d.name))) boards.push(await compareDriver(await driver(options.major), options));
    return boards;
  },
};
