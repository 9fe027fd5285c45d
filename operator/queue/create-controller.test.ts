import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { ApiError } from '../api/kube-api.ts';
import { type Reconcile, TerminalError } from './controller.ts';
import { createController, type ControllerOptions } from './create-controller.ts';
import { SILENT_CONTROLLER } from './telemetry.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function scene(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = manualClock();
  const counted: string[] = [];
  const telemetry = { ...SILENT_CONTROLLER, finished: (result: string) => counted.push(result) };
  const controller = createController({ name: 'test', reconcile, log: quiet, clock, telemetry, ...options });
  return { clock, controller, counted };
}

/** A gate as Leadership is one. */
function gate(isLeader: boolean) {
  const listeners = new Set<(isLeader: boolean) => void>();
  return {
    get isLeader() {
      return isLeader;
    },
    onChange(listener: (isLeader: boolean) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(next: boolean) {
      isLeader = next;
      for (const listener of listeners) listener(next);
    },
  };
}

describe('a controller', () => {
  it('reconciles what was enqueued before and after its start, never within enqueue', async () => {
    const seen: string[] = [];
    const { clock, controller } = scene(async (key) => void seen.push(key) as undefined);
    controller.enqueue('a');
    await clock.advance(0);
    expect(seen).toEqual([]);
    controller.start();
    controller.enqueue('b');
    controller.enqueue('b');
    expect(seen).toEqual([]);
    await clock.advance(0);
    expect(seen).toEqual(['a', 'b']);
  });

  it('again after so long, when asked; again with backoff after a failure; not again after a terminal one', async () => {
    const answers: (() => Promise<{ requeueAfterMs: number } | undefined>)[] = [
      async () => ({ requeueAfterMs: 10_000 }),
      async () => Promise.reject(new Error('no')),
      async () => Promise.reject(new ApiError(429, 'TooManyRequests', 'slow down', 3_000)),
      async () => Promise.reject(new TerminalError('never')),
    ];
    const times: number[] = [];
    const { clock, controller, counted } = scene((): ReturnType<Reconcile> => {
      times.push(clock.monotonic() - start);
      return (answers.shift() ?? (async () => undefined))();
    });
    const start = clock.monotonic();
    controller.start();
    controller.enqueue('a');
    await clock.advance(100_000);
    expect(times).toEqual([0, 10_000, 10_005, 13_005]);
    expect(counted).toEqual(['requeued', 'error', 'error', 'terminal']);
    controller.enqueue('a');
    await clock.advance(0);
    expect(counted.at(-1)).toBe('success');
  });

  it('works while it leads: before, keys wait; afterwards, what is in work is aborted and waits', async () => {
    const leadership = gate(false);
    const seen: string[] = [];
    const { clock, controller, counted } = scene(
      (key, signal) => {
        seen.push(key);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      { leadership },
    );
    controller.start();
    controller.enqueue('a');
    await clock.advance(0);
    expect(seen).toEqual([]);
    leadership.set(true);
    await clock.advance(0);
    expect(seen).toEqual(['a']);
    leadership.set(false);
    await clock.advance(10_000);
    expect(seen).toEqual(['a']);
    expect(counted).toEqual(['abandoned']);
    leadership.set(true);
    await clock.advance(0);
    expect(seen).toEqual(['a', 'a']);
    await controller.stop();
  });

  it('tells a reconcile that takes too long', async () => {
    const { clock, controller, counted } = scene(
      (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { timeout: 1_000 },
    );
    controller.start();
    controller.enqueue('a');
    await clock.advance(1_000);
    expect(counted).toEqual(['error']);
    await controller.stop();
  });

  it('stops when what is in work has ended, and takes nothing more', async () => {
    const seen: string[] = [];
    let finish: () => void = () => {};
    const { clock, controller } = scene(
      (key) => {
        seen.push(key);
        return new Promise((resolve) => (finish = () => resolve(undefined)));
      },
      { concurrency: 1 },
    );
    controller.start();
    controller.enqueue('a');
    controller.enqueue('b');
    await clock.advance(0);
    let stopped = false;
    const stopping = controller.stop().then(() => (stopped = true));
    await clock.advance(1_000);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    await clock.advance(1_000);
    expect(seen).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  it('whatever fails and however long it takes: the last change of each key is seen, no key twice at a time, N at a time', async () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      after: fc.integer({ min: 0, max: 30 }),
      takes: fc.integer({ min: 0, max: 40 }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 3 }),
        async (changes, concurrency) => {
          const wanted = new Map<string, number>();
          const done = new Map<string, number>();
          const busy = new Set<string>();
          const plans = [...changes];
          const { clock, controller } = scene(
            async (key) => {
              expect(busy.has(key)).toBe(false);
              busy.add(key);
              expect(busy.size).toBeLessThanOrEqual(concurrency);
              const seen = wanted.get(key) ?? 0;
              const plan = plans.pop();
              await new Promise<void>((resolve) => void clock.after(plan?.takes ?? 1, resolve));
              busy.delete(key);
              if (plan?.fails) throw new Error('no');
              done.set(key, seen);
              return undefined;
            },
            { concurrency },
          );
          controller.start();
          for (const [index, each] of changes.entries()) {
            await clock.advance(each.after);
            wanted.set(each.key, index + 1);
            controller.enqueue(each.key);
          }
          await clock.advance(60_000);
          expect(done).toEqual(wanted);
          await controller.stop();
        },
      ),
      { numRuns: 40 },
    );
  });
});
