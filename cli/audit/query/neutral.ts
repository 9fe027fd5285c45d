/**
 * Records hold what attackers wrote: names, statements, what a client says of itself. Nothing of it may act on whoever reads an answer: no
 * terminal sequence, no formula in a spreadsheet, no markup.
 */
import { printable } from '../../table.ts';

/** JSON whose text holds no control and no invisible formatting character, and means the same. */
export function neutralJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    let escaped = '';
    for (let unit = 0; unit < character.length; unit += 1)
      escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    return escaped;
  });
}

/** What spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[\s'"]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]/;

/** A field of CSV (RFC 4180). A text that a spreadsheet would evaluate gets an apostrophe before it; numbers are numbers. */
export function csvField(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const text = printable(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",;\s']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A cell of a Markdown table: whatever is in it is text, and no link either (https://github.github.com/gfm/#autolinks-extension-). */
export function markdownText(value: string): string {
  return printable(value)
    .replaceAll(/[\\`*_{}[\]()#|~$!]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('://', '&#58;//')
    .replaceAll('@', '&#64;')
    .replaceAll(/www\./gi, (match) => `${match.slice(0, 3)}&#46;`);
}

/** Text or a quoted attribute of HTML. */
export function htmlText(value: string): string {
  return printable(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
