/**
 * Writes `crds/*.yaml`, and what the chart knows of them, from the TypeScript definitions; with `--check` it writes nothing and fails when a
 * committed file differs from what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { manifests, schemaFingerprints } from './manifests.ts';

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');

let drifted = 0;
for (const { file, text } of [...manifests(), schemaFingerprints()]) {
  const url = new URL(file, root);
  const current = await readFile(url, 'utf8').catch(() => undefined);
  if (current === text) continue;
  drifted += 1;
  if (check) console.error(`${file} is not what crds/*.ts say; run: npm run generate`);
  else {
    await writeFile(url, text);
    console.log(`wrote ${file}`);
  }
}
if (check && drifted > 0) process.exitCode = 1;
