/**
 * What is kept of sampled values: counts. A value goes in as text, is looked at, and is forgotten; nothing of it may be kept, logged or
 * returned, and no key in here may be made from one (JSON paths are made of object keys, which are names: only those that look like
 * names are kept, the rest count as `*`).
 */
export interface ColumnProfile {
  /** Values looked at that were not NULL and not empty. */
  readonly values: number;
  readonly nulls: number;
  /** How many were recognised as what: recogniser id → values. */
  readonly recognised: Readonly<Record<string, number>>;
  /** Different values among those looked at. */
  readonly distinct: number;
  /** Characters: mean and largest; words: mean. Values are cut at SAMPLE_CHARACTERS. */
  readonly length: { readonly mean: number; readonly largest: number };
  readonly words: number;
  /** JSON columns: dotted path of object keys (`address.city`, `contacts[].email`) → profile of the leaves there. */
  readonly paths?: Readonly<Record<string, ColumnProfile>>;
}

/** attnum → profile. A column that is not in here was not sampled. */
export type TableProfile = ReadonlyMap<number, ColumnProfile>;

export const SAMPLE_ROWS = 1_000;
/** Longer values are cut by the server. */
export const SAMPLE_CHARACTERS = 2_000;
