/**
 * Writes `crds/*.yaml` from the TypeScript definitions; with `--check` it writes nothing and fails when a committed
 * file differs from what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { manifests } from './manifests.ts';

const directory = new URL('./', import.meta.url);
const check = process.argv.includes('--check');

let drifted = 0;
for (const { file, text } of manifests()) {
  const url = new URL(file, directory);
  const current = await readFile(url, 'utf8').catch(() => undefined);
  if (current === text) continue;
  drifted += 1;
  if (check) console.error(`crds/${file} is not what crds/*.ts say; run: npm run generate`);
  else {
    await writeFile(url, text);
    console.log(`wrote crds/${file}`);
  }
}
if (check && drifted > 0) process.exitCode = 1;
