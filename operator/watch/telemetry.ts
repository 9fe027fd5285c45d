/** What informers tell of themselves. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** Why a watch ended. */
export type WatchEnd =
  /** The server ended it, as it does after timeoutSeconds and when it goes down. */
  | 'closed'
  | 'expired'
  | 'throttled'
  | 'server-error'
  | 'refused'
  | 'reset'
  | 'timeout'
  | 'malformed'
  | 'credentials'
  /** We wanted a list instead. */
  | 'relist';

export type RelistReason =
  | 'start'
  | 'expired'
  /** Refused several times from this version. */
  | 'stuck'
  /** A comparison found objects that the watch had missed. */
  | 'drift'
  /** A comparison found objects that differ, and a watch that says nothing. */
  | 'silent'
  /** The watch broke during several comparisons in a row. */
  | 'unjudged';

export interface WatchTelemetry {
  /** Something came from the server: a list, an event, a bookmark. */
  contact(): void;
  ended(reason: WatchEnd): void;
  relisted(reason: RelistReason): void;
  listFailed(reason: WatchEnd): void;
  /** Objects that the watch had missed. There should never be one. */
  drifted(objects: number): void;
  /** A periodic list was compared with the copy. */
  compared(): void;
  handlerFailed(): void;
  objects(count: number): void;
}

export const SILENT_WATCH: WatchTelemetry = {
  contact: () => {},
  ended: () => {},
  relisted: () => {},
  listFailed: () => {},
  drifted: () => {},
  compared: () => {},
  handlerFailed: () => {},
  objects: () => {},
};

/** `now`: seconds since the epoch. The answer makes the telemetry of one informer. */
export function prometheusWatchTelemetry(
  registry: Registry,
  now: () => number,
): (resource: string, namespace: string) => WatchTelemetry {
  const registers = [registry];
  const counter = (name: string, help: string, ...more: string[]): Counter =>
    new Counter({ name: `sluice_operator_${name}`, help, labelNames: ['resource', 'namespace', ...more], registers });
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `sluice_operator_${name}`, help, labelNames: ['resource', 'namespace'], registers });
  const reconnects = counter('watch_reconnects_total', 'Watches that ended, by reason', 'reason');
  const relists = counter('watch_relists_total', 'Whole lists read, by reason', 'reason');
  const failures = counter('watch_list_failures_total', 'Lists that failed, by reason', 'reason');
  const drift = counter('watch_relist_drift_total', 'Objects that a periodic list showed and the watch had missed; should be 0');
  const comparisons = counter('watch_comparisons_total', 'Periodic lists compared with the copy');
  const handlers = counter('watch_handler_errors_total', 'Exceptions of handlers');
  const contact = gauge('watch_last_contact_timestamp_seconds', 'When the server last sent anything: list, event or bookmark');
  const objects = gauge('watch_objects', 'Objects in the copy');
  return (resource, namespace) => {
    const labels = { resource, namespace };
    // So that "should be 0" is there to be looked at.
    drift.inc(labels, 0);
    handlers.inc(labels, 0);
    return {
      contact: () => contact.set(labels, now()),
      ended: (reason) => reconnects.inc({ ...labels, reason }),
      relisted: (reason) => relists.inc({ ...labels, reason }),
      listFailed: (reason) => failures.inc({ ...labels, reason }),
      drifted: (count) => drift.inc(labels, count),
      compared: () => comparisons.inc(labels),
      handlerFailed: () => handlers.inc(labels),
      objects: (count) => objects.set(labels, count),
    };
  };
}
