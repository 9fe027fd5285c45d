/** What detection concludes of one column. */
import type { SensitivityClass } from '../../crds/meta.ts';

/** A reason: never a value. */
export interface Evidence {
  /** Stable id, for example `name.en.email`, `value.card`, `type.inet`, `key.references`, `unsampled.text`. */
  readonly rule: string;
  /** Of the sampled values that were not NULL, 0 to 1; absent where the rule does not look at values. */
  readonly ratio?: number;
}

export interface Verdict {
  readonly oid: number;
  readonly attnum: number;
  /** Undefined: not sensitive, as far as one can tell. */
  readonly class?: SensitivityClass;
  /** 0 to 1, of the class or of its absence. */
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
  /** No value has been seen yet: the class is a precaution or rests on names and types alone, and a sample may lift it. */
  readonly provisional: boolean;
}
