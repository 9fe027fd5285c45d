/**
 * The audit of a replica put together: where records are kept, and whatever fills and reads the store. One place for collection, admin records,
 * peers, reading and export.
 */
import type { AuditStore } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { AuditKeys } from './audit-keys.ts';
import { type AuditSettings, bytesOf } from './audit-settings.ts';
import { createReadServer } from './read-server.ts';
import { startRetention } from './retention.ts';
import { EmbeddedStore } from './store/embedded-store.ts';
import { connectionConfig, PostgresStore } from './store/postgres-store.ts';

export interface AuditOptions {
  readonly settings: AuditSettings;
  readonly keys: Pick<AuditKeys, 'digestKey'>;
  readonly clock: Clock;
  readonly log: EventLog;
}

export interface OperatorAudit {
  /** Of this replica; with PostgreSQL the same for all. Rejects with StoreUnavailableError while it is away: it may be used before it is there. */
  readonly store: AuditStore;
  /** Rejects where the address to read from cannot be listened on. */
  start(): Promise<void>;
  /** What was appended is durable, then everything is closed. */
  stop(): Promise<void>;
}

export function createAudit({ settings, keys, clock, log }: AuditOptions): OperatorAudit {
  const store = createStore(settings, clock, log);
  const reading = createReadServer({ ...settings.reading, store, digestKey: (database) => keys.digestKey(database), log });
  let stopRetention = async (): Promise<void> => {};
  return {
    store,
    async start() {
      // A store that cannot be opened is said at once, not with the first record.
      store.open().catch((error: Error) => log('error', 'audit-store-unavailable', { reason: error.message }));
      stopRetention = startRetention({ store, days: settings.retentionDays, clock, log });
      await reading.listen();
    },
    async stop() {
      await Promise.all([reading.close(), stopRetention()]);
      await store.close();
    },
  };
}

function createStore(settings: AuditSettings, clock: Clock, log: EventLog): EmbeddedStore | PostgresStore {
  const { postgresql, embedded } = settings;
  if (settings.store === 'PostgreSQL' && postgresql !== undefined)
    return new PostgresStore({ config: () => connectionConfig(postgresql), manageSchema: postgresql.manageSchema, clock });
  const { directory, size, whenFull } = embedded;
  return new EmbeddedStore({ directory, size: bytesOf(size), whenFull, clock, log });
}
