/**
 * Compares what each test did directly and through Sluice. A test counts when it spoke to the server in the direct run; a parent
 * of subtests is no case of its own unless it behaves differently by itself. A different outcome is explained by a floor only
 * when, during that very test (or in the test around it, which prepares it), Sluice refused something that floorOf names.
 */
import type { Difference, Scoreboard } from '../../scoreboard/suite.ts';
import { floorOf } from '../floors.ts';
import { noFacts, type Facts, type Refusal } from './recorder.ts';
import { ancestry, type Outcome } from './test-output.ts';

export interface Run {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly facts: ReadonlyMap<string, Facts>;
}

export type Verdict =
  | { readonly kind: 'identical' }
  | { readonly kind: 'floor'; readonly floor: string }
  | { readonly kind: 'unstable' }
  | { readonly kind: 'different'; readonly seen: string };

export interface Judging {
  /** Statements -> trees, for the floors. */
  readonly parse: (sql: string) => readonly unknown[];
  /** Patterns print what they saw: compare that too where both pass. */
  readonly compareOutput: boolean;
}

/** Names of the tests that differ and that no floor explains: to be run again before they are believed. */
export function judge(direct: Run, through: Run, judging: Judging): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  const parents = new Set([...direct.outcomes.keys(), ...through.outcomes.keys()].flatMap((name) => ancestry(name).slice(1)));
  for (const [name, outcome] of direct.outcomes) {
    const met = direct.facts.get(name) ?? noFacts();
    const other = through.outcomes.get(name);
    const same = other !== undefined && sameOutcome(outcome, other, judging.compareOutput);
    if (parents.has(name)) {
      // Its subtests are the cases; it fails with them. Alone it counts when no subtest tells the story.
      const told = [...direct.outcomes.keys()].some(
        (child) => child.startsWith(`${name}/`) && through.outcomes.get(child)?.status !== direct.outcomes.get(child)?.status,
      );
      if (same || told) continue;
    } else if (met.chunks === 0) continue;
    if (same) {
      verdicts.set(name, { kind: 'identical' });
      continue;
    }
    const floor = explain(name, direct, through, judging.parse);
    verdicts.set(name, floor === null ? { kind: 'different', seen: describe(outcome, other) } : { kind: 'floor', floor });
  }
  return verdicts;
}

function explain(name: string, direct: Run, through: Run, parse: Judging['parse']): string | null {
  for (const test of ancestry(name)) {
    const met = direct.facts.get(test);
    for (const refusal of through.facts.get(test)?.refusals ?? []) {
      const floor = floorOfRefusal(refusal, parse);
      if (floor !== null) return floor;
    }
    // Nothing is refused where Sluice asks for no password: what the server asked for and Sluice did not is what differs.
    const here = through.facts.get(test);
    if (met === undefined || here === undefined) continue;
    const authentication = [...met.authentication].filter((kind) => !here.authentication.has(kind));
    const sqlstates = [...met.refusedLogins].filter((state) => !here.refusedLogins.has(state));
    for (const met of [
      { authentication },
      ...sqlstates.map((sqlstate) => ({ sqlstate })),
      { tls: direct.facts.get(test)?.tls === true && !here.tls },
    ]) {
      const floor = floorOf({ direct: met });
      if (floor !== null) return floor;
    }
  }
  return null;
}

export function floorOfRefusal(refusal: Refusal, parse: Judging['parse']): string | null {
  const told = {
    refusal: { code: refusal.code, message: refusal.message },
    ...(refusal.messageType === undefined ? {} : { message: refusal.messageType }),
    ...(refusal.startup === undefined ? {} : { startup: refusal.startup }),
  };
  // Sluice's own words first: they need no tree, and what is refused for its size has a very large one.
  const floor = floorOf(told);
  return floor !== null || refusal.sql === undefined ? floor : floorOf({ ...told, trees: parse(refusal.sql) });
}

export function sameOutcome(one: Outcome, other: Outcome, compareOutput: boolean): boolean {
  if (one.status !== other.status) return false;
  // Two tests that fail have to fail alike.
  return one.status === 'fail' || compareOutput ? normalise(one.output) === normalise(other.output) : true;
}

/** What differs between any two runs: durations, addresses, process ids, ports, line numbers of goroutines. */
export function normalise(output: string): string {
  return output
    .replaceAll(/0x[0-9a-f]{4,}/g, '0x…')
    .replaceAll(/\b\d+(\.\d+)?(ns|µs|ms|s)\b/g, '…s')
    .replaceAll(/\b\d{4,}\b/g, '…');
}

function describe(direct: Outcome, through: Outcome | undefined): string {
  if (through === undefined) return `${direct.status} directly, never begun through Sluice`;
  const [before, after] = [direct, through].map(({ output }) => normalise(output).split('\n')) as [string[], string[]];
  const at = before.findIndex((line, index) => line !== after[index]);
  const from = (lines: readonly string[]): string =>
    lines
      .slice(at < 0 ? 0 : at)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join(' / ')
      .slice(0, 250);
  return `${direct.status} directly: ${from(before)}; ${through.status} through Sluice: ${from(after)}`;
}

/** A differing test that does not even agree with itself directly says nothing. `again`: further direct runs of it. */
export function settle(
  verdicts: ReadonlyMap<string, Verdict>,
  direct: Run,
  again: readonly ReadonlyMap<string, Outcome>[],
  compareOutput: boolean,
): ReadonlyMap<string, Verdict> {
  const settled = new Map(verdicts);
  for (const [name, { kind }] of verdicts) {
    const first = direct.outcomes.get(name);
    if (kind !== 'different' || first === undefined) continue;
    const repeated = again.flatMap((outcomes) => outcomes.get(name) ?? []);
    if (repeated.some((outcome) => !sameOutcome(first, outcome, compareOutput))) settled.set(name, { kind: 'unstable' });
  }
  return settled;
}

export function scoreboard(
  suite: string,
  what: string,
  verdicts: ReadonlyMap<string, Verdict>,
  plans: Readonly<Record<string, string>>,
  rest: Pick<Scoreboard, 'leaks' | 'deaths' | 'figures'>,
): Scoreboard {
  const all = [...verdicts];
  const floors: Record<string, number> = {};
  for (const [, verdict] of all) if (verdict.kind === 'floor') floors[verdict.floor] = (floors[verdict.floor] ?? 0) + 1;
  const differences = all.flatMap(([name, verdict]): Difference[] => {
    if (verdict.kind !== 'different') return [];
    const plan = plans[name];
    return [{ name, seen: verdict.seen, ...(plan === undefined ? {} : { plan }) }];
  });
  return {
    suite,
    what,
    cases: all.length,
    identical: all.filter(([, { kind }]) => kind === 'identical').length,
    refusedByFloor: all.filter(([, { kind }]) => kind === 'floor').length,
    floors,
    unstable: all.filter(([, { kind }]) => kind === 'unstable').length,
    differences,
    ...rest,
  };
}
