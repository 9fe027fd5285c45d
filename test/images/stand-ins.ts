/**
 * Where no image registry can be reached: images that stand in for the two that the Dockerfiles name. What is built on them is built by the
 * same Dockerfiles from the same sources; what they cannot show is how the real bases behave.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureImage } from './context.ts';
import { debianRoot } from './debian.ts';
import type { Engine } from './engine.ts';

export const STAND_INS = { BUILD_IMAGE: 'sluice-test-build:1', BASE_IMAGE: 'sluice-test-base:1' } as const;
const NPM = 'npm@11.21.2';

export async function ensureStandIns(engine: Engine, root: string, say: (line: string) => void): Promise<void> {
  const DEBIAN = await debianRoot('debian-minimal', ['ca-certificates', 'libstdc++6', 'tzdata']);
  const NODE = join(root, 'node_modules/node/bin/node');
  const node = execFileSync(NODE, ['--version'], { encoding: 'utf8' });
  // Paths of a checkout are no part of the recipe; what is read there is.
  process.env['NODE'] = NODE;
  process.env['CHECKOUT'] = root;
  await ensureImage(engine, { tag: STAND_INS.BASE_IMAGE, name: 'base', environment: { DEBIAN }, inputs: [node] }, say);
  const lock = readFileSync(join(root, 'package-lock.json'));
  await ensureImage(
    engine,
    { tag: STAND_INS.BUILD_IMAGE, name: 'build', environment: { DEBIAN, NPM }, inputs: [node, lock] },
    say,
  );
}
