/**
 * The server majors that this machine can run: 18 from npm always, 15 where the distribution's package is installed. Suites
 * iterate over these; majors.test.ts says visibly what is left out, and fails where SLUICE_TEST_REQUIRE_ALL is set (CI).
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { binaryDirectory } from './postgres.ts';

export type Major = 15 | 18;

export const MAJORS: readonly Major[] = (await binaryDirectory(15)) === null ? [18] : [15, 18];
/** The oldest there is. */
export const OLDEST: Major = MAJORS[0]!;

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
