/** Something made once into the cache, under the hash of everything that it is made from. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../support/cache.ts';

export const IMAGES_CACHE = join(cacheDirectory(), 'images');

/** Path of the result. `make` writes it to another name first: what has the right name is whole. */
export async function made(
  name: string,
  recipe: readonly (string | Buffer)[],
  make: (target: string) => Promise<void>,
): Promise<string> {
  const target = join(IMAGES_CACHE, `${name}-${hashOf(recipe)}`);
  if (existsSync(target)) return target;
  await mkdir(IMAGES_CACHE, { recursive: true });
  const part = `${target}.part-${process.pid}`;
  try {
    await make(part);
    // Whoever else made it meanwhile is as right as we are.
    await rename(part, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return target;
}

export function hashOf(recipe: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const each of recipe) hash.update(`${each.length}:`).update(each);
  return hash.digest('hex').slice(0, 12);
}
