/** The little statistics a ratio needs: medians, and how far single rounds lie from them. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Throws for an empty list: a missing measurement must not look like a number. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0]!, median: quantile(sorted, 0.5), max: sorted[sorted.length - 1]! };
}

/** `sorted` ascending, `q` from 0 to 1; linear between neighbours. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const below = sorted[low]!;
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return below + (above - below) * (at - low);
}

/** Round by round, so that what slows the whole machine slows both sides of a ratio. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): Spread {
  if (numerators.length !== denominators.length) throw new Error('ratios need the same rounds on both sides');
  return spread(numerators.map((value, round) => value / denominators[round]!));
}
