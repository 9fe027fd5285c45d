/**
 * What the Dockerfiles build on: the images that they name, or, where no registry can be reached, images made here that stand in for them.
 * What is built on those is built by the same Dockerfiles from the same sources; what they cannot show is how the real bases behave.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureImage } from './context.ts';
import { debianRoot } from './debian.ts';
import type { Engine } from './engine.ts';

export const STAND_INS = { BUILD_IMAGE: 'sluice-test-build:1', BASE_IMAGE: 'sluice-test-base:1' } as const;
const NPM = 'npm@11.21.2';

/** Arguments for the Dockerfiles. */
export async function basesFor(
  engine: Engine,
  root: string,
  { offline, say }: { readonly offline: boolean; readonly say: (line: string) => void },
): Promise<Readonly<Record<string, string>>> {
  const named = defaults(readFileSync(join(root, 'Dockerfile.sidecar'), 'utf8'));
  if (!offline && (await allThere(engine, Object.values(named)))) return named;
  if (!offline) say(`${Object.values(named).join(' and ')} cannot be had: building on bases made here`);
  await ensureStandIns(engine, root, say);
  return STAND_INS;
}

/** `ARG X_IMAGE=reference`. */
function defaults(dockerfile: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)].map(([, name, reference]) => [name, reference]),
  );
}

async function allThere(engine: Engine, references: readonly string[]): Promise<boolean> {
  for (const each of references) if ((await engine.inspect(each)) === undefined && !(await engine.pull(each))) return false;
  return true;
}

async function ensureStandIns(engine: Engine, root: string, say: (line: string) => void): Promise<void> {
  const DEBIAN = await debianRoot('debian-minimal', ['ca-certificates', 'libstdc++6', 'tzdata']);
  const NODE = join(root, 'node_modules/node/bin/node');
  const node = execFileSync(NODE, ['--version'], { encoding: 'utf8' });
  const lock = readFileSync(join(root, 'package-lock.json'));
  await ensureImage(
    engine,
    { tag: STAND_INS.BASE_IMAGE, name: 'base', recipe: { DEBIAN }, paths: { NODE }, inputs: [node] },
    say,
  );
  await ensureImage(
    engine,
    { tag: STAND_INS.BUILD_IMAGE, name: 'build', recipe: { DEBIAN, NPM }, paths: { NODE, CHECKOUT: root }, inputs: [node, lock] },
    say,
  );
}
