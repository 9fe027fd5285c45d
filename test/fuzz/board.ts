/** Tallies of a target's parts as one row of the scoreboard. */
import type { Difference, Scoreboard } from '../scoreboard/suite.ts';
import { digest } from './corpus.ts';
import type { Tally } from './target.ts';

export interface RowOptions {
  readonly name: string;
  readonly what: string;
  readonly seed: number;
  readonly tallies: readonly Tally[];
  readonly floors: Readonly<Record<string, number>>;
  readonly unstable: number;
}

/** Known and written down in plans.json. */
const PLANNED: readonly { readonly plan: string; readonly why: RegExp }[] = [
  { plan: 'whole-row-beside-group-by-key', why: /restricted: 42803 column "[^"]*\.\*" must appear in the GROUP BY clause/ },
];

/** Every other failure is a difference without a plan, so it fails the run, whatever the share. */
export function row({ name, what, seed, tallies, floors, unstable }: RowOptions): Scoreboard {
  const differences = tallies.flatMap(({ failures }) =>
    failures.map(({ why, input }): Difference => {
      const plan = PLANNED.find((each) => each.why.test(why))?.plan;
      return { name: `${name}/${digest(input)}`, seen: why.slice(0, 500), ...(plan === undefined ? {} : { plan }) };
    }),
  );
  const refusedByFloor = Object.values(floors).reduce((sum, count) => sum + count, 0);
  const cases = tallies.reduce((sum, { executions }) => sum + executions, 0);
  const leaks = tallies.flatMap((tally) => tally.leaks);
  return {
    suite: `fuzz/${name}`,
    what,
    cases,
    identical: Math.max(0, cases - differences.length - leaks.length - refusedByFloor - unstable),
    refusedByFloor,
    floors,
    unstable,
    differences,
    leaks,
    deaths: tallies.reduce((sum, { deaths }) => sum + deaths, 0),
    figures: { seed, executions: cases, ...Object.assign({}, ...tallies.map(({ figures }) => figures)) },
  };
}
