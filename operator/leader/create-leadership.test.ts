/** Elections against a Lease in memory, with a clock that stands still and a network that loses what it is told to. Real ones: test/kube. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ApiError, ApiUnreachableError, type KubeApi, type KubeObject } from '../api/kube-api.ts';
import { createLeadership, type LeadershipOptions } from './create-leadership.ts';
import type { Leadership } from './leadership.ts';
import { heldBy, type Lease, microTime, Observation } from './lease.ts';

type Api = LeadershipOptions['api'];
/** What becomes of a request: arrives, is lost on its way there, or on its way back; and how long each way takes. */
interface Weather {
  lost: 'nothing' | 'request' | 'answer';
  delay: number;
}

/** One Lease, with optimistic locking. */
class Server {
  lease: Lease | undefined;
  #version = 0;

  get(): Lease {
    if (this.lease === undefined) throw new ApiError(404, 'NotFound', 'no');
    return this.lease;
  }

  create(lease: Lease): Lease {
    if (this.lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'no');
    return this.#store(lease);
  }

  replace(lease: Lease): Lease {
    if (this.get().metadata.resourceVersion !== lease.metadata.resourceVersion) throw new ApiError(409, 'Conflict', 'no');
    return this.#store(lease);
  }

  #store(lease: Lease): Lease {
    this.#version += 1;
    this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
    return this.lease;
  }

  /** As seen through a network. A request that was sent arrives, whether anybody still waits for it or not. */
  through(weather: Weather, clock: Clock): Api {
    const travel = (): Promise<void> => new Promise((resolve) => void clock.after(weather.delay, resolve));
    const call = (run: () => Lease, signal: AbortSignal | undefined): Promise<Lease> =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new ApiUnreachableError('no', { kind: 'timeout' })));
        const sent = { ...weather };
        void (async () => {
          await travel();
          if (sent.lost === 'request') return;
          const result = attempt(run);
          await travel();
          if (sent.lost === 'answer') return;
          if (result instanceof Error) reject(result);
          else resolve(result);
        })();
      });
    return {
      get: <T extends KubeObject>(_: unknown, __: unknown, signal?: AbortSignal) =>
        call(() => this.get(), signal) as Promise<unknown> as Promise<T>,
      create: <T extends KubeObject>(_: unknown, lease: T, signal?: AbortSignal) =>
        call(() => this.create(lease), signal) as Promise<unknown> as Promise<T>,
      replace: <T extends KubeObject>(_: unknown, lease: T, signal?: AbortSignal) =>
        call(() => this.replace(lease), signal) as Promise<unknown> as Promise<T>,
    } satisfies Pick<KubeApi, 'get' | 'create' | 'replace'>;
  }
}

function attempt(run: () => Lease): Lease | Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

interface Candidate {
  readonly leadership: Leadership;
  readonly weather: Weather;
  readonly heard: boolean[];
}

function candidate(server: Server, clock: Clock, identity: string, random = () => 0.5): Candidate {
  const weather: Weather = { lost: 'nothing', delay: 1 };
  const api = server.through(weather, clock);
  const leadership = createLeadership({ api, namespace: 'n', name: 'lease', identity, log: quiet, clock, random });
  const heard: boolean[] = [];
  leadership.onChange((leads) => heard.push(leads));
  leadership.start();
  return { leadership, weather, heard };
}

const leaders = (...all: Candidate[]): number => all.filter(({ leadership }) => leadership.isLeader).length;

