/** The YAML files behind `--policy FILE|DIR…`. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyFile } from '../../core/policy/documents.ts';

/** Larger than any set of policies that kubectl would take. */
const LARGEST_FILE = 8 * 1024 * 1024;

/** One sentence for whoever typed the command. */
export class PolicyFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PolicyFileError';
  }
}

/**
 * Files as given, and the .yaml, .yml and .json files directly in the directories, in order of their names. Hidden files are
 * left out: that is how a mounted ConfigMap keeps its own bookkeeping.
 * @throws PolicyFileError for what cannot be read, and for a directory without files.
 */
export async function readPolicyFiles(paths: readonly string[]): Promise<readonly PolicyFile[]> {
  const files: PolicyFile[] = [];
  for (const path of paths) for (const name of await expand(path)) files.push({ name, text: await read(name) });
  return files;
}

async function expand(path: string): Promise<readonly string[]> {
  const found = await attempt(path, () => stat(path));
  if (!found.isDirectory()) return [path];
  const names = await attempt(path, () => readdir(path));
  const wanted = names.filter((name) => !name.startsWith('.') && /\.(ya?ml|json)$/.test(name)).sort();
  return wanted.map((name) => join(path, name));
}

async function read(path: string): Promise<string> {
  const { size } = await attempt(path, () => stat(path));
  if (size > LARGEST_FILE) throw new PolicyFileError(`policy file ${path} is too large: ${size} bytes`);
  const bytes = await attempt(path, () => readFile(path));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new PolicyFileError(`policy file ${path} is not UTF-8 text`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EISDIR: 'is a directory',
};

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new PolicyFileError(`policy file ${path} ${REASONS[code] ?? `cannot be read: ${code}`}`);
  }
}
