/** What the program in a pod is made of: nothing that speaks to the Kubernetes API, and nothing of the operator or the command line. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const IMPORT = /(?:from|import|new URL)\s*\(?\s*'([^']+)'/g;

function graph(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file) || !existsSync(file)) return;
    files.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (name.startsWith('.')) visit(join(dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  visit(entry);
  return { files, packages };
}

it('main.ts has no client of the Kubernetes API in its import graph', () => {
  const { files, packages } = graph(join(root, 'sidecar/main.ts'));
  expect([...files].length).toBeGreaterThan(100);
  expect([...packages].sort()).toEqual(expect.arrayContaining(['pino', 'prom-client']));
  expect([...packages].filter((name) => /kubernetes|undici|jose/.test(name))).toEqual([]);
  const rooms = new Set([...files].map((file) => relative(root, file).split('/')[0]));
  expect([...rooms].filter((room) => !['sidecar', 'core', 'crds', 'package.json'].includes(room ?? ''))).toEqual([]);
});
