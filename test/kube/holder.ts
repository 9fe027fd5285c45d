/** Test support: the holder's work on a real API server, with acknowledgements as the test says. */
import type { Acknowledgements, DatabaseAcknowledgements } from '../../operator/distribute/acknowledgements.ts';
import type { KubeApi } from '../../operator/api/kube-api.ts';
import { BoundPods, INJECTED_PODS, type PodObject } from '../../operator/reconcile/bound-pods.ts';
import { createReconcilers } from '../../operator/reconcile/create-reconcilers.ts';
import { createEventRecorder } from '../../operator/reconcile/events.ts';
import { createServedCrds } from '../../operator/reconcile/served-crds.ts';
import { createReplicaReporter } from '../../operator/reconcile/replica-report.ts';
import type { Timing } from '../../operator/catalog/watched-database.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { SYSTEM } from './chart.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Rooms, startRooms } from './rooms.ts';

export interface TestAcknowledgements extends Acknowledgements {
  say(key: string, said: DatabaseAcknowledgements): void;
}

export function testAcknowledgements(): TestAcknowledgements {
  const said = new Map<string, DatabaseAcknowledgements>();
  const listeners = new Set<(key: string) => void>();
  return {
    of: (key) => said.get(key) ?? { connected: 0, policies: [], rejections: [] },
    databases: () => [...said.keys()],
    versions: () => new Map([['0.1.0', 1]]),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    say(key, counts) {
      said.set(key, counts);
      for (const listener of listeners) listener(key);
    },
  };
}

export interface Leader {
  readonly isLeader: boolean;
  onChange(listener: (isLeader: boolean) => void): () => void;
  set(isLeader: boolean): void;
}

function testLeader(isLeader: boolean): Leader {
  const listeners = new Set<(isLeader: boolean) => void>();
  let leads = isLeader;
  return {
    get isLeader() {
      return leads;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(now) {
      leads = now;
      for (const listener of listeners) listener(now);
    },
  };
}

export interface Holder {
  readonly rooms: Rooms;
  readonly leader: Leader;
  readonly acknowledgements: TestAcknowledgements;
  stop(): Promise<void>;
}

export interface HolderOptions {
  readonly timing?: Partial<Timing>;
  readonly leads?: boolean;
  readonly replica?: string;
  readonly counted?: (api: KubeApi) => KubeApi;
}

export async function startHolder(
  kube: ControlPlane,
  policyNamespaces: readonly string[],
  options: HolderOptions = {},
): Promise<Holder> {
  const rooms = await startRooms(kube, policyNamespaces, options.timing, options.counted, false);
  const { api, open, view, materials, catalogs } = rooms;
  const leader = testLeader(options.leads ?? true);
  const acknowledgements = testAcknowledgements();
  const injected = open<PodObject>(INJECTED_PODS);
  const pods = new BoundPods(injected);
  injected.start();
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const clock = systemClock;
  const replica = options.replica ?? 'operator-0';
  const reconcilers = createReconcilers({
    api,
    open,
    policyNamespaces,
    namespace: SYSTEM,
    view,
    materials,
    catalogs,
    pods,
    events: createEventRecorder({ api, clock, instance: replica, log: () => {} }),
    leadership: leader,
    clock,
    log: quiet,
  });
  const reporter = createReplicaReporter({
    api,
    acknowledgements,
    namespace: SYSTEM,
    release: 'sluice',
    replica,
    clock,
    log: () => {},
  });
  const crds = createServedCrds({ api, clock, log: () => {}, changed: (kind) => void view.reopen(kind), period: 1_000 });
  crds.start();
  // A test that changes a CRD changes it after it was looked at.
  await crds.look();
  reporter.start();
  reconcilers.start();
  return {
    rooms,
    leader,
    acknowledgements,
    async stop() {
      await reconcilers.stop();
      await crds.stop();
      await reporter.stop();
      await injected.stop();
      await rooms.stop();
    },
  };
}
