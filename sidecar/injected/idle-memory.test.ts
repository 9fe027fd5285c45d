import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { collectWhenIdle } from './idle-memory.ts';

function watched() {
  const clock = manualClock();
  const process = { time: 5_000, collections: 0 };
  collectWhenIdle({
    clock,
    processorTime: () => process.time,
    collect: () => {
      process.collections += 1;
      process.time += 40;
    },
  });
  /** Half a minute in which so much processor time was used. */
  const pass = async (milliseconds: number): Promise<number> => {
    process.time += milliseconds;
    await clock.advance(30_000);
    return process.collections;
  };
  return async (...halfMinutes: number[]): Promise<number[]> => {
    const counts: number[] = [];
    for (const each of halfMinutes) counts.push(await pass(each));
    return counts;
  };
}

describe('collecting when idle', () => {
  it('happens once after the start', async () => {
    const pass = watched();
    expect(await pass(10, 10, 10, 10)).toEqual([1, 1, 1, 1]);
  });

  it('waits until work has ceased, and happens again after more of it', async () => {
    const pass = watched();
    expect(await pass(2_000, 400, 10, 10)).toEqual([0, 0, 1, 1]);
    expect(await pass(900, 10, 10)).toEqual([1, 2, 2]);
  });

  it('happens after work that never was much, once it adds up', async () => {
    const pass = watched();
    expect(await pass(10, 200, 200, 200, 200)).toEqual([1, 1, 2, 2, 3]);
  });
});
