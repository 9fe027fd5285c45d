/** Runs a test program and reads its output; goes on behind a test that ended the program or hung. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Recorder } from './recorder.ts';
import { TestOutput, ancestry, type Outcome } from './test-output.ts';

export interface TestProgram {
  readonly command: string;
  /** Arguments that run everything but these top-level tests. */
  readonly args: (without: readonly string[]) => readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** No line for so long: the test hangs. */
const QUIET_MS = 150_000;
const RESTARTS = 10;
/** Programs that run now: they end with us. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function runTests(
  program: TestProgram,
  recorder: Recorder,
  without: readonly string[],
  say: (line: string) => void,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const done = new Set(without);
  for (let attempt = 0; attempt < RESTARTS; attempt++) {
    const { output, reason, stuck } = await runOnce(program, recorder, [...done]);
    for (const [name, outcome] of output.outcomes) outcomes.set(name, outcome);
    const before = done.size;
    for (const name of output.outcomes.keys()) done.add(ancestry(name).at(-1) ?? name);
    if (reason === null && outcomes.size === 0)
      throw new Error(`${program.command} ran no test: ${output.outside().slice(-2_000)}`);
    if (reason === null) return outcomes;
    say(`  ${reason} in ${stuck}; going on`);
    if (done.size === before) throw new Error(`${program.command}: ${reason}\n${output.outside().slice(-2_000)}`);
  }
  throw new Error(`${program.command} ended early ${RESTARTS} times`);
}

async function runOnce(
  program: TestProgram,
  recorder: Recorder,
  without: readonly string[],
): Promise<{ readonly output: TestOutput; readonly reason: string | null; readonly stuck: string | null }> {
  const output = new TestOutput(recorder.current);
  const child = spawn(program.command, [...program.args(without)], {
    cwd: program.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let hung = false;
  running.add(child);
  const hang = (): void => {
    hung = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(hang, QUIET_MS);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    clearTimeout(timer);
    timer = setTimeout(hang, QUIET_MS);
    output.feed(text);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-8_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  running.delete(child);
  // 1: some test failed. Anything else, or a test still running, and the program did not get to its end.
  const early = hung || output.unfinished !== null || (code !== 0 && code !== 1);
  const reason = early ? (hung ? 'hung' : `ended with ${code}: ${firstLine(errors)}`) : null;
  const stuck = output.unfinished;
  output.end(reason === null ? '' : `${reason}\n${errors.slice(0, 2_000)}`);
  return { output, reason, stuck };
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

/** A Go test binary, one test at a time. */
export function goTests(
  binary: string,
  cwd: string,
  only: readonly string[],
  env: Readonly<Record<string, string>>,
): TestProgram {
  return {
    command: binary,
    cwd,
    env,
    args: (without) => [
      '-test.v=test2json',
      '-test.parallel=1',
      '-test.timeout=0',
      ...(only.length === 0 ? [] : [`-test.run=${anyOf(only)}`]),
      ...(without.length === 0 ? [] : [`-test.skip=${anyOf(without)}`]),
    ],
  };
}

function anyOf(names: readonly string[]): string {
  return `^(${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`;
}
