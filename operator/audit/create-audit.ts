/**
 * The audit of a replica put together: where records are kept, and whatever fills and reads the store. One place for collection, admin records,
 * peers, reading and export.
 */
import { lookup } from 'node:dns/promises';
import type { Registry } from 'prom-client';
import type { AuditStore } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { AuditKeys } from './audit-keys.ts';
import { type AuditSettings, bytesOf } from './audit-settings.ts';
import { createExporter } from './export/exporter.ts';
import { exportMetrics } from './export/metrics.ts';
import { createOtlpClient } from './export/otlp-client.ts';
import { peerMetrics } from './peers/metrics.ts';
import { createPeers, type PeersOptions } from './peers/peers.ts';
import { createReadServer } from './read-server.ts';
import { startRetention } from './retention.ts';
import { EmbeddedStore } from './store/embedded-store.ts';
import { metered, type StoreMetrics, storeMetrics } from './store/metered-store.ts';
import { connectionConfig, PostgresStore } from './store/postgres-store.ts';

export interface AuditOptions {
  readonly settings: AuditSettings;
  readonly keys: Pick<AuditKeys, 'digestKey'>;
  /** The name that the leafs of `authority` have, and who is copied from: the addresses behind a name, if there is one. */
  readonly peers: Pick<PeersOptions, 'replica' | 'serverName' | 'authority'> & { readonly hostName: string | undefined };
  /** Its holder alone exports. */
  readonly leadership: Pick<Leadership, 'isLeader' | 'onChange'>;
  readonly registry: Registry;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: EventLog;
}

export interface OperatorAudit {
  /** Of this replica; with PostgreSQL the same for all. Rejects with StoreUnavailableError while it is away: it may be used before it is there. */
  readonly store: AuditStore;
  /** One sentence for what is still to be done before others may rely on this replica. */
  readonly problem: string | undefined;
  /** Rejects where the address to read from cannot be listened on. */
  start(): Promise<void>;
  /** Once nothing is appended any more: what was is with the other replicas, or soon; then everything is closed. */
  stop(): Promise<void>;
}

export function createAudit(options: AuditOptions): OperatorAudit {
  const { settings, keys, peers: among, leadership, registry, clock, random, log } = options;
  const onRemoved = (records: number): void => counted.removed('full', records);
  const kept = createStore(settings, clock, log, onRemoved);
  const file = kept instanceof EmbeddedStore ? { size: bytesOf(settings.embedded.size), used: () => kept.used() } : undefined;
  const counted: StoreMetrics = storeMetrics(registry, file);
  const store = metered(kept, counted, clock);
  const reading = createReadServer({ ...settings.reading, store, digestKey: (database) => keys.digestKey(database), log });
  const peers = settings.store === 'Embedded' ? createPeers(peersOptions()) : undefined;
  const metrics = exportMetrics(registry, () => exporter?.behind ?? 0);
  const exporter =
    settings.otlp && createExporter({ store, send: createOtlpClient(settings.otlp), leadership, clock, random, metrics, log });
  let stopRetention = async (): Promise<void> => {};
  function peersOptions(): PeersOptions {
    const { host, port } = settings.peers;
    const { hostName } = among;
    const addresses = async (): Promise<{ host: string; port: number }[]> =>
      hostName === undefined ? [] : (await lookup(hostName, { all: true })).map(({ address }) => ({ host: address, port }));
    return { ...among, store, host, port, addresses, clock, log, metrics: peerMetrics(registry) };
  }

  return {
    store,
    get problem() {
      return peers === undefined || peers.ready ? undefined : 'the audit records of the other replicas are being copied';
    },
    async start() {
      // A store that cannot be opened is said at once, not with the first record.
      kept.open().catch((error: Error) => log('error', 'audit-store-unavailable', { reason: error.message }));
      stopRetention = startRetention({ store, days: settings.retentionDays, clock, log });
      exporter?.start();
      await reading.listen();
      // It waits for the certificate.
      peers?.start().catch((error: Error) => log('error', 'audit-peers-unavailable', { reason: error.message }));
    },
    async stop() {
      await peers?.handOver();
      await Promise.all([reading.close(), stopRetention(), exporter?.stop(), peers?.stop()]);
      await store.close();
    },
  };
}

function createStore(
  settings: AuditSettings,
  clock: Clock,
  log: EventLog,
  onRemoved: (records: number) => void,
): EmbeddedStore | PostgresStore {
  const { postgresql, embedded } = settings;
  if (settings.store === 'PostgreSQL' && postgresql !== undefined)
    return new PostgresStore({ config: () => connectionConfig(postgresql), manageSchema: postgresql.manageSchema, clock });
  const { directory, size, whenFull } = embedded;
  return new EmbeddedStore({ directory, size: bytesOf(size), whenFull, clock, log, onRemoved });
}
