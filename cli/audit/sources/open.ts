/** From what was said on the command line to a source. */
import { CliError } from '../../errors.ts';
import { openFiles } from './files.ts';
import type { AuditSource, Warn } from './source.ts';

export interface SourceOptions {
  readonly store?: string;
}

/** Throws CliError. */
export async function openSource(paths: readonly string[], { store }: SourceOptions, warn: Warn): Promise<AuditSource> {
  if (store !== undefined) throw new CliError('stores are not there yet', 2);
  if (paths.length === 0) throw new CliError('say where the records are: files, directories, - or --store URL', 2);
  return await openFiles(paths, warn);
}
