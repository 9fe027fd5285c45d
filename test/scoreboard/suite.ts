/**
 * What a conformance or hardness suite is, and what it has to show for itself. Every suite is run by one command
 * (`npm run conformance -- NAME`), prints its scoreboard and hands it over for docs/reference/conformance.md.
 */

/** How a suite is run. */
export interface RunOptions {
  /** CI's portion: each suite stays within a few minutes. Otherwise everything it has. */
  readonly bounded: boolean;
  /** For suites that can go on for ever: how long, in seconds; undefined: the suite's own default. */
  readonly seconds: number | undefined;
  /** Everything drawn is drawn from this; the same seed draws the same cases. */
  readonly seed: number;
  /** The server's major where a suite can take either; 18 unless asked. */
  readonly major: 15 | 18;
  /** Names of cases, files or tests to run alone; empty: all. */
  readonly only: readonly string[];
  /** Progress, a line at a time. */
  readonly say: (line: string) => void;
}

/** One case that behaved differently and that no floor explains. */
export interface Difference {
  /** Names the case so that it can be run alone, e.g. `join.sql:311`. */
  readonly name: string;
  /** What was seen directly and what through Sluice, short. Never a protected value. */
  readonly seen: string;
  /** Key of plans.json: what shall be done about it. A difference without a plan fails the run. */
  readonly plan?: string;
}

/** A row of the scoreboard. `cases` = identical + refusedByFloor + different.length + unstable + leaks counted as different. */
export interface Scoreboard {
  /** e.g. `regress`, `isolation`, `drivers/pgx`, `fuzz/frames`. */
  readonly suite: string;
  /** What was run against what, with versions: `217 files of the regression suite, PostgreSQL 15.18`. */
  readonly what: string;
  readonly cases: number;
  /** The same as directly; for suites without a direct run: as demanded. */
  readonly identical: number;
  /** Excluded because a floor of conformance-floors.json names the statement. */
  readonly refusedByFloor: number;
  /** floor id -> how many. */
  readonly floors: Readonly<Record<string, number>>;
  /** Two direct runs differ: nothing to compare with. */
  readonly unstable: number;
  readonly differences: readonly Difference[];
  /** Protected values that reached a client, with the case that did it. */
  readonly leaks: readonly string[];
  /** Sluice processes that ended by themselves. */
  readonly deaths: number;
  /** Further figures worth keeping, e.g. `executions`, `corpus`, `slowest neighbour (ms)`. */
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface Suite {
  readonly name: string;
  /** One line for --help. */
  readonly about: string;
  /**
   * Runs it. Throws MissingError when something it needs is not on this machine.
   * @returns one row, or several for suites made of parts.
   */
  run(options: RunOptions): Promise<readonly Scoreboard[]>;
}

/** Something a suite needs is not here; says what to install. */
export class MissingError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'MissingError';
  }
}

/** Leaks, deaths, more than one case in a hundred different outside the floors, or a difference nobody has a plan for. */
export function failures(board: Scoreboard, plans: Readonly<Record<string, string>>): readonly string[] {
  const compared = board.cases - board.refusedByFloor - board.unstable;
  const share = compared === 0 ? 0 : board.differences.length / compared;
  const unplanned = board.differences.filter(({ plan }) => plan === undefined || plans[plan] === undefined);
  return [
    ...(board.cases === 0 ? ['no case was run'] : []),
    ...(board.leaks.length > 0 ? [`${board.leaks.length} leaks: ${board.leaks.slice(0, 5).join('; ')}`] : []),
    ...(board.deaths > 0 ? [`the process ended ${board.deaths} times`] : []),
    ...(share > 0.01 ? [`${board.differences.length} of ${compared} cases differ (${(100 * share).toFixed(2)} %)`] : []),
    ...(unplanned.length > 0
      ? [
          `${unplanned.length} differences without a plan: ${unplanned
            .slice(0, 5)
            .map(({ name, seen }) => `${name}: ${seen}`)
            .join('; ')}`,
        ]
      : []),
  ];
}
