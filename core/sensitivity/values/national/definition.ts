/** A national identifier: how it is written, and how likely something written so is one by chance. */
export interface NationalId {
  /** `id.<country>.<name>`. */
  readonly id: string;
  /** Of arbitrary values with this length and alphabet, the share that passes. */
  readonly chance: number;
  /** Digits only: separators have been taken out. */
  readonly digits?: number | readonly number[];
  /** With letters: blanks, dots, dashes and slashes taken out, upper case. */
  readonly pattern?: RegExp;
  /** How it must be written, where digits alone say too little. */
  readonly written?: RegExp;
  readonly test: (compact: string) => boolean;
}
