/** PostgreSQL's regression suite: psql run by pg_regress, twice directly and once through Sluice, each time on a fresh cluster. */
import { join } from 'node:path';
import type { Suite } from '../../scoreboard/suite.ts';
import { boardOf, compareRuns, summary } from '../relay/board.ts';
import { runDirectly, runThrough } from '../relay/passage.ts';
import { type PgRegressResult, runPgRegress } from '../relay/pg-regress.ts';
import { postgresSource } from '../source/postgres-source.ts';
import { regressLibrary } from '../source/regress-library.ts';
import { runRestricted } from './restricted.ts';
import { regressTests } from './tests.ts';

const DATABASE = 'regression';
/** Seconds for one file. */
const LIMIT = 600;

export const suite: Suite = {
  name: 'regress',
  about: "PostgreSQL's regression suite, direct and through Sluice with everything granted",
  async run(options) {
    const source = await postgresSource(15);
    const libraryDirectory = await regressLibrary(15);
    const tests = await regressTests(source, options.bounded, options.only);
    const inputDirectory = join(source, 'src/test/regress');
    const workload = (port: number): Promise<PgRegressResult> =>
      runPgRegress({
        program: 'regress/pg_regress',
        inputDirectory,
        libraryDirectory,
        tests,
        port,
        database: DATABASE,
        limit: LIMIT,
      });
    const [direct, again, through] = await Promise.all([
      runDirectly({ database: DATABASE }, workload),
      runDirectly({ database: DATABASE }, workload),
      runThrough({ database: DATABASE }, workload),
    ]);
    const verdicts = compareRuns({ direct, again, through }, caseName);
    for (const line of summary(verdicts)) options.say(line);
    return [
      boardOf('regress', `${tests.length} files of the regression suite, PostgreSQL 15`, verdicts, {
        deaths: through.deaths,
        figures: {
          'files that pg_regress calls ok directly': direct.result.ok.length,
          'files that pg_regress calls ok through Sluice': through.result.ok.length,
        },
      }),
      await runRestricted({ ...options, inputDirectory, libraryDirectory }),
    ];
  },
};

/** `join.sql` for the file's first connection, `join.sql#2` for its second. */
function caseName(trace: string): string {
  const [application = '', count = '1'] = trace.split(' ');
  const file = application.replace(/^pg_regress\//, '');
  return count === '1' ? `${file}.sql` : `${file}.sql#${count}`;
}
