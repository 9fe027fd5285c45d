/** Makes a failing input smaller while it goes on failing: takes out ever smaller pieces, as ddmin does. */

export interface Pieces<T> {
  split(input: Buffer): readonly T[];
  join(pieces: readonly T[]): Buffer;
}

export const BYTES: Pieces<number> = { split: (input) => [...input], join: (pieces) => Buffer.from(pieces) };

export const LINES: Pieces<string> = {
  split: (input) => input.toString('utf8').split('\n'),
  join: (pieces) => Buffer.from(pieces.join('\n')),
};

/** Words, runs of white space, and single signs. */
export const WORDS: Pieces<string> = {
  split: (input) => input.toString('utf8').match(/[\p{L}\p{N}_$]+|\s+|[^\p{L}\p{N}_$\s]/gu) ?? [],
  join: (pieces) => Buffer.from(pieces.join('')),
};

/** `fails` is called at most `budget` times. */
export async function shrink<T>(
  input: Buffer,
  pieces: Pieces<T>,
  fails: (candidate: Buffer) => boolean | Promise<boolean>,
  budget = 400,
): Promise<Buffer> {
  let best = pieces.split(input);
  let left = budget;
  for (let width = Math.ceil(best.length / 2); width >= 1; width = width === 1 ? 0 : Math.ceil(width / 2)) {
    for (let at = 0; at < best.length && left > 0; ) {
      const candidate = [...best.slice(0, at), ...best.slice(at + width)];
      left--;
      if (candidate.length < best.length && (await fails(pieces.join(candidate)))) best = candidate;
      else at += width;
    }
  }
  return pieces.join(best);
}
