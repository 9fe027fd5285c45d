/** The metrics of both processes, as they register them, without the processes. test/kube/acceptance.test.ts compares with those that run. */
import { pino } from 'pino';
import { type MetricObject, Registry } from 'prom-client';
import { reviewTelemetry } from '../../operator/admission/telemetry.ts';
import { catalogMetrics } from '../../operator/catalog/metrics.ts';
import { certificateExpiryGauge } from '../../operator/certs/expiry.ts';
import { exportMetrics } from '../../operator/audit/export/metrics.ts';
import { storeMetrics } from '../../operator/audit/store/metered-store.ts';
import { peerMetrics } from '../../operator/audit/peers/metrics.ts';
import { receptionMetrics } from '../../operator/audit/reception-metrics.ts';
import { distributionMetrics } from '../../operator/distribute/metrics.ts';
import { identityMetrics } from '../../operator/identity/verifier.ts';
import { prometheusLeadershipTelemetry } from '../../operator/leader/telemetry.ts';
import { prometheusControllerTelemetry } from '../../operator/queue/telemetry.ts';
import { crdStateGauge } from '../../operator/reconcile/served-crds.ts';
import { prometheusWatchTelemetry } from '../../operator/watch/telemetry.ts';
import { webhookMetrics } from '../../operator/webhook/server.ts';
import { countCollection } from '../../sidecar/collection/metrics.ts';
import { countLink } from '../../sidecar/injected/link-metrics.ts';
import { prometheusTelemetry } from '../../sidecar/telemetry/telemetry.ts';

export interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

export function operatorMetrics(): readonly Metric[] {
  const registry = new Registry();
  reviewTelemetry(registry, pino({ level: 'silent' }), { refused: () => {} });
  webhookMetrics(registry);
  distributionMetrics(registry);
  receptionMetrics(registry);
  storeMetrics(registry);
  peerMetrics(registry);
  exportMetrics(registry, () => 0);
  identityMetrics(registry);
  catalogMetrics(registry);
  certificateExpiryGauge(registry);
  crdStateGauge(registry);
  prometheusLeadershipTelemetry(registry);
  prometheusControllerTelemetry(registry);
  prometheusWatchTelemetry(registry, () => 0);
  return metricsOf(registry);
}

export function sidecarMetrics(): readonly Metric[] {
  const registry = new Registry();
  prometheusTelemetry(registry);
  countLink(registry, { connected: false, databases: new Map() }, { lost: 0 });
  countCollection(
    registry,
    () => [],
    () => 0,
  );
  return metricsOf(registry);
}

function metricsOf(registry: Registry): readonly Metric[] {
  return registry.getMetricsAsArray().map((metric) => {
    // prom-client's types leave out what a metric is made with.
    const { name, help, type, labelNames = [] } = metric as MetricObject & { labelNames?: readonly string[] };
    return { name, help, type: String(type), labels: labelNames };
  });
}
