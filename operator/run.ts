/**
 * A replica put together. All serve admission requests and sidecars; what writes status, reads schemas, signs successors and heals the
 * webhook's caBundle does so only while this one holds the Lease.
 *
 *   API server ─► view (Databases, policies) ─┬─► webhook: injection
 *                                             ├─► stream: what is in force ─► sidecars ─► acknowledgements ─► replica report
 *                                             │                                  └─► records ─► reception ─► audit store
 *   materials (logins, addresses, findings) ──┘                                                                   │
 *   leader: catalogs (schemas, detection) ─► published ─► reconcilers (status, Events) ◄──────────────────────────┘
 */
import type { EventLog } from '../core/event-log.ts';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { VERSION } from '../core/version.ts';
import type { Clock } from '../sidecar/bundle/clock.ts';
import type { InjectorSettings } from './admission/injection.ts';
import { reviewGoverned } from './admission/governed-review.ts';
import { liveObjects } from './admission/live-objects.ts';
import { createRefusalEvents } from './admission/refusal-events.ts';
import { type ReviewOutcome, reviewAdmission } from './admission/review.ts';
import { reviewTelemetry } from './admission/telemetry.ts';
import type { KubeApi } from './api/kube-api.ts';
import { createAudit } from './audit/create-audit.ts';
import { createAuditKeys } from './audit/audit-keys.ts';
import { AuditReception } from './audit/reception.ts';
import { receptionMetrics } from './audit/reception-metrics.ts';
import { digestKeys } from './audit/digest-keys.ts';
import { noteGovernedChanges } from './audit/governed-changes.ts';
import { createOwnRecords } from './audit/own-records.ts';
import { noteRotations } from './audit/note-rotations.ts';
import { sparing } from './audit/sparing.ts';
import { createCatalogs } from './catalog/create-catalogs.ts';
import { catalogMetrics } from './catalog/metrics.ts';
import { createStreamAuthority, createWebhookAuthority } from './certs/certificates.ts';
import { certificateExpiryGauge } from './certs/expiry.ts';
import { distributionMetrics } from './distribute/metrics.ts';
import { streamCertificates } from './distribute/stream-authority.ts';
import { startStreamServer } from './distribute/stream-server.ts';
import { createHealthServer } from './health/server.ts';
import { keptPod } from './identity/kept-pod.ts';
import type { PodObject } from './identity/pods.ts';
import { createIdentityVerifier } from './identity/verifier.ts';
import { createLeadership } from './leader/create-leadership.ts';
import { prometheusLeadershipTelemetry } from './leader/telemetry.ts';
import { createMaterials } from './materials/create-materials.ts';
import { prometheusControllerTelemetry } from './queue/telemetry.ts';
import { BoundPods, INJECTED_PODS } from './reconcile/bound-pods.ts';
import { createReconcilers } from './reconcile/create-reconcilers.ts';
import { createEventRecorder } from './reconcile/events.ts';
import { createReplicaReporter } from './reconcile/replica-report.ts';
import { createServedCrds } from './reconcile/served-crds.ts';
import { createSealKeys } from './render/seal-keys.ts';
import type { OperatorSettings } from './settings.ts';
import { createClusterView } from './view/create-cluster-view.ts';
import { informerOpener } from './watch/open-informer.ts';
import { prometheusWatchTelemetry } from './watch/telemetry.ts';
import { createWebhookServer } from './webhook/server.ts';

