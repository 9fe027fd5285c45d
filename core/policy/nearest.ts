/** The nearest valid word to a mistyped one. */
import { distance } from 'fastest-levenshtein';

/** Undefined when nothing is near enough to be what was meant. Case does not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const folded = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = (word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const current = distance(folded, candidate.toLowerCase());
    if (current < bestDistance) [best, bestDistance] = [candidate, current];
  }
  return best;
}

/** `; did you mean "x"?` or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : `; did you mean "${found}"?`;
}
