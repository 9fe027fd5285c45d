/** What an operator of the operator sees of collection: how much comes, how far behind it is, and what is not taken. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type ChainRefusalCode =
  | 'malformed'
  | 'broken-link'
  | 'other-identity'
  | 'forbidden-type'
  /** The store has another record at that place. */
  | 'fork'
  /** The chain is another pod's. */
  | 'other-pod'
  /** The pod may not use that Database. */
  | 'other-database'
  | 'too-many-chains';

export interface ReceptionMetrics {
  opened(): void;
  closed(): void;
  received(records: number, bytes: number): void;
  /** Records that wait for the store: more, or fewer. */
  waiting(records: number, bytes: number): void;
  /** `lag`: seconds from the oldest record's time until it was durable. */
  stored(records: number, lag: number): void;
  storeFailed(): void;
  refused(code: ChainRefusalCode): void;
}

export function receptionMetrics(registry: Registry): ReceptionMetrics {
  const registers = [registry];
  const streams = new Gauge({ name: 'sluice_operator_audit_streams', help: 'Sidecars whose records are collected', registers });
  const records = new Counter({
    name: 'sluice_operator_audit_records_total',
    help: 'Records by what has become of them',
    labelNames: ['state'],
    registers,
  });
  const bytes = new Counter({ name: 'sluice_operator_audit_bytes_total', help: 'Bytes of received records', registers });
  const waiting = new Gauge({
    name: 'sluice_operator_audit_waiting_records',
    help: 'Received records that are not durable yet',
    registers,
  });
  const waitingBytes = new Gauge({
    name: 'sluice_operator_audit_waiting_bytes',
    help: 'Bytes of received records that are not durable yet',
    registers,
  });
  const lag = new Histogram({
    name: 'sluice_operator_audit_lag_seconds',
    help: 'From the time of the oldest record stored together until it was durable',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600],
    registers,
  });
  const failures = new Counter({
    name: 'sluice_operator_audit_store_failures_total',
    help: 'Times that the store could not take records',
    registers,
  });
  const refusals = new Counter({
    name: 'sluice_operator_audit_refusals_total',
    help: 'Chains of which nothing more is taken, by code',
    labelNames: ['code'],
    registers,
  });
  return {
    opened: () => streams.inc(),
    closed: () => streams.dec(),
    received: (count, size) => {
      records.inc({ state: 'received' }, count);
      bytes.inc(size);
    },
    waiting: (count, size) => {
      waiting.inc(count);
      waitingBytes.inc(size);
    },
    stored: (count, behind) => {
      records.inc({ state: 'stored' }, count);
      lag.observe(Math.max(0, behind));
    },
    storeFailed: () => failures.inc(),
    refused: (code) => refusals.inc({ code }),
  };
}
