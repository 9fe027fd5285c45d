/** Reading a pod as the API server sent it. Nothing here assumes that a field has the type it should have: the server validates after us. */
import { type Raw, record, records, text } from '../../core/json/read.ts';
import type { RawPod } from './injection.ts';

export function specOf(pod: RawPod): Raw {
  return record(pod['spec']) ?? {};
}

export function annotationsOf(pod: RawPod): Raw {
  return record(record(pod['metadata'])?.['annotations']) ?? {};
}

export function annotation(pod: RawPod, name: string): string | undefined {
  const all = annotationsOf(pod);
  return Object.hasOwn(all, name) ? text(all[name]) : undefined;
}

/** The ServiceAccount plugin has filled it in before webhooks are asked; a file may not have it. `serviceAccount` is its old name. */
export function serviceAccountOf(pod: RawPod): string {
  const spec = specOf(pod);
  return text(spec['serviceAccountName']) || text(spec['serviceAccount']) || 'default';
}

const CONTAINER_FIELDS = ['initContainers', 'containers'] as const;

export type ContainerField = (typeof CONTAINER_FIELDS)[number];

export interface PlacedContainer {
  readonly field: ContainerField;
  readonly name: string;
  readonly container: Raw;
}

/** In the order in which they start. */
export function containersOf(pod: RawPod): readonly PlacedContainer[] {
  const spec = specOf(pod);
  return CONTAINER_FIELDS.flatMap((field) =>
    records(spec[field]).map((container) => ({ field, name: text(container['name']) ?? '', container })),
  );
}

/** A list that is none is a mistake the API server would find too, but only after what we make of it. */
export function malformedFields(pod: RawPod): readonly string[] {
  const spec = record(pod['spec']);
  if (spec === undefined) return ['spec'];
  const objects = (owner: Raw, path: string, field: string): readonly string[] => {
    const value = owner[field];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value) || records(value).length !== value.length) return [`${path}.${field}`];
    return [];
  };
  const lists = ['containers', 'initContainers', 'ephemeralContainers', 'volumes', 'hostAliases'];
  const metadata = pod['metadata'];
  return [
    ...lists.flatMap((field) => objects(spec, 'spec', field)),
    ...(containersOf(pod).length === 0 ? ['spec.containers'] : []),
    ...containersOf(pod).flatMap(({ field, name, container }) =>
      ['env', 'envFrom', 'volumeMounts', 'ports'].flatMap((list) => objects(container, `spec.${field}[${name}]`, list)),
    ),
    ...(metadata !== undefined && record(metadata) === undefined ? ['metadata'] : []),
    ...['annotations', 'labels'].flatMap((field) => {
      const value = record(metadata)?.[field];
      return value === undefined || value === null || record(value) !== undefined ? [] : [`metadata.${field}`];
    }),
  ];
}
