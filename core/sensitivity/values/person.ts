/** Names of people, by a dictionary of frequent ones. It knows a part of all names: ratios are judged by that (see evidence/values.ts). */
import { fold } from '../names/fold.ts';
import { GIVEN_NAMES } from './people/given.ts';
import { HANGUL_SURNAMES, HAN_SURNAMES, KANA_SURNAMES, KANJI_SURNAMES, SURNAMES } from './people/surnames.ts';
import type { Shape } from './shape.ts';

const LONGEST = 60;
const TITLES = new Set([
  'mr',
  'mrs',
  'ms',
  'miss',
  'dr',
  'prof',
  'sir',
  'herr',
  'frau',
  'sr',
  'sra',
  'dott',
  'mme',
  'mlle',
  'ing',
  'dipl-ing',
  'jr',
  'ii',
  'iii',
  'md',
  'phd',
  'dds',
  'dvm',
  'univ',
  'hr',
  'fr',
  'pani',
  'hj',
  'bapak',
  'ibu',
]);
/** Streets are called after people. */
const STREETS = new Set(
  'street st road rd lane ln avenue ave drive dr boulevard blvd court way trail trafficway parkway highway circle plaza square terrace crescent close alley loop points route strasse weg platz allee rue avenue calle avenida via viale piazza rua praca ulica straat laan'.split(
    ' ',
  ),
);
const FIRMS = new Set(
  `gmbh ag kg ohg ug ltd limited inc llc llp corp corporation company co plc group holding holdings sarl sas sasu eurl sa sl slu srl spa snc bv nv oy oyj ab as aps kft zrt doo dd ood ead
   sro sp zoo ltda eireli me mei pt cv tbk pte sdn bhd pty freres fils sons bros brothers und and et associates partners solutions services consulting industries international enterprises
   technologies systems verlag stiftung werke hermanos hijos e.v ev eg gbr kgaa mbh 株式会社 有限公司 ооо зао оао пао ип`.split(
    /\s+/,
  ),
);
const PARTICLES = new Set([
  'de',
  'del',
  'della',
  'di',
  'da',
  'dos',
  'van',
  'von',
  'der',
  'den',
  'la',
  'le',
  'el',
  'al',
  'bin',
  'ibn',
  'y',
  'e',
  'ter',
  'ten',
  'zu',
  'af',
  'ben',
  'abu',
  'st',
]);

/**
 * `person`: several words of which one is a given name and the rest may be names. `person.given`, `person.surname`: a single word that is
 * in the dictionary.
 */
export function recognisePerson(shape: Shape, found: (id: string) => void): void {
  const { text, words } = shape;
  if (
    text.length < 2 ||
    text.length > LONGEST ||
    shape.digits > 0 ||
    shape.at > 0 ||
    shape.slashes > 0 ||
    shape.colons > 0 ||
    words > 6
  )
    return;
  if (shape.others > 3) return;
  if (shape.foreign > 0 && recogniseEastAsian(text, found)) return;
  if (shape.upper + shape.foreign === 0 && words > 1) return;
  const parts = fold(text)
    .split(/[\s,]+/)
    .map((part) => part.replace(/[.()"']/g, ''))
    .filter((part) => part !== '' && !TITLES.has(part));
  if (parts.length === 0) return;
  if (parts.length === 1) {
    const [part] = parts;
    const [first] = part!.split('-');
    if (GIVEN_NAMES.has(part!) || GIVEN_NAMES.has(first!)) found('person.given');
    if (SURNAMES.has(part!) || SURNAMES.has(first!)) found('person.surname');
    return;
  }
  if (STREETS.has(parts.at(-1)!) || STREETS.has(parts[0]!)) return;
  if (parts.some((part) => FIRMS.has(part)) || text.includes('&')) {
    found('company');
    return;
  }
  const names = parts.filter((part) => !PARTICLES.has(part));
  if (names.length < 1 || names.length > 4 || !startUpper(text)) return;
  const given = names.some(
    (part, i) => (i < 2 || text.includes(',')) && (GIVEN_NAMES.has(part) || GIVEN_NAMES.has(part.split('-')[0]!)),
  );
  const surnames = names.filter((part) => SURNAMES.has(part) || endsLikeName(part)).length;
  if (names.length > 1 || text.includes('.')) found('person.shape');
  if (given || surnames > 0) found('person.part');
  if (given || surnames > 1) found(surnames > 0 && given ? 'person.full' : 'person');
}

/** Surnames and patronymics that grammar makes; the dictionary need not have them. */
const ENDINGS =
  /(?:sson|sdotter|dottir|sen|ova|ov|eva|ev|ski|ska|sky|skij|skaya|skiy|ovic|evic|wicz|czyk|czak|enko|escu|eanu|opoulos|opoulou|idis|iadis|akis|oglu|nen|yan|ian|shvili|adze|idze|ova|kova|iewicz|owski|owska|inho|mann|meyer|berg|strom|stein|bauer|hof|huber)$|(?:ов|ев|ёв|ин|ова|ева|ина|скии|ская|ский|ський|ська|енко|чук|ович|евич|овна|евна|івна|јев|ић|ски|ска|ян|дзе|швили)$|յան$|(?:οπουλος|οπουλου|ιδης|ιδου|ακης|ακη)$|(?:შვილი|ძე|ია|ავა)$/;

function endsLikeName(part: string): boolean {
  return part.length >= 5 && ENDINGS.test(part);
}

/** Every word but particles starts with a capital, as names do and sentences do not. */
function startUpper(text: string): boolean {
  for (const word of text.split(/[\s,]+/)) {
    const first = word[0];
    if (first === undefined || PARTICLES.has(word.toLowerCase())) continue;
    if (first === first.toUpperCase()) continue;
    return false;
  }
  return true;
}

const HAN = /^[\u4e00-\u9fff々ヶ]{2,4}$/;
const HANGUL = /^[\uac00-\ud7af]{2,4}$/;
const JAPANESE = /^[\u4e00-\u9fff々ヶ]{1,4}[\s\u3000]?[\u3040-\u30ff\u4e00-\u9fff]{1,5}$/;
const KANA = /^([\u3040-\u30ff]{2,6})[\s\u3000][\u3040-\u30ff]{1,6}$/;

/** True when the value is in one of these scripts at all. */
function recogniseEastAsian(text: string, found: (id: string) => void): boolean {
  const kana = KANA.exec(text);
  if (kana !== null) {
    if (KANA_SURNAMES.has(kana[1]!)) found('person.full');
    return true;
  }
  if (HANGUL.test(text)) {
    if (text.length === 3 && HANGUL_SURNAMES.has(text[0]!)) found('person.east');
    return true;
  }
  if (JAPANESE.test(text)) {
    const known = KANJI_SURNAMES.has(text.slice(0, 2));
    if (known) found('person.full');
    if (/[\s\u3000]/.test(text)) {
      found('person.shape');
      if (known) found('person.part');
      return true;
    }
    if (known) return true;
  }
  if (HAN.test(text)) {
    if (text.length <= 3 && HAN_SURNAMES.has(text[0]!)) found('person.east');
    return true;
  }
  return false;
}
