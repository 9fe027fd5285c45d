/** How long to wait before trying again, and waiting that can be called off. */
import type { Clock } from '../../sidecar/bundle/clock.ts';

export interface Backoff {
  next(): number;
  reset(): void;
}

/**
 * Full jitter: anything between nothing and a limit that doubles, so that many clients of a server that comes back do not come at once.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter(random: () => number, first = 1_000, most = 60_000): Backoff {
  let limit = first;
  return {
    next() {
      const wait = random() * limit;
      limit = Math.min(most, limit * 2);
      return wait;
    },
    reset() {
      limit = first;
    },
  };
}

/** Resolves after so long, or at once when aborted: look at the signal afterwards. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return void resolve();
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
