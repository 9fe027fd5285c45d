/** How rooms ask for a local copy of a collection without knowing how it is kept. Tests hand in copies of their own. */
import type { KubeObject, Resource } from '../api/kube-api.ts';
import { createInformer, type InformerOptions } from './create-informer.ts';
import type { Informer } from './informer.ts';
import type { WatchTelemetry } from './telemetry.ts';

export interface Collection {
  readonly resource: Resource;
  /** Absent: of all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Not started yet. `keep`: what of each object is worth memory. */
export type OpenInformer = <T extends KubeObject>(collection: Collection, keep?: (object: T) => T) => Informer<T>;

export interface InformerOpenerOptions extends Pick<InformerOptions<KubeObject>, 'api' | 'log' | 'clock' | 'random'> {
  readonly telemetry?: (resource: string, namespace: string) => WatchTelemetry;
}

/** Copies that follow the API server. */
export function informerOpener({ telemetry, ...shared }: InformerOpenerOptions): OpenInformer {
  return <T extends KubeObject>(collection: Collection, keep?: (object: T) => T) =>
    createInformer<T>({
      ...shared,
      ...collection,
      ...(keep === undefined ? {} : { transform: keep }),
      ...(telemetry === undefined ? {} : { telemetry: telemetry(collection.resource.plural, collection.namespace ?? '') }),
    });
}
