/** From what was said on the command line to a source. */
import { CliError } from '../../errors.ts';
import { openFiles } from './files.ts';
import type { AuditSource, Warn } from './source.ts';

export interface SourceOptions {
  readonly store?: string;
}

/** Throws CliError. */
export async function openSource(paths: readonly string[], { store }: SourceOptions, warn: Warn): Promise<AuditSource> {
  if (store !== undefined) return await openStore(paths, store);
  if (paths.length === 0) throw new CliError('say where the records are: files, directories, - or --store URL', 2);
  return await openFiles(paths, warn);
}

async function openStore(paths: readonly string[], store: string): Promise<AuditSource> {
  if (paths.length > 0) throw new CliError('give files or --store, not both', 2);
  if (store.startsWith('sqlite:')) {
    const { openSqlite } = await import('./sqlite.ts');
    return openSqlite(store.slice('sqlite:'.length));
  }
  if (/^postgres(?:ql)?:\/\//.test(store)) {
    const { openPostgres } = await import('./postgres.ts');
    return await openPostgres(store);
  }
  throw new CliError('--store wants postgres://… or sqlite:FILE', 2);
}
