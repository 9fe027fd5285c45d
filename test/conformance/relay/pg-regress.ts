/** Runs pg_regress (or its like) of the distribution against a server that is there already, one test at a time. */
import { spawn } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError } from '../../scoreboard/suite.ts';

const PROGRAMS = '/usr/lib/postgresql/15/lib/pgxs/src/test';
const BINARIES = '/usr/lib/postgresql/15/bin';

export interface PgRegressOptions {
  readonly program: 'regress/pg_regress' | 'isolation/pg_isolation_regress';
  /** Directory with sql/ (or specs/), expected/ and data/. */
  readonly inputDirectory: string;
  /** Directory of regress.so. */
  readonly libraryDirectory?: string;
  readonly tests: readonly string[];
  readonly port: number;
  readonly database: string;
  /** Seconds for one test before it is ended. */
  readonly limit: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Which tests pg_regress itself calls ok: those whose printed output is the expected one. */
export interface PgRegressResult {
  readonly ok: readonly string[];
  readonly failed: readonly string[];
}

export async function runPgRegress(options: PgRegressOptions): Promise<PgRegressResult> {
  const program = join(PROGRAMS, options.program);
  await access(program).catch(() => {
    throw new MissingError(`${program} (Debian package postgresql-server-dev-15)`);
  });
  const output = await mkdtemp(join(tmpdir(), 'sluice-regress-'));
  try {
    // The server writes there, too, as another account.
    await mkdir(join(output, 'results'));
    for (const directory of [output, join(output, 'results')]) await chmod(directory, 0o777);
    const schedule = join(output, 'schedule');
    await writeFile(schedule, options.tests.map((name) => `test: ${name}\n`).join(''));
    const printed = await run(program, options, output, schedule);
    const verdict = (word: string): readonly string[] =>
      [...printed.matchAll(new RegExp(`^test (\\S+)\\s+\\.\\.\\. ${word}`, 'gm'))].map((match) => match[1] ?? '');
    return { ok: verdict('ok'), failed: verdict('(?:FAILED|failed)') };
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

async function run(program: string, options: PgRegressOptions, output: string, schedule: string): Promise<string> {
  const child = spawn(
    program,
    [
      `--inputdir=${options.inputDirectory}`,
      `--outputdir=${output}`,
      `--bindir=${BINARIES}`,
      ...(options.libraryDirectory === undefined ? [] : [`--dlpath=${options.libraryDirectory}`]),
      `--launcher=timeout ${options.limit}`,
      `--schedule=${schedule}`,
      `--dbname=${options.database}`,
      '--use-existing',
      '--max-connections=1',
      '--host=127.0.0.1',
      `--port=${options.port}`,
      '--user=postgres',
    ],
    {
      cwd: output,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable', ...options.environment },
    },
  );
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  if (!printed.includes('test ')) throw new Error(`${program} ran nothing: ${printed.slice(-2_000)}`);
  return printed;
}
