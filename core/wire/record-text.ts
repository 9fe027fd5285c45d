/**
 * PostgreSQL's text of a row, `(1,"a ""b""",,)`: nothing is NULL, "" is empty; inside quotes a quote or backslash is doubled or escaped.
 * https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
 */

/** The fields, or undefined when the text is not one whole row. */
export function parseRecord(text: string): (string | null)[] | undefined {
  const fields: (string | null)[] = [];
  const end = readFields(text, fields);
  return end === text.length ? fields : undefined;
}

/** The fields that stand whole in the beginning of a row's text. */
export function leadingFields(text: string): readonly (string | null)[] {
  const fields: (string | null)[] = [];
  readFields(text, fields);
  return fields;
}

/** Where the row ends, -1 if it does not. */
function readFields(text: string, fields: (string | null)[]): number {
  if (text.charCodeAt(0) !== OPEN) return -1;
  let at = 1;
  for (;;) {
    let value = '';
    let quoted = false;
    let begin = at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (Number.isNaN(code)) return -1;
      if (code === QUOTE) {
        value += text.slice(begin, at);
        quoted = true;
        at += 1;
        const closed = quotedPart(text, at);
        if (closed === undefined) return -1;
        value += closed.value;
        at = begin = closed.end;
        continue;
      }
      if (code === COMMA || code === CLOSE) break;
      if (code === BACKSLASH) return -1;
      at += 1;
    }
    value += text.slice(begin, at);
    fields.push(value === '' && !quoted ? null : value);
    const close = text.charCodeAt(at) === CLOSE;
    at += 1;
    if (close) return at;
  }
}

/** From behind the opening quote to behind the closing one. */
function quotedPart(text: string, from: number): { readonly value: string; readonly end: number } | undefined {
  let value = '';
  let begin = from;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      value += text.slice(begin, at);
      begin = at + 1;
      at += 1;
    } else if (code === QUOTE) {
      if (text.charCodeAt(at + 1) !== QUOTE) return { value: value + text.slice(begin, at), end: at + 1 };
      value += text.slice(begin, at + 1);
      at += 1;
      begin = at + 1;
    }
  }
  return undefined;
}

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
