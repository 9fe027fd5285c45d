/**
 * One spelling for the words of identifiers: lower case, no diacritics, full-width forms as plain ones. `Straße`, `STRASSE` and `strasse`
 * are one word. Only marks of Latin, Greek and Cyrillic letters go; in other scripts a mark makes another letter.
 */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  ø: 'o',
  œ: 'oe',
  ł: 'l',
  ı: 'i',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ς: 'σ',
};

const PLAIN = /^[\x00-\x7f]*$/;

export function fold(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(/[ßæøœłıđðþς]/g, (letter) => LETTERS[letter] ?? letter);
}
