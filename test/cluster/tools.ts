/** What a cluster needs beside Kubernetes itself (CoreDNS, pause, kind), built from Go modules, once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram } from '../support/majors.ts';
import { cacheDirectory } from '../support/cache.ts';
import { recipeHash } from './recipe.ts';
import { run } from './process.ts';

const RECIPE = join(import.meta.dirname, 'tools');

export const TOOLS = join(cacheDirectory(), `cluster-tools-${recipeHash(RECIPE)}`);

export function toolsBuilt(): boolean {
  return ['coredns', 'pause', 'kind'].every((name) => existsSync(join(TOOLS, name)));
}

export async function buildTools(say: (line: string) => void): Promise<void> {
  if (toolsBuilt()) return;
  if (!hasProgram('go')) throw new Error('CoreDNS and kind are built from Go modules: install Go first');
  await run(join(RECIPE, 'build.sh'), [TOOLS], { say });
}
