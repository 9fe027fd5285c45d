/** The sidecar as it stands in a pod: a native sidecar (KEP-753) that satisfies the `restricted` Pod Security Standard, and its volumes. */
import {
  AUDIT_PATH,
  AUDIT_VOLUME,
  CLIENT_CA_PATH,
  CLIENT_CA_VOLUME,
  CONTAINER_NAME,
  HEALTH_PORT,
  NO_API_TOKEN_VOLUME,
  STATE_PATH,
  STATE_VOLUME,
  TOKEN_AUDIENCE,
  TOKEN_LIFETIME,
  TOKEN_PATH,
  TOKEN_VOLUME,
} from '../../core/injection/names.ts';
import { DOWNWARD, SETTINGS_VARIABLE, type SidecarSettings } from '../../core/injection/sidecar-settings.ts';
import type { InjectorSettings } from './injection.ts';
import { type Raw, record } from '../../core/json/read.ts';

/** Where the ServiceAccount plugin mounts the pod's token for the Kubernetes API. */
const API_TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Fields that the API server would write itself are written out, so that the object stays what was sealed. */
export function sidecarContainer(settings: InjectorSettings, told: SidecarSettings, resources: Raw): Raw {
  const user = settings.runAsUser;
  return {
    name: CONTAINER_NAME,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    args: ['sidecar'],
    restartPolicy: 'Always',
    env: [
      { name: SETTINGS_VARIABLE, value: settingsText(told) },
      ...Object.entries(DOWNWARD).map(([name, fieldPath]) => ({
        name,
        valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
      })),
      // Of the sidecar's own variables the one that a Service of the namespace could set (`sluice-health`, by service links). Ours wins.
      { name: 'SLUICE_HEALTH_PORT', value: String(HEALTH_PORT) },
    ],
    ports: [{ name: 'sluice-health', containerPort: HEALTH_PORT, protocol: 'TCP' }],
    // Containers that start later, migrations among them, find the listeners there and a bundle in force.
    startupProbe: { ...probe('/startupz'), periodSeconds: 1, failureThreshold: 120 },
    // Shallow: a restart ends every session of the pod.
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 6 },
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      ...(user === undefined ? {} : { runAsUser: user, runAsGroup: user }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: TOKEN_VOLUME, mountPath: TOKEN_PATH, readOnly: true },
      { name: STATE_VOLUME, mountPath: STATE_PATH },
      { name: CLIENT_CA_VOLUME, mountPath: CLIENT_CA_PATH },
      { name: AUDIT_VOLUME, mountPath: AUDIT_PATH },
      // The plugin runs again after webhooks and mounts the pod's API token into every container that has nothing there.
      { name: NO_API_TOKEN_VOLUME, mountPath: API_TOKEN_PATH, readOnly: true },
    ],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  };
}

function probe(path: string): Raw {
  return { httpGet: { path, port: HEALTH_PORT, scheme: 'HTTP' }, timeoutSeconds: 5, successThreshold: 1 };
}

/** The kubelet expands `$(…)` and `$$` in values; JSON has another way to write the sign. */
function settingsText(told: SidecarSettings): string {
  return JSON.stringify(told).replaceAll('$', '\\u0024');
}

export function sidecarVolumes(): readonly Raw[] {
  return [
    {
      name: TOKEN_VOLUME,
      projected: {
        defaultMode: 0o644,
        sources: [{ serviceAccountToken: { audience: TOKEN_AUDIENCE, expirationSeconds: TOKEN_LIFETIME, path: 'token' } }],
      },
    },
    { name: STATE_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '32Mi' } },
    { name: CLIENT_CA_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    { name: AUDIT_VOLUME, emptyDir: { sizeLimit: '1Gi' } },
    { name: NO_API_TOKEN_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
  ];
}

/** In application containers. */
export const CLIENT_CA_MOUNT = { name: CLIENT_CA_VOLUME, mountPath: CLIENT_CA_PATH, readOnly: true } as const;

export const SIDECAR_VOLUMES: readonly string[] = [
  TOKEN_VOLUME,
  STATE_VOLUME,
  CLIENT_CA_VOLUME,
  AUDIT_VOLUME,
  NO_API_TOKEN_VOLUME,
];

/** Ours, and nothing more: `{name, mountPath, readOnly: true}`. */
export function isClientCaMount(mount: Raw): boolean {
  return (
    Object.keys(mount).length === 3 && Object.entries(CLIENT_CA_MOUNT).every(([key, value]) => record(mount)?.[key] === value)
  );
}

const NATIVE_PROXIES = ['istio-proxy', 'linkerd-proxy'];
/** Containers of service meshes: they have no use for a database, and their injectors compare them with what they wrote. */
export const MESH_CONTAINERS: readonly string[] = [
  ...NATIVE_PROXIES,
  'istio-init',
  'istio-validation',
  'linkerd-init',
  'linkerd-network-validator',
];

/** First of all init containers, so that migrations find it; behind a mesh's native proxy, without which it has no network. */
export function sidecarPosition(initContainers: readonly Raw[]): number {
  return (
    1 +
    initContainers.findLastIndex((each) => NATIVE_PROXIES.includes(String(each['name'])) && each['restartPolicy'] === 'Always')
  );
}

/** A proxy that starts after us cuts off the init phase. */
export function meshWarning(containers: readonly Raw[]): string | undefined {
  const proxy = containers.find((each) => NATIVE_PROXIES.includes(String(each['name'])));
  if (proxy === undefined) return undefined;
  return `${String(proxy['name'])} is not a native sidecar: until it runs its redirection may keep the sluice sidecar from the operator; enable native sidecars in the mesh`;
}
