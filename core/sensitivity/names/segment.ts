/**
 * Compounds without separators: `customeremailaddress`, `kundennachname`, `顧客メールアドレス`. A word of letters is cut where the
 * vocabulary covers it completely, in as few pieces as possible; a linking `s`, `n`, `en` or `e` between pieces is allowed, as in German.
 * Scripts that do not separate words are searched for what is known; what lies between is left alone.
 */
import { WORDS } from './vocabulary.ts';

const SHORTEST_COMPOUND = 6;
const LONGEST_COMPOUND = 63;
/** Shorter pieces are found in too many words. */
const SHORTEST_PIECE = 4;
/** Except these: first, in between, last. */
const SHORT_ANYWHERE = new Set([
  'dob',
  'ssn',
  'zip',
  'tel',
  'fax',
  'cpf',
  'dni',
  'iban',
  'otp',
  'jwt',
  'pwd',
  'nom',
  'url',
  'api',
  'emp',
  'ort',
  'nome',
]);
const SHORT_LAST = new Set(['id', 'no', 'nr', 'ip', 'at', 'num', 'key', 'age', 'name', 'plz', 'pin', 'on']);
const SHORT_FIRST = new Set(['ip', 'is', 'has', 'num', 'old', 'new', 'src', 'cc', 'my', 'tmp', 'alt', 'std']);
const LINKS = ['', 's', 'n', 'en', 'e', 'es'];
/** Words that are no compounds, though they look like them. */
const WHOLE = new Set([
  'voicemail',
  'together',
  'monument',
  'automobile',
  'immobile',
  'understand',
  'namespace',
  'passport',
  'keyboard',
  'keyword',
  'keywords',
  'iphone',
  'microphone',
  'headphone',
  'headphones',
  'smartphone',
  'saxophone',
  'homepage',
  'workplace',
  'marketplace',
  'workspace',
  'blueprint',
  'password',
  'username',
  'hostname',
  'filename',
  'timestamp',
  'deadline',
  'headline',
  'online',
  'offline',
  'timeline',
  'pipeline',
  'baseline',
  'guideline',
  'underline',
  'outline',
  'airline',
  'multicast',
]);

/** Scripts that are written without spaces, or whose compounds are. */
const UNSPACED = /[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

export function segment(word: string): readonly string[] {
  if (WORDS.has(word)) return [word];
  if (UNSPACED.test(word)) return search(word);
  if (word.length < SHORTEST_COMPOUND || word.length > LONGEST_COMPOUND || WHOLE.has(word)) return [word];
  return cover(word) ?? [word];
}

/** The fewest pieces that cover the word; undefined when it cannot be covered. */
function cover(word: string): string[] | undefined {
  // best[i]: the pieces of word.slice(0, i).
  const best: (string[] | undefined)[] = new Array(word.length + 1);
  best[0] = [];
  for (let start = 0; start < word.length; start++) {
    const before = best[start];
    if (before === undefined) continue;
    for (let end = start + 2; end <= word.length; end++) {
      const piece = word.slice(start, end);
      if (!isPiece(piece, start === 0, end === word.length)) continue;
      for (const link of end === word.length ? [''] : LINKS) {
        const after = end + link.length;
        if (after > word.length || !word.startsWith(link, end) || (link !== '' && after === word.length)) continue;
        const old = best[after];
        if (old === undefined || old.length > before.length + 1) best[after] = [...before, piece];
      }
    }
  }
  return best[word.length];
}

function isPiece(piece: string, first: boolean, last: boolean): boolean {
  if (!WORDS.has(piece) && !(last && piece.endsWith('s') && piece.length > SHORTEST_PIECE && WORDS.has(piece.slice(0, -1))))
    return false;
  if (piece.length >= SHORTEST_PIECE) return true;
  return SHORT_ANYWHERE.has(piece) || (first && SHORT_FIRST.has(piece)) || (last && SHORT_LAST.has(piece));
}

/** Longest known words from left to right. */
function search(word: string): string[] {
  const pieces: string[] = [];
  let unknown = '';
  for (let i = 0; i < word.length; ) {
    let length = Math.min(12, word.length - i);
    while (length > 0 && !WORDS.has(word.slice(i, i + length))) length--;
    if (length === 0) {
      unknown += word[i++];
      continue;
    }
    if (unknown !== '') pieces.push(unknown);
    unknown = '';
    pieces.push(word.slice(i, i + length));
    i += length;
  }
  if (unknown !== '') pieces.push(unknown);
  return pieces;
}
