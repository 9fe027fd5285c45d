/**
 * The audit of a replica put together: where records are kept, and whatever fills and reads the store. One place for collection, admin records,
 * peers, reading and export.
 */
import type { AuditStore } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { AuditSettings } from './audit-settings.ts';
import { EmbeddedStore } from './store/embedded-store.ts';

export interface AuditOptions {
  readonly settings: AuditSettings;
  readonly clock: Clock;
  readonly log: EventLog;
}

export interface OperatorAudit {
  /** Of this replica; with PostgreSQL the same for all. Rejects with StoreUnavailableError while it is away: it may be used before it is there. */
  readonly store: AuditStore;
  start(): void;
  /** What was appended is durable, then everything is closed. */
  stop(): Promise<void>;
}

export function createAudit(options: AuditOptions): OperatorAudit {
  const { settings, clock, log } = options;
  const { directory, size, whenFull } = settings.embedded;
  const store = new EmbeddedStore({ directory, size, whenFull, clock, log });
  return {
    store,
    start() {
      // A store that cannot be opened is said at once, not with the first record.
      store.open().catch((error: Error) => log('error', 'audit-store-unavailable', { reason: error.message }));
    },
    stop: () => store.close(),
  };
}
