/** Time, injected so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. May jump either way when somebody sets the clock. */
  now(): number;
  /** Milliseconds from some moment on: for measuring how long something takes. Never jumps. */
  monotonic(): number;
  /** Calls back once after so many milliseconds; the answer cancels it. Does not keep the process alive. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** setTimeout takes a signed 32-bit number of milliseconds and fires at once for more. */
const LONGEST = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, milliseconds), LONGEST));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves with `until`, or after so many milliseconds. */
export async function atMost(clock: Clock, milliseconds: number, until: Promise<void>): Promise<void> {
  let cancel: () => void = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(milliseconds, resolve);
  });
  await Promise.race([until, late]).finally(cancel);
}
