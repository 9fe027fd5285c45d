/** What is refused is tried again: by controllers every few seconds, by sidecars every second. The same is noted once in a while. */
import { canonicalHash } from '../../core/json/canonical-json.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { AdminLog } from './admin-log.ts';

const EVERY = 10 * 60_000;
const MOST = 2_000;

export function sparing(admin: AdminLog, clock: Pick<Clock, 'monotonic'>): AdminLog {
  const noted = new Map<string, number>();
  return {
    note(entry) {
      const key = canonicalHash(entry);
      const now = clock.monotonic();
      if (now - (noted.get(key) ?? Number.NEGATIVE_INFINITY) < EVERY) return;
      noted.delete(key);
      noted.set(key, now);
      if (noted.size > MOST) noted.delete(noted.keys().next().value!);
      admin.note(entry);
    },
  };
}
