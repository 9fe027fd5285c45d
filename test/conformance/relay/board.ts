/** The scoreboard's row of a suite that was run twice directly and once through Sluice. */
import type { Scoreboard } from '../../scoreboard/suite.ts';
import { planOf } from './causes.ts';
import { judge, noVerdicts, type Verdicts } from './judge.ts';
import type { Passage } from './passage.ts';
import type { Trace } from './trace.ts';

export interface Runs<T> {
  readonly direct: Passage<T>;
  readonly again: Passage<T>;
  readonly through: Passage<T>;
}

/** `caseName`: the name of a connection's trace as it appears in the names of cases. */
export function compareRuns<T>({ direct, again, through }: Runs<T>, caseName: (trace: string) => string): Verdicts {
  const verdicts = noVerdicts();
  const [second, third] = [again, through].map(({ traces }) => new Map(traces.map((trace) => [trace.name, trace])));
  for (const trace of direct.traces)
    judge(verdicts, caseName(trace.name), trace, second?.get(trace.name), third?.get(trace.name));
  const known = new Set(direct.traces.map(({ name }) => name));
  for (const extra of through.traces)
    if (!known.has(extra.name)) judge(verdicts, caseName(extra.name), empty(extra), undefined, extra);
  return verdicts;
}

function empty({ name }: Trace): Trace {
  return { name, exchanges: [] };
}

export function boardOf(
  suite: string,
  what: string,
  verdicts: Verdicts,
  rest: Pick<Scoreboard, 'deaths' | 'figures'> & { readonly leaks?: Scoreboard['leaks'] },
): Scoreboard {
  return {
    suite,
    what,
    cases: verdicts.cases,
    identical: verdicts.identical,
    refusedByFloor: verdicts.refusedByFloor,
    floors: verdicts.floors,
    unstable: verdicts.unstable,
    differences: verdicts.differences.map((found) => {
      const plan = planOf(found);
      return { name: found.name, seen: found.seen, ...(plan === undefined ? {} : { plan }) };
    }),
    leaks: rest.leaks ?? [],
    deaths: rest.deaths,
    figures: rest.figures,
  };
}

/** What to look at first: the differences without a plan, by what Sluice said instead. */
export function summary({ differences }: Verdicts): readonly string[] {
  const groups = Map.groupBy(differences, causeOf);
  return [...groups]
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, 25)
    .map(
      ([cause, found]) =>
        `  ${found.length} ${planOf(found[0]!) ?? 'no plan'} | ${cause} | e.g. ${found[0]?.name}: ${found[0]?.seen}`,
    );
}

function causeOf({ direct, through, at }: Verdicts['differences'][number]): string {
  if (through === null) return 'not sent through Sluice';
  if (direct === null) return 'sent through Sluice only';
  if (through.refusal !== undefined) return through.refusal.code;
  const head = (line: string | undefined): string => /^E .*?\bC=(\w+)/.exec(line ?? '')?.[1] ?? (line ?? '(nothing)').slice(0, 2);
  return `${head(direct.lines[at])} became ${head(through.lines[at])}`;
}
