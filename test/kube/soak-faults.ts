/** Soak: one fault after another, drawn from a seed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from './control-plane.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { type HttpFault, type HttpFaults, isWatch } from './http-faults.ts';

export interface Saboteur {
  readonly counts: ReadonlyMap<string, number>;
  /** Heals everything. */
  stop(): Promise<void>;
}

interface Means {
  readonly kube: ControlPlane;
  readonly proxy: FaultProxy;
  readonly http: HttpFaults;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

type Fault = (means: Means) => Promise<void>;

const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);
const pauseFor = (milliseconds: number, signal: AbortSignal): Promise<unknown> =>
  sleep(milliseconds, undefined, { signal }).catch(() => undefined);

/** How often, against the others; and what it is. */
const FAULTS: readonly (readonly [name: string, weight: number, run: Fault])[] = [
  ['reset', 4, async ({ proxy }) => proxy.reset()],
  ['close', 2, async ({ proxy }) => proxy.close()],
  ['cut', 4, async ({ proxy, random }) => proxy.cut(Math.floor(between(random, 0, 60_000)))],
  [
    'delay',
    3,
    async ({ proxy, random, signal }) => {
      proxy.delay(between(random, 50, 800));
      await pauseFor(between(random, 1_000, 4_000), signal);
      proxy.delay(0);
    },
  ],
  ['blackhole', 2, async ({ proxy }) => proxy.blackhole(false)],
  [
    'blackhole for newcomers too',
    1,
    async ({ proxy, random, signal }) => {
      proxy.blackhole(true);
      await pauseFor(between(random, 2_000, 8_000), signal);
      await proxy.heal();
    },
  ],
  [
    'refuse',
    2,
    async ({ proxy, random, signal }) => {
      await proxy.refuse();
      await pauseFor(between(random, 500, 5_000), signal);
      await proxy.heal();
    },
  ],
  ['throttle', 2, (means) => burst(means, 0.5, ['throttled'])],
  ['answers of 500, some of them after the deed', 2, (means) => burst(means, 0.3, ['failed', 'answer-lost'])],
  ['410', 2, (means) => burst(means, 0.5, ['expired'])],
  ['errors within streams', 3, (means) => burst(means, 0.1, ['expired-in-stream', 'error-in-stream', 'garbage-in-stream'])],
  [
    'API server restarted',
    1,
    async ({ kube, random }) => {
      await kube.stopApiServer(random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
      await kube.startApiServer();
    },
  ],
  [
    'API server frozen',
    1,
    async ({ kube, random, signal }) => {
      kube.freezeApiServer(true);
      await pauseFor(between(random, 500, 6_000), signal);
      kube.freezeApiServer(false);
    },
  ],
];

/** For a few seconds each request, or chunk of a watch, meets one of these with this probability. */
async function burst({ http, random, signal }: Means, share: number, faults: readonly HttpFault[]): Promise<void> {
  http.draw = (moment, options) => {
    if (random() >= share) return undefined;
    const fault = faults[Math.floor(random() * faults.length)]!;
    if (moment === 'chunk') return fault.endsWith('-in-stream') ? fault : undefined;
    // Nobody answers a request that changes something with 410; and a watch does nothing that could be answered too late.
    if (fault === 'expired' && options.method !== 'GET') return undefined;
    if (fault === 'answer-lost' && isWatch(options)) return undefined;
    return fault.endsWith('-in-stream') ? undefined : fault;
  };
  await pauseFor(between(random, 1_000, 5_000), signal);
  http.draw = () => undefined;
}

export function startSaboteur(means: Omit<Means, 'signal'>, say: (line: string) => void): Saboteur {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { random, proxy, http } = means;
  const counts = new Map<string, number>();
  const weights = FAULTS.reduce((sum, [, weight]) => sum + weight, 0);
  const running = (async () => {
    while (!signal.aborted) {
      await pauseFor(between(random, 500, 5_000), signal);
      if (signal.aborted) return;
      let drawn = random() * weights;
      const [name, , run] = FAULTS.find(([, weight]) => (drawn -= weight) < 0) ?? FAULTS[0]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      say(name);
      await run({ ...means, signal });
    }
  })();
  return {
    counts,
    async stop() {
      stopping.abort();
      await running;
      http.draw = () => undefined;
      await proxy.heal();
      // What was swallowed so far is half-open for good: that, too, must be noticed.
    },
  };
}
