import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

const NEVER = new AbortController().signal;

describe('slots', () => {
  it('are given in the order in which they were asked for', async () => {
    const slots = new Slots(1);
    const order: number[] = [];
    const first = await slots.acquire(NEVER);
    const waiting = [1, 2, 3].map((each) =>
      slots.acquire(NEVER).then((release) => {
        order.push(each);
        release();
      }),
    );
    expect(order).toEqual([]);
    first();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it('given back twice are given back once', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire(NEVER);
    release();
    release();
    await slots.acquire(NEVER);
    const third = slots.acquire(NEVER).then(() => 'got');
    expect(await Promise.race([third, new Promise((resolve) => setTimeout(() => resolve('waits'), 5))])).toBe('waits');
  });

  it('are not kept for those who have left', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire(NEVER);
    const leaver = new AbortController();
    const left = slots.acquire(leaver.signal);
    const stayed = slots.acquire(NEVER);
    leaver.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    release();
    await expect(stayed).resolves.toBeTypeOf('function');
    await expect(slots.acquire(leaver.signal)).rejects.toThrow('left');
  });
});
