import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { prometheusControllerTelemetry } from '../queue/telemetry.ts';
import { prometheusLeadershipTelemetry } from '../leader/telemetry.ts';
import { prometheusWatchTelemetry } from './telemetry.ts';

it('counts what informers, controllers and the election tell, from zero', async () => {
  const registry = new Registry();
  const watch = prometheusWatchTelemetry(registry, () => 1_700_000_000)('pods', '');
  expect(await registry.metrics()).toContain('sluice_operator_watch_relist_drift_total{resource="pods",namespace=""} 0');
  watch.contact();
  watch.ended('reset');
  watch.relisted('expired');
  watch.listFailed('throttled');
  watch.drifted(2);
  watch.objects(7);
  const controller = prometheusControllerTelemetry(registry)('databases');
  controller.depth(3, 1);
  controller.added();
  controller.retried();
  controller.finished('error', 0.2);
  const election = prometheusLeadershipTelemetry(registry);
  election.leads(true);
  election.renewFailed();
  const text = await registry.metrics();
  for (const line of [
    'watch_last_contact_timestamp_seconds{resource="pods",namespace=""} 1700000000',
    'watch_reconnects_total{resource="pods",namespace="",reason="reset"} 1',
    'watch_relists_total{resource="pods",namespace="",reason="expired"} 1',
    'watch_list_failures_total{resource="pods",namespace="",reason="throttled"} 1',
    'watch_relist_drift_total{resource="pods",namespace=""} 2',
    'watch_objects{resource="pods",namespace=""} 7',
    'workqueue_depth{controller="databases"} 3',
    'workqueue_retries_total{controller="databases"} 1',
    'reconcile_errors_total{controller="databases",kind="error"} 1',
    'leader_is_leader 1',
    'leader_renew_failures_total 1',
  ]) {
    expect(text).toContain(`sluice_operator_${line}\n`);
  }
});
