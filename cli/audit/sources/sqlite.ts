/** The file of an operator's embedded store, or a copy of it: read as it stands, and never written. */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StoredChain, StoredLine } from '../../../core/audit/store.ts';
import { EmbeddedReader, type Page, type Position } from '../../../operator/audit/store/embedded-reader.ts';
import { EMBEDDED_VERSION, isEmbeddedStore, number } from '../../../operator/audit/store/embedded-schema.ts';
import { CliError } from '../../errors.ts';
import { type AuditSource, storeSource } from './source.ts';

/** Throws CliError. */
export function openSqlite(file: string): AuditSource {
  const database = open(file);
  const reader = new EmbeddedReader(database);
  return storeSource({
    chains: (filter = {}) => pages<StoredChain, number>(file, (after = 0) => reader.chains(filter, after)),
    lines: (chain, from = 0) => pages<StoredLine, number>(file, (next = from) => reader.lines(chain, next)),
    records: (filter) => pages<StoredLine, Position>(file, (after) => reader.records(filter, after)),
    close: () => {
      database.close();
      return Promise.resolve();
    },
  });
}

function open(file: string): DatabaseSync {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new CliError(`${file} does not exist, or is no file`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    if (!isEmbeddedStore(database)) throw new CliError(`${file} is no audit store`);
    const version = number(database, 'PRAGMA user_version');
    if (version !== EMBEDDED_VERSION)
      throw new CliError(`${file} is an audit store of version ${version}; this command reads ${EMBEDDED_VERSION}`);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`, 1, { cause: error });
  }
}

async function* pages<T, C>(file: string, page: (from: C | undefined) => Page<T, C>): AsyncGenerator<T> {
  let from: C | undefined;
  do {
    let read: Page<T, C>;
    try {
      read = page(from);
    } catch (error) {
      throw new CliError(`cannot read ${file}: ${(error as Error).message}`, 1, { cause: error });
    }
    yield* read.items;
    from = read.next;
  } while (from !== undefined);
}
