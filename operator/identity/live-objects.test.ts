/** How often an object is asked for, and what is remembered. What an API server answers is test/kube's matter. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { ApiError, type KubeApi, type KubeObject, PODS } from '../api/kube-api.ts';
import { createLiveObjects, type LiveObjectsOptions } from './live-objects.ts';

const ref = { namespace: 'a', name: 'b', uid: '1' };

function counted(answer: () => KubeObject, options: Partial<LiveObjectsOptions> = {}) {
  const state = { asked: 0, now: 0 };
  const api = {
    get: async () => {
      state.asked += 1;
      await Promise.resolve();
      return answer();
    },
  } as unknown as KubeApi;
  const live = createLiveObjects({ api, resource: PODS, clock: { ...systemClock, monotonic: () => state.now }, ...options });
  return { state, live };
}

const pod = (uid: string): KubeObject => ({ metadata: { namespace: 'a', name: 'b', uid } });
const absent = (): never => {
  throw new ApiError(404, 'NotFound', 'not found');
};

describe('an object that is read live', () => {
  it('is asked for once by many at a time, and again when that is too old', async () => {
    const { state, live } = counted(() => pod('1'));
    await Promise.all(Array.from({ length: 50 }, () => live.read(ref, 0)));
    expect(state.asked).toBe(1);
    state.now = 999;
    expect(await live.read(ref, 1000)).toMatchObject({ state: 'there' });
    expect(state.asked).toBe(1);
    state.now = 1000;
    await live.read(ref, 1000);
    expect(state.asked).toBe(2);
  });

  it('is never asked for again once it was gone or replaced; whoever has its name now is', async () => {
    let answer: () => KubeObject = absent;
    const { state, live } = counted(() => answer());
    for (let i = 0; i < 10; i++) expect(await live.read(ref, 0)).toEqual({ state: 'gone' });
    expect(state.asked).toBe(1);
    answer = () => pod('2');
    expect(await live.read({ ...ref, uid: '2' }, 0)).toMatchObject({ state: 'there' });
    expect(await live.read({ ...ref, uid: '3' }, 0)).toEqual({ state: 'replaced' });
    expect(await live.read(ref, 0)).toEqual({ state: 'gone' });
    expect(state.asked).toBe(3);
  });

  it('is unknown, not gone, while nobody answers', async () => {
    let answer: () => KubeObject = () => {
      throw new ApiError(403, 'Forbidden', 'no');
    };
    const { live } = counted(() => answer());
    expect(await live.read(ref, 0)).toEqual({ state: 'unknown', reason: 'Pod cannot be read (Forbidden)' });
    expect(live.last(ref)).toBeUndefined();
    answer = () => pod('1');
    expect(await live.read(ref, 0)).toMatchObject({ state: 'there' });
  });

  it('is asked for so often a second and no more', async () => {
    const { state, live } = counted(absent, { rate: 10, burst: 20 });
    const ask = async (from: number, to: number): Promise<number> => {
      const uids = Array.from({ length: to - from }, (_, index) => String(from + index));
      const answers = await Promise.all(uids.map((uid) => live.read({ ...ref, uid }, 0)));
      return answers.filter((each) => each.state === 'gone').length;
    };
    expect(await ask(0, 100)).toBe(20);
    state.now = 1000;
    expect(await ask(100, 200)).toBe(10);
    state.now = 3_600_000;
    expect(await ask(200, 300)).toBe(20);
  });

  it('is forgotten when so many others were read', async () => {
    const { live } = counted(absent, { remember: 2 });
    for (const uid of ['1', '2', '3']) await live.read({ ...ref, uid }, 0);
    expect(live.last({ ...ref, uid: '1' })).toBeUndefined();
    expect(live.last({ ...ref, uid: '3' })).toEqual({ state: 'gone' });
  });
});
