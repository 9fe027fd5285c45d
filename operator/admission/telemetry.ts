/** Reviews, told: a counter, a log line, and for refusals an Event on the controller of the pod, since the pod itself will never exist. */
import type { Logger } from 'pino';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { RefusalEvents } from './refusal-events.ts';
import type { ReviewOutcome } from './review.ts';

export function reviewTelemetry(registry: Registry, log: Logger, events: RefusalEvents): (outcome: ReviewOutcome) => void {
  const registers = [registry];
  const reviews = new Counter({
    name: 'sluice_operator_admission_reviews_total',
    help: 'Pods reviewed, by result and reason',
    labelNames: ['result', 'reason'],
    registers,
  });
  const duration = new Histogram({
    name: 'sluice_operator_admission_duration_seconds',
    help: 'How long reviews took',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2.5, 5],
    registers,
  });
  return (outcome) => {
    const { result, reason, problems, namespace, serviceAccount, pod, milliseconds } = outcome;
    reviews.inc({ result, reason });
    duration.observe(milliseconds / 1000);
    const line = { namespace, serviceAccount, pod, reason, milliseconds: Math.round(milliseconds) };
    if (result === 'refused')
      log.warn({ ...line, problems: problems.slice(0, 20).map((each) => `${each.reason}: ${each.message}`) }, 'pod-refused');
    else log.info(line, `pod-${result}`);
    if (result === 'refused') events.refused(outcome);
  };
}
