/**
 * Injected pods: from the informer's copy, and on a miss by one live read, since a new pod's sidecar may be here before the watch's event is.
 * A pod is alive until its object is gone; one that is being deleted is still ending its sessions.
 */
import { INJECTED_LABEL } from '../../core/injection/names.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { RawPod } from '../admission/injection.ts';
import { type KubeObject, PODS, type KubeApi } from '../api/kube-api.ts';
import type { Informer } from '../watch/informer.ts';
import type { Collection } from '../watch/open-informer.ts';
import { createLiveObjects, type LiveObjects } from './live-objects.ts';
import { type Refusal, refuse } from './refusal.ts';

export type PodObject = KubeObject & RawPod;

export interface PodRef {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
}

export interface Pods {
  find(ref: PodRef): Promise<{ readonly ok: true; readonly object: PodObject } | Refusal>;
  isAlive(ref: PodRef): boolean;
  /** Called with the UID of a pod whose object is gone, once. */
  onGone(listener: (podUid: string) => void): () => void;
  /** Called with a pod whose object has changed, under the same UID. */
  onUpdate(listener: (pod: PodObject) => void): void;
}

/** What the informer is to follow. Metadata, spec and status are all looked at. */
export const INJECTED_PODS: Collection = { resource: PODS, labelSelector: `${INJECTED_LABEL}=true` };

export interface PodsOptions {
  readonly api: KubeApi;
  /** Of INJECTED_PODS. */
  readonly informer: Informer<PodObject>;
  readonly clock: Clock;
}

/** Until then the watch has to show a pod that was read live. */
const WATCH_SHOWS_WITHIN = 60_000;

export function createPods(options: PodsOptions): Pods {
  return new InjectedPods(options);
}

class InjectedPods implements Pods {
  readonly #informer: Informer<PodObject>;
  readonly #clock: Clock;
  readonly #live: LiveObjects<PodObject>;
  readonly #listeners = new Set<(podUid: string) => void>();
  readonly #onUpdate = new Set<(pod: PodObject) => void>();
  /** Read live and not seen by the watch yet: how to stop waiting for that. */
  readonly #expected = new Map<string, () => void>();

  constructor({ api, informer, clock }: PodsOptions) {
    this.#informer = informer;
    this.#clock = clock;
    this.#live = createLiveObjects<PodObject>({ api, resource: PODS, clock, remember: 500 });
    informer.onChange((change) => {
      const { uid } = change.object.metadata;
      if (change.type === 'deleted') this.#gone(uid);
      else if (uid !== undefined) this.#seen(uid);
      // Deleted and made again under its name while the watch was away.
      if (change.type === 'updated' && change.before.metadata.uid !== uid) this.#gone(change.before.metadata.uid);
      if (change.type !== 'deleted') for (const listener of this.#onUpdate) listener(change.object);
    });
  }

  async find(ref: PodRef): Promise<{ readonly ok: true; readonly object: PodObject } | Refusal> {
    if (!this.#informer.hasSynced) return refuse('NotReady', 'this replica has not read the pods yet; try again');
    const copy = this.#informer.get(ref.namespace, ref.pod);
    if (copy?.metadata.uid === ref.podUid) return { ok: true, object: copy };
    const live = await this.#live.read({ namespace: ref.namespace, name: ref.pod, uid: ref.podUid }, 0);
    if (live.state === 'unknown') return refuse('NotReady', `${live.reason}; try again`);
    if (live.state === 'gone') return refuse('PodGone', 'the pod of the token does not exist any more');
    if (live.state === 'replaced') return refuse('PodReplaced', 'the pod of the token is gone, and another has its name');
    if (live.object.metadata.labels?.[INJECTED_LABEL] !== 'true') {
      return refuse('NotInjected', `the pod has no label ${INJECTED_LABEL}=true, by which the operator follows it`);
    }
    this.#expect(ref);
    return { ok: true, object: live.object };
  }

  isAlive({ namespace, pod, podUid }: PodRef): boolean {
    return this.#expected.has(podUid) || this.#informer.get(namespace, pod)?.metadata.uid === podUid;
  }

  onGone(listener: (podUid: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onUpdate(listener: (pod: PodObject) => void): void {
    this.#onUpdate.add(listener);
  }

  /** A pod that is deleted before the watch has ever shown it would never be reported. */
  #expect({ namespace, pod, podUid }: PodRef): void {
    if (this.#expected.has(podUid) || this.#informer.get(namespace, pod)?.metadata.uid === podUid) return;
    const cancel = this.#clock.after(WATCH_SHOWS_WITHIN, () => this.#gone(podUid));
    this.#expected.set(podUid, cancel);
  }

  #seen(uid: string): void {
    this.#expected.get(uid)?.();
    this.#expected.delete(uid);
  }

  #gone(uid: string | undefined): void {
    if (uid === undefined) return;
    this.#seen(uid);
    for (const listener of this.#listeners) listener(uid);
  }
}
