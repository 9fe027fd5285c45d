/** Sentences that people write, and what is hidden in them. */
import { luhn } from './checksums.ts';
import { isAddress } from './contact.ts';
import type { Shape } from './shape.ts';

/** The commonest small words of many languages. They make a sentence of words; titles and lists of keywords have fewer. */
const SMALL_WORDS: ReadonlySet<string> = new Set(
  `the and is of to in for on with was were are be has have had this that it not but from by as at you your we our i my he she they his her their please can will would should there when what which who been very more after before if so no
  der die das und ist nicht ein eine einen mit von zu auf fur für den dem des im am bei nach wir ich sie er es wurde war hat haben bitte auch noch als oder aber wie uns mir wenn
  le la les et est de des du un une que qui dans pour pas sur avec au aux par ce cette il elle nous vous je sont plus mais a été ne se son sa ses
  el los las y es en por para con no se del al una su lo como pero muy fue me mi ha más mas este esta son tiene sin
  o os e do da em um uma não nao com foi mais ao na dos das seu sua está esta são muito
  il che di non per sono con una della ho stato anche più questo gli
  het een van en niet voor met dat zijn op te er maar ook naar bij wel geen
  och att det som en på är inte för med av har den til jeg ikke og på er det har vil ei ja se on että
  nie jest sie się na do w z i to że ze czy jak po bardzo proszę je bylo je na se ve že to jsem s v k pro ale
  nu este si la cu pe sa din pentru care mai ca am fost
  bir ve bu için icin ile çok cok daha ne var yok gibi olarak
  yang dan di ke dari untuk dengan ini itu tidak ada saya akan pada sudah kami
  и в не на что с по как это он она мы вы для к у из за был была было очень но так же
  και το να είναι του της που για με δεν από
  sed ut et in non ad est qui dolor aut quia ex id sit amet dolore enim quis nisi voluptas magnam eos eum
  của là và có không được cho với các những một ในการ`.split(/\s+/),
);

const EAST_ASIAN_SENTENCE = 10;
const SCANNED = 400;

/**
 * `prose`: a sentence. `prose.short`: a few words that read like one. `prose.email`, `prose.number`: an address, or a number of telephone or
 * card length, inside a text.
 */
export function recogniseProse(shape: Shape, found: (id: string) => void): void {
  let written = false;
  const { text, words } = shape;
  if (shape.foreign >= EAST_ASIAN_SENTENCE && isUnspacedSentence(text)) {
    written = true;
    found('prose');
  } else if (words >= 3) {
    const pieces = text.slice(0, SCANNED).trimEnd().split(/\s+/);
    let small = 0;
    let lower = 0;
    for (const piece of pieces) {
      const word = trimPunctuation(piece).toLowerCase();
      if (SMALL_WORDS.has(word)) small++;
      const first = piece[0]!;
      if (first === first.toLowerCase() && first !== first.toUpperCase()) lower++;
    }
    const sentence =
      words >= 5 &&
      lower * 2 >= pieces.length &&
      (small >= 1 || words >= 8) &&
      (small >= 2 || small * 8 >= pieces.length || /[.!?]/.test(text));
    written = sentence || lower * 2 >= pieces.length;
    if (sentence) found('prose');
    else if (lower * 2 >= pieces.length || (small > 0 && /[.!?]$/.test(text))) found('prose.short');
  } else if (words === 2 && /[.!?]$/.test(text)) found('prose.short');
  if (!written) return;
  if (shape.at > 0 && hasAddress(text)) found('prose.email');
  if (shape.digits >= 9 && hasNumber(text)) found('prose.number');
}

/** Chinese and Japanese: what holds sentences together; a firm's name has as many characters. Thai: length, for it has no blanks at all. */
function isUnspacedSentence(text: string): boolean {
  const piece = text.slice(0, SCANNED);
  const han = piece.match(/[\u3400-\u9fff]/g)?.length ?? 0;
  const hiragana = piece.match(/[\u3041-\u3096]/g)?.length ?? 0;
  const hangul = piece.match(/[\uac00-\ud7af]/g)?.length ?? 0;
  const thai = piece.match(/[\u0e01-\u0e5b]/g)?.length ?? 0;
  if (hiragana >= 4 && hiragana + han >= EAST_ASIAN_SENTENCE) return true;
  if (han >= 8)
    return /[。，！？；、]/.test(piece) || (piece.match(/[的了是在我你他她有和不这这要会到说也就请已]/g)?.length ?? 0) >= 2;
  if (hangul >= EAST_ASIAN_SENTENCE) return (piece.match(/\s/g)?.length ?? 0) >= 2;
  return thai >= 25;
}

function trimPunctuation(piece: string): string {
  let start = 0;
  let end = piece.length;
  while (start < end && !isLetter(piece.charCodeAt(start))) start++;
  while (end > start && !isLetter(piece.charCodeAt(end - 1))) end--;
  return piece.slice(start, end);
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code > 127;
}

/** Looks at the few `@` of a text only: linear, whatever the text is. */
function hasAddress(text: string): boolean {
  for (let at = text.indexOf('@'), tries = 0; at >= 0 && tries < 8; at = text.indexOf('@', at + 1), tries++) {
    let start = at;
    while (start > 0 && at - start < 64 && /[\w.+-]/.test(text[start - 1]!)) start--;
    let end = at + 1;
    while (end < text.length && end - at < 100 && /[\w.-]/.test(text[end]!)) end++;
    while (end > at && text[end - 1] === '.') end--;
    if (isAddress(text.slice(start, end))) return true;
  }
  return false;
}

/** A telephone number with its country or trunk prefix, or a card number. */
function hasNumber(text: string): boolean {
  let digits = '';
  let plus = false;
  for (let i = 0; i <= text.length; i++) {
    const letter = text[i] ?? '\n';
    if (letter >= '0' && letter <= '9') digits += letter;
    else if (digits === '' ? letter === '+' : ' -()./'.includes(letter)) plus ||= letter === '+';
    else {
      if (
        digits.length >= 9 &&
        digits.length <= 19 &&
        (plus || (digits[0] === '0' && digits.length < 13) || (digits.length > 12 && luhn(digits)))
      )
        return true;
      digits = '';
      plus = false;
    }
  }
  return false;
}
