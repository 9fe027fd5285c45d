/** PostgreSQL's regression suite, run by pg_regress on a server of ours through a relay. */
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresSource } from '../conformance/source/postgres-source.ts';
import { regressLibrary } from '../conformance/source/regress-library.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MissingError } from '../scoreboard/suite.ts';

export interface RegressionServer {
  readonly server: LocalPostgres;
  /** Runs tests (all of the schedule when none is named) through a port; resolves when pg_regress ends. */
  run(port: number, tests: readonly string[], say: (line: string) => void): Promise<void>;
  stop(): Promise<void>;
}

const DRIVER = '/usr/lib/postgresql/15/lib/pgxs/src/test/regress/pg_regress';

export async function startRegressionServer(): Promise<RegressionServer> {
  const source = join(await postgresSource(15), 'src/test/regress');
  const library = await regressLibrary(15);
  const server = await startLocalPostgres({
    major: 15,
    hba: ['host all all 127.0.0.1/32 trust'],
    settings: { max_prepared_transactions: '2', timezone: 'PST8PDT', autovacuum: 'off' },
  }).catch(() => {
    throw new MissingError('postgresql-15');
  });
  // The server reads data files and writes results itself, as another account.
  const directory = await mkdtemp(join(tmpdir(), 'sluice-lineage-'));
  await chmod(directory, 0o755);
  const output = join(directory, 'output');
  for (const path of [output, join(output, 'results'), join(output, 'sql'), join(output, 'expected')]) {
    await mkdir(path);
    await chmod(path, 0o777);
  }
  await cp(library, join(directory, 'lib'), { recursive: true });
  await chmod(join(directory, 'lib'), 0o755);
  return {
    server,
    run: (port, tests, say) =>
      drive(
        [
          `--bindir=/usr/lib/postgresql/15/bin`,
          `--dlpath=${join(directory, 'lib')}`,
          `--inputdir=${source}`,
          `--outputdir=${output}`,
          '--host=127.0.0.1',
          `--port=${port}`,
          '--user=postgres',
          '--max-connections=20',
          ...(tests.length === 0 ? [`--schedule=${join(source, 'parallel_schedule')}`] : tests),
        ],
        say,
      ),
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function drive(args: readonly string[], say: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const driver = spawn(DRIVER, args, {
      env: { ...process.env, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable', PGPASSWORD: 'x' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    const read = (text: string): void => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) say(line);
    };
    driver.stdout.setEncoding('utf8').on('data', read);
    driver.stderr.setEncoding('utf8').on('data', read);
    driver.once('error', () => reject(new MissingError('pg_regress (postgresql-server-dev-15)')));
    // Differences from the expected output are expected: the probe leaves traces that tests about the catalog see.
    driver.once('exit', (code) => (code === 0 || code === 1 ? resolve() : reject(new Error(`pg_regress ended with ${code}`))));
  });
}
