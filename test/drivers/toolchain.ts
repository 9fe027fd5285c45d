/**
 * Drivers of other languages, installed by those languages' own tools into a cache outside the checkout. What cannot be had on
 * this machine is told as a reason, and the tests that need it say so instead of passing.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, cp } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Tool =
  | { readonly ready: true; readonly run: (args: readonly string[]) => Promise<string> }
  | { readonly ready: false; readonly reason: string };

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sluice-tests');
const here = fileURLToPath(new URL('.', import.meta.url));

interface Result {
  readonly code: number;
  readonly output: string;
}

function execute(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeout?: number } = {},
): Promise<Result> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      {
        timeout: options.timeout ?? 180_000,
        maxBuffer: 1 << 24,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...process.env, ...options.env },
      },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: error === null ? stdout : `${stdout}${stderr}${error.message}` });
      },
    );
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Runs a program; throws what it printed when it fails. */
async function checked(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, output } = await execute(command, args, { timeout: 60_000, ...(env === undefined ? {} : { env }) });
  if (code !== 0) throw new Error(output.slice(-3_000));
  return output;
}

/** psycopg 3 in a virtual environment; `run` takes the arguments of agent.py. */
export async function psycopg(): Promise<Tool> {
  const directory = join(cache, 'psycopg-3');
  const python = join(directory, 'bin', 'python');
  if (!(await exists(join(directory, 'ready')))) {
    await mkdir(cache, { recursive: true });
    const made = await execute('python3', ['-m', 'venv', directory]);
    if (made.code !== 0) return { ready: false, reason: `python3 -m venv: ${lastLine(made.output)}` };
    const installed = await execute(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      'psycopg[binary]>=3.1,<4',
    ]);
    if (installed.code !== 0) return { ready: false, reason: `pip install psycopg: ${lastLine(installed.output)}` };
    await execute(python, ['-c', `open(${JSON.stringify(join(directory, 'ready'))}, 'w')`]);
  }
  return { ready: true, run: (args) => checked(python, [join(here, 'psycopg', 'agent.py'), ...args]) };
}

/** pgx 5, built once into the cache; `run` takes the arguments of main.go. */
export async function pgx(): Promise<Tool> {
  const directory = join(cache, 'pgx-5');
  const binary = join(directory, 'agent');
  await mkdir(directory, { recursive: true });
  await cp(join(here, 'pgx'), directory, { recursive: true });
  const built = await execute('go', ['build', '-o', binary, '.'], { cwd: directory, timeout: 300_000 });
  if (built.code !== 0) return { ready: false, reason: `go build: ${lastLine(built.output)}` };
  return { ready: true, run: (args) => checked(binary, args) };
}

/** psql of the distribution; `run` takes its arguments. */
export async function psql(): Promise<Tool> {
  const found = await execute('psql', ['--version']);
  if (found.code !== 0) return { ready: false, reason: 'psql is not installed (Debian package postgresql-client)' };
  return {
    ready: true,
    run: (args) =>
      checked('psql', ['-X', '-v', 'ON_ERROR_STOP=1', '-A', '-t', ...args], { PGCONNECT_TIMEOUT: '10', PSQLRC: '/dev/null' }),
  };
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
