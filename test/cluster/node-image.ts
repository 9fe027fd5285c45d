/**
 * The node image of the private provider. What is kept is not an archive but the whole data directory of a Docker engine that has the image:
 * a cluster starts with a copy of it, in which the layers are hard links, and so nothing is unpacked again.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BINARIES } from '../kube/binaries.ts';
import { cacheDirectory } from '../support/cache.ts';
import { recipeHash } from './recipe.ts';
import { Engine } from './engine.ts';
import { withLock } from './lock.ts';
import { run } from './process.ts';
import { TOOLS } from './tools.ts';

const RECIPE = join(import.meta.dirname, 'node');

export const NODE_IMAGE = 'localhost/sluice-node:1';

const KEPT = join(cacheDirectory(), `cluster-node-${recipeHash(RECIPE, BINARIES, TOOLS)}`);

/** Builds it once; two at a time wait for one another. */
export async function buildNodeImage(say: (line: string) => void): Promise<void> {
  if (existsSync(KEPT)) return;
  await withLock(`${KEPT}.lock`, async () => {
    if (existsSync(KEPT)) return;
    say('building the node image (about two minutes, once)');
    const work = `${KEPT}.part`;
    const engine = new Engine('sluice-node-image', join(work, 'docker'));
    await engine.stop(); // of a build that was interrupted
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    try {
      await engine.start();
      const version = (await run(join(BINARIES, 'kubelet'), ['--version'])).trim().replace(/^Kubernetes /, '');
      await run(join(RECIPE, 'build.sh'), [work, BINARIES, TOOLS, NODE_IMAGE, version], { env: engine.env, say });
    } finally {
      await engine.stop();
    }
    renameSync(join(work, 'docker'), KEPT);
    rmSync(work, { recursive: true, force: true });
  });
}

/** A data directory for an engine, with the image in it. Layers are never written to once they are made: that is what makes links good. */
export async function copyNodeImage(data: string): Promise<void> {
  mkdirSync(data, { recursive: true });
  for (const name of readdirSync(KEPT))
    await run('cp', ['--archive', ...(name === 'overlay2' ? ['--link'] : []), join(KEPT, name), join(data, name)]);
}
