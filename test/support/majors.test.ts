/** What is left out on this machine, said in the report with its reason; CI has everything. */
import { describe, expect, it } from 'vitest';
import { hasProgram, MAJORS } from './majors.ts';

const REQUIRED = process.env['SLUICE_TEST_REQUIRE_ALL'] !== undefined;
const NEEDS: readonly (readonly [what: string, present: boolean, how: string])[] = [
  ['PostgreSQL 15', MAJORS.includes(15), 'tests against 15 are left out; install the package postgresql-15'],
  ['psql', hasProgram('psql'), 'tests through psql are left out; install the package postgresql-client'],
  ['prlimit', hasProgram('prlimit'), 'the test of a full disk is left out; install util-linux'],
];

describe('this machine has', () => {
  it.for(NEEDS)('%s', ([, present, how], context) => {
    if (REQUIRED) expect(present, how).toBe(true);
    else if (!present) context.skip(how);
  });
});
