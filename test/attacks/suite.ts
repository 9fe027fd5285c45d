/** The suite `attacks`: generated compositions of the catalogue's classes, each proven on a bare relay first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Difference, RunOptions, Scoreboard, Suite } from '../scoreboard/suite.ts';
import { writeDearPolicy } from './dear-filter.ts';
import { startField } from './generate/laboratory.ts';
import { runGenerated, type Finding, type Result } from './generate/run.ts';

/** CI's portion, server start included, on two cores. */
const BOUNDED_SECONDS = 135;
const STATEMENTS = 15_000;

async function run(options: RunOptions): Promise<readonly Scoreboard[]> {
  const began = Date.now();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-attacks-'));
  const dear = isDear(options.only[0] === undefined ? options.seed : Number.parseInt(options.only[0], 10));
  const field = await startField(options.major, dear ? await writeDearPolicy(directory) : undefined);
  try {
    const seconds = options.seconds ?? (options.bounded ? BOUNDED_SECONDS : undefined);
    const result = await runGenerated(field, {
      seed: options.seed,
      major: options.major,
      until: seconds === undefined ? Number.POSITIVE_INFINITY : began + seconds * 1000,
      statements: seconds === undefined ? STATEMENTS : Number.MAX_SAFE_INTEGER,
      only: options.only,
      say: options.say,
    });
    for (const each of [...result.leaks, ...result.differences]) options.say(shown(each));
    return [board(result, options)];
  } finally {
    await field.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Even seeds take row filters that PostgreSQL would rather evaluate last. */
const isDear = (seed: number): boolean => seed % 2 === 0;

/** What honest clients are known to meet, and the key of plans.json that says what shall be done about it. */
const KNOWN: readonly (readonly [seen: RegExp, plan: string])[] = [
  [/This RETURNING list cannot carry the check of the row filter/, 'returning-star-of-a-composite'],
];

function difference({ id, seen }: Finding): Difference {
  const plan = KNOWN.find(([pattern]) => pattern.test(seen))?.[1];
  return { name: id, seen, ...(plan === undefined ? {} : { plan }) };
}

const shown = ({ id, what, seen, sql }: Finding): string => `  ${id} ${what}: ${seen}\n    ${sql.slice(0, 1_500)}`;

export function board(result: Result, { seed, major }: Pick<RunOptions, 'seed' | 'major'>): Scoreboard {
  const { bare, twins } = result;
  const statements = bare.shows + bare.tells + bare.quiet + bare.unfit;
  const compared = twins.same + twins.different;
  const executions = result.attacks + result.others;
  return {
    suite: 'attacks/generated',
    what: `compositions drawn from seed ${seed}, PostgreSQL ${major}: attacks under the restrictive policy${isDear(seed) ? ' with dear row filters' : ''}, and their honest twins against a database that holds only what the policy shows`,
    cases: executions + compared,
    identical: executions - result.leaks.length + twins.same,
    refusedByFloor: 0,
    floors: {},
    unstable: 0,
    differences: result.differences.map(difference),
    leaks: result.leaks.map(({ id, what, seen }) => `${id} ${what}: ${seen}`),
    deaths: result.deaths,
    figures: {
      seed,
      statements,
      'of them showing a protected cell on the bare relay': bare.shows,
      'telling the databases apart on the bare relay': bare.tells,
      'quiet there': bare.quiet,
      'not taken by the server': bare.unfit,
      'executions of those that show or tell, through Sluice': result.attacks,
      'answered with masks and filters': `${result.answered} (${percent(result.answered, result.attacks)})`,
      'executions of the others': result.others,
      'honest twins answered as by the reference': `${twins.same} of ${compared} (${percent(twins.same, compared)})`,
      'protocol forms': result.forms.size,
    },
  };
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)} %`;
}

export const suite: Suite = {
  name: 'attacks',
  about: 'generated attacks and their honest twins: canary oracle, two databases, reference answers',
  run,
};
