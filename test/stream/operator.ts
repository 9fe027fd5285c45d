/** Test support: the operator's stream server as it will run, on loopback, over a cluster in memory. */
import { Registry } from 'prom-client';
import { issueCertificate, type TrustAnchors } from '../../core/audit/certificate.ts';
import { signingKey } from '../../core/audit/keys.ts';
import { AuditReception, type ChainRefusal, type ReceptionLimits } from '../../operator/audit/reception.ts';
import { receptionMetrics } from '../../operator/audit/reception-metrics.ts';
import type { AuditStore } from '../../core/audit/store.ts';
import type { StreamTimes } from '../../operator/distribute/connected-sidecar.ts';
import { distributionMetrics } from '../../operator/distribute/metrics.ts';
import { startStreamServer, type StreamLimits, type StreamServer } from '../../operator/distribute/stream-server.ts';
import type { EventLog } from '../../core/event-log.ts';
import { systemClock } from '../../sidecar/bundle/clock.ts';
import { type Authority, makeAuthority } from './certificates.ts';
import { MemoryDigestKeys, MemoryIdentity, MemoryMaterials, MemoryView } from './cluster.ts';

export const SERVER_NAME = 'sluice-operator.sluice-system.svc';

export interface TestCluster {
  readonly view: MemoryView;
  readonly materials: MemoryMaterials;
  readonly digestKeys: MemoryDigestKeys;
  readonly identity: MemoryIdentity;
  readonly authority: Authority;
}

export interface TestOperator extends StreamServer {
  readonly port: number;
  readonly registry: Registry;
  readonly reception: AuditReception | undefined;
  /** Chains of which nothing more was taken. */
  readonly refusals: readonly ChainRefusal[];
  readonly log: EventLog;
  readonly logs: { readonly event: string; readonly detail: Readonly<Record<string, unknown>> }[];
  /** Takes a certificate of another authority, and announces these. */
  renew(certificate: { readonly cert: string; readonly key: string }, authorities: readonly string[]): void;
}

export async function memoryCluster(): Promise<TestCluster> {
  return {
    view: new MemoryView(),
    materials: new MemoryMaterials(),
    digestKeys: new MemoryDigestKeys(),
    identity: new MemoryIdentity(),
    authority: await makeAuthority(),
  };
}

export interface TestOperatorOptions {
  readonly replica?: string;
  readonly port?: number;
  readonly limits?: Partial<StreamLimits>;
  readonly times?: Partial<StreamTimes>;
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Where records are collected; absent: they are not. */
  readonly audit?: AuditStore;
  readonly auditLimits?: Partial<ReceptionLimits>;
}

export async function startOperator(cluster: TestCluster, options: TestOperatorOptions = {}): Promise<TestOperator> {
  const { view, materials, identity, authority } = cluster;
  let certificate = options.certificate ?? (await authority.issue(SERVER_NAME));
  let authorities: readonly string[] = [authority.certificate];
  const renewed = new Set<() => void>();
  const announced = new Set<() => void>();
  const registry = new Registry();
  const logs: TestOperator['logs'] = [];
  const refusals: ChainRefusal[] = [];
  const log: TestOperator['log'] = (_level, event, detail = {}) => void logs.push({ event, detail });
  const reception = options.audit === undefined ? undefined : receptionOf(options.audit, options, registry, log, refusals);
  const server = await startStreamServer({
    host: '127.0.0.1',
    port: options.port ?? 0,
    certificate: () => certificate,
    onCertificate: (listener) => {
      renewed.add(listener);
      return () => renewed.delete(listener);
    },
    authorities: {
      current: () => authorities,
      onChange: (listener) => {
        announced.add(listener);
        return () => announced.delete(listener);
      },
    },
    identity,
    view,
    materials,
    digestKeys: cluster.digestKeys,
    operator: { version: '0.0.0-test', replica: options.replica ?? 'operator-1' },
    clock: systemClock,
    random: Math.random,
    metrics: distributionMetrics(registry),
    log,
    ...(reception === undefined ? {} : { audit: reception }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.times === undefined ? {} : { times: options.times }),
  });
  return {
    get address() {
      return server.address;
    },
    get connected() {
      return server.connected;
    },
    acknowledgements: server.acknowledgements,
    port: server.address.port,
    registry,
    reception,
    refusals,
    log,
    logs,
    drain: (spread, deadline) => server.drain(spread, deadline),
    close: () => server.close(),
    renew: (next, all) => {
      certificate = next;
      authorities = all;
      for (const listener of [...renewed, ...announced]) listener();
    },
  };
}

/** The same in every process of a test. */
const ANCHOR = signingKey(Buffer.alloc(32, 5).toString('base64url'));
/** What certificates of these operators are checked against. */
export const TEST_TRUST: TrustAnchors = {
  v: 1,
  cluster: 'test',
  keys: [{ id: ANCHOR.id, publicKey: ANCHOR.publicKey, from: '2026-01-01T00:00:00Z' }],
};

/** As the operator puts it together. */
function receptionOf(
  store: AuditStore,
  { auditLimits }: TestOperatorOptions,
  registry: Registry,
  log: EventLog,
  refusals: ChainRefusal[],
): AuditReception {
  return new AuditReception({
    store,
    certify: async (request) => issueCertificate(ANCHOR, { ...request, issued: new Date().toISOString() }),
    onRefused: (refusal) => void refusals.push(refusal),
    clock: systemClock,
    random: Math.random,
    metrics: receptionMetrics(registry),
    log,
    ...(auditLimits === undefined ? {} : { limits: auditLimits }),
  });
}
