/** Counts what a store takes, refuses and loses to retention, whoever asks it: collection, admin records, copies from other replicas. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type AuditStore, type ExportMarks, StoreConflictError, StoreUnavailableError } from '../../../core/audit/store.ts';
import type { Clock } from '../../../sidecar/bundle/clock.ts';

export type AppendFailure =
  /** It may work later. */
  | 'unavailable'
  /** Another record is there. */
  | 'conflict'
  /** The batch is none that a store takes, or a defect. */
  | 'invalid';

export interface StoreMetrics {
  appended(records: number, seconds: number): void;
  failed(kind: AppendFailure): void;
  /** full: before their time, to make room. */
  removed(why: 'retention' | 'full', records: number): void;
}

/** Bytes of the file: `used` is asked at each look, and tells what it was at the look before, so that no look waits for the disk. */
export interface MeasuredFile {
  readonly size: number;
  used(): Promise<number>;
}

/** `file`: of the embedded store. */
export function storeMetrics(registry: Registry, file?: MeasuredFile): StoreMetrics {
  const registers = [registry];
  const records = new Counter({
    name: 'sluice_operator_audit_appended_records_total',
    help: 'Records that the store has made durable or had already, from sidecars, replicas and the operator itself',
    registers,
  });
  const seconds = new Histogram({
    name: 'sluice_operator_audit_append_seconds',
    help: 'What the store took for a batch, from whomever; the count is that of batches',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const failures = new Counter({
    name: 'sluice_operator_audit_append_failures_total',
    help: 'Batches that the store did not take, by kind',
    labelNames: ['kind'],
    registers,
  });
  const removed = new Counter({
    name: 'sluice_operator_audit_removed_records_total',
    help: 'Records that this replica has removed from the store, by why',
    labelNames: ['why'],
    registers,
  });
  new Gauge({
    name: 'sluice_operator_audit_store_limit_bytes',
    help: 'What the file of the embedded store may take; 0 with PostgreSQL',
    registers,
  }).set(file?.size ?? 0);
  let used = 0;
  const measure = (): void => {
    file?.used().then(
      (bytes) => {
        used = bytes;
      },
      // It cannot be told now: what it was is nearer than nothing.
      () => {},
    );
  };
  new Gauge({
    name: 'sluice_operator_audit_store_bytes',
    help: 'What the file of the embedded store has in use, as of the last look; 0 with PostgreSQL',
    registers,
    collect() {
      this.set(used);
      measure();
    },
  });
  return {
    appended: (count, took) => {
      records.inc(count);
      seconds.observe(took);
    },
    failed: (kind) => failures.inc({ kind }),
    removed: (why, count) => removed.inc({ why }, count),
  };
}

/** The same store, counted. */
export function metered(
  store: AuditStore & ExportMarks,
  metrics: StoreMetrics,
  clock: Pick<Clock, 'monotonic'>,
): AuditStore & ExportMarks {
  return {
    async append(batch) {
      const began = clock.monotonic();
      try {
        await store.append(batch);
      } catch (error) {
        metrics.failed(kindOf(error));
        throw error;
      }
      metrics.appended(batch.lines.length, (clock.monotonic() - began) / 1000);
    },
    async prune(before) {
      const records = await store.prune(before);
      metrics.removed('retention', records);
      return records;
    },
    ending: (chain) => store.ending(chain),
    standing: (chain, from) => store.standing(chain, from),
    chains: (filter) => store.chains(filter),
    lines: (chain, from) => store.lines(chain, from),
    records: (filter) => store.records(filter),
    exported: (consumer) => store.exported(consumer),
    setExported: (consumer, marks) => store.setExported(consumer, marks),
    close: () => store.close(),
  };
}

function kindOf(error: unknown): AppendFailure {
  if (error instanceof StoreConflictError) return 'conflict';
  return error instanceof StoreUnavailableError ? 'unavailable' : 'invalid';
}
