/**
 * Writes a status by server-side apply, and only when it would change. The copy an informer keeps may be older than what was written last;
 * then that counts, so that a transition is not dated twice. https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import type { Condition } from '../../crds/meta.ts';
import { canonicalJson } from '../../core/json/canonical-json.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi, type Resource } from '../api/kube-api.ts';
import { type RawGoverned, objectKey } from '../view/governed-object.ts';
import { conditionsOf, type Transition, transitions, type Verdict } from './conditions.ts';

export const FIELD_MANAGER = 'sluice-operator';

export interface StatusFields {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly [count: string]: unknown;
}

interface Written {
  readonly uid: string | undefined;
  /** Of the copy it was decided on. */
  readonly basedOn: string | undefined;
  readonly status: StatusFields;
}

export class StatusWriter {
  readonly #api: KubeApi;
  readonly #resource: Resource;
  readonly #clock: Clock;
  readonly #written = new Map<string, Written>();

  constructor(api: KubeApi, resource: Resource, clock: Clock) {
    this.#api = api;
    this.#resource = resource;
    this.#clock = clock;
  }

  /** Resolves with what has changed; nothing where nothing was written, or the object is gone. */
  async write(
    raw: RawGoverned,
    verdicts: readonly Verdict[],
    counts: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<readonly Transition[]> {
    const { generation } = raw.metadata;
    const existing = this.existing(raw);
    const before = existing.conditions ?? [];
    const status = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      conditions: conditionsOf(verdicts, before, generation, this.#clock.now()),
      ...counts,
    };
    if (canonicalJson(status) === canonicalJson(existing)) return [];
    if (!(await this.#apply(raw, status, signal))) return [];
    return transitions(verdicts, before);
  }

  forget(key: string): void {
    this.#written.delete(key);
  }

  /** As last seen or written, whichever is newer. */
  existing(raw: RawGoverned): StatusFields {
    const written = this.#written.get(objectKey(raw));
    if (written?.uid === raw.metadata.uid && written?.basedOn === raw.metadata.resourceVersion) return written?.status ?? {};
    this.#written.delete(objectKey(raw));
    return (raw.status ?? {}) as StatusFields;
  }

  async #apply(raw: RawGoverned, status: StatusFields, signal: AbortSignal): Promise<boolean> {
    const { name, namespace, uid } = raw.metadata;
    const ref = { name, ...(namespace === undefined ? {} : { namespace }) };
    const { group, version, kind } = this.#resource;
    const body = {
      apiVersion: `${group}/${version}`,
      kind,
      // With the UID: a namesake that was created meanwhile is not meant.
      metadata: { ...ref, ...(uid === undefined ? {} : { uid }) },
      status,
    };
    try {
      await this.#api.patch(this.#resource, ref, body, {
        type: 'apply',
        fieldManager: FIELD_MANAGER,
        force: true,
        subresource: 'status',
        signal,
      });
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return false;
      throw error;
    }
    this.#written.set(objectKey(raw), { uid, basedOn: raw.metadata.resourceVersion, status });
    return true;
  }
}
