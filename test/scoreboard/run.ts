/**
 * `npm run conformance -- [SUITE …]`: runs suites one after the other, prints a scoreboard of each, and writes the figures of full
 * runs to docs/reference/conformance.md. Ends with "N passed, N failed" (suites' rows); exit 1 when a row fails, 2 for usage.
 */
import { parseArgs } from 'node:util';
import { failures, MissingError, type RunOptions, type Scoreboard } from './suite.ts';
import { findSuite, SUITES } from './suites.ts';
import { line, loadPlans, writeReference } from './reference.ts';

const USAGE = `usage: npm run conformance -- [options] [SUITE …]

options
  --bounded        CI's portion of each suite (written to the docs only with --write)
  --seconds N      how long a suite that could go on for ever goes on
  --seed N         draw the same cases again (default: today's date, printed)
  --major 15|18    the server, where a suite can take either (default 18)
  --only NAME      a single case, file or test; may be repeated (nothing is written to the docs)
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
    try {
      // Of what was asked for by name, rows without it say nothing.
      const rows = (await suite.run(options)).filter(({ cases }) => cases > 0 || options.only.length === 0);
      boards.push(...rows);
      for (const row of rows) {
        options.say(line(row));
        for (const problem of failures(row, plans)) failed.push(`${row.suite}: ${problem}`);
      }
    } catch (error) {
      failed.push(`${name}: ${error instanceof MissingError ? `missing: ${error.message}` : String((error as Error).stack)}`);
    }
    options.say(`== ${suite.name}: ${Math.round((Date.now() - began) / 1000)} s`);
  }
  if ((!options.bounded || values.write) && !values['no-write'] && options.only.length === 0) {
    const date = new Date().toISOString().slice(0, 10);
    await writeReference(boards.map((board) => ({ ...board, run: options.bounded ? 'portion' : 'full', seed, date })));
  }
  for (const problem of failed) options.say(`FAILED ${problem}`);
  const bad = new Set(failed.map((text) => text.slice(0, text.indexOf(':')))).size;
  options.say(`\n${boards.length - Math.min(bad, boards.length)} passed, ${bad} failed`);
  return failed.length > 0 ? 1 : 0;
}
