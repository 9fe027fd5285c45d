/** Which languages a schema speaks: those of which it uses words that are too long to be chance, and that English does not have. */
import { segment } from './segment.ts';
import { splitIdentifier } from './split.ts';
import { VOCABULARY } from './vocabulary.ts';

const TELLING_LENGTH = 5;
const ENOUGH_WORDS = 2;

export function languagesOf(names: Iterable<string>): ReadonlySet<string> {
  const words = new Set<string>();
  for (const name of new Set(names)) for (const word of splitIdentifier(name).flatMap(segment)) words.add(word);
  const counts = new Map<string, number>();
  for (const word of words) {
    if (word.length < TELLING_LENGTH) continue;
    const meaning = VOCABULARY.get(word);
    if (meaning === undefined) continue;
    const spoken = new Set([...meaning.senses, ...meaning.roles].map((each) => each.language));
    if (spoken.has('en')) continue;
    for (const language of spoken) counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count >= ENOUGH_WORDS).map(([language]) => language));
}
