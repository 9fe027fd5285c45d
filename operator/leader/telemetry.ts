import { Counter, Gauge, type Registry } from 'prom-client';

export interface LeadershipTelemetry {
  leads(isLeader: boolean): void;
  renewFailed(): void;
}

export const SILENT_LEADERSHIP: LeadershipTelemetry = { leads: () => {}, renewFailed: () => {} };

export function prometheusLeadershipTelemetry(registry: Registry): LeadershipTelemetry {
  const registers = [registry];
  const leads = new Gauge({ name: 'sluice_operator_leader_is_leader', help: '1 while this replica reconciles', registers });
  const changes = new Counter({
    name: 'sluice_operator_leader_changes_total',
    help: 'Times leadership was won or lost',
    labelNames: ['to'],
    registers,
  });
  const failures = new Counter({
    name: 'sluice_operator_leader_renew_failures_total',
    help: 'Renewals of the Lease that failed',
    registers,
  });
  leads.set(0);
  return {
    leads(isLeader) {
      leads.set(isLeader ? 1 : 0);
      changes.inc({ to: isLeader ? 'leader' : 'candidate' });
    },
    renewFailed: () => failures.inc(),
  };
}
