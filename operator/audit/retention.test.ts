import { expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { startRetention } from './retention.ts';

it('removes what is older than the days, every hour, also after it has failed', async () => {
  const clock = manualClock();
  const asked: number[] = [];
  const events: string[] = [];
  const store = {
    async prune(before: string) {
      asked.push(clock.now() - Date.parse(before));
      if (asked.length === 1) throw new Error('away');
      return 3;
    },
  };
  const stop = startRetention({ store, days: 90, clock, log: (_, event) => events.push(event) });
  for (let hour = 0; hour < 3; hour += 1) {
    await clock.advance(3_600_000);
  }
  expect(new Set(asked)).toEqual(new Set([90 * 86_400_000]));
  expect(asked.length).toBeGreaterThanOrEqual(2);
  expect(events.slice(0, 2)).toEqual(['audit-retention-failed', 'audit-records-removed']);
  await stop();
  const before = asked.length;
  await clock.advance(3 * 3_600_000);
  expect(asked).toHaveLength(before);
});

it('removes nothing with 0 days', async () => {
  const clock = manualClock();
  const never = (): Promise<number> => Promise.reject(new Error('asked'));
  const stop = startRetention({ store: { prune: never }, days: 0, clock, log: (_, event) => expect.unreachable(event) });
  await clock.advance(10 * 3_600_000);
  await stop();
});
