/** What an operator of the operator sees of the export of audit records. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface ExportMetrics {
  sent(records: number): void;
  rejected(records: number): void;
  missed(records: number): void;
  failed(reason: 'retry' | 'refused' | 'store'): void;
}

/** `behind`: seconds. */
export function exportMetrics(registry: Registry, behind: () => number): ExportMetrics {
  const registers = [registry];
  const records = new Counter({
    name: 'sluice_operator_audit_export_records_total',
    help: 'Records for the collector of OpenTelemetry by what has become of them',
    labelNames: ['state'],
    registers,
  });
  const failures = new Counter({
    name: 'sluice_operator_audit_export_failures_total',
    help: 'Times that the export had to wait, by reason',
    labelNames: ['reason'],
    registers,
  });
  new Gauge({
    name: 'sluice_operator_audit_export_lag_seconds',
    help: 'How long ago everything had been sent; 0 for replicas that do not export',
    registers,
    collect() {
      this.set(behind());
    },
  });
  return {
    sent: (count) => records.inc({ state: 'sent' }, count),
    rejected: (count) => records.inc({ state: 'rejected' }, count),
    missed: (count) => records.inc({ state: 'missed' }, count),
    failed: (reason) => failures.inc({ reason }),
  };
}
