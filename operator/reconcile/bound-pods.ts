/** Which pods were injected for which Database, from the settings their sidecars were given. */
import { CONTAINER_NAME, INJECTED_LABEL } from '../../core/injection/names.ts';
import { databaseKey, parseSidecarSettings, SETTINGS_VARIABLE } from '../../core/injection/sidecar-settings.ts';
import type { PolicySpec } from '../../crds/database-access-policy.ts';
import { type KubeObject, PODS } from '../api/kube-api.ts';
import type { Change, Informer } from '../watch/informer.ts';
import type { Collection } from '../watch/open-informer.ts';
import { objectKey } from '../view/governed-object.ts';

/** Whatever bears the label; whether it is governed, its seal says. */
export const INJECTED_PODS: Collection = { resource: PODS, labelSelector: `${INJECTED_LABEL}=true` };

/** As much of a pod as is looked at. */
export interface PodObject extends KubeObject {
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly initContainers?: readonly ContainerObject[];
  };
  readonly status?: { readonly phase?: string };
}

interface ContainerObject {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface BoundPod {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Its containers have been started; its sidecar has therefore a bundle. */
  readonly running: boolean;
}

interface Entry extends BoundPod {
  readonly databases: readonly string[];
}

export class BoundPods {
  readonly synced: Promise<void>;
  readonly #informer: Informer<PodObject>;
  readonly #pods = new Map<string, Entry>();
  readonly #byDatabase = new Map<string, Map<string, BoundPod>>();
  readonly #listeners = new Set<(database: string) => void>();

  /** `informer`: of pods with the label, where another room follows them already. */
  constructor(informer: Informer<PodObject>) {
    this.#informer = informer;
    this.synced = informer.synced;
    for (const pod of informer.list()) this.#take({ type: 'added', object: pod });
    informer.onChange((change) => this.#take(change));
  }

  get hasSynced(): boolean {
    return this.#informer.hasSynced;
  }

  /** Pods that have not ended, whose settings list the Database (`namespace/name`). */
  of(database: string): readonly BoundPod[] {
    return [...(this.#byDatabase.get(database)?.values() ?? [])];
  }

  /** Called with the Database whose pods have changed. */
  onChange(listener: (database: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #take(change: Change<PodObject>): void {
    const key = objectKey(change.object);
    const before = this.#pods.get(key);
    const now = change.type === 'deleted' ? undefined : entryOf(change.object);
    if (JSON.stringify(before) === JSON.stringify(now)) return;
    if (now === undefined) this.#pods.delete(key);
    else this.#pods.set(key, now);
    for (const database of before?.databases ?? []) this.#byDatabase.get(database)?.delete(key);
    for (const database of now?.databases ?? []) {
      const pods = this.#byDatabase.get(database) ?? new Map<string, BoundPod>();
      this.#byDatabase.set(database, pods.set(key, now!));
    }
    for (const database of new Set([...(before?.databases ?? []), ...(now?.databases ?? [])]))
      for (const listener of [...this.#listeners]) listener(database);
  }
}

/** Those that a policy is about. */
export function podsOfSubjects(pods: readonly BoundPod[], subjects: PolicySpec['subjects']): readonly BoundPod[] {
  return pods.filter((pod) =>
    subjects.some(
      ({ serviceAccount }) =>
        serviceAccount.namespace === pod.namespace && (serviceAccount.name === '*' || serviceAccount.name === pod.serviceAccount),
    ),
  );
}

/** Undefined: it has ended, or is none of ours: the label alone says nothing. */
function entryOf(pod: PodObject): Entry | undefined {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed' || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const sidecar = pod.spec?.initContainers?.find((each) => each.name === CONTAINER_NAME);
  try {
    const settings = parseSidecarSettings(sidecar?.env?.find((each) => each.name === SETTINGS_VARIABLE)?.value);
    return {
      namespace: pod.metadata.namespace ?? '',
      serviceAccount: pod.spec?.serviceAccountName ?? 'default',
      running: phase === 'Running',
      databases: [...new Set(settings.databases.map(databaseKey))],
    };
  } catch {
    return undefined;
  }
}
