/** The stores that questions are timed on: filled by the store's own code, read as `sluice audit query --store` reads them. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AuditSource } from '../cli/audit/sources/source.ts';
import { startLocalPostgres } from '../cli/demo/local-postgres.ts';
import { openPostgres } from '../cli/audit/sources/postgres.ts';
import { openSqlite } from '../cli/audit/sources/sqlite.ts';
import type { AuditStore } from '../core/audit/store.ts';
import { EmbeddedStore } from '../operator/audit/store/embedded-store.ts';
import { PostgresStore } from '../operator/audit/store/postgres-store.ts';
import { Client } from './client.ts';

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
  /** Of the embedded store; kept afterwards. Default: a temporary one, removed. */
  readonly directory?: string;
  readonly say: (text: string) => void;
}

export async function openBenchStore(options: BenchStoreOptions): Promise<BenchStore> {
  if (options.kind === 'sqlite') return await embedded(options);
  return await postgres(options);
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

async function postgres({ major, say }: BenchStoreOptions): Promise<BenchStore> {
  const server = await startLocalPostgres({
    major,
    settings: { shared_buffers: '1GB', max_wal_size: '8GB', maintenance_work_mem: '256MB', checkpoint_timeout: '30min' },
  });
  const { host, port, user, password } = server;
  const config = { host, port, user, password, database: 'postgres' };
  const store = new PostgresStore({ config: () => Promise.resolve(config), manageSchema: true, clock: Date });
  const query = async (sql: string): Promise<void> => {
    const client = await Client.connect({ port, user, password, database: 'postgres' });
    await client.query(sql);
    client.close();
  };
  await store.open();
  return {
    name: `PostgreSQL ${major}`,
    store,
    settled: async () => {
      say('VACUUM ANALYZE');
      await query('VACUUM ANALYZE');
      await query('CHECKPOINT');
    },
    open: () => openPostgres(server.url('postgres')),
    restart: async () => {
      await server.restart('SIGINT');
      return await openPostgres(server.url('postgres'));
    },
    size: async () => {
      const { stdout } = await promisify(execFile)('du', ['-sk', join(server.dataDirectory, 'base')]);
      return `${(Number.parseInt(stdout, 10) / 2 ** 20).toFixed(1)} GiB`;
    },
    close: async () => {
      await store.close().catch(() => {});
      await server.stop();
    },
  };
}
