/**
 * What of an injected pod is kept in memory, of thousands, for as long as they live: all that it is judged by, and little that may be of any length.
 * Of the spec things are left out by name: a field that Kubernetes adds next year is kept.
 */
import { CONTAINER_NAME, INJECTED_LABEL, RENDER_ANNOTATION } from '../../core/injection/names.ts';
import { type Raw, record } from '../../core/json/read.ts';
import { MIRROR_ANNOTATION } from '../admission/safety.ts';

/** Bytes. A pod of a hundred containers has less; without a bound, whoever may create pods could fill the operator's memory with a few hundred. */
export const MOST_KEPT = 128 * 1024;

const OF_POD = [
  'affinity',
  'dnsConfig',
  'hostAliases',
  'imagePullSecrets',
  'readinessGates',
  'schedulingGates',
  'tolerations',
  'topologySpreadConstraints',
];

/** Of all containers but the sidecar. */
const OF_CONTAINER = [
  'args',
  'command',
  'env',
  'envFrom',
  'lifecycle',
  'livenessProbe',
  'ports',
  'readinessProbe',
  'resources',
  'startupProbe',
];

const OF_STATUS = ['conditions', 'containerStatuses', 'ephemeralContainerStatuses', 'hostIPs', 'podIPs', 'message'];

/** Of metadata: whoever may patch a pod may make the rest of any length, too. */
const OF_METADATA = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp'];
const LABELS = [INJECTED_LABEL];
/** The seal, and what marks a static pod. */
const ANNOTATIONS = [RENDER_ANNOTATION, MIRROR_ANNOTATION];

export function keptPod<T extends Raw>(pod: T): T {
  const { metadata, spec, status } = pod;
  return {
    ...pod,
    metadata: keptMetadata(record(metadata) ?? {}),
    ...(record(spec) === undefined ? {} : { spec: keptSpec(record(spec)!) }),
    ...(record(status) === undefined ? {} : { status: without(record(status)!, OF_STATUS) }),
  };
}

function keptMetadata(metadata: Raw): Raw {
  const labels = record(metadata['labels']);
  const annotations = record(metadata['annotations']);
  return {
    ...only(metadata, OF_METADATA),
    ...(labels === undefined ? {} : { labels: only(labels, LABELS) }),
    ...(annotations === undefined ? {} : { annotations: only(annotations, ANNOTATIONS) }),
  };
}

function keptSpec(spec: Raw): Raw {
  const kept: Record<string, unknown> = { ...without(spec, OF_POD) };
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'])
    if (Array.isArray(spec[field])) kept[field] = spec[field].map(keptContainer);
  return kept;
}

function keptContainer(container: unknown): unknown {
  const object = record(container);
  return object === undefined || object['name'] === CONTAINER_NAME ? container : without(object, OF_CONTAINER);
}

function only(object: Raw, names: readonly string[]): Raw {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}

function without(object: Raw, names: readonly string[]): Raw {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
