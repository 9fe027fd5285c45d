/** An attack by writing: what is sent, and a statement of the same form that must work. */
export interface Attack {
  readonly name: string;
  readonly sql: string;
  /** The same with another guess: `guesses` only. */
  readonly other?: string;
  readonly twin: string;
  readonly since?: number;
}

/** In `sql`, ~ marks the place of the guess: [what is true, what is not]. */
export function guess(
  name: string,
  sql: string,
  [right, wrong]: readonly [string, string],
  twin: string,
  since?: number,
): Attack {
  return {
    name,
    sql: sql.replaceAll('~', right),
    other: sql.replaceAll('~', wrong),
    twin,
    ...(since === undefined ? {} : { since }),
  };
}

export const SSN = [`'SSN-1'`, `'SSN-x'`] as const;
export const HIDDEN = ['9', '999'] as const;
