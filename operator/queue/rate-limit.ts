/** How soon a key may be tried again. The figures are client-go's: DefaultTypedControllerRateLimiter. */
import type { Clock } from '../../sidecar/bundle/clock.ts';

/** Doubles with each failure of a key in a row. */
export class FailureBackoff {
  readonly #first: number;
  readonly #most: number;
  readonly #failures = new Map<string, number>();

  constructor(first = 5, most = 1_000_000) {
    this.#first = first;
    this.#most = most;
  }

  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(this.#most, this.#first * 2 ** failures);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}

/** Over all keys: so many at once, then so many a second. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, perSecond = 10, burst = 100) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.monotonic();
  }

  /** Takes a token that is there, or will be in so many milliseconds. */
  reserve(): number {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1_000) * this.#perSecond) - 1;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1_000;
  }
}
