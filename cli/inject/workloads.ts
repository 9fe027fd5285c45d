/** Where pods stand in the objects that make them. https://kubernetes.io/docs/concepts/workloads/controllers/ */
import { INJECT_ANNOTATION } from '../../core/injection/names.ts';
import type { RawPod } from '../../operator/admission/injection.ts';
import { type Raw, record, text } from '../../core/json/read.ts';

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  PodTemplate: ['template'],
};

export interface Workload {
  readonly object: Raw;
  /** `Deployment ai-agents/support`. */
  readonly label: string;
  readonly namespace: string;
  readonly pod: RawPod;
  readonly path: readonly string[];
}

/** Undefined for an object that makes no pods. */
export function workloadOf(value: unknown, defaultNamespace: string): Workload | undefined {
  const object = record(value);
  const kind = text(object?.['kind']) ?? '';
  if (object === undefined || !Object.hasOwn(TEMPLATES, kind)) return undefined;
  const path = TEMPLATES[kind]!;
  const pod = path.reduce<Raw | undefined>((at, key) => record(at?.[key]), object);
  if (pod === undefined) return undefined;
  const metadata = record(object['metadata']);
  const namespace = text(metadata?.['namespace']) ?? defaultNamespace;
  const name = text(metadata?.['name']) ?? text(metadata?.['generateName']) ?? '';
  return { object, label: `${kind} ${namespace}/${name}`, namespace, pod, path };
}

/** The same object with another pod in it. */
export function withPod({ object, path }: Workload, pod: unknown): unknown {
  const put = (at: Raw, [key, ...rest]: readonly string[]): unknown =>
    key === undefined ? pod : { ...at, [key]: put(record(at[key]) ?? {}, rest) };
  return put(object, path);
}

/** The annotation on a workload itself does nothing: its pods have the annotations of the template. */
export function misplacedAnnotation({ object, path, pod, label }: Workload): string | undefined {
  const has = (owner: Raw): boolean => record(record(owner['metadata'])?.['annotations'])?.[INJECT_ANNOTATION] !== undefined;
  if (path.length === 0 || !has(object) || has(pod)) return undefined;
  return `${label}: annotation ${INJECT_ANNOTATION} stands on the workload itself, where it does nothing; move it to ${path.join('.')}.metadata.annotations`;
}
