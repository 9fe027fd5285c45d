/**
 * What a replica records of itself, put together: admin records in a chain of this process, and, while it holds the Lease, the log of the cluster and
 * the published trust anchors.
 */
import { randomUUID } from 'node:crypto';
import type { AuditStore } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import { VERSION } from '../../core/version.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { Informer } from '../watch/informer.ts';
import type { PodObject } from '../reconcile/bound-pods.ts';
import { type AdminLog, ChainedAdminLog } from './admin-log.ts';
import type { FollowedAuditKeys } from './audit-keys.ts';
import { ClusterLog } from './cluster-log.ts';
import { Countersigner } from './countersigner.ts';
import { createTrustPublisher } from './trust-publisher.ts';

export interface OwnRecordsOptions {
  readonly api: KubeApi;
  readonly store: AuditStore;
  readonly keys: Pick<FollowedAuditKeys, 'trust' | 'issueCertificate' | 'onChange'>;
  /** The operator's own. */
  readonly namespace: string;
  readonly release: string;
  readonly replica: string;
  readonly leadership: Leadership;
  readonly injectedPods: Pick<Informer<PodObject>, 'hasSynced' | 'list'>;
  readonly clock: Clock;
  readonly log: EventLog;
}

export interface OwnRecords {
  readonly admin: AdminLog;
  start(): void;
  /** Before the Lease is given back. Never rejects. */
  stopCountersigning(): Promise<void>;
  /** Ends the chain of this process; before the store is closed. Never rejects. */
  stop(): Promise<void>;
}

export function createOwnRecords(options: OwnRecordsOptions): OwnRecords {
  const { api, store, keys, namespace, release, replica, leadership, injectedPods, clock, log } = options;
  const identity = { namespace, serviceAccount: release, pod: replica };
  const product = `sluice ${VERSION}`;
  const time = (): string => new Date(clock.now()).toISOString().replace('Z', '000Z');
  const admin = new ChainedAdminLog({
    store,
    certify: (chain, publicKey, owner) => keys.issueCertificate(chain, publicKey, owner),
    identity,
    product,
    id: randomUUID(),
    time,
    clock,
    log,
  });
  const publisher = createTrustPublisher(api, namespace, release);
  const clusterLog = new ClusterLog({
    store,
    cluster: () => keys.trust?.cluster,
    certify: (chain, publicKey, owner) => keys.issueCertificate(chain, publicKey, owner),
    published: () => publisher.head(),
    identity,
    product,
    isGone: (podUid) =>
      injectedPods.hasSynced ? !injectedPods.list().some(({ metadata }) => metadata.uid === podUid) : undefined,
    time,
    clock,
    log,
  });
  const countersigner = new Countersigner({ clusterLog, publisher, trust: () => keys.trust, leadership, clock, log });
  let known: string | undefined;
  keys.onChange(({ cluster, keys: anchors }) => {
    const ids = anchors.map(({ id }) => id).join(' ');
    const action = known === undefined ? 'audit-keys-read' : 'audit-keys-changed';
    if (ids !== known) admin.note({ action, detail: { cluster, keys: ids } });
    known = ids;
  });
  leadership.onChange((leads) => admin.note({ action: leads ? 'leadership-taken' : 'leadership-lost', detail: { replica } }));
  return {
    admin,
    start() {
      admin.note({ action: 'operator-started', detail: { replica, version: VERSION } });
      countersigner.start();
    },
    stopCountersigning: () => countersigner.stop(),
    stop: () => admin.stop('the replica was told to stop'),
  };
}
