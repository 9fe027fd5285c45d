/** What controllers tell of themselves. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** `abandoned`: leadership was lost meanwhile. */
export type ReconcileResult = 'success' | 'requeued' | 'error' | 'terminal' | 'abandoned';

export interface ControllerTelemetry {
  depth(waiting: number, inWork: number): void;
  added(): void;
  retried(): void;
  finished(result: ReconcileResult, seconds: number): void;
}

export const SILENT_CONTROLLER: ControllerTelemetry = {
  depth: () => {},
  added: () => {},
  retried: () => {},
  finished: () => {},
};

/** The answer makes the telemetry of one controller. */
export function prometheusControllerTelemetry(registry: Registry): (controller: string) => ControllerTelemetry {
  const registers = [registry];
  const labelNames = ['controller'];
  const depth = new Gauge({ name: 'sluice_operator_workqueue_depth', help: 'Keys that wait for work', labelNames, registers });
  const inWork = new Gauge({ name: 'sluice_operator_workqueue_in_work', help: 'Keys in work', labelNames, registers });
  const adds = new Counter({ name: 'sluice_operator_workqueue_adds_total', help: 'Keys added', labelNames, registers });
  const retries = new Counter({
    name: 'sluice_operator_workqueue_retries_total',
    help: 'Keys that failed and come again',
    labelNames,
    registers,
  });
  const errors = new Counter({
    name: 'sluice_operator_reconcile_errors_total',
    help: 'Reconciles that failed',
    labelNames: ['controller', 'kind'],
    registers,
  });
  const duration = new Histogram({
    name: 'sluice_operator_reconcile_duration_seconds',
    help: 'How long reconciles took, by result',
    labelNames: ['controller', 'result'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
  });
  return (controller) => ({
    depth(waiting, working) {
      depth.set({ controller }, waiting);
      inWork.set({ controller }, working);
    },
    added: () => adds.inc({ controller }),
    retried: () => retries.inc({ controller }),
    finished(result, seconds) {
      duration.observe({ controller, result }, seconds);
      if (result === 'error' || result === 'terminal') errors.inc({ controller, kind: result });
    },
  });
}
