import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { Reception } from './reception.ts';

class Caller extends EventEmitter {
  readonly remoteAddress = '10.0.0.1';
  readonly remotePort: number;
  destroyed = false;
  constructor(port: number) {
    super();
    this.remotePort = port;
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

function reception(places: number) {
  const clock = manualClock();
  let dropped = 0;
  const desk = new Reception({ places, patience: 10_000, clock, dropped: () => void (dropped += 1) });
  let port = 1000;
  const arrive = (): Caller => {
    const caller = new Caller((port += 1));
    desk.arrive(caller as unknown as Socket);
    return caller;
  };
  return { clock, desk, arrive, dropped: () => dropped };
}

describe('reception', () => {
  it('turns newcomers away while all have just come, then whoever has been silent longest', async () => {
    const { clock, arrive, dropped } = reception(2);
    const [one, two] = [arrive(), arrive()];
    expect(arrive().destroyed).toBe(true);
    await clock.advance(2_000);
    const three = arrive();
    expect([one, two, three].map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
    expect(dropped()).toBe(2);
  });

  it('lets those wait who have spoken, but not those who have had their answer', async () => {
    const { clock, desk, arrive } = reception(2);
    const [one, two] = [arrive(), arrive()];
    desk.spoke(one);
    desk.spoke(two);
    await clock.advance(5_000);
    expect(arrive().destroyed).toBe(true);
    desk.refused(two);
    expect(arrive().destroyed).toBe(false);
    expect([one.destroyed, two.destroyed]).toEqual([false, true]);
  });

  it('counts those who were let in no longer, and ends everybody else in time', async () => {
    const { clock, desk, arrive } = reception(1);
    const one = arrive();
    desk.admit(one);
    const two = arrive();
    await clock.advance(10_000);
    expect([one.destroyed, two.destroyed]).toEqual([false, true]);
    expect(arrive().destroyed).toBe(false);
  });
});
