/** The part of a StatementContext that name checks need. */
import type { StatementContext } from '../context.ts';

export type NameContext = Pick<StatementContext, 'catalog' | 'bundle' | 'session' | 'refuse' | 'pinLiteral'> &
  Partial<Pick<StatementContext, 'facts' | 'source'>>;

/** A number for the place a call or cast stands at: the same for every statement of one shape, whatever its literals' lengths. */
export function placeOf(context: NameContext, location: number | undefined): number {
  if (location === undefined || location < 0) return 0;
  return context.source?.tokenAt(location)?.index ?? location;
}

/** Memoised per key object (a bundle, a catalog): immutable things are looked at once. */
export function memoise<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = compute(key)));
    return value;
  };
}

/** As `memoise`, for two key objects that live together (bundle and catalog). */
export function memoisePair<A extends object, B extends object, V>(compute: (a: A, b: B) => V): (a: A, b: B) => V {
  const known = memoise((_a: A) => new WeakMap<B, { readonly value: V }>());
  return (a, b) => {
    const inner = known(a);
    let entry = inner.get(b);
    if (entry === undefined) inner.set(b, (entry = { value: compute(a, b) }));
    return entry.value;
  };
}
