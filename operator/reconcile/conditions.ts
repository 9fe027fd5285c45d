/**
 * Conditions as everything on Kubernetes reads them: one per type, `lastTransitionTime` moves only when `status` does, and the generation says
 * what was judged. https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties
 */
import type { Condition } from '../../crds/meta.ts';

export interface Verdict {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export interface Transition extends Verdict {
  /** Undefined: the condition is new. */
  readonly from: Verdict['status'] | undefined;
}

/** What an earlier holder said of this generation: it stands until this one knows. */
export type Held = readonly Condition[];

export function heldConditions(before: readonly Condition[], generation: number | undefined): Held {
  return before.filter(({ status, observedGeneration }) => status !== 'Unknown' && observedGeneration === generation);
}

/** An `Unknown` gives way to what is held. */
export function orHeld(verdict: Verdict, held: Held): Verdict {
  const before = verdict.status === 'Unknown' ? held.find(({ type }) => type === verdict.type) : undefined;
  if (before === undefined) return verdict;
  return { type: before.type, status: before.status, reason: before.reason, message: before.message };
}

/** Of people's patience; the schema allows more. */
const LONGEST_MESSAGE = 2_000;

/** `now`: milliseconds since the epoch. */
export function conditionsOf(
  verdicts: readonly Verdict[],
  before: readonly Condition[],
  generation: number | undefined,
  now: number,
): readonly Condition[] {
  return verdicts.map((verdict) => {
    const old = before.find(({ type }) => type === verdict.type);
    const stays = old !== undefined && old.status === verdict.status;
    return {
      type: verdict.type,
      status: verdict.status,
      reason: verdict.reason,
      message: oneLine(verdict.message),
      // Seconds: what metav1.Time holds. https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Time
      lastTransitionTime: stays ? old.lastTransitionTime : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}

export function transitions(verdicts: readonly Verdict[], before: readonly Condition[]): readonly Transition[] {
  return verdicts.flatMap((verdict) => {
    const from = before.find(({ type }) => type === verdict.type)?.status;
    return from === verdict.status ? [] : [{ ...verdict, from }];
  });
}

/** Names may hold anything. */
function oneLine(message: string): string {
  const text = message.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1)}…` : text;
}

/** The first few of a list, and how many more there are. */
export function some(items: readonly string[], most: number, separator = '; '): string {
  const shown = items.slice(0, most).join(separator);
  return items.length > most ? `${shown}${separator}and ${items.length - most} more` : shown;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
