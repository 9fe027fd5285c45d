/** One reason to think that a column has a class, before reasons are put together. */
import type { SensitivityClass } from '../../../crds/meta.ts';

export interface Clue {
  readonly class: SensitivityClass;
  /** Stable id of the rule; never a value. */
  readonly rule: string;
  /** How likely the class is if this were the only reason, 0 to 1. */
  readonly strength: number;
  /** Of the sampled values. */
  readonly ratio?: number;
}

/** What speaks against chance twice speaks louder: independent reasons together. */
export function together(strengths: readonly number[]): number {
  return 1 - strengths.reduce((rest, strength) => rest * (1 - strength), 1);
}

/** `email` of `pii.email`, as rules are called. */
export function shortName(name: SensitivityClass): string {
  return name.slice(name.indexOf('.') + 1);
}
