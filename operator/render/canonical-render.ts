/**
 * A pod, reduced to what the sidecar's trustworthiness rests on: its container, the volumes that container mounts, and what the pod shares
 * with its node or among its containers.
 *
 * The reduction keeps whatever it does not know. A field that Kubernetes adds to containers next year is part of the text as soon as somebody
 * sets it; only what the tables below name is left out, for one of three reasons:
 *  - the API server writes it where it is absent (https://pkg.go.dev/k8s.io/kubernetes/pkg/apis/core/v1, SetDefaults_*), so both mean the same;
 *  - a cluster's own admission plugins change it after the webhook: ServiceAccount (a mount), LimitRanger (resources), AlwaysPullImages (pull
 *    policy), OpenShift's SecurityContextConstraint (a user of its range, capabilities to drop);
 *  - it changes while the pod lives (resources, by in-place resizing).
 *
 * Quantities (`sizeLimit`) are compared as text: render them as the API server prints them ('16Mi', not '16384Ki').
 */
import { CONTAINER_NAME } from '../../core/injection/names.ts';
import type { RawPod } from '../admission/injection.ts';
import { type Raw, record, records } from '../../core/json/read.ts';
import { canonicalJson } from '../../core/json/canonical-json.ts';
import type { CanonicalRender } from './seal.ts';

/** Part of the text. Another reduction needs another number, and must go on to compute this one for pods that run. */
const FORMAT = 1;

/** Undefined where the pod has no native sidecar of our name, or more than one container of it. */
export function canonicalRender(pod: RawPod): CanonicalRender | undefined {
  const spec = record(pod['spec']);
  const container = sidecarContainer(pod);
  if (spec === undefined || container === undefined) return undefined;
  const volumes = records(spec['volumes']);
  const mounts = records(container['volumeMounts']).filter((mount) => !isServiceAccountMount(mount, volumes));
  const mounted = new Set([...mounts, ...records(container['volumeDevices'])].map((mount) => mount['name']));
  return canonicalJson({
    format: FORMAT,
    container: reduce({ ...container, volumeMounts: mounts }, CONTAINER),
    volumes: volumes
      .filter((volume) => mounted.has(volume['name']))
      .map((volume) => withSource(record(reduce(volume, VOLUME))!))
      .sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1)),
    pod: Object.fromEntries(SHARED.filter((field) => spec[field] === true).map((field) => [field, true])),
  });
}

/** The one container of our name, if it is where the injector puts it. */
export function sidecarContainer(pod: RawPod): Raw | undefined {
  const spec = record(pod['spec']);
  const ours = (field: string): readonly Raw[] => records(spec?.[field]).filter((each) => each['name'] === CONTAINER_NAME);
  const [container, ...others] = [...ours('initContainers'), ...ours('containers'), ...ours('ephemeralContainers')];
  return others.length === 0 && ours('initContainers').length === 1 ? container : undefined;
}

/** Each of them lets another process look into the sidecar's memory, or listen in its place. */
const SHARED = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;

/** What may be left out, and where to look further. */
interface Shape {
  /** Values that mean the same as absence. */
  readonly defaults?: Raw;
  readonly ignored?: readonly string[];
  readonly fields?: Readonly<Record<string, Shape>>;
  /** Of an array. */
  readonly each?: Shape;
  /** Nothing left is the same as absent. */
  readonly emptyIsAbsent?: true;
  /** Before anything else. */
  readonly first?: (object: Raw) => Raw;
}

