/**
 * Where the test suite's own kube-apiserver, etcd, kubectl and helm are: built from Go modules, once, into a cache outside the checkout that
 * is named after a hash of the recipe. `npm run kubernetes` builds them; the tests say clearly when they are not there.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../support/cache.ts';
import { recipeHash } from '../cluster/recipe.ts';
import { hasProgram } from '../support/majors.ts';

const RECIPE = join(import.meta.dirname, '..', 'cluster', 'binaries');

/** `SLUICE_KUBERNETES_BINARIES`: a directory with kube-apiserver, kube-controller-manager, etcd, kubectl and helm of one's own. */
export const BINARIES = process.env['SLUICE_KUBERNETES_BINARIES'] ?? join(cacheDirectory(), `kubernetes-${recipeHash(RECIPE)}`);

const NEEDED = ['kube-apiserver', 'kube-controller-manager', 'etcd', 'kubectl', 'helm'];

/** Undefined: they are all there. Otherwise why the tests that need them are skipped. */
export const kubernetesMissing: string | undefined = missing();

function missing(): string | undefined {
  const absent = NEEDED.filter((name) => !isExecutable(join(BINARIES, name)));
  if (absent.length === 0) return undefined;
  return `no ${absent.join(', ')} (npm run kubernetes builds them, about ten minutes, once)`;
}

/** For `describe`: such a suite is skipped, visibly, where there is no Kubernetes; where everything is required (CI) it fails instead. */
export function needsKubernetes(name: string): { readonly skip: boolean; readonly title: string } {
  const required = process.env['SLUICE_TEST_REQUIRE_ALL'] !== undefined;
  const skip = kubernetesMissing !== undefined && !required;
  return { skip, title: skip ? `${name} [skipped: ${kubernetesMissing}]` : name };
}

/** Builds what is not there yet; progress goes to standard output. Rejects with one sentence. */
export async function buildBinaries(): Promise<void> {
  if (!hasProgram('go')) throw new Error('Kubernetes is built from Go modules: install Go first');
  mkdirSync(BINARIES, { recursive: true });
  const child = spawn(join(RECIPE, 'build.sh'), [BINARIES], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (code !== 0) throw new Error(`building Kubernetes failed (exit ${code})`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  try {
    await buildBinaries();
    process.stdout.write(`${BINARIES}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
