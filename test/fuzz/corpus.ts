/**
 * What is kept from run to run: inputs that failed once, inputs that reach code nothing else reaches, recorded sessions. Small files under
 * corpus/<target>/, replayed first by every run.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('corpus/', import.meta.url));
/** Larger ones are no small files; what fails with more is kept cut off, and said. */
const LARGEST = 64 * 1024;

export interface Kept {
  /** File name without its folder. */
  readonly name: string;
  readonly bytes: Buffer;
}

export async function kept(target: string): Promise<readonly Kept[]> {
  const folder = join(ROOT, target);
  const names = await readdir(folder).catch(() => []);
  return await Promise.all(names.sort().map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })));
}

/** @returns the file's name */
export async function keep(target: string, why: string, bytes: Buffer, extension: string): Promise<string> {
  const name = `${why.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 40)}-${digest(bytes)}.${extension}`;
  await mkdir(join(ROOT, target), { recursive: true });
  await writeFile(join(ROOT, target, name), bytes.subarray(0, LARGEST));
  return name;
}

export function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 10);
}
