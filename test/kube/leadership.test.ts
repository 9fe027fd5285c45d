/** An election on a real API server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import { type KubeApi, LEASES } from '../../operator/api/kube-api.ts';
import { createLeadership } from '../../operator/leader/create-leadership.ts';
import type { Leadership } from '../../operator/leader/leadership.ts';
import type { Lease } from '../../operator/leader/lease.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const { skip, title } = needsKubernetes('leadership');
const silent = { info: () => {}, warn: () => {}, error: () => {} };
/** client-go's figures, a fifth of them. */
const FAST = { leaseDuration: 3_000, renewDeadline: 2_000, retryPeriod: 400 };
const SOON = { timeout: 30_000, interval: 20 };

interface Candidate {
  readonly leadership: Leadership;
  readonly proxy: FaultProxy;
  readonly api: ClosableKubeApi;
}

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let direct: KubeApi & { close(): Promise<void> };
  let candidates: Candidate[] = [];
  let most = 0;
  let sampling: NodeJS.Timeout;
  let serial = 0;

  const apiOf = (server: string): ClosableKubeApi => {
    const tls = { ca: kube.ca };
    const headers = { authorization: `Bearer ${kube.adminToken}` };
    return createKubeApi({
      credentials: { server, tls: async () => tls, headers: async () => headers, refused: () => {} },
      requestTimeout: 5_000,
    });
  };
  const leaders = (): Candidate[] => candidates.filter(({ leadership }) => leadership.isLeader);
  const oneLeader = async (): Promise<Candidate> => {
    await expect.poll(() => leaders().length, SOON).toBe(1);
    return leaders()[0]!;
  };
  const lease = (): Promise<Lease> => direct.get<Lease>(LEASES, { namespace: 'default', name: `lease-${serial}` });

  beforeAll(async () => {
    kube = await startControlPlane({ controllerManager: false });
    direct = apiOf(kube.url);
  });
  afterAll(async () => {
    await direct?.close();
    await kube?.stop();
  });
  beforeEach(async () => {
    serial += 1;
    most = 0;
    candidates = await Promise.all(
      ['a', 'b', 'c'].map(async (identity) => {
        const proxy = await startFaultProxy(Number(new URL(kube.url).port));
        const api = apiOf(`https://127.0.0.1:${proxy.port}`);
        const leadership = createLeadership({
          api,
          namespace: 'default',
          name: `lease-${serial}`,
          identity,
          log: silent,
          ...FAST,
        });
        leadership.start();
        return { leadership, proxy, api };
      }),
    );
    sampling = setInterval(() => (most = Math.max(most, leaders().length)), 10);
  });
  afterEach(async () => {
    clearInterval(sampling);
    expect(most).toBe(1);
    for (const { leadership, proxy, api } of candidates) {
      await proxy.heal();
      await leadership.stop();
      await api.close();
      await proxy.stop();
    }
  });

  it('one of three; the next when it stops, soon; the server takes the times that are written', async () => {
    const first = await oneLeader();
    const before = await lease();
    expect(before.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await first.leadership.stop();
    const second = await oneLeader();
    expect(second).not.toBe(first);
    expect((await lease()).spec).toMatchObject({ leaseTransitions: 1, leaseDurationSeconds: 3 });
  });

  it.each<[string, (proxy: FaultProxy) => unknown]>([
    ['refused', (proxy) => proxy.refuse()],
    ['swallowed', (proxy) => proxy.blackhole(true)],
  ])('a leader whose line is %s is none any more before there is another; afterwards it is a candidate', async (_, fault) => {
    const first = await oneLeader();
    const log: boolean[] = [];
    first.leadership.onChange((leads) => log.push(leads));
    await fault(first.proxy);
    await expect.poll(() => leaders().some((each) => each !== first), SOON).toBe(true);
    expect(log).toEqual([false]);
    await first.proxy.heal();
    for (const each of candidates.filter((candidate) => candidate !== first)) await each.leadership.stop();
    expect(await oneLeader()).toBe(first);
  });

  it('resets alone end nothing', async () => {
    const first = await oneLeader();
    const log: boolean[] = [];
    first.leadership.onChange((leads) => log.push(leads));
    const before = (await lease()).metadata.resourceVersion;
    for (let turn = 0; turn < 10; turn += 1) {
      first.proxy.reset();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(log).toEqual([]);
    expect((await lease()).metadata.resourceVersion).not.toBe(before);
  });

  it('the API server is away for longer than the deadline: nobody leads; then one does again', async () => {
    await oneLeader();
    await kube.stopApiServer();
    await expect.poll(() => leaders().length, SOON).toBe(0);
    await kube.startApiServer();
    await oneLeader();
  });

  it('the API server hangs: nobody leads; then one does again', async () => {
    await oneLeader();
    kube.freezeApiServer(true);
    await expect.poll(() => leaders().length, SOON).toBe(0);
    kube.freezeApiServer(false);
    await oneLeader();
  });
});
