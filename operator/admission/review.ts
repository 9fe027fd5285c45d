/**
 * One admission request, from the bytes of its review to the bytes of an answer. Never rejects: whatever goes wrong, a pod that asked for Sluice
 * does not start without it.
 */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { RenderSeals } from '../render/seal.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import {
  type AdmissionResponseBody,
  allowed,
  controllerOf,
  denied,
  parseReview,
  type PodReview,
  ReviewError,
} from './admission-review.ts';
import { INJECT_ANNOTATION } from '../../core/injection/names.ts';
import { parseInjectAnnotation } from './annotation.ts';
import { candidatesFor } from './candidates.ts';
import { inject } from './inject.ts';
import type { InjectionProblem, InjectorSettings } from './injection.ts';
import type { LiveObjects } from './live-objects.ts';
import { type Raw, record, text } from '../../core/json/read.ts';
import { annotation, serviceAccountOf } from './raw-pod.ts';
import type { RefusalReason, SkipReason } from './reasons.ts';

export interface ReviewContext {
  readonly view: Pick<ClusterView, 'synced' | 'hasSynced' | 'databases' | 'policiesOf'>;
  /** Asked where the view does not have what a pod names. */
  readonly live: LiveObjects;
  /** Undefined while the stream's authority is not known yet. */
  settings(): InjectorSettings | undefined;
  readonly seals: RenderSeals;
  readonly clock: Clock;
  /** Told of every review but those of dry runs. What it throws is lost. */
  report(outcome: ReviewOutcome): void;
}

export interface ReviewOutcome {
  readonly result: 'injected' | 'unchanged' | 'skipped' | 'refused';
  readonly reason: 'Injected' | 'Unchanged' | SkipReason | RefusalReason;
  /** All reasons, where refused. */
  readonly problems: readonly InjectionProblem[];
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** `name`, or `generateName` with a `*`. */
  readonly pod?: string;
  /** The controller, where there is one: an owner reference. */
  readonly owner?: Raw;
  readonly milliseconds: number;
}

/** Of the 5 s that the API server waits; looking things up may take part of the rest. */
const SYNC_PATIENCE = 2000;

export async function reviewAdmission(body: Buffer, context: ReviewContext): Promise<AdmissionResponseBody> {
  const begin = context.clock.monotonic();
  let review: PodReview | undefined;
  const finish = (
    answer: AdmissionResponseBody,
    result: ReviewOutcome['result'],
    reason: ReviewOutcome['reason'],
    problems: readonly InjectionProblem[] = [],
  ): AdmissionResponseBody => {
    if (review?.dryRun !== true)
      report(context, { result, reason, problems, ...describe(review), milliseconds: context.clock.monotonic() - begin });
    return answer;
  };
  try {
    review = parseReview(body);
    const settings = context.settings();
    if (settings === undefined || !(await synced(context))) {
      const message = 'the Sluice operator is starting and does not know yet what this pod may use; try again in a moment';
      return finish(denied(review.uid, 'NotReady', 503, message), 'refused', 'NotReady', [{ reason: 'NotReady', message }]);
    }
    return finish(...(await judge(review, settings, context)));
  } catch (error) {
    if (error instanceof ReviewError) {
      const problem = { reason: 'ReviewMalformed', message: error.message };
      return finish(denied(error.uid, 'ReviewMalformed', 400, error.message), 'refused', 'ReviewMalformed', [problem]);
    }
    // Where it went wrong is for the log; the message may hold parts of the pod.
    const message = 'the Sluice operator failed to review this pod; its log says why';
    const problem = { reason: 'InternalError', message: whereOf(error) };
    return finish(denied(review?.uid ?? '', 'InternalError', 503, message), 'refused', 'InternalError', [problem]);
  }
}

function whereOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return [error.name, ...frames.slice(0, 3).map((line) => line.trim())].join(' ');
}

type Judgement = readonly [
  answer: AdmissionResponseBody,
  result: ReviewOutcome['result'],
  reason: ReviewOutcome['reason'],
  problems?: readonly InjectionProblem[],
];

async function judge({ uid, pod, namespace }: PodReview, settings: InjectorSettings, context: ReviewContext): Promise<Judgement> {
  const subject = { namespace, serviceAccount: serviceAccountOf(pod) };
  const asked = parseInjectAnnotation(annotation(pod, INJECT_ANNOTATION));
  const candidates = await candidatesFor(asked, subject, context);
  const injection = inject({ pod, namespace, ...candidates, settings, seals: context.seals });
  switch (injection.outcome) {
    case 'skipped':
      return [allowed(uid, injection.reason), 'skipped', injection.reason as SkipReason];
    case 'injected': {
      const changed = injection.patch.length > 0;
      const reason = changed ? 'Injected' : 'Unchanged';
      return [
        allowed(uid, reason, injection.patch, injection.warnings.slice(0, MOST_LINES)),
        changed ? 'injected' : 'unchanged',
        reason,
      ];
    }
    case 'refused': {
      const reason = (injection.problems[0]?.reason ?? 'InternalError') as RefusalReason;
      return [denied(uid, reason, 403, refusalMessage(injection.problems)), 'refused', reason, injection.problems];
    }
  }
}

/** Nobody reads more; the rest comes to light when these are mended. */
const MOST_LINES = 20;

/** One problem in one line; several in a list. */
function refusalMessage(problems: readonly InjectionProblem[]): string {
  if (problems.length === 1) return `Sluice cannot govern this pod: ${problems[0]!.message}`;
  const lines = problems.slice(0, MOST_LINES).map((each) => `- ${each.message}`);
  if (problems.length > MOST_LINES) lines.push(`- and ${problems.length - MOST_LINES} more`);
  return `Sluice cannot govern this pod, for ${problems.length} reasons:\n${lines.join('\n')}`;
}

async function synced({ view, clock }: ReviewContext): Promise<boolean> {
  if (view.hasSynced) return true;
  let cancel = (): void => undefined;
  const late = new Promise<void>((resolve) => (cancel = clock.after(SYNC_PATIENCE, resolve)));
  await Promise.race([view.synced, late]);
  cancel();
  return view.hasSynced;
}

function report(context: ReviewContext, outcome: ReviewOutcome): void {
  try {
    context.report(outcome);
  } catch {
    // Telemetry decides nothing.
  }
}

function describe(review: PodReview | undefined): Partial<ReviewOutcome> {
  if (review === undefined) return {};
  const metadata = record(review.pod['metadata']);
  const generated = text(metadata?.['generateName']);
  const name = text(metadata?.['name']) || (generated === undefined ? undefined : `${generated}*`);
  const owner = controllerOf(review.pod);
  return {
    namespace: review.namespace,
    serviceAccount: serviceAccountOf(review.pod),
    ...(name === undefined ? {} : { pod: name }),
    ...(owner === undefined ? {} : { owner }),
  };
}
