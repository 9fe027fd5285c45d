/** One driver's tests, run directly and through Sluice, and compared. */
import type { RunOptions, Scoreboard } from '../../scoreboard/suite.ts';
import { createParser } from './statement-parser.ts';
import { floorOfRefusal, judge, scoreboard, settle, type Run, type Verdict } from './judge.ts';
import { PLANNED } from './planned.ts';
import { startRecorder, type Facts, type Recorder } from './recorder.ts';
import { runTests, type TestProgram } from './run-tests.ts';
import { startStage, type Preparation } from './stage.ts';
import { ancestry, type Outcome } from './test-output.ts';

export interface Address {
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Tests that run one after the other; lanes run beside each other. */
export interface Lane {
  readonly name: string;
  /** The program that connects there. `only`: these top-level tests. */
  readonly program: (address: Address, only: readonly string[]) => TestProgram;
  /** Top-level tests left out of the bounded run: those that take seconds. */
  readonly slow: readonly string[];
  /** Tests that speak to a fixed address, which is neither the server nor Sluice. */
  readonly elsewhere?: readonly string[];
}

export interface Driver {
  readonly name: string;
  readonly about: string;
  readonly preparation: Preparation;
  readonly lanes: readonly Lane[];
  /** Both ways have to print the same, not only to pass. */
  readonly compareOutput: boolean;
}

export async function compareDriver(driver: Driver, options: RunOptions): Promise<Scoreboard> {
  const parse = await createParser();
  const { user, database } = driver.preparation;
  const stage = await startStage(driver.preparation);
  const recorders: Recorder[] = [];
  try {
    for (const _ of driver.lanes) recorders.push(await startRecorder());
    const wanted = topLevel(options.only);
    const phase = async (way: string, port: number, only: readonly string[]): Promise<Run> => {
      await stage.fresh();
      const runs = await Promise.all(
        driver.lanes.map(async (lane, index) => {
          const recorder = recorders[index] as Recorder;
          recorder.target(port);
          const chosen = only.flatMap((name) => (name.startsWith(`${lane.name}:`) ? [name.slice(lane.name.length + 1)] : []));
          if (only.length > 0 && chosen.length === 0)
            return { outcomes: new Map<string, Outcome>(), facts: new Map<string, Facts>() };
          const without = [...(lane.elsewhere ?? []), ...(options.bounded && only.length === 0 ? lane.slow : [])];
          const began = Date.now();
          const outcomes = await runTests(
            lane.program({ port: recorder.port, user, database }, chosen),
            recorder,
            without,
            options.say,
          );
          options.say(`  ${lane.name} ${way}: ${outcomes.size} tests, ${Math.round((Date.now() - began) / 1000)} s`);
          return { outcomes: prefixed(outcomes, lane.name), facts: prefixed(recorder.take(), lane.name) };
        }),
      );
      return {
        outcomes: new Map(runs.flatMap(({ outcomes }) => [...outcomes])),
        facts: new Map(runs.flatMap(({ facts }) => [...facts])),
      };
    };
    const began = Date.now();
    const direct = await phase('directly', stage.server.port, wanted);
    const between = Date.now();
    const through = await phase('through Sluice', stage.sluice.port, wanted);
    const ended = Date.now();
    const judging = { parse, compareOutput: driver.compareOutput };
    let verdicts = judge(direct, through, judging);
    options.say(`  judged in ${Math.round((Date.now() - ended) / 1000)} s`);
    const differing = [...verdicts].flatMap(([name, { kind }]) => (kind === 'different' ? [name] : []));
    if (differing.length > 0) {
      options.say(`  to be run again: ${differing.join(', ').slice(0, 4_000)}`);
      const tops = topLevel(differing);
      const again: ReadonlyMap<string, Outcome>[] = [];
      for (let repeat = 0; repeat < 2; repeat++) again.push((await phase('directly again', stage.server.port, tops)).outcomes);
      verdicts = settle(verdicts, direct, again, driver.compareOutput);
    }
    report(driver.name, verdicts, through, parse, options.say);
    return scoreboard(`drivers/${driver.name}`, driver.about, verdicts, PLANNED, {
      leaks: [],
      deaths: alive(stage.sluice.pid) ? 0 : 1,
      figures: {
        tests: direct.outcomes.size,
        'skipped both ways': [...direct.outcomes].filter(
          ([name, { status }]) => status === 'skip' && through.outcomes.get(name)?.status === 'skip',
        ).length,
        'passed directly': [...direct.outcomes.values()].filter(({ status }) => status === 'pass').length,
        'seconds directly': Math.round((between - began) / 1000),
        'seconds through Sluice': Math.round((ended - between) / 1000),
      },
    });
  } finally {
    for (const recorder of recorders) await recorder.stop();
    await stage.stop();
  }
}

/** Differences as they are found, and refusals that no floor names, to be looked at. */
function report(
  driver: string,
  verdicts: ReadonlyMap<string, Verdict>,
  through: Run,
  parse: (sql: string) => readonly unknown[],
  say: (line: string) => void,
): void {
  for (const [name, verdict] of verdicts) if (verdict.kind === 'different') say(`  ${driver} ${name}: ${verdict.seen}`);
  for (const [name, { refusals }] of through.facts) {
    for (const refusal of refusals) {
      if (floorOfRefusal(refusal, parse) !== null) continue;
      say(
        `  ${driver} ${name}: no floor names ${refusal.code} ${refusal.message.slice(0, 160)} [${(refusal.sql ?? '').slice(0, 160).replaceAll('\n', ' ')}]`,
      );
    }
  }
}

function prefixed<T>(entries: ReadonlyMap<string, T>, lane: string): ReadonlyMap<string, T> {
  return new Map([...entries].map(([name, value]) => [`${lane}:${name}`, value]));
}

/** The tests around the cases that `--only` names. */
function topLevel(cases: readonly string[]): readonly string[] {
  return [...new Set(cases.map((name) => ancestry(name).at(-1) ?? name))];
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
