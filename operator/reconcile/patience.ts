/**
 * Sidecars that connect anew (a replica was replaced, a pod has just started) have acknowledged nothing for a moment. A policy that was
 * programmed is not called pending for that; only when it lasts.
 */
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { Verdict } from './conditions.ts';
import type { StatusFields } from './status-writer.ts';

const LASTING = 15_000;

export class Patience {
  readonly #clock: Clock;
  /** Monotonic milliseconds since when it would be called pending. */
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds to wait before this is said; 0: now. */
  wait(key: string, verdicts: readonly Verdict[], existing: StatusFields, generation: number | undefined): number {
    const now = this.#clock.monotonic();
    const programmed = existing.conditions?.find(({ type }) => type === 'Programmed');
    const pending = verdicts.some(({ type, reason }) => type === 'Programmed' && reason === 'Pending');
    // Another condition that changes is news of its own.
    const others = verdicts.every(
      ({ type, status }) =>
        ['Programmed', 'Ready'].includes(type) ||
        existing.conditions?.some((each) => each.type === type && each.status === status),
    );
    if (!pending || !others || programmed?.status !== 'True' || programmed.observedGeneration !== generation) {
      this.#since.delete(key);
      return 0;
    }
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    return Math.max(0, since + LASTING - now);
  }

  forget(key: string): void {
    this.#since.delete(key);
  }
}
