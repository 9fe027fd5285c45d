/**
 * An identifier as the words that it was put together from: `customerEmailAddress`, `customer_email_address`, `CUSTOMER-EMAIL-ADDRESS` and
 * `[customer email address]` all give the same three. Digits are words of their own.
 */
import { fold } from './fold.ts';

/** PostgreSQL's identifiers have 63 bytes; JSON keys and comments may be longer. */
const LONGEST = 400;

const PIECE = /\p{L}[\p{L}\p{M}]*|\p{N}+/gu;

export function splitIdentifier(identifier: string): string[] {
  const words: string[] = [];
  for (const [piece] of identifier.slice(0, LONGEST).matchAll(PIECE)) for (const word of splitCase(piece)) words.push(fold(word));
  return words;
}

/** `firstName` → first, Name; `userID` → user, ID; `HTMLBody` → HTML, Body; `IPs` stays. */
function splitCase(piece: string): string[] {
  if (piece === piece.toLowerCase() || piece === piece.toUpperCase()) return [piece];
  const words: string[] = [];
  let start = 0;
  for (let i = 1; i < piece.length; i++) {
    const boundary = isUpper(piece[i]!) && (isLower(piece[i - 1]!) || (isLower(piece[i + 1]) && !isPlural(piece, i)));
    if (!boundary) continue;
    words.push(piece.slice(start, i));
    start = i;
  }
  words.push(piece.slice(start));
  return words;
}

/** The `s` of `userIDs` and `clientIPs` belongs to the abbreviation before it. */
function isPlural(piece: string, i: number): boolean {
  return piece[i + 1] === 's' && (i + 2 === piece.length || isUpper(piece[i + 2])) && isUpper(piece[i - 1]);
}

function isUpper(letter: string | undefined): boolean {
  return letter !== undefined && letter !== letter.toLowerCase();
}

function isLower(letter: string | undefined): boolean {
  return letter !== undefined && letter !== letter.toUpperCase();
}
