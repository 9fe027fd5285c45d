/**
 * PostgreSQL's own sources, for its test suites: the source package of the distribution, fetched by apt with the archives that
 * the machine already trusts, verified and unpacked by dpkg-source, kept in the user's cache directory. Nothing of it is part of
 * this project.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../support/cache.ts';
import { MissingError } from '../../scoreboard/suite.ts';

const run = promisify(execFile);
/** A file that is there once everything is unpacked. */
const PROOF = 'src/test/regress/parallel_schedule';

/** Directory of the unpacked source tree. Throws MissingError where it cannot be had. */
export async function postgresSource(major: 15): Promise<string> {
  const target = join(cacheDirectory(), `postgresql-${major}-source`);
  if (await exists(join(target, PROOF))) return target;
  await mkdir(cacheDirectory(), { recursive: true });
  const work = await mkdtemp(`${target}.`);
  try {
    const tree = await fetchSource(`postgresql-${major}`, work);
    // Whoever else fetched it meanwhile is as right as we are.
    await rename(tree, target).catch(async (error: unknown) => {
      if (!(await exists(join(target, PROOF)))) throw error;
    });
    return target;
  } catch (error) {
    const reason = (error as { readonly stderr?: string }).stderr || (error as Error).message;
    throw new MissingError(
      `source package postgresql-${major} (needs apt-get, dpkg-dev and an archive): ${reason.slice(0, 500)}`,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Lets apt look at source entries of its own, so that the machine's configuration is left alone. */
async function fetchSource(name: string, work: string): Promise<string> {
  const entries = await sourceEntries();
  if (entries.length === 0) throw new Error('apt knows no archive of Debian');
  await writeFile(join(work, 'source.list'), entries.map((entry) => `${entry}\n`).join(''));
  await mkdir(join(work, 'lists', 'partial'), { recursive: true });
  const options = [
    `Dir::Etc::sourcelist=${join(work, 'source.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(work, 'lists')}`,
    `Dir::Cache=${work}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const unpacked = join(work, 'unpacked');
  await mkdir(unpacked);
  await run('apt-get', [...options, '-qq', 'update'], { cwd: work });
  await run('apt-get', [...options, '-qq', 'source', name], { cwd: unpacked, maxBuffer: 1 << 24 });
  const [tree] = (await readdir(unpacked, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  if (tree === undefined) throw new Error(`apt-get source ${name} unpacked nothing`);
  return join(unpacked, tree.name);
}

/** `deb-src` lines for the suites that binaries come from; updates and security follow the release and are not needed. */
async function sourceEntries(): Promise<readonly string[]> {
  const format = '$(ORIGIN) $(COMPONENT) $(RELEASE) $(CODENAME) $(REPO_URI)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signed = (await exists(keyring)) ? `[signed-by=${keyring}] ` : '';
  const lines = stdout.split('\n').flatMap((line) => {
    const [origin, component, release, codename, uri] = line.split(' ');
    const plain = origin === 'Debian' && component === 'main' && codename !== undefined && !codename.includes('-');
    return plain && uri !== undefined ? [`deb-src ${signed}${uri} ${release} main`] : [];
  });
  return [...new Set(lines)];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
