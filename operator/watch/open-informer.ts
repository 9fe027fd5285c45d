/** How rooms ask for a local copy of a collection without knowing how it is kept. Tests hand in copies of their own. */
import type { KubeObject, Resource } from '../api/kube-api.ts';
import type { Informer } from './informer.ts';

export interface Collection {
  readonly resource: Resource;
  /** Absent: of all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Not started yet. `keep`: what of each object is worth memory. */
export type OpenInformer = <T extends KubeObject>(collection: Collection, keep?: (object: T) => T) => Informer<T>;
