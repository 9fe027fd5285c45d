/**
 * Has the watch missed anything? A list is taken while the watch goes on. An object about which the watch said something since the list began
 * is none of our business: the watch is at it, and may be ahead of the list. All others must be as the list says, as soon as the watch has
 * caught up with it; what is not has been missed, if the watch has said anything at all meanwhile. No version is compared for more than
 * being the same.
 */
import type { KubeObject } from '../api/kube-api.ts';
import { keyOf, stateOf } from './store.ts';

export type ComparisonOutcome =
  | { readonly verdict: 'same' }
  /** The watch broke meanwhile, or there was no list. */
  | { readonly verdict: 'unjudged' }
  /** Objects differ, and the watch says nothing any more: its connection is dead, or etcd was set back to before the watch's version. */
  | { readonly verdict: 'silent' }
  | { readonly verdict: 'drift'; readonly missed: readonly string[] };

export interface Comparison<T extends KubeObject> {
  readonly list: (keep: (items: readonly T[], first: boolean) => void) => Promise<unknown>;
  readonly states: () => ReadonlyMap<string, string>;
  readonly touched: Touched;
  /** It is still the same watch. */
  readonly undisturbed: () => boolean;
  /** Half the time that the watch is given to catch up. */
  readonly grace: () => Promise<void>;
  /** Counts what came over the watch. */
  readonly contacts: () => number;
}

/** Keys of which the watch has told something since `begin`. */
export class Touched {
  #keys: Set<string> | undefined;
  #all = false;

  begin(): void {
    this.#keys = new Set();
    this.#all = false;
  }

  end(): void {
    this.#keys = undefined;
  }

  add(key: string): void {
    this.#keys?.add(key);
  }

  /** The copy was replaced whole. */
  all(): void {
    this.#all = true;
  }

  has(key: string): boolean {
    return this.#all || this.#keys?.has(key) === true;
  }
}

export async function compare<T extends KubeObject>(comparison: Comparison<T>): Promise<ComparisonOutcome> {
  const { list, states, touched, undisturbed, grace, contacts } = comparison;
  touched.begin();
  try {
    const listed = new Map<string, string>();
    try {
      await list((items, first) => {
        if (first) listed.clear();
        for (const item of items) listed.set(keyOf(item), stateOf(item));
      });
    } catch {
      return { verdict: 'unjudged' };
    }
    const differing = (): readonly string[] => {
      const own = states();
      const keys = new Set([...own.keys(), ...listed.keys()]);
      return [...keys].filter((key) => own.get(key) !== listed.get(key) && !touched.has(key));
    };
    if (!undisturbed()) return { verdict: 'unjudged' };
    if (differing().length === 0) return { verdict: 'same' };
    await grace();
    const before = contacts();
    await grace();
    if (!undisturbed()) return { verdict: 'unjudged' };
    const missed = differing();
    if (missed.length === 0) return { verdict: 'same' };
    return contacts() === before ? { verdict: 'silent' } : { verdict: 'drift', missed };
  } finally {
    touched.end();
  }
}
