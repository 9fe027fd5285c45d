/**
 * Test support: collections in memory behind the Informer contract, for what is pure above it. Says which collections were ever asked for.
 * Whether anything works against an API server is decided elsewhere.
 */
import type { KubeObject, Resource } from '../../operator/api/kube-api.ts';
import type { Change, Informer } from '../../operator/watch/informer.ts';
import type { Collection, OpenInformer } from '../../operator/watch/open-informer.ts';

export interface MemoryCluster {
  readonly open: OpenInformer;
  /** Creates or updates; resourceVersion is counted up. */
  put<T extends KubeObject>(resource: Resource, object: T): T;
  remove(resource: Resource, namespace: string | undefined, name: string): void;
  /** Every collection that was ever started. */
  readonly started: readonly Collection[];
  /** Those that are running. */
  readonly running: readonly Collection[];
}

interface Running {
  readonly collection: Collection;
  deliver(change: Change<KubeObject>): void;
}

export function memoryCluster(): MemoryCluster {
  const objects = new Map<string, { readonly resource: Resource; readonly object: KubeObject }>();
  const started: Collection[] = [];
  const running = new Set<Running>();
  let version = 0;
  const keyOf = (resource: Resource, namespace: string | undefined, name: string): string =>
    `${resource.plural} ${namespace ?? ''}/${name}`;
  const tell = (resource: Resource, before: KubeObject | undefined, now: KubeObject | undefined): void => {
    for (const each of [...running]) {
      if (each.collection.resource.plural !== resource.plural) continue;
      const was = before !== undefined && selects(each.collection, before) ? before : undefined;
      const is = now !== undefined && selects(each.collection, now) ? now : undefined;
      if (is !== undefined && was !== undefined) each.deliver({ type: 'updated', object: is, before: was });
      else if (is !== undefined) each.deliver({ type: 'added', object: is });
      else if (was !== undefined) each.deliver({ type: 'deleted', object: was });
    }
  };
  const open: OpenInformer = <T extends KubeObject>(collection: Collection, keep = (object: T): T => object): Informer<T> => {
    const listeners = new Set<(change: Change<T>) => void>();
    const copy = new Map<string, T>();
    let resolveSynced: () => void = () => undefined;
    let hasSynced = false;
    const synced = new Promise<void>((resolve) => {
      resolveSynced = resolve;
    });
    const deliver = (change: Change<KubeObject>): void => {
      const object = keep(change.object as T);
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
      const before = copy.get(key);
      if (change.type === 'deleted') copy.delete(key);
      else copy.set(key, object);
      const told: Change<T> =
        change.type === 'updated' ? { type: 'updated', object, before: before ?? object } : { type: change.type, object };
      for (const listener of [...listeners]) listener(told);
    };
    const entry: Running = { collection, deliver };
    return {
      synced,
      get hasSynced() {
        return hasSynced;
      },
      get: (namespace, name) => copy.get(`${namespace ?? ''}/${name}`),
      list: () => [...copy.values()],
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      start() {
        started.push(collection);
        queueMicrotask(() => {
          running.add(entry);
          for (const { resource, object } of objects.values())
            if (resource.plural === collection.resource.plural && selects(collection, object)) deliver({ type: 'added', object });
          hasSynced = true;
          resolveSynced();
        });
      },
      async stop() {
        running.delete(entry);
      },
    };
  };
  return {
    open,
    put(resource, object) {
      version += 1;
      const key = keyOf(resource, object.metadata.namespace, object.metadata.name);
      const before = objects.get(key)?.object;
      const now = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
      objects.set(key, { resource, object: now });
      tell(resource, before, now);
      return now;
    },
    remove(resource, namespace, name) {
      const key = keyOf(resource, namespace, name);
      const before = objects.get(key)?.object;
      objects.delete(key);
      tell(resource, before, undefined);
    },
    started,
    get running() {
      return [...running].map((each) => each.collection);
    },
  };
}

function selects({ namespace, labelSelector, fieldSelector }: Collection, { metadata }: KubeObject): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  const labels = (labelSelector ?? '').split(',').filter((term) => term !== '');
  const fields = (fieldSelector ?? '').split(',').filter((term) => term !== '');
  return (
    labels.every((term) => matches(term, (name) => metadata.labels?.[name])) &&
    fields.every((term) => matches(term, (name) => (name === 'metadata.name' ? metadata.name : metadata.namespace)))
  );
}

function matches(term: string, value: (name: string) => string | undefined): boolean {
  const [, name = '', operator, expected] = /^([^=!]+)(?:(!=|==?)(.*))?$/.exec(term) ?? [];
  if (operator === undefined) return value(name) !== undefined;
  return (value(name) === expected) === (operator !== '!=');
}
