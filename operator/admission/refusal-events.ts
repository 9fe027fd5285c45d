/**
 * A refused pod leaves no object behind; the ReplicaSet or Job that wanted it does. Controllers try again and again: the same Event is written
 * once in a while. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { EVENTS, type KubeApi, type KubeObject } from '../api/kube-api.ts';
import { text } from '../../core/json/read.ts';
import { Bucket } from '../queue/bucket.ts';
import type { ReviewOutcome } from './review.ts';

export interface RefusalEvents {
  refused(outcome: ReviewOutcome): void;
}

/** Milliseconds in which the same refusal of the same controller is not told again. */
const QUIET = 600_000;
const MOST_REMEMBERED = 1000;
/** The API server refuses longer notes. */
const LONGEST_NOTE = 1000;
/**
 * At once and per second: of one namespace, and of all. Whoever reaches the webhook's port can have pods refused that nobody has created, in any
 * namespace and for any controller.
 */
const OF_NAMESPACE: readonly [number, number] = [25, 0.5];
const OF_ALL: readonly [number, number] = [100, 10];
/** Of objects. The API server does not check what an Event is about, and kubectl prints it. */
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9.]{0,251}[A-Za-z0-9])?$/;

export function createRefusalEvents(
  api: Pick<KubeApi, 'create'>,
  clock: Clock,
  log: Logger,
  /** Name of this replica. */
  instance: string,
): RefusalEvents {
  const told = new Map<string, number>();
  const namespaces = new Map<string, Bucket>();
  const all = new Bucket(...OF_ALL, clock.monotonic());
  const mayTell = (namespace: string): boolean => {
    const now = clock.monotonic();
    let bucket = namespaces.get(namespace);
    if (bucket === undefined) namespaces.set(namespace, (bucket = new Bucket(...OF_NAMESPACE, now)));
    if (namespaces.size > MOST_REMEMBERED) namespaces.delete(namespaces.keys().next().value!);
    return bucket.take(now) && all.take(now);
  };
  return {
    refused({ namespace, owner, reason, problems }) {
      const regarding = {
        apiVersion: text(owner?.['apiVersion']),
        kind: text(owner?.['kind']),
        name: text(owner?.['name']),
        uid: text(owner?.['uid']),
      };
      if (namespace === undefined || regarding.name === undefined || regarding.kind === undefined) return;
      if (!NAME.test(regarding.name) || !NAME.test(regarding.kind)) return;
      const note = shortened(problems.map((each) => each.message).join('; '));
      const id = createHash('sha256')
        .update(JSON.stringify([namespace, regarding, note]))
        .digest('hex')
        .slice(0, 16);
      const now = clock.now();
      const last = told.get(id);
      if (last !== undefined && now - last < QUIET && now >= last) return;
      if (!mayTell(namespace)) return;
      told.delete(id);
      told.set(id, now);
      if (told.size > MOST_REMEMBERED) told.delete(told.keys().next().value!);
      const event: KubeObject = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace, name: `${regarding.name.slice(0, 200)}.${id}.${now.toString(16)}` },
        ...{
          // MicroTime: six digits of fraction, or the API server refuses it.
          eventTime: new Date(now).toISOString().replace('Z', '000Z'),
          reportingController: 'sluice.dev/operator',
          reportingInstance: instance,
          action: 'Inject',
          type: 'Warning',
          reason,
          note,
          regarding: { ...regarding, namespace },
        },
      };
      api.create(EVENTS, event).catch((error: unknown) => {
        log.debug({ namespace, reason, error: error instanceof Error ? error.message : 'unknown' }, 'event-not-recorded');
      });
    },
  };
}

function shortened(note: string): string {
  return note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE)}…` : note;
}
