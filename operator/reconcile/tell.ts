/** Which transitions people are told of: those of Ready, and of conditions that are warnings of their own. */
import { API_VERSION } from '../../crds/meta.ts';
import type { GovernedKind, RawGoverned } from '../view/governed-object.ts';
import type { Transition } from './conditions.ts';
import type { EventRecorder } from './events.ts';

const TOLD: ReadonlySet<string> = new Set(['Ready', 'LeastPrivilege', 'UpstreamVerified']);

export function tellTransitions(
  events: EventRecorder,
  kind: GovernedKind,
  object: RawGoverned,
  transitions: readonly Transition[],
): void {
  const { name, namespace = '', uid } = object.metadata;
  const ready = transitions.find(({ type }) => type === 'Ready');
  for (const { type, from, status, reason, message } of transitions) {
    if (!TOLD.has(type)) continue;
    // At first everything is being looked at: no news. And nobody needs to be told the same thing twice.
    if (status === 'Unknown' || (type !== 'Ready' && (status === 'True' || ready?.reason === reason))) continue;
    if (status === 'True' && from === 'True') continue;
    events.record({
      regarding: {
        apiVersion: API_VERSION,
        kind,
        namespace,
        name,
        ...(uid === undefined ? {} : { uid }),
      },
      type: status === 'True' ? 'Normal' : 'Warning',
      reason,
      action: 'Reconcile',
      note: message,
    });
  }
}
