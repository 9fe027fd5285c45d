/** What a sidecar has written that the operator has not stored yet. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Unpromised } from '../injected/promised-journal.ts';
import type { Shipper } from './shipper.ts';

export interface CollectionMetrics {
  refused(why: Unpromised): void;
}

/** `shippers`: of all Databases. `now`: milliseconds since the epoch. */
export function countCollection(
  registry: Registry,
  shippers: () => readonly Pick<Shipper, 'backlog' | 'unavailable' | 'keeps'>[],
  now: () => number,
): CollectionMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const kept = (): ReturnType<Shipper['backlog']>[] =>
    shippers()
      .filter(({ keeps }) => keeps)
      .map((each) => each.backlog());
  gauge(
    'sluice_audit_collected',
    'Databases whose records the operator takes now',
    () => shippers().filter((each) => each.unavailable(0) === undefined).length,
  );
  gauge('sluice_audit_unstored_records', 'Records that are kept because the operator has not stored them yet', () =>
    kept().reduce((sum, { records }) => sum + records, 0),
  );
  gauge('sluice_audit_unstored_bytes', 'Bytes of records that are kept because the operator has not stored them yet', () =>
    kept().reduce((sum, { bytes }) => sum + bytes, 0),
  );
  gauge('sluice_audit_unstored_age_seconds', 'Age of the oldest record that the operator has not stored yet', () => {
    const times = kept().flatMap(({ oldest }) => (oldest === undefined ? [] : [Date.parse(oldest)]));
    return times.length === 0 ? 0 : Math.max(0, (now() - Math.min(...times)) / 1000);
  });
  const refusals = new Counter({
    name: 'sluice_audit_unpromised_total',
    help: 'Times that statements or sessions were refused because their records could not be kept as promised, by why',
    labelNames: ['reason'],
    registers,
  });
  return { refused: (reason) => refusals.inc({ reason }) };
}
