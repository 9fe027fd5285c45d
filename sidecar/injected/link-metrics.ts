/** What a sidecar in a pod counts beside the sessions: its line to the operator, and records that standard output did not take. */
import { Gauge, type Registry } from 'prom-client';
import type { OperatorLink } from '../bundle/operator-link.ts';
import type { OutputCopy } from '../journal/standard-output.ts';

export function countLink(
  registry: Registry,
  link: Pick<OperatorLink, 'connected' | 'databases'>,
  output: Pick<OutputCopy, 'lost'>,
): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  gauge('sluice_operator_connected', '1 while the operator is connected', () => (link.connected ? 1 : 0));
  gauge(
    'sluice_databases_stale',
    'Databases that are closed because the operator has not been heard from',
    () => [...link.databases.values()].filter(({ current }) => current.code === 'SLUICE-709').length,
  );
  gauge(
    'sluice_audit_output_lost_bytes',
    'Audit records that standard output did not take; they are in the segments',
    () => output.lost,
  );
}
