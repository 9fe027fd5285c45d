/**
 * `npm run conformance -- [SUITE …]`: runs suites one after the other, prints a scoreboard of each, and writes the figures of full
 * runs to docs/reference/conformance.md. Ends with "N passed, N failed" (suites' rows); exit 1 when a row fails, 2 for usage.
 */
import { parseArgs } from 'node:util';
import { failures, MissingError, type RunOptions, type Scoreboard, type Suite } from './suite.ts';
import { findSuite, SUITES } from './suites.ts';
import { line, loadPlans, writeReference } from './reference.ts';

const USAGE = `usage: npm run conformance -- [options] [SUITE …]

options
  --bounded        CI's portion of each suite (written to the docs only with --write)
  --seconds N      how long a suite that could go on for ever goes on
  --seed N         draw the same cases again (default: today's date, printed)
  --major 15|18    the server, where a suite can take either (default 18)
  --only NAME      a single case, file or test; may be repeated (nothing is written to the docs)
  --again          run a suite with differences once more: on a busy machine time makes some; leaks and deaths stand
  --write          write a bounded run to docs/reference/conformance.md, too
  --no-write       leave docs/reference/conformance.md as it is

suites
${Object.keys(SUITES)
  .map((name) => `  ${name}`)
  .join('\n')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bounded: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    major: { type: 'string', default: '18' },
    only: { type: 'string', multiple: true, default: [] },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
process.exit(await main());

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !Object.hasOwn(SUITES, name));
  const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  const wrong = [values.seconds, values.seed].some((text) => text !== undefined && !/^\d+$/.test(text));
  if (unknown.length > 0 || wrong || !['15', '18'].includes(values.major)) {
    process.stderr.write(`${unknown.length > 0 ? `unknown suite: ${unknown.join(', ')}\n\n` : ''}${USAGE}`);
    return 2;
  }
  const seed = number(values.seed) ?? Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));
  const options: RunOptions = {
    bounded: values.bounded,
    seconds: number(values.seconds),
    seed,
    major: values.major === '15' ? 15 : 18,
    only: values.only,
    say: (text) => void process.stdout.write(`${text}\n`),
  };
  options.say(`seed ${seed}`);
  const plans = await loadPlans();
  const boards: Scoreboard[] = [];
  const failed: string[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
    const suite = await findSuite(name);
    options.say(`\n== ${suite.name}: ${suite.about}`);
    const began = Date.now();
    let ran = await attempt(suite, options, plans);
    if (values.again && ran.problems.length > 0 && !ran.final) {
      for (const problem of ran.problems) options.say(`first of two: ${problem}`);
      const second = await attempt(suite, options, plans);
      // What failed once and is right now is taken as it is now; what was right stays.
      const wrong = new Set(ran.problems.map(rowOf));
      const rows = new Map(
        [...ran.rows, ...second.rows.filter(({ suite: row }) => wrong.has(row) || wrong.has(name))].map((row) => [
          row.suite,
          row,
        ]),
      );
      const problems = second.problems.filter((problem) => second.final || wrong.has(rowOf(problem)) || wrong.has(name));
      ran = { rows: [...rows.values()], problems, final: true };
    }
    boards.push(...ran.rows);
    failed.push(...ran.problems);
    options.say(`== ${suite.name}: ${Math.round((Date.now() - began) / 1000)} s`);
  }
  if ((!options.bounded || values.write) && !values['no-write'] && options.only.length === 0) {
    const date = new Date().toISOString().slice(0, 10);
    await writeReference(boards.map((board) => ({ ...board, run: options.bounded ? 'portion' : 'full', seed, date })));
  }
  for (const problem of failed) options.say(`FAILED ${problem}`);
  const bad = new Set(failed.map(rowOf)).size;
  options.say(`\n${boards.length - Math.min(bad, boards.length)} passed, ${bad} failed`);
  return failed.length > 0 ? 1 : 0;
}

interface Attempt {
  readonly rows: readonly Scoreboard[];
  /** `row: what is wrong`; of a suite that threw, the suite's name stands for the row. */
  readonly problems: readonly string[];
  /** Nothing that a second run could answer: a leak, a death, or something missing. */
  readonly final: boolean;
}

async function attempt(suite: Suite, options: RunOptions, plans: Readonly<Record<string, string>>): Promise<Attempt> {
  try {
    // Of what was asked for by name, rows without it say nothing.
    const rows = (await suite.run(options)).filter(({ cases }) => cases > 0 || options.only.length === 0);
    for (const row of rows) options.say(line(row));
    const problems = rows.flatMap((row) => failures(row, plans).map((problem) => `${row.suite}: ${problem}`));
    return { rows, problems, final: rows.some(({ leaks, deaths }) => leaks.length > 0 || deaths > 0) };
  } catch (error) {
    const missing = error instanceof MissingError;
    const problem = missing ? `missing: ${error.message}` : String((error as Error).stack);
    return { rows: [], problems: [`${suite.name}: ${problem}`], final: missing };
  }
}

function rowOf(problem: string): string {
  return problem.slice(0, problem.indexOf(':'));
}
