/**
 * The copy of a collection, and what an event or a list changes in it. Versions are compared for being the same and for nothing else: a
 * resourceVersion is opaque. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
import type { KubeObject } from '../api/kube-api.ts';
import type { Change } from './informer.ts';

export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

/** The same for the same state of the same object. */
export const stateOf = (object: KubeObject): string => `${object.metadata.uid ?? ''} ${object.metadata.resourceVersion ?? ''}`;

export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  #list: readonly T[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(`${namespace ?? ''}/${name}`);
  }

  list(): readonly T[] {
    this.#list ??= [...this.#objects.values()];
    return this.#list;
  }

  /** What each key is at, for comparing with a list. */
  states(): ReadonlyMap<string, string> {
    return new Map([...this.#objects].map(([key, object]) => [key, stateOf(object)]));
  }

  /** Of an ADDED or MODIFIED event, or one item of a list. Which of the two the server says does not matter after a resumed watch. */
  put(object: T): readonly Change<T>[] {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && stateOf(before) === stateOf(object)) return [];
    this.#objects.set(key, object);
    this.#list = undefined;
    if (before === undefined) return [{ type: 'added', object }];
    // Deleted and created again under the same name while nobody looked.
    if (before.metadata.uid !== object.metadata.uid) {
      return [
        { type: 'deleted', object: before },
        { type: 'added', object },
      ];
    }
    return [{ type: 'updated', object, before }];
  }

  /** Of a DELETED event, whose object is the last state there was. */
  remove(object: T): readonly Change<T>[] {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before === undefined || before.metadata.uid !== object.metadata.uid) return [];
    this.#objects.delete(key);
    this.#list = undefined;
    return [{ type: 'deleted', object }];
  }

  /** The whole collection as it is now. */
  replace(objects: readonly T[]): readonly Change<T>[] {
    const present = new Set(objects.map(keyOf));
    const gone = [...this.#objects.values()].filter((object) => !present.has(keyOf(object)));
    return [...gone.flatMap((object) => this.remove(object)), ...objects.flatMap((object) => this.put(object))];
  }
}
