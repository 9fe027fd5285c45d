/** The Lease object, and who may take it. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
import type { KubeObject } from '../api/kube-api.ts';

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

/** MicroTime takes exactly six digits: what `toISOString` writes is refused. */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace(/Z$/, '000Z');
}

export function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? '';
}

/** `lease` as it is when `identity` takes or renews it. The times are for people: no one decides by them. */
export function heldBy(lease: Lease, identity: string, seconds: number, now: number): Lease {
  const same = holderOf(lease) === identity;
  const acquireTime = same ? (lease.spec?.acquireTime ?? microTime(now)) : microTime(now);
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      acquireTime,
      renewTime: microTime(now),
      leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + (same ? 0 : 1),
    },
  };
}

/** Held by nobody: the next who looks takes it. */
export function released(lease: Lease, now: number): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: null, leaseDurationSeconds: 1, renewTime: microTime(now) } };
}

/** A Lease that says it lasts for years must not end leadership for good. Milliseconds. */
const LONGEST = 600_000;

/**
 * When a candidate may take what another holds: once the Lease has not changed for its duration, counted from when this candidate saw the last
 * change, by its own monotonic clock. Clocks of others, and the times they write, play no part.
 */
export class Observation {
  readonly #fallback: number;
  #version: string | undefined;
  #at = 0;

  /** Milliseconds, where the Lease does not say. */
  constructor(fallback: number) {
    this.#fallback = fallback;
  }

  /** Looks at the Lease at a monotonic time. */
  mayTake(lease: Lease, now: number): boolean {
    const version = `${lease.metadata.uid ?? ''} ${lease.metadata.resourceVersion ?? ''}`;
    if (version !== this.#version) {
      this.#version = version;
      this.#at = now;
    }
    if (holderOf(lease) === '') return true;
    const seconds = lease.spec?.leaseDurationSeconds;
    // Its holder counts by what it wrote, also while a release with another duration is rolled out; within reason.
    const written = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1_000, LONGEST) : 0;
    const duration = Math.max(written, this.#fallback);
    return now - this.#at >= duration;
  }
}
