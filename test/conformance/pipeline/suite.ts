/** libpq_pipeline: libpq's own test of pipelining, directly and through Sluice, with the traces that it has to leave. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Suite } from '../../scoreboard/suite.ts';
import { boardOf, compareRuns, summary } from '../relay/board.ts';
import { runDirectly, runThrough } from '../relay/passage.ts';
import { type LibpqPipeline, libpqPipeline } from '../source/libpq-pipeline.ts';

const run = promisify(execFile);
const DATABASE = 'pipeline';
/** As its own TAP test has it. */
const ROWS = '700';

/** Sends until the socket is full, which a relay that records keeps from happening. */
const NEEDS_FULL_SOCKET: ReadonlySet<string> = new Set(['uniqviol']);

interface Outcome {
  readonly test: string;
  /** Why it failed; null: it ended well, and left the trace that is expected of it. */
  readonly failure: string | null;
}

export const suite: Suite = {
  name: 'pipeline',
  about: "libpq's test of pipeline mode, direct and through Sluice with everything granted",
  async run(options) {
    const built = await libpqPipeline(15);
    const { stdout } = await run(built.program, ['tests']);
    const all = stdout.trim().split(/\s+/);
    const tests = all
      .filter((name) => !NEEDS_FULL_SOCKET.has(name))
      .filter((name) => options.only.length === 0 || options.only.includes(name));
    const workload = async (port: number): Promise<readonly Outcome[]> => {
      const outcomes: Outcome[] = [];
      for (const test of tests) outcomes.push({ test, failure: await failureOf(built, test, port) });
      return outcomes;
    };
    const direct = await runDirectly({ database: DATABASE }, workload);
    const again = await runDirectly({ database: DATABASE }, workload);
    const through = await runThrough({ database: DATABASE }, workload);
    const verdicts = compareRuns({ direct, again, through }, (trace) => trace.replace(/^libpq_pipeline\//, '').replace(' ', '#'));
    for (const line of summary(verdicts)) options.say(line);
    const good = (outcomes: readonly Outcome[]): string =>
      `${outcomes.filter(({ failure }) => failure === null).length} of ${outcomes.length}${outcomes.flatMap(({ test, failure }) => (failure === null ? [] : [` (not ${test}: ${failure})`])).join('')}`;
    return [
      boardOf('pipeline', `${tests.length} of the ${all.length} tests of libpq_pipeline, PostgreSQL 15`, verdicts, {
        deaths: through.deaths,
        figures: { 'tests passed directly': good(direct.result), 'tests passed through Sluice': good(through.result) },
      }),
    ];
  },
};

async function failureOf({ program, traces }: LibpqPipeline, test: string, port: number): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-pipeline-'));
  const file = join(directory, 'trace');
  const expected = await readFile(join(traces, `${test}.trace`), 'utf8').catch(() => null);
  try {
    const connection = `host=127.0.0.1 port=${port} user=postgres dbname=${DATABASE} sslmode=disable gssencmode=disable`;
    await run(program, [...(expected === null ? [] : ['-t', file]), '-r', ROWS, test, connection], {
      timeout: 60_000,
      env: { ...process.env, PGAPPNAME: `libpq_pipeline/${test}` },
    });
    return expected === null || (await readFile(file, 'utf8')) === expected ? null : 'another trace';
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
    return (stderr || message).replaceAll(/\s+/g, ' ').slice(-200);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