const HANDLER: Readonly<Record<string, Shape>> = { httpGet: { defaults: { scheme: 'HTTP', path: '/' } } };
const PROBE: Shape = {
  defaults: { initialDelaySeconds: 0, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  fields: HANDLER,
};
/** Extended resources stay: a device plugin may add mounts and environment to the container that asks for one. */
const AMOUNTS: Shape = { ignored: ['cpu', 'memory', 'ephemeral-storage'], emptyIsAbsent: true };

const CONTAINER: Shape = {
  defaults: {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    stdin: false,
    stdinOnce: false,
    tty: false,
  },
  // What runs is said by the image's reference, and by the image ID in the status where the operator is told which ones are ours.
  ignored: ['imagePullPolicy', 'resizePolicy'],
  fields: {
    env: {
      each: {
        fields: {
          valueFrom: {
            fields: { fieldRef: { defaults: { apiVersion: 'v1' } }, resourceFieldRef: { defaults: { divisor: '0' } } },
          },
        },
      },
    },
    ports: { each: { defaults: { protocol: 'TCP', hostPort: 0 } } },
    volumeMounts: { each: { defaults: { readOnly: false } } },
    resources: { fields: { limits: AMOUNTS, requests: AMOUNTS }, emptyIsAbsent: true },
    livenessProbe: PROBE,
    readinessProbe: PROBE,
    startupProbe: PROBE,
    lifecycle: { fields: { postStart: { fields: HANDLER }, preStop: { fields: HANDLER } } },
    securityContext: {
      defaults: { procMount: 'Default', privileged: false, readOnlyRootFilesystem: false },
      first: withoutWhatOpenShiftAssigns,
    },
  },
};

const VOLUME: Shape = {
  fields: {
    projected: {
      defaults: { defaultMode: 0o644 },
      fields: {
        sources: {
          each: {
            fields: {
              serviceAccountToken: { defaults: { expirationSeconds: 3600 } },
              downwardAPI: { fields: { items: { each: { fields: { fieldRef: { defaults: { apiVersion: 'v1' } } } } } } },
            },
          },
        },
      },
    },
    configMap: { defaults: { defaultMode: 0o644 } },
    secret: { defaults: { defaultMode: 0o644 } },
  },
};

/** Also leaves out null, '' and []: the API server does, wherever it writes a container or a volume. */
function reduce(value: unknown, shape: Shape | undefined): unknown {
  if (Array.isArray(value)) return value.map((each) => reduce(each, shape?.each));
  const object = record(value);
  if (object === undefined) return value;
  const entries: [string, unknown][] = [];
  for (const [name, before] of Object.entries(shape?.first?.(object) ?? object)) {
    if (shape?.ignored?.includes(name)) continue;
    const inner = own(shape?.fields, name);
    const after = reduce(before, inner);
    if (isNothing(after) || after === own(shape?.defaults, name)) continue;
    if (inner?.emptyIsAbsent && isEmpty(after)) continue;
    entries.push([name, after]);
  }
  return Object.fromEntries(entries);
}

/**
 * OpenShift's SecurityContextConstraint runs again after the webhooks: it gives a container without a user one of its namespace's range, and adds
 * what its constraint drops to what is dropped. A render with a user of ours differs from one with a user of that range, as it should.
 */
function withoutWhatOpenShiftAssigns(context: Raw): Raw {
  const { runAsUser, capabilities, ...rest } = context;
  const dropped = record(capabilities)?.['drop'];
  const everything = Array.isArray(dropped) && dropped.includes('ALL');
  return {
    ...rest,
    ...(typeof runAsUser === 'number' && runAsUser >= OPENSHIFT_FIRST_USER ? {} : { runAsUser }),
    capabilities: everything ? { ...record(capabilities), drop: ['ALL'] } : capabilities,
  };
}

/** https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html: ranges begin there. */
export const OPENSHIFT_FIRST_USER = 1_000_000_000;

/** A volume without a source is an emptyDir (SetDefaults_Volume). */
function withSource(volume: Raw): Raw {
  return Object.keys(volume).some((key) => key !== 'name') ? volume : { ...volume, emptyDir: {} };
}

/**
 * What the ServiceAccount admission plugin adds to every container, and nothing else: the name alone would let anybody mount anything.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume
 */
function isServiceAccountMount(mount: Raw, volumes: readonly Raw[]): boolean {
  const { name, mountPath, readOnly, ...rest } = mount;
  if (typeof name !== 'string' || !/^kube-api-access-[a-z0-9]+$/.test(name)) return false;
  if (mountPath !== '/var/run/secrets/kubernetes.io/serviceaccount' || readOnly !== true || Object.keys(rest).length > 0)
    return false;
  const sources = records(record(volumes.find((volume) => volume['name'] === name)?.['projected'])?.['sources']);
  return sources.length > 0 && sources.every((source) => Object.keys(source).every((kind) => SERVICE_ACCOUNT_SOURCES.has(kind)));
}

const SERVICE_ACCOUNT_SOURCES = new Set(['serviceAccountToken', 'configMap', 'downwardAPI']);

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function isEmpty(value: unknown): boolean {
  const object = record(value);
  return object !== undefined && Object.keys(object).length === 0;
}

function own<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
