/** The stores that questions are timed on: filled by the store's own code, read as `sluice audit query --store` reads them. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditSource } from '../cli/audit/sources/source.ts';
import { openSqlite } from '../cli/audit/sources/sqlite.ts';
import type { AuditStore } from '../core/audit/store.ts';
import { EmbeddedStore } from '../operator/audit/store/embedded-store.ts';

export interface BenchStore {
  readonly name: string;
  /** To be filled. */
  readonly store: AuditStore;
  /** What is done once after loading: statistics, checkpoints. */
  settled(): Promise<void>;
  /** For one question. */
  open(): Promise<AuditSource>;
  /** The same, with nothing in the server's own memory. */
  restart(): Promise<AuditSource>;
  size(): Promise<string>;
  close(): Promise<void>;
}

export interface BenchStoreOptions {
  readonly kind: 'postgres' | 'sqlite';
  readonly major: 15 | 18;
  /** Kept afterwards; default: a temporary one, removed. */
  readonly directory?: string;
  readonly say: (text: string) => void;
}

export async function openBenchStore(options: BenchStoreOptions): Promise<BenchStore> {
  if (options.kind === 'sqlite') return await embedded(options);
  throw new Error('not yet');
}

async function embedded({ directory: kept }: BenchStoreOptions): Promise<BenchStore> {
  const directory = kept ?? (await mkdtemp(join(tmpdir(), 'sluice-bench-audit-')));
  const file = join(directory, 'audit.db');
  const store = new EmbeddedStore({ directory, size: 64 * 2 ** 30, whenFull: 'Refuse', clock: Date, log: () => {} });
  await store.open();
  const open = (): Promise<AuditSource> => Promise.resolve(openSqlite(file));
  return {
    name: `the embedded store (SQLite ${process.versions.sqlite ?? ''})`,
    store,
    settled: () => Promise.resolve(),
    open,
    restart: open,
    size: async () => `${((await stat(file)).size / 2 ** 30).toFixed(1)} GiB`,
    close: async () => {
      await store.close();
      if (kept === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
