/**
 * The drivers' own sources with their tests, and the tools to run them, got by each language's own client and kept in the cache
 * directory: pgx and lib/pq as Go modules (which carry their tests), asyncpg as a source distribution, psycopg as a wheel, the
 * JDBC driver as a jar. Nothing of them is part of this project. What cannot be had is said by a MissingError.
 */
import { execFile } from 'node:child_process';
import { access, cp, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MissingError } from '../../scoreboard/suite.ts';
import { cacheDirectory } from '../../support/cache.ts';

const run = promisify(execFile);

export const PGX_VERSION = 'v5.13.0';
export const PQ_VERSION = 'v1.12.3';
export const ASYNCPG_VERSION = '0.32.0';
export const PSYCOPG_VERSION = '3.3.9';
export const JDBC_VERSION = '42.7.14';

/** A directory with the module's sources and `NAME.test` binaries of all its packages in `bin/`. */
export function goModule(module: string, version: string): Promise<string> {
  return cached(`${module.replaceAll('/', '-')}-${version}`, async (work) => {
    await writeFile(join(work, 'go.mod'), 'module fetch\n\ngo 1.21\n');
    const { stdout } = await run('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: work });
    const source = (JSON.parse(stdout) as { readonly Dir: string }).Dir;
    await cp(source, join(work, 'source'), { recursive: true });
    // Go keeps its modules read-only; some tests write beside their sources.
    await writable(join(work, 'source'));
    await mkdir(join(work, 'bin'));
    await run('go', ['test', '-c', '-o', join(work, 'bin'), './...'], {
      cwd: join(work, 'source'),
      maxBuffer: 1 << 24,
      timeout: 600_000,
    });
  });
}

/** A directory with `python/bin/python` that has asyncpg, and its `tests/`. */
export function asyncpgTests(): Promise<string> {
  return cached(`asyncpg-${ASYNCPG_VERSION}`, async (work, target) => {
    await run('python3', ['-m', 'venv', join(target, 'python')]);
    const pip = (...args: readonly string[]): Promise<unknown> =>
      run(join(target, 'python', 'bin', 'python'), ['-m', 'pip', '--disable-pip-version-check', ...args], {
        cwd: work,
        maxBuffer: 1 << 24,
        timeout: 600_000,
      });
    await pip('download', '--quiet', '--no-deps', '--no-binary', 'asyncpg', '--dest', work, `asyncpg==${ASYNCPG_VERSION}`);
    await run('tar', ['xzf', `asyncpg-${ASYNCPG_VERSION}.tar.gz`], { cwd: work });
    const unpacked = join(work, `asyncpg-${ASYNCPG_VERSION}`);
    await pip('install', '--quiet', unpacked, 'distro');
    // Not beside the package: the installed one has the compiled parts.
    await cp(join(unpacked, 'tests'), join(work, 'tests'), { recursive: true });
    await rm(unpacked, { recursive: true });
  });
}

/** The interpreter of a virtual environment with psycopg 3. */
export async function psycopgPython(): Promise<string> {
  const directory = await cached(`psycopg-${PSYCOPG_VERSION}`, async (_work, target) => {
    await run('python3', ['-m', 'venv', join(target, 'python')]);
    await run(
      join(target, 'python', 'bin', 'python'),
      ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', `psycopg[binary,pool]==${PSYCOPG_VERSION}`],
      { timeout: 300_000 },
    );
  });
  return join(directory, 'python', 'bin', 'python');
}

/** Path of the JDBC driver's jar. */
export async function jdbcJar(): Promise<string> {
  const directory = await cached(`jdbc-${JDBC_VERSION}`, async (work) => {
    await run(
      'mvn',
      [
        '--quiet',
        '--batch-mode',
        'dependency:copy',
        `-Dartifact=org.postgresql:postgresql:${JDBC_VERSION}`,
        `-DoutputDirectory=${work}`,
      ],
      { cwd: work, timeout: 300_000 },
    );
  });
  return join(directory, `postgresql-${JDBC_VERSION}.jar`);
}

/**
 * Makes `NAME` once. `make` fills a directory beside it, which then takes its name; what records its own path (a virtual
 * environment) is made at `target` itself, before.
 */
async function cached(name: string, make: (work: string, target: string) => Promise<void>): Promise<string> {
  const target = join(cacheDirectory(), name);
  const proof = join(target, 'complete');
  if (await exists(proof)) return target;
  await mkdir(cacheDirectory(), { recursive: true });
  await rm(target, { recursive: true, force: true });
  const work = await mkdtemp(`${target}.`);
  try {
    await mkdir(target, { recursive: true });
    await make(work, target);
    for (const entry of await readdir(work)) await rename(join(work, entry), join(target, entry));
    await writeFile(proof, '');
    return target;
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
    throw new MissingError(`${name}: ${(stderr || message).trim().split('\n').slice(-5).join(' / ').slice(0, 600)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function writable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await writable(path);
    else await chmod(path, 0o644 | (/\.(sh|bash)$/.test(entry.name) ? 0o111 : 0));
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
