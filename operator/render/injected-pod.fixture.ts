/** A pod as the injector makes it, and the same with everything that an API server adds. */
import * as names from '../../core/injection/names.ts';
import { DOWNWARD, SETTINGS_VARIABLE, type SidecarSettings } from '../../core/injection/sidecar-settings.ts';
import type { RawPod } from '../admission/injection.ts';

// biome-ignore lint/suspicious/noExplicitAny: raw pods
type Json = Record<string, any>;

export const SETTINGS: SidecarSettings = {
  formatVersion: 1,
  operator: { address: 'sluice-operator.sluice.svc:8444', serverName: 'sluice-operator.sluice.svc', ca: 'PEM' },
  databases: [
    {
      namespace: 'data-platform',
      name: 'orders',
      database: 'orders',
      listen: [
        { host: '127.77.0.1', port: 5432 },
        { host: '127.0.0.1', port: 5432 },
      ],
      names: ['orders-db.data-platform.svc'],
    },
  ],
};

export interface PodOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly settings?: SidecarSettings;
  readonly image?: string;
}

export function injectedPod(options: PodOptions = {}): RawPod {
  const { name = 'agent', namespace = 'ai-agents', serviceAccount = 'support-agent', settings = SETTINGS } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { [names.INJECTED_LABEL]: 'true' },
      annotations: { [names.INJECT_ANNOTATION]: 'orders' },
    },
    spec: {
      serviceAccountName: serviceAccount,
      containers: [
        {
          name: 'app',
          image: 'app:1',
          env: [{ name: 'PGHOST', value: '127.0.0.1' }],
          volumeMounts: [{ name: names.CLIENT_CA_VOLUME, mountPath: names.CLIENT_CA_PATH, readOnly: true }],
        },
      ],
      initContainers: [sidecar(settings, options.image ?? 'sluice:1'), { name: 'migrate', image: 'app:1' }],
      volumes: [
        { name: 'app-data', emptyDir: {} },
        {
          name: names.TOKEN_VOLUME,
          projected: {
            sources: [
              { serviceAccountToken: { audience: names.TOKEN_AUDIENCE, expirationSeconds: names.TOKEN_LIFETIME, path: 'token' } },
            ],
          },
        },
        { name: names.STATE_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
        { name: names.CLIENT_CA_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        { name: names.AUDIT_VOLUME, emptyDir: { sizeLimit: '1Gi' } },
      ],
    },
  };
}

function sidecar(settings: SidecarSettings, image: string): Json {
  return {
    name: names.CONTAINER_NAME,
    image,
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    args: ['sidecar'],
    env: [
      { name: SETTINGS_VARIABLE, value: JSON.stringify(settings) },
      ...Object.entries(DOWNWARD).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
    ],
    ports: [{ name: 'sluice-health', containerPort: names.HEALTH_PORT }],
    startupProbe: {
      httpGet: { path: '/startupz', port: names.HEALTH_PORT, scheme: 'HTTP' },
      timeoutSeconds: 1,
      failureThreshold: 60,
    },
    readinessProbe: { httpGet: { path: '/readyz', port: 'sluice-health' }, periodSeconds: 5 },
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '256Mi' } },
    terminationMessagePath: '/dev/termination-log',
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: names.SIDECAR_UID,
      runAsGroup: names.SIDECAR_UID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: names.TOKEN_VOLUME, mountPath: names.TOKEN_PATH, readOnly: true },
      { name: names.STATE_VOLUME, mountPath: names.STATE_PATH },
      { name: names.CLIENT_CA_VOLUME, mountPath: names.CLIENT_CA_PATH },
      { name: names.AUDIT_VOLUME, mountPath: names.AUDIT_PATH },
    ],
  };
}

export function sidecarOf(pod: Json): Json {
  return pod['spec'].initContainers.find((each: Json) => each['name'] === names.CONTAINER_NAME);
}

/** What a 1.34 API server returned for it (compared with a real one in test/kube). */
export function asStored(pod: RawPod): RawPod {
  const stored = structuredClone(pod) as Json;
  const ours = sidecarOf(stored);
  ours['terminationMessagePolicy'] = 'File';
  ours['ports'][0].protocol = 'TCP';
  for (const variable of ours['env']) if (variable.valueFrom) variable.valueFrom.fieldRef.apiVersion = 'v1';
  for (const probe of [ours['startupProbe'], ours['readinessProbe']]) {
    Object.assign(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, ...probe });
    probe.httpGet.scheme = 'HTTP';
  }
  const access = 'kube-api-access-7xq2z';
  ours['volumeMounts'].push({ name: access, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' });
  stored['spec'].volumes[1].projected.defaultMode = 420;
  stored['spec'].volumes.push({
    name: access,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  });
  Object.assign(stored['spec'], {
    securityContext: {},
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    enableServiceLinks: true,
  });
  return stored;
}
