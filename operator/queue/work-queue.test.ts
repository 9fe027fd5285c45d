import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { FailureBackoff, TokenBucket } from './rate-limit.ts';
import { WorkQueue } from './work-queue.ts';

const queueOf = (clock = manualClock()) => ({ clock, queue: new WorkQueue({ clock, onReady: () => {} }) });
const takeAll = (queue: WorkQueue): string[] => {
  const keys: string[] = [];
  for (let key = queue.take(); key !== undefined; key = queue.take()) keys.push(key);
  return keys;
};

describe('a work queue', () => {
  it('gives keys in their order, each once', () => {
    const { queue } = queueOf();
    expect([queue.add('a'), queue.add('b'), queue.add('a')]).toEqual([true, true, false]);
    expect(takeAll(queue)).toEqual(['a', 'b']);
  });

  it('gives a key again that was added while in work, after that work', () => {
    const { queue } = queueOf();
    queue.add('a');
    queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.take()).toBeUndefined();
    queue.done('a');
    expect(takeAll(queue)).toEqual(['a']);
    queue.done('a');
    expect(queue.take()).toBeUndefined();
  });

  it('keeps the earliest of several later times', async () => {
    const { queue, clock } = queueOf();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 500);
    await clock.advance(499);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(takeAll(queue)).toEqual(['a']);
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('makes failures wait: 5 ms, 10 ms … 1000 s; success forgets them', () => {
    const { queue } = queueOf();
    const waits = Array.from({ length: 20 }, () => queue.addFailed('a'));
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(waits.at(-1)).toBe(1_000_000);
    queue.forget('a');
    expect(queue.addFailed('a')).toBe(5);
    expect(queue.addFailed('b', 7_000)).toBe(7_000);
  });

  it('limits failures over all keys: a hundred at once, then ten a second', async () => {
    const clock = manualClock();
    const bucket = new TokenBucket(clock);
    const waits = Array.from({ length: 102 }, () => bucket.reserve());
    expect(waits.slice(0, 100).every((wait) => wait === 0)).toBe(true);
    expect(waits.slice(100)).toEqual([100, 200]);
    await clock.advance(1_000);
    expect(Array.from({ length: 9 }, () => bucket.reserve()).at(-1)).toBeCloseTo(100);
  });

  it('closes: nothing more, and done when the work is', async () => {
    const { queue, clock } = queueOf();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    queue.take();
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    queue.add('d');
    expect(queue.take()).toBeUndefined();
    await clock.advance(100);
    expect(closed).toBe(false);
    queue.add('a');
    queue.done('a');
    await closing;
    expect(queue.take()).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('whatever happens in whatever order: no key twice at a time, nothing added is lost', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key }),
      fc.record({ do: fc.constant('later' as const), key, wait: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ do: fc.constant('fail' as const), key }),
      fc.record({ do: fc.constant('take' as const) }),
      fc.record({ do: fc.constant('done' as const), key }),
      fc.record({ do: fc.constant('wait' as const), wait: fc.integer({ min: 1, max: 30 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = manualClock();
        let signals = 0;
        const queue = new WorkQueue({ clock, onReady: () => (signals += 1), backoff: new FailureBackoff(5, 100) });
        const inWork = new Set<string>();
        /** Asked for, and not begun since. */
        const owed = new Set<string>();
        const take = (): string | undefined => {
          const taken = queue.take();
          if (taken === undefined) return undefined;
          expect(inWork.has(taken)).toBe(false);
          expect(owed.has(taken)).toBe(true);
          expect(signals).toBeGreaterThan(0);
          inWork.add(taken);
          owed.delete(taken);
          return taken;
        };
        for (const each of steps) {
          if (each.do === 'take') take();
          else if (each.do === 'wait') await clock.advance(each.wait);
          else if (each.do === 'done') {
            if (inWork.delete(each.key)) queue.done(each.key);
          } else {
            owed.add(each.key);
            if (each.do === 'add') queue.add(each.key);
            else if (each.do === 'later') queue.addAfter(each.key, each.wait);
            else queue.addFailed(each.key);
          }
          // What is asked for now and later is owed twice: the later time is a promise of its own.
          if (each.do === 'later' || each.do === 'fail') await clock.advance(1_000);
        }
        await clock.advance(1_000);
        for (const each of inWork) queue.done(each);
        inWork.clear();
        while (take() !== undefined);
        expect([...owed]).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
