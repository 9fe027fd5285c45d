/**
 * A local copy of a collection that follows the API server through whatever happens to either: list, watch, bookmarks, and a list again
 * when the watch can no longer be continued.
 */
import type { KubeObject } from '../api/kube-api.ts';

export type Change<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly before: T }
  | { readonly type: 'deleted'; readonly object: T };

export interface Informer<T extends KubeObject> {
  /** Resolves after the first complete list. Never rejects: it is tried again until `stop`. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  get(namespace: string | undefined, name: string): T | undefined;
  list(): readonly T[];
  /** Called after the copy has changed; not for objects whose resourceVersion stayed the same. What it throws is logged, and counted. */
  onChange(listener: (change: Change<T>) => void): () => void;
  start(): void;
  stop(): Promise<void>;
}
