/** All lexicons as one index: folded phrase → what it may mean. Built once, when detection is first loaded. */
import type { SensitivityClass } from '../../../crds/meta.ts';
import { type Lexicon, ROLES, type Role, TIERS, type Tier } from './lexicon.ts';
import { ARABIC_HEBREW } from './lexicon/arabic-persian-hebrew.ts';
import { CHINESE } from './lexicon/chinese.ts';
import { CROATIAN } from './lexicon/croatian-serbian.ts';
import { CZECH } from './lexicon/czech-slovak.ts';
import { DANISH_NORWEGIAN } from './lexicon/danish-norwegian-finnish.ts';
import { DUTCH } from './lexicon/dutch.ts';
import { ENGLISH } from './lexicon/english.ts';
import { FRENCH } from './lexicon/french.ts';
import { GERMAN } from './lexicon/german.ts';
import { GREEK } from './lexicon/greek.ts';
import { HINDI } from './lexicon/hindi.ts';
import { HUNGARIAN } from './lexicon/hungarian.ts';
import { INDONESIAN } from './lexicon/indonesian-malay.ts';
import { ITALIAN } from './lexicon/italian.ts';
import { JAPANESE } from './lexicon/japanese.ts';
import { KOREAN } from './lexicon/korean.ts';
import { POLISH } from './lexicon/polish.ts';
import { PORTUGUESE } from './lexicon/portuguese.ts';
import { ROMANIAN } from './lexicon/romanian.ts';
import { RUSSIAN } from './lexicon/russian-ukrainian.ts';
import { SPANISH } from './lexicon/spanish.ts';
import { SWAHILI_FILIPINO } from './lexicon/swahili-filipino.ts';
import { SWEDISH } from './lexicon/swedish.ts';
import { TURKISH } from './lexicon/turkish.ts';
import { VIETNAMESE_THAI } from './lexicon/vietnamese-thai.ts';
import { splitIdentifier } from './split.ts';

export interface Sense {
  readonly class: SensitivityClass;
  readonly tier: Tier;
  readonly language: string;
  readonly headFirst: boolean;
}

export interface Meaning {
  readonly senses: Sense[];
  readonly roles: { readonly role: Role; readonly language: string; readonly headFirst: boolean }[];
}

const LEXICONS: readonly Lexicon[] = [
  ENGLISH,
  GERMAN,
  DUTCH,
  SWEDISH,
  DANISH_NORWEGIAN,
  SPANISH,
  PORTUGUESE,
  FRENCH,
  ITALIAN,
  ROMANIAN,
  POLISH,
  CZECH,
  RUSSIAN,
  TURKISH,
  HUNGARIAN,
  GREEK,
  CROATIAN,
  JAPANESE,
  CHINESE,
  KOREAN,
  HINDI,
  INDONESIAN,
  VIETNAMESE_THAI,
  ARABIC_HEBREW,
  SWAHILI_FILIPINO,
];

/** Joined phrases (`firstname`) are registered as well when they are this long; shorter ones collide with words. */
const JOINED_LENGTH = 6;

function build(lexicons: readonly Lexicon[]): Map<string, Meaning> {
  const index = new Map<string, Meaning>();
  const meaning = (phrase: string): Meaning => {
    let found = index.get(phrase);
    if (found === undefined) index.set(phrase, (found = { senses: [], roles: [] }));
    return found;
  };
  for (const lexicon of lexicons) {
    const { language, headFirst = false } = lexicon;
    for (const tier of TIERS) {
      for (const [name, terms] of Object.entries(lexicon[tier] ?? {})) {
        for (const phrase of phrases(terms)) {
          const { senses } = meaning(phrase);
          const known = senses.some((sense) => sense.class === name && sense.language === language);
          if (!known) senses.push({ class: name as SensitivityClass, tier, language, headFirst });
        }
      }
    }
    for (const role of ROLES) {
      for (const phrase of phrases(lexicon[role] ?? '')) meaning(phrase).roles.push({ role, language, headFirst });
    }
  }
  return shared(index);
}

/** Many phrases mean the same: one object for all of them is four megabytes less in every sidecar. */
function shared(index: Map<string, Meaning>): Map<string, Meaning> {
  const distinct = new Map<string, Meaning>();
  for (const [phrase, meaning] of index) {
    const key = JSON.stringify(meaning);
    const same = distinct.get(key);
    if (same === undefined) distinct.set(key, meaning);
    else index.set(phrase, same);
  }
  return index;
}

/** German writes `ä` as `ae` where it must, Danish `å` as `aa`. */
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ø: 'oe', å: 'aa' };

function* spellings(terms: string): Iterable<string> {
  for (const term of terms.split(',')) {
    yield term;
    if (/[äöüøå]/.test(term)) yield term.replace(/[äöüøå]/g, (letter) => UMLAUTS[letter]!);
  }
}

function* phrases(terms: string): Iterable<string> {
  for (const term of spellings(terms)) {
    const words = splitIdentifier(term);
    if (words.length === 0) continue;
    yield words.join(' ');
    const joined = words.join('');
    if (words.length > 1 && joined.length >= JOINED_LENGTH && !/\d/.test(joined)) yield joined;
  }
}

export const VOCABULARY: ReadonlyMap<string, Meaning> = build(LEXICONS);

/** Words that an identifier without separators may be made of; see segment.ts. */
export const WORDS: ReadonlySet<string> = new Set([...VOCABULARY.keys()].flatMap((phrase) => phrase.split(' ')));

export const LONGEST_PHRASE = 5;
