/**
 * What is built once is kept in a directory that is named after a hash of its recipe, so that a changed recipe builds anew and a checkout of
 * last month finds what it built then.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of every file below a directory, by path and content; `also` is what else the result depends on. */
export function recipeHash(directory: string, ...also: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of filesBelow(directory))
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(directory, name)))
      .update('\0');
  for (const each of also) hash.update(`${each}\0`);
  return hash.digest('hex').slice(0, 12);
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}
