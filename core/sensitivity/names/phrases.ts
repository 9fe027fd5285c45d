/**
 * An identifier's words as phrases of the vocabulary, longest first, with what they may mean in the languages that the schema speaks.
 */
import { ABBREVIATIONS } from './abbreviations.ts';
import type { Role } from './lexicon.ts';
import { LONGEST_PHRASE, type Meaning, type Sense, VOCABULARY } from './vocabulary.ts';

/** ISO codes of the languages that a schema speaks, beside English. */
export type Languages = ReadonlySet<string>;

export interface Token {
  readonly words: readonly string[];
  readonly meaning?: Meaning;
}

const SHORT = 4;

const PLAIN_LATIN = /^[a-z]*$/;

/** A long word of a language makes the short ones beside it words of that language: `tipo` in `tipo_telefono`. */
export function withOwn(words: readonly string[], spoken: Languages): Languages {
  if (words.length < 2) return spoken;
  let all: Set<string> | undefined;
  for (const word of words) {
    if (word.length <= SHORT) continue;
    const meaning = VOCABULARY.get(word);
    if (meaning === undefined) continue;
    const own = [...meaning.senses, ...meaning.roles].map((each) => each.language);
    if (own.includes('en')) continue;
    for (const language of own) (all ??= new Set(spoken)).add(language);
  }
  return all ?? spoken;
}

/** What all the words together mean, as one phrase. */
export function sensesOf(words: readonly string[], languages: Languages): readonly Sense[] {
  return (lookUp(words)?.senses ?? []).filter((sense) => speaks(sense.language, words, languages));
}

/** Longest phrases first, from left to right. */
export function tokenise(words: readonly string[], languages: Languages): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < words.length; ) {
    let taken = 0;
    for (let length = Math.min(LONGEST_PHRASE, words.length - i); length > 0 && taken === 0; length--) {
      const phrase = words.slice(i, i + length);
      const meaning = lookUp(phrase);
      if (meaning === undefined || !meansAnything(meaning, phrase, languages)) continue;
      tokens.push({ words: phrase, meaning });
      taken = length;
    }
    if (taken === 0) tokens.push({ words: [words[i]!] });
    i += Math.max(taken, 1);
  }
  return tokens;
}

function lookUp(words: readonly string[]): Meaning | undefined {
  const found = lookUpSpelled(words);
  if (found !== undefined) return found;
  for (const abbreviations of ABBREVIATIONS) {
    if (!words.some((word) => abbreviations.has(word))) continue;
    const spelled = lookUpSpelled(words.map((word) => abbreviations.get(word) ?? word));
    if (spelled !== undefined) return spelled;
  }
  return undefined;
}

function lookUpSpelled(words: readonly string[]): Meaning | undefined {
  const phrase = words.join(' ');
  const found = VOCABULARY.get(phrase);
  if (found !== undefined) return found;
  const last = words[words.length - 1]!;
  if (last.length < 4 || !last.endsWith('s') || last.endsWith('ss')) return undefined;
  return VOCABULARY.get(phrase.slice(0, -1)) ?? (last.endsWith('es') ? VOCABULARY.get(phrase.slice(0, -2)) : undefined);
}

function meansAnything(meaning: Meaning, words: readonly string[], languages: Languages): boolean {
  return (
    meaning.senses.some((sense) => speaks(sense.language, words, languages)) ||
    meaning.roles.some((role) => speaks(role.language, words, languages))
  );
}

/** Short words mean something else in every language (`str`, `cap`, `run`): they are believed in a schema that speaks it. */
export function speaks(language: string, words: readonly string[], languages: Languages): boolean {
  if (language === 'en' || languages.has(language)) return true;
  const letters = words.join('');
  return letters.length > SHORT || !PLAIN_LATIN.test(letters);
}

export function hasRole(token: Token | undefined, role: Role, languages: Languages): boolean {
  if (token?.meaning === undefined) return false;
  return token.meaning.roles.some((each) => each.role === role && speaks(each.language, token.words, languages));
}

const LETTERS = /\p{L}/u;

/** Says nothing: numbers, `of`, and what is too short to be a word of its own (`name_en`). */
export function isFiller(token: Token, languages: Languages): boolean {
  const [word] = token.words;
  if (!LETTERS.test(word!)) return true;
  if (token.meaning === undefined) return word!.length <= 2;
  return hasRole(token, 'filler', languages);
}
