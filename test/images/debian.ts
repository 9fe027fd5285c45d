/** Debian from its packages, by debootstrap and the archive that apt uses here: the only base that needs no image registry. */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { runVisibly } from './engine.ts';
import { made } from './recipe.ts';

const run = promisify(execFile);

export const SUITE = 'bookworm';
/** Nobody reads them in a test image. */
const SUPERFLUOUS = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'var/cache/apt/archives',
  'var/lib/apt/lists',
];

/** Path of a tar with a minimal system and these packages. */
export async function debianRoot(name: string, packages: readonly string[]): Promise<string> {
  return made(`${name}.tar`, [SUITE, ...packages, ...SUPERFLUOUS], async (target) => {
    const directory = `${target}.root`;
    try {
      await mkdir(directory, { recursive: true });
      const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : [];
      await runVisibly('debootstrap', ['--variant=minbase', ...include, SUITE, directory, await mirror()]);
      const excluded = [...SUPERFLUOUS.map((path) => `./${path}/*`), './dev/*', './proc/*', './sys/*', './run/*', './tmp/*'];
      const exclude = excluded.map((path) => `--exclude=${path}`);
      await runVisibly('tar', [
        '--directory',
        directory,
        ...exclude,
        '--sort=name',
        '--numeric-owner',
        '--create',
        '--file',
        target,
        '.',
      ]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

/** Whatever archive this machine's apt trusts. */
async function mirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const found = [...new Set(stdout.split('\n'))].find((uri) => uri !== '' && !uri.includes('security'));
  if (found === undefined) throw new Error('apt knows no archive of Debian here');
  return found;
}