describe('leadership', () => {
  it('is taken when nobody has it, renewed, and taken by one only', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const all = ['a', 'b', 'c'].map((name) => candidate(server, clock, name));
    await clock.advance(10);
    expect(leaders(...all)).toBe(1);
    const holder = server.get().spec?.holderIdentity;
    await clock.advance(120_000);
    expect(leaders(...all)).toBe(1);
    expect(server.get().spec).toMatchObject({ holderIdentity: holder, leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(all.flatMap(({ heard }) => heard)).toEqual([true]);
  });

  it('ends for who cannot renew before it begins for another', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const first = candidate(server, clock, 'a');
    await clock.advance(10);
    const second = candidate(server, clock, 'b');
    await clock.advance(6_000);
    first.weather.lost = 'request';
    const log: string[] = [];
    const start = clock.monotonic();
    first.leadership.onChange((leads) => log.push(`a ${leads} ${Math.floor((clock.monotonic() - start) / 1_000)}`));
    second.leadership.onChange((leads) => log.push(`b ${leads} ${Math.floor((clock.monotonic() - start) / 1_000)}`));
    await clock.advance(60_000);
    expect(log.map((each) => each.slice(0, -2))).toEqual(['a false', 'b true'].map((each) => expect.stringContaining(each)));
    const [down, up] = log.map((each) => Number(each.split(' ')[2])) as [number, number];
    expect(down).toBeLessThanOrEqual(10);
    expect(up).toBeGreaterThanOrEqual(down + 4);
    expect(server.get().spec?.leaseTransitions).toBe(1);
  });

  it('survives a renewal that fails, and an answer that is lost after it was written', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const one = candidate(server, clock, 'a');
    await clock.advance(10);
    for (const lost of ['request', 'answer'] as const) {
      one.weather.lost = lost;
      await clock.advance(5_000);
      one.weather.lost = 'nothing';
      await clock.advance(5_000);
    }
    expect(one.heard).toEqual([true]);
    expect(one.leadership.isLeader).toBe(true);
  });

  it('survives that somebody annotates the Lease, and that somebody deletes it', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const one = candidate(server, clock, 'a');
    await clock.advance(10);
    server.replace({ ...server.get(), metadata: { ...server.get().metadata, annotations: { by: 'hand' } } });
    await clock.advance(5_000);
    expect(server.get().metadata.annotations).toEqual({ by: 'hand' });
    server.lease = undefined;
    await clock.advance(5_000);
    expect(one.heard).toEqual([true]);
    expect(server.get().spec?.holderIdentity).toMatch(/^a_/);
  });

  it('ends when another has taken the Lease, whatever the reason', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const one = candidate(server, clock, 'a');
    await clock.advance(10);
    server.replace(heldBy(server.get(), 'thief', 15, clock.now()));
    await clock.advance(2_100);
    expect(one.heard).toEqual([true, false]);
  });

  it('is given back at the end, so that the next one need not wait', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const first = candidate(server, clock, 'a');
    await clock.advance(10);
    const second = candidate(server, clock, 'b');
    await clock.advance(1_000);
    const stopping = first.leadership.stop();
    expect(first.leadership.isLeader).toBe(false);
    expect(first.heard).toEqual([true, false]);
    await clock.advance(10);
    await stopping;
    expect(server.get().spec?.holderIdentity ?? '').toBe('');
    await clock.advance(4_400);
    expect(second.heard).toEqual([true]);
    const last = second.leadership.stop();
    await clock.advance(10);
    await last;
    expect(clock.pending).toBe(0);
  });

  it('does not look at clocks of others: a holder whose time is an hour off is left in peace, an old Lease is not taken at once', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const late = manualClock(clock.now() - 3_600_000);
    server.create(heldBy({ metadata: { namespace: 'n', name: 'lease' } }, 'gone', 15, late.now()));
    const one = candidate(server, clock, 'a');
    await clock.advance(14_000);
    expect(one.leadership.isLeader).toBe(false);
    await clock.advance(5_000);
    expect(one.leadership.isLeader).toBe(true);
  });

  it('is over at once when the process slept: the wall clock tells where the monotonic one stood still', async () => {
    const [server, clock] = [new Server(), manualClock()];
    const one = candidate(server, clock, 'a');
    await clock.advance(10);
    clock.jump(20_000);
    expect(one.leadership.isLeader).toBe(false);
    await clock.advance(2_500);
    // Nobody had taken it.
    expect(one.heard).toEqual([true, false, true]);
    clock.jump(-3_600_000);
    await clock.advance(60_000);
    expect(one.heard).toEqual([true, false, true]);
  });

  it('a deposed leader that was stopped asks its clock before it believes itself', async () => {
    const [server, clock] = [new Server(), manualClock()];
    let frozen = 0;
    const own: Clock = { now: () => clock.now() + frozen, monotonic: () => clock.monotonic() + frozen, after: clock.after };
    const one = candidate(server, own, 'a');
    await clock.advance(10);
    frozen = 10_000;
    expect(one.leadership.isLeader).toBe(false);
  });

  it('whatever the network loses and delays: never two at a time, and one again when it has calmed down', async () => {
    const weather = fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      lost: fc.constantFrom('nothing' as const, 'nothing' as const, 'request' as const, 'answer' as const),
      delay: fc.integer({ min: 0, max: 6_000 }),
      lasts: fc.integer({ min: 100, max: 20_000 }),
      jump: fc.constantFrom(0, 0, 0, 3_600_000, -3_600_000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(weather, { minLength: 1, maxLength: 12 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
        async (changes, waits) => {
          const [server, clock] = [new Server(), manualClock()];
          let turn = 0;
          const random = (): number => waits[(turn += 1) % waits.length]!;
          const all = ['a', 'b', 'c'].map((name) => candidate(server, clock, name, random));
          const watchFor = async (milliseconds: number): Promise<void> => {
            for (let passed = 0; passed < milliseconds; passed += 250) {
              await clock.advance(250);
              expect(leaders(...all)).toBeLessThanOrEqual(1);
            }
          };
          for (const { who, lost, delay, lasts, jump } of changes) {
            Object.assign(all[who]!.weather, { lost, delay });
            clock.jump(jump);
            await watchFor(lasts);
          }
          for (const each of all) Object.assign(each.weather, { lost: 'nothing', delay: 1 });
          await watchFor(40_000);
          expect(leaders(...all)).toBe(1);
          const stops = all.map(({ leadership }) => leadership.stop());
          await clock.advance(10_000);
          await Promise.all(stops);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe('a Lease', () => {
  it('has times of six digits', () => {
    expect(microTime(Date.parse('2026-06-01T00:00:00.142Z'))).toBe('2026-06-01T00:00:00.142000Z');
  });

  it('may be taken when unchanged for its own duration, seen from here', () => {
    const lease = (resourceVersion: string, leaseDurationSeconds: number, holderIdentity = 'a'): Lease => ({
      metadata: { name: 'l', resourceVersion },
      spec: { holderIdentity, leaseDurationSeconds },
    });
    const seen = new Observation(15_000);
    expect(seen.mayTake(lease('1', 30), 0)).toBe(false);
    expect(seen.mayTake(lease('1', 30), 29_999)).toBe(false);
    expect(seen.mayTake(lease('2', 30), 30_000)).toBe(false);
    expect(seen.mayTake(lease('2', 1), 44_999)).toBe(false);
    expect(seen.mayTake(lease('2', 1), 45_000)).toBe(true);
    expect(seen.mayTake(lease('3', 30, ''), 45_001)).toBe(true);
    expect(seen.mayTake(lease('4', 2_000_000_000), 50_000)).toBe(false);
    expect(seen.mayTake(lease('4', 2_000_000_000), 650_000)).toBe(true);
  });
});
