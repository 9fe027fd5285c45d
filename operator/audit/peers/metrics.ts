/** What an operator of the operator sees of replicas that copy from each other. */
import { Counter, type Registry } from 'prom-client';

export interface PeerMetrics {
  copied(records: number): void;
  forked(): void;
  failed(): void;
}

export function peerMetrics(registry: Registry): PeerMetrics {
  const registers = [registry];
  const copied = new Counter({
    name: 'sluice_operator_audit_peer_records_total',
    help: 'Records that were copied from other replicas',
    registers,
  });
  const forks = new Counter({
    name: 'sluice_operator_audit_peer_forks_total',
    help: 'Chains of which another replica has another history: look at each',
    registers,
  });
  const failures = new Counter({
    name: 'sluice_operator_audit_peer_failures_total',
    help: 'Looks at another replica that failed; they come and go',
    registers,
  });
  return { copied: (records) => copied.inc(records), forked: () => forks.inc(), failed: () => failures.inc() };
}
