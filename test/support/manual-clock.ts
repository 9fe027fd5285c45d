/** Test support: a clock that stands still until it is told. */
import type { Clock } from '../../sidecar/bundle/clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on, running what becomes due, in order, and lets promises settle in between. */
  advance(milliseconds: number): Promise<void>;
  /** Somebody sets the clock: no time passes and no timer fires. */
  jump(milliseconds: number): void;
  /** Timers that are set. */
  readonly pending: number;
}

export function manualClock(start = Date.parse('2026-06-01T00:00:00Z')): ManualClock {
  let now = start;
  /** How far the clock has been set off. */
  let set = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now + set,
    monotonic: () => now,
    jump: (milliseconds) => {
      set += milliseconds;
    },
    after(milliseconds, callback) {
      const timer = { at: now + Math.max(0, milliseconds), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      await settle();
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = end;
    },
    get pending() {
      return timers.size;
    },
  };
}
