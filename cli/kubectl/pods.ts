/** What a pod says about being governed: what it asked for, whether it got its sidecar, which one, and how that is doing. */
import { CONTAINER_NAME, INJECT_ANNOTATION, INJECTED_LABEL } from '../../core/injection/names.ts';
import { databaseKey, parseSidecarSettings, SETTINGS_VARIABLE } from '../../core/injection/sidecar-settings.ts';
import { parseInjectAnnotation } from '../../operator/admission/annotation.ts';
import type { RawPod } from '../../operator/admission/injection.ts';
import { record, records, text } from '../../core/json/read.ts';
import { annotation, containersOf, serviceAccountOf } from '../../operator/admission/raw-pod.ts';
import { type KubeApi, type KubeObject, PODS } from '../../operator/api/kube-api.ts';
import { listObjects } from './cluster.ts';

export interface AnnotatedPod {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** As the annotation was written. */
  readonly asked: string;
  /** Undefined: it has none, whatever the annotation says. */
  readonly sidecar: Sidecar | undefined;
  readonly raw: RawPod;
}

export interface Sidecar {
  readonly image: string;
  /** `namespace/name`, in the order of the annotation. */
  readonly databases: readonly string[];
  /** False while it starts, and when it has ended. */
  readonly ready: boolean;
  readonly restarts: number;
}

/** Pods whose annotation asks for a Database, in order of names. Those that have ended do not count. */
export async function annotatedPods(api: KubeApi, namespace: string | undefined): Promise<readonly AnnotatedPod[]> {
  const pods = await listObjects<KubeObject>(api, PODS, namespace === undefined ? {} : { namespace });
  return pods
    .flatMap((pod) => annotatedPod(pod as unknown as RawPod) ?? [])
    .toSorted((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

/** Undefined: it asks for nothing, or has ended. */
function annotatedPod(raw: RawPod): AnnotatedPod | undefined {
  const asked = annotation(raw, INJECT_ANNOTATION);
  const { kind } = parseInjectAnnotation(asked);
  const phase = text(record(raw['status'])?.['phase']);
  if (asked === undefined || kind === 'none' || kind === 'declined' || phase === 'Succeeded' || phase === 'Failed')
    return undefined;
  const metadata = record(raw['metadata']) ?? {};
  return {
    namespace: text(metadata['namespace']) ?? 'default',
    name: text(metadata['name']) ?? text(metadata['generateName']) ?? '',
    serviceAccount: serviceAccountOf(raw),
    asked,
    sidecar: record(metadata['labels'])?.[INJECTED_LABEL] === 'true' ? sidecarOf(raw) : undefined,
    raw,
  };
}

function sidecarOf(raw: RawPod): Sidecar | undefined {
  const container = containersOf(raw).find((each) => each.field === 'initContainers' && each.name === CONTAINER_NAME)?.container;
  if (container === undefined) return undefined;
  const settings = records(container['env']).find((each) => each['name'] === SETTINGS_VARIABLE);
  const statuses = records(record(raw['status'])?.['initContainerStatuses']);
  const status = statuses.find((each) => each['name'] === CONTAINER_NAME);
  return {
    image: text(container['image']) ?? '',
    databases: databasesOf(text(settings?.['value'])),
    ready: status?.['ready'] === true,
    restarts: typeof status?.['restartCount'] === 'number' ? status['restartCount'] : 0,
  };
}

function databasesOf(settings: string | undefined): readonly string[] {
  try {
    return parseSidecarSettings(settings).databases.map(databaseKey);
  } catch {
    return [];
  }
}
