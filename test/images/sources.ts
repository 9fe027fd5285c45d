/** Trees to build from: this checkout, or that of the release before it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runVisibly } from './engine.ts';
import { filesOf } from './context.ts';
import { made } from './recipe.ts';

/** It had no Dockerfiles yet: those of today, with today's bundler, are used over its sources. */
export const PREVIOUS = { version: '0.1.0', commit: '638c7a29be44908f70a3239c1ff27b1d98023b06' } as const;

const PRODUCT = ['core', 'crds', 'sidecar', 'operator', 'LICENSE'];
const TODAYS = ['Dockerfile.sidecar', 'Dockerfile.operator', '.dockerignore', 'package.json', 'package-lock.json'];

export interface Sources {
  readonly directory: string;
  readonly version: string;
  readonly revision: string;
  /** Of the revision: the same sources make the same labels. */
  readonly created: string;
}

export function thisCheckout(root: string): Sources {
  const changed = git(root, 'status', '--porcelain', '--untracked-files=no') !== '';
  return {
    directory: root,
    version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
    revision: `${git(root, 'rev-parse', 'HEAD')}${changed ? '-dirty' : ''}`,
    created: git(root, 'log', '-1', '--format=%cI'),
  };
}

export async function releasedSources(root: string): Promise<Sources> {
  const { version, commit } = PREVIOUS;
  let created: string;
  try {
    created = git(root, 'log', '-1', '--format=%cI', commit);
  } catch {
    throw new Error(`${version} is built from commit ${commit}, which this clone does not have (git fetch --unshallow)`);
  }
  const recipe = [commit, ...TODAYS.map((name) => readFileSync(join(root, name))), ...filesOf(join(root, 'bundle'))];
  const directory = await made(`release-${version}`, recipe, async (target) => {
    mkdirSync(target);
    const tar = `${target}.tar`;
    await runVisibly('git', ['-C', root, 'archive', '--output', tar, commit, ...PRODUCT]);
    await runVisibly('tar', ['--directory', target, '--extract', '--file', tar]);
    await runVisibly('rm', [tar]);
    for (const name of TODAYS) copyFileSync(join(root, name), join(target, name));
    cpSync(join(root, 'bundle'), join(target, 'bundle'), { recursive: true });
    // It is asked what version it is.
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object;
    writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, version }, null, 2));
  });
  return { directory, version, revision: commit, created };
}

function git(root: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
