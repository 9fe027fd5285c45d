/**
 * `npm run detection`: how well detection finds sensitive columns, measured against labels that were written before its rules.
 * Exit 1 when a schema could not be measured.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { byName } from './baseline.ts';
import { detector } from './detector.ts';
import { document } from './document.ts';
import { figures } from './evaluate.ts';
import { SETS, type SetName } from './labels.ts';
import { type Cost, type Measured, measure, summary } from './measure.ts';
import { measureLarge } from './large.ts';
import { missLines, plain } from './report.ts';

const HELP = `usage: npm run detection -- [options]
  --set tune|untouched|all   which schemas (default tune: the one to tune rules on)
  --only NAME                this schema alone (repeatable)
  --misses                   every column that was judged otherwise than labelled, with the evidence (never a value)
  --large                    also a schema of 500 tables: what a scan costs
  --baseline                 a dozen English words instead of detection, for comparison
  --seed N                   draws the values (default 1)
  --cap N                    rows a table, at most
  --write                    everything, into docs/reference/detection.md (with --misses: the misses of both sets, too)
`;

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'tune' },
    only: { type: 'string', multiple: true, default: [] },
    misses: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    baseline: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    cap: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const say = (line: string): void => void process.stderr.write(`detection: ${line}\n`);

function setsOf(name: string): readonly SetName[] | undefined {
  if (name === 'all') return SETS;
  return SETS.filter((each) => each === name).length === 1 ? [name as SetName] : undefined;
}

const sets = values.write ? SETS : setsOf(values.set);
const seed = Number(values.seed);
const cap = values.cap === undefined ? undefined : Number(values.cap);
if (values.help) {
  print(HELP);
} else if (
  sets === undefined ||
  !Number.isInteger(seed) ||
  (cap !== undefined && !(cap > 0)) ||
  (values.write && values.only.length > 0)
) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else {
  process.exitCode = await run(sets);
}

async function run(sets: readonly SetName[]): Promise<number> {
  const chosen = values.baseline ? byName : detector;
  const options = { sets, only: values.only, seed, say, ...(cap === undefined ? {} : { cap }) };
  const { measured, missing } = await measure(chosen, options);
  for (const set of sets) {
    const judged = measured.filter(({ schema }) => schema.set === set).flatMap((each) => each.judged);
    if (judged.length === 0) continue;
    print(plain(set, figures(judged)));
    if (values.misses && !values.write) print(missLines(judged).join('\n'));
    print(`cost: ${summary(total(measured.filter(({ schema }) => schema.set === set)))}\n`);
  }
  const large = values.large || values.write ? await measureLarge(chosen) : undefined;
  if (large !== undefined) print(`${large.tables} tables, ${large.columns} columns, ${large.rows} rows: ${summary(large.cost)}`);
  const unsampled = measured.flatMap((each) => each.unsampled);
  for (const each of missing) print(`not measured: ${each}`);
  for (const each of unsampled) print(each);
  if (measured.length === 0) print('nothing was measured: no schema of that name');
  if (values.write && large !== undefined && missing.length === 0) {
    const baseline = await measure(byName, { ...options, say: () => {} });
    const file = fileURLToPath(new URL('../../docs/reference/detection.md', import.meta.url));
    await writeFile(file, document({ measured, baseline: baseline.measured, large, seed, misses: values.misses }));
  }
  return missing.length + unsampled.length > 0 || measured.length === 0 ? 1 : 0;
}

function total(measured: readonly Measured[]): Cost {
  const sum = (key: keyof Cost): number => measured.reduce((so, { cost }) => so + cost[key], 0);
  return { queries: sum('queries'), milliseconds: sum('milliseconds'), rows: sum('rows'), bytes: sum('bytes') };
}
