/** PostgreSQL's isolation suite: several sessions step by step, run by isolationtester, directly and through Sluice. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Suite } from '../../scoreboard/suite.ts';
import { boardOf, compareRuns, summary } from '../relay/board.ts';
import { type Passage, runDirectly, runThrough } from '../relay/passage.ts';
import { type PgRegressResult, runPgRegress } from '../relay/pg-regress.ts';
import { postgresSource } from '../source/postgres-source.ts';

const DATABASE = 'isolation_regression';
const LIMIT = 300;

/** CI's portion: each kind of lock and conflict once, none that sleeps for long. */
const BOUNDED: ReadonlySet<string> = new Set(
  `read-only-anomaly read-write-unique simple-write-skew temporal-range-integrity partial-index two-ids multiple-row-versions
  index-only-scan update-conflict-out deadlock-simple deadlock-hard fk-contention fk-deadlock fk-snapshot eval-plan-qual
  lock-update-delete lock-update-traversal inherit-temp insert-conflict-do-nothing insert-conflict-do-update merge-insert-update
  merge-delete merge-update delete-abort-savept aborted-keyrevoke lock-committed-update update-locked-tuple propagate-lock-delete
  tuplelock-conflict nowait skip-locked alter-table-1 sequence-ddl async-notify vacuum-conflict truncate-conflict predicate-hash
  partition-key-update-1`
    .trim()
    .split(/\s+/),
);

export const suite: Suite = {
  name: 'isolation',
  about: "PostgreSQL's isolation suite, direct and through Sluice with everything granted",
  async run(options) {
    const directory = join(await postgresSource(15), 'src/test/isolation');
    const tests = await isolationTests(directory, options.bounded, options.only);
    const workload = (port: number): Promise<PgRegressResult> =>
      runPgRegress({
        program: 'isolation/pg_isolation_regress',
        inputDirectory: directory,
        tests,
        port,
        database: DATABASE,
        limit: LIMIT,
      });
    const settings = { max_prepared_transactions: '5' };
    const [direct, again, through] = await Promise.all([
      runDirectly({ database: DATABASE, settings }, workload),
      runDirectly({ database: DATABASE, settings }, workload),
      runThrough({ database: DATABASE, settings }, workload),
    ]);
    const verdicts = compareRuns(
      { direct: withoutPolling(direct), again: withoutPolling(again), through: withoutPolling(through) },
      caseName,
    );
    for (const line of summary(verdicts)) options.say(line);
    return [
      boardOf('isolation', `${tests.length} specifications of the isolation suite, PostgreSQL 15`, verdicts, {
        deaths: through.deaths,
        figures: {
          'specifications that pg_isolation_regress calls ok directly': direct.result.ok.length,
          'specifications that pg_isolation_regress calls ok through Sluice': through.result.ok.length,
        },
      }),
    ];
  },
};

const WAITING = /^SELECT pg_catalog\.pg_isolation_test_session_is_blocked\(/;

/** How often isolationtester asks whether a session waits, with a statement it has prepared for that, is a matter of time. */
function withoutPolling<T>(passage: Passage<T>): Passage<T> {
  const traces = passage.traces.map(({ name, exchanges }) => ({
    name,
    exchanges: exchanges.filter(({ messages, sql }) => !messages.startsWith('B') && !sql.some((text) => WAITING.test(text))),
  }));
  return { ...passage, traces };
}

async function isolationTests(directory: string, bounded: boolean, only: readonly string[]): Promise<readonly string[]> {
  const schedule = await readFile(join(directory, 'isolation_schedule'), 'utf8');
  const all = [...schedule.matchAll(/^test: (.*)$/gm)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/));
  if (only.length > 0) return all.filter((name) => only.includes(name));
  return bounded ? all.filter((name) => BOUNDED.has(name)) : all;
}

/** `deadlock-simple.spec#2`: the second session that the specification opened. */
function caseName(trace: string): string {
  const [application = '', count = '1'] = trace.split(' ');
  return `${application.replace(/^isolation\//, '')}.spec#${count}`;
}
