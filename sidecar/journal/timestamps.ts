/** The time that records carry. */

/** Milliseconds between two clocks beyond which the wall clock must have been set (or the machine slept). */
const STEP_MS = 200;

/**
 * RFC 3339 with microseconds. The part down to the second is kept between calls: two records a statement need one each. Within a
 * second the monotonic clock counts; a wall clock that was set is followed at the next second.
 */
export function timestamps(): () => string {
  let second = -1;
  let prefix = '';
  let origin = performance.timeOrigin;
  return () => {
    let micros = Math.floor((origin + performance.now()) * 1000);
    let now = Math.floor(micros / 1_000_000);
    if (now !== second) {
      const wall = Date.now();
      if (Math.abs(wall - micros / 1000) > STEP_MS) {
        origin = wall - performance.now();
        micros = wall * 1000;
        now = Math.floor(wall / 1000);
      }
      second = now;
      prefix = new Date(now * 1000).toISOString().slice(0, 20);
    }
    return `${prefix}${String(micros % 1_000_000).padStart(6, '0')}Z`;
  };
}