export interface OperatorOptions {
  readonly settings: OperatorSettings;
  readonly api: KubeApi;
  /** Name of this replica: of its pod. */
  readonly replica: string;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

export interface RunningOperator {
  /** Answers and streams go on until others have taken over; then everything ends. */
  stop(): Promise<void>;
}

/** Milliseconds over which connected sidecars are sent to another replica, and after which they are left to find out. */
const GOODBYE = { spread: 4_000, deadline: 10_000 };

/** Rejects where an address cannot be listened on. What is missing in the cluster is waited for, and told by /readyz. */
export async function runOperator(options: OperatorOptions): Promise<RunningOperator> {
  const { settings, api, replica, clock, random, log } = options;
  const { namespace, release, policyNamespaces } = settings;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const write: EventLog = (level, event, detail) => log[level](detail ?? {}, event);
  const open = informerOpener({
    api,
    log,
    clock,
    random,
    telemetry: prometheusWatchTelemetry(registry, () => clock.now() / 1000),
  });

  const leadership = createLeadership({
    api,
    namespace,
    name: `${release}-leader`,
    identity: replica,
    log,
    telemetry: prometheusLeadershipTelemetry(registry),
    clock,
    random,
  });
  const expiry = certificateExpiryGauge(registry);
  const certificates = {
    api,
    namespace,
    release,
    clusterDomain: settings.injector.clusterDomain,
    leadership,
    clock,
    log,
    expiry,
  };
  const webhookAuthority = createWebhookAuthority({ ...certificates, ...settings.webhook });
  const streamAuthority = createStreamAuthority({ ...certificates, serviceName: settings.stream.serviceName });
  const sealKeys = createSealKeys({ api, namespace, release, clock, log });
  const auditKeys = createAuditKeys({ api, namespace, release, clock, log });
  const peersService = settings.audit.peers.serviceName;
  const audit = createAudit({
    settings: settings.audit,
    keys: auditKeys,
    peers: {
      replica,
      serverName: `${settings.stream.serviceName}.${namespace}.svc`,
      authority: streamAuthority,
      hostName: peersService && `${peersService}.${namespace}.svc.${settings.injector.clusterDomain}`,
    },
    leadership,
    registry,
    clock,
    random,
    log: write,
  });

  const injectedPods = open<PodObject>(INJECTED_PODS, keptPod);
  const own = createOwnRecords({
    api,
    store: audit.store,
    keys: auditKeys,
    namespace,
    release,
    replica,
    leadership,
    injectedPods,
    clock,
    log: write,
  });
  const { admin } = own;
  const seldom = sparing(admin, clock);

  const reception = new AuditReception({
    store: audit.store,
    certify: async ({ chain, publicKey, identity: pod, database }) =>
      auditKeys.issueCertificate(chain, publicKey, { identity: pod, database }),
    clock,
    random,
    metrics: receptionMetrics(registry),
    onRefused: ({ code, reason, chain, pod, database }) =>
      admin.note({
        action: 'chain-refused',
        object: `Pod ${pod.namespace}/${pod.pod ?? ''}`,
        detail: { code, reason, chain, database: database.slice(0, 512) },
      }),
    log: write,
  });

  const view = createClusterView({ policyNamespaces, open });
  const materials = createMaterials({ view, open, namespace, clock, log: write });
  const identity = createIdentityVerifier({
    api,
    pods: injectedPods,
    seals: sealKeys.seals,
    settings: settings.identity,
    clock,
    log,
    registry,
    onRefused: ({ namespace: of, pod, serviceAccount }, { code, reason }) =>
      seldom.note({ action: 'identity-refused', object: `Pod ${of}/${pod}`, detail: { serviceAccount, code, reason } }),
  });
  const crds = createServedCrds({ api, clock, log: write, changed: (kind) => void view.reopen(kind), registry });

  let stopping = false;
  const missing = (): readonly string[] => [
    ...(stopping ? ['this replica is stopping'] : []),
    ...crds.problems.filter(() => !crds.served),
    ...(view.hasSynced ? [] : ['Databases and policies have not been listed yet']),
    ...(injectedPods.hasSynced ? [] : ['injected pods have not been listed yet']),
    ...(sealKeys.hasKeys ? [] : [sealKeys.problem ?? 'the seal keys have not been read yet']),
    ...(auditKeys.trust ? [] : [auditKeys.problem ?? 'the audit keys have not been read yet']),
    ...(audit.problem === undefined ? [] : [audit.problem]),
    ...(webhookAuthority.leaf ? [] : [webhookAuthority.problem ?? 'the certificate of the webhook is not there yet']),
    ...(streamAuthority.leaf ? [] : [streamAuthority.problem ?? 'the certificate of the stream is not there yet']),
  ];
  const health = createHealthServer({ ...settings.health, registry, missing });
  const webhook = createWebhookServer({
    ...settings.webhook,
    certificates: webhookAuthority,
    clock,
    log,
    registry,
    review: reviewer(),
  });

  function reviewer(): (body: Buffer) => Promise<object> {
    const tell = reviewTelemetry(registry, log, createRefusalEvents(api, clock, log, replica));
    const context = {
      view,
      live: liveObjects(api, policyNamespaces, clock),
      seals: sealKeys.seals,
      clock,
      settings: injectorSettings,
      report: (outcome: ReviewOutcome) => {
        tell(outcome);
        const { result, reason, namespace: of, pod, serviceAccount = '' } = outcome;
        if (result === 'refused')
          seldom.note({
            action: 'injection-refused',
            object: `Pod ${of ?? ''}/${pod ?? ''}`,
            detail: { serviceAccount, reason },
          });
      },
    };
    return async (body) => reviewGoverned(body, admin) ?? (await reviewAdmission(body, context));
  }

  /** What goes into pods is fixed for as long as they live: the authority that signs now, and any that will. */
  function injectorSettings(): InjectorSettings | undefined {
    const { trusted } = streamAuthority;
    if (trusted.length === 0 || !sealKeys.hasKeys) return undefined;
    const serverName = `${settings.stream.serviceName}.${namespace}.svc`;
    return { ...settings.injector, operator: { address: `${serverName}:${STREAM_PORT}`, serverName, ca: trusted.join('') } };
  }

  await health.listen();
  await audit.start();
  for (const room of [leadership, webhookAuthority, streamAuthority, sealKeys, auditKeys, view, materials, crds]) room.start();
  injectedPods.start();
  await Promise.all([webhook.listen(), streamAuthority.ready]);
  const stream = await startStreamServer({
    ...settings.stream,
    ...streamCertificates(streamAuthority),
    identity,
    view,
    materials,
    digestKeys: digestKeys(auditKeys),
    audit: reception,
    operator: { version: VERSION, replica },
    clock,
    random,
    metrics: distributionMetrics(registry),
    log: write,
  });

  const catalogs = createCatalogs({ view, materials, api, namespace, clock, log: write, metrics: catalogMetrics(registry) });
  const reporter = createReplicaReporter({
    api,
    acknowledgements: stream.acknowledgements,
    namespace,
    release,
    replica,
    clock,
    log: write,
  });
  const reconcilers = createReconcilers({
    api,
    open,
    policyNamespaces,
    namespace,
    view,
    materials,
    catalogs,
    pods: new BoundPods(injectedPods),
    events: createEventRecorder({ api, clock, instance: replica, log: write }),
    leadership,
    clock,
    log,
    telemetry: prometheusControllerTelemetry(registry),
  });
  const endGovernedChanges = noteGovernedChanges({ view, leadership, admin });
  noteRotations({ materials, authorities: { webhook: webhookAuthority, stream: streamAuthority }, leadership, admin });
  reporter.start();
  reconcilers.start();
  own.start();
  log.info({ version: VERSION, policyNamespaces }, 'started');

  return {
    async stop() {
      stopping = true;
      // Others can only take over what this one lets go of.
      await reconcilers.stop();
      await own.stopCountersigning();
      await leadership.stop();
      endGovernedChanges();
      await Promise.all([webhook.close(), stream.drain(GOODBYE.spread, GOODBYE.deadline)]);
      reception.close();
      await stream.close();
      await reporter.stop();
      await Promise.all(
        [materials, view, injectedPods, crds, sealKeys, auditKeys, webhookAuthority, streamAuthority].map((room) => room.stop()),
      );
      await own.stop();
      await audit.stop();
      await health.close();
    },
  };
}

/** Of the Service, whatever port a replica listens on. It stands in running pods, so it is the same for ever. */
const STREAM_PORT = 8444;
