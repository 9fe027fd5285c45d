/** What of a chain is there: ranges [first, next) in order, which neither overlap nor touch. */
export type Stretches = readonly (readonly [first: number, next: number])[];

/** With [first, next) added. */
export function withStretch(stretches: Stretches, first: number, next: number): Stretches {
  const before = stretches.filter(([, end]) => end < first);
  const after = stretches.filter(([begin]) => begin > next);
  const touched = stretches.slice(before.length, stretches.length - after.length);
  const begin = Math.min(first, ...touched.map(([each]) => each));
  const end = Math.max(next, ...touched.map(([, each]) => each));
  return [...before, [begin, end], ...after];
}

/** Without what is before `from`. */
export function stretchesFrom(stretches: Stretches, from: number): Stretches {
  return stretches.filter(([, next]) => next > from).map(([first, next]) => [Math.max(first, from), next]);
}

/** What of [first, next) is there, and what is not. */
export function split(
  stretches: Stretches,
  first: number,
  next: number,
): { readonly there: Stretches; readonly missing: Stretches } {
  const there = stretches
    .map(([begin, end]): [number, number] => [Math.max(begin, first), Math.min(end, next)])
    .filter(([begin, end]) => begin < end);
  const missing: [number, number][] = [];
  let at = first;
  for (const [begin, end] of there) {
    if (begin > at) missing.push([at, begin]);
    at = end;
  }
  if (at < next) missing.push([at, next]);
  return { there, missing };
}
