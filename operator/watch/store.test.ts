import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube-api.ts';
import { Store } from './store.ts';

const object = (name: string, uid: string, resourceVersion: string): KubeObject => ({
  metadata: { namespace: 'n', name, uid, resourceVersion },
});
const types = (changes: readonly { readonly type: string }[]): string[] => changes.map((change) => change.type);

describe('the copy of a collection', () => {
  it('tells apart what is new, changed, the same, and created again', () => {
    const store = new Store();
    expect(types(store.put(object('a', 'u1', '10')))).toEqual(['added']);
    expect(types(store.put(object('a', 'u1', '10')))).toEqual([]);
    expect(store.put(object('a', 'u1', '9'))).toMatchObject([
      { type: 'updated', before: { metadata: { resourceVersion: '10' } } },
    ]);
    expect(store.put(object('a', 'u2', '11'))).toMatchObject([
      { type: 'deleted', object: { metadata: { uid: 'u1' } } },
      { type: 'added', object: { metadata: { uid: 'u2' } } },
    ]);
  });

  it('is not deleted from by the end of an earlier object of the same name', () => {
    const store = new Store();
    store.put(object('a', 'u2', '11'));
    expect(store.remove(object('a', 'u1', '12'))).toEqual([]);
    expect(types(store.remove(object('a', 'u2', '12')))).toEqual(['deleted']);
    expect(store.get('n', 'a')).toBeUndefined();
  });

  it('equals the last list, and its changes lead from one to the next, whatever the lists', () => {
    const small = fc.integer({ min: 0, max: 3 }).map(String);
    const lists = fc.array(
      fc
        .uniqueArray(fc.tuple(small, small, small), { selector: ([name]) => name })
        .map((all) => all.map(([name, uid, version]) => object(name, uid, version))),
    );
    fc.assert(
      fc.property(lists, (each) => {
        const store = new Store();
        const replayed = new Map<string, KubeObject>();
        for (const objects of each) {
          for (const change of store.replace(objects)) {
            const { name } = change.object.metadata;
            if (change.type === 'added') expect(replayed.has(name)).toBe(false);
            else expect(replayed.get(name)?.metadata.uid).toBe(change.object.metadata.uid);
            if (change.type === 'deleted') replayed.delete(name);
            else replayed.set(name, change.object);
          }
          const wanted = new Map(objects.map((one) => [one.metadata.name, one]));
          expect(replayed).toEqual(wanted);
          expect(new Map(store.list().map((one) => [one.metadata.name, one]))).toEqual(wanted);
        }
      }),
    );
  });
});
