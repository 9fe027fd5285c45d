/**
 * How far a journal has been stored elsewhere, kept beside its segments over a restart of the container. It may be behind: the operator is asked
 * again. It is never ahead.
 */
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../core/json/read.ts';

export interface Progress {
  readonly chain: string;
  /** Everything before this seq is stored. */
  readonly stored: number;
  /**
   * Where the first process began that no replica has confirmed to go on where it should: from there on a store may have other records, of a tail
   * that a machine lost which lost its power. Absent: confirmed.
   */
  readonly unconfirmed?: number;
}

const FILE = 'collected.json';

/** Undefined: nothing is known. */
export function readProgress(directory: string, fs: typeof nodeFs = nodeFs): Progress | undefined {
  try {
    const kept: unknown = JSON.parse(fs.readFileSync(join(directory, FILE), 'utf8'));
    if (!isRecord(kept) || kept['v'] !== 1) return undefined;
    const { chain, stored, unconfirmed } = kept;
    if (typeof chain !== 'string' || !isSeq(stored)) return undefined;
    return { chain, stored, ...(isSeq(unconfirmed) ? { unconfirmed } : {}) };
  } catch {
    return undefined;
  }
}

/** Throws what the file system throws. */
export function writeProgress(directory: string, progress: Progress | undefined, fs: typeof nodeFs = nodeFs): void {
  const path = join(directory, FILE);
  if (progress === undefined) {
    fs.rmSync(path, { force: true });
    return;
  }
  fs.writeFileSync(`${path}.tmp`, JSON.stringify({ v: 1, ...progress }), { mode: 0o600 });
  fs.renameSync(`${path}.tmp`, path);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
