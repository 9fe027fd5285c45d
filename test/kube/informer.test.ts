/** An informer on a real API server, one fault at a time. All of them at once: soak.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClosableKubeApi, createKubeApi } from '../../operator/api/create-kube-api.ts';
import type { Credentials } from '../../operator/api/credentials.ts';
import { CONFIG_MAPS, type KubeObject } from '../../operator/api/kube-api.ts';
import { needsKubernetes } from './binaries.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type HttpFault, type HttpFaults, httpFaults, isWatch } from './http-faults.ts';
import { startWitness, type Witness } from './soak-witness.ts';

const { skip, title } = needsKubernetes('an informer and a broken line');
const silent = { info: () => {}, warn: () => {}, error: () => {} };
/** A half-open line is noticed after WATCH_IDLE, and then there is a wait. */
const SOON = { timeout: 30_000, interval: 100 };
const WATCH_IDLE = 3_000;

describe.skipIf(skip)(title, () => {
  let kube: ControlPlane;
  let direct: ClosableKubeApi;
  let proxy: FaultProxy;
  let api: ClosableKubeApi;
  let witness: Witness;
  const http = httpFaults();
  let serial = 0;

  const credentials = (server: string): Credentials => {
    const tls = { ca: kube.ca };
    const headers = { authorization: `Bearer ${kube.adminToken}` };
    return { server, tls: async () => tls, headers: async () => headers, refused: () => {} };
  };
  /** Creates, changes and deletes; names are never used twice. */
  const write = async (padding = 0): Promise<void> => {
    serial += 1;
    const metadata = { namespace: 'default', name: `each-${serial}` };
    const object = { metadata, data: { padding: 'ä'.repeat(padding) } } as KubeObject;
    await direct.create(CONFIG_MAPS, object);
    await direct.create(CONFIG_MAPS, { metadata: { ...metadata, name: `gone-${serial}` } });
    await direct.patch(CONFIG_MAPS, metadata, { metadata: { labels: { changed: 'yes' } } }, { type: 'merge' });
    await direct.delete(CONFIG_MAPS, { ...metadata, name: `gone-${serial}` });
  };
  const agrees = async (patience = SOON): Promise<void> => {
    await expect.poll(() => witness.differences(direct), patience).toEqual([]);
    expect(witness.contradictions).toEqual([]);
    expect(witness.drift).toBe(0);
  };
  const once = (fault: HttpFault, when: (...moment: Parameters<HttpFaults['draw']>) => boolean): void => {
    http.draw = (...moment) => {
      if (!when(...moment)) return undefined;
      http.draw = () => undefined;
      return fault;
    };
  };
  const counted = (name: string): number => witness.counts.get(name) ?? 0;

  beforeAll(async () => {
    kube = await startControlPlane({
      controllerManager: false,
      apiServerArguments: ['--etcd-compaction-interval=1s', '--watch-cache-sizes=configmaps#0'],
    });
    direct = createKubeApi({ credentials: credentials(kube.url) });
    proxy = await startFaultProxy(Number(new URL(kube.url).port));
  });
  afterAll(async () => {
    await proxy?.stop();
    await direct?.close();
    await kube?.stop();
  });
  beforeEach(async () => {
    api = createKubeApi({
      credentials: credentials(`https://127.0.0.1:${proxy.port}`),
      requestTimeout: 3_000,
      watchIdle: WATCH_IDLE,
      interceptors: [http.interceptor],
    });
    witness = startWitness('all', { api, log: silent, resource: CONFIG_MAPS, pageSize: 2 });
    await write();
    await agrees();
  });
  afterEach(async () => {
    http.draw = () => undefined;
    await proxy.heal();
    await witness.stop();
    await api.close();
  });

  it.each<[string, () => unknown, string]>([
    ['reset', () => proxy.reset(), 'ended reset'],
    ['closed without a goodbye of HTTP', () => proxy.close(), 'ended reset'],
    ['cut within an event', () => proxy.cut(20_000), 'ended reset'],
  ])('%s: continues without a list', async (_, fault, counter) => {
    await fault();
    await write(30_000);
    await agrees();
    expect(counted(counter)).toBeGreaterThan(0);
    expect([...witness.counts.keys()].filter((each) => each.startsWith('listed'))).toEqual(['listed start']);
  });

  it('half-open: noticed', async () => {
    proxy.blackhole(false);
    await write();
    await agrees();
    expect(counted('ended timeout')).toBeGreaterThan(0);
  });

  it('refused for a while, then served', async () => {
    await proxy.refuse();
    await write();
    await expect.poll(() => counted('ended refused'), SOON).toBeGreaterThan(0);
    await proxy.heal();
    await agrees();
  });

  it.each<[HttpFault, string]>([
    ['expired-in-stream', 'listed expired'],
    ['error-in-stream', 'ended server-error'],
    ['garbage-in-stream', 'ended malformed'],
  ])('%s: what was lost with it comes again', async (fault, counter) => {
    once(fault, (moment) => moment === 'chunk');
    await write();
    await agrees();
    expect(counted(counter)).toBe(1);
  });

  it.each<[HttpFault, string]>([
    ['throttled', 'ended throttled'],
    ['failed', 'ended server-error'],
    ['expired', 'listed expired'],
  ])('%s when it continues', async (fault, counter) => {
    once(fault, (_, options) => isWatch(options));
    proxy.reset();
    await write();
    await agrees();
    expect(counted(counter)).toBe(1);
  });

  it('its version was compacted away while it could not reach the server: lists again', async () => {
    await proxy.refuse();
    // The API server compacts what was current one interval ago.
    for (let turn = 0; turn < 5; turn += 1) {
      await write();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await proxy.heal();
    // By now the pause between two attempts may be up to a minute.
    await agrees({ ...SOON, timeout: 90_000 });
    expect(counted('listed expired')).toBeGreaterThan(0);
  }, 180_000);

  it('the API server is killed and comes back', async () => {
    await kube.stopApiServer('SIGKILL');
    await kube.startApiServer();
    await write();
    await agrees();
  });
});
