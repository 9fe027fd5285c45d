/**
 * The value of a literal as the server's text format has it, from its token: quotes, escapes and continuation lines taken away, numbers without
 * leading zeros, underscores, exponents and other bases, bit strings as digits. The sign of a number is an operator, not part of it.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS
 */

const QUOTE = 0x27;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
/** Digits that an exponent may add; the server takes more, nobody writes them. */
const MOST_DIGITS = 400;

/** Of a STRING token (scanner.ts) at [start, end) of a text that the server would take. Undefined: it would not. */
export function stringText(bytes: Buffer, start: number, end: number): string | Buffer | undefined {
  switch (bytes[start]) {
    case QUOTE:
      return plain(bytes, start, end);
    case DOLLAR: {
      const tag = bytes.indexOf(DOLLAR, start + 1) + 1 - start;
      return bytes.toString('utf8', start + tag, end - tag);
    }
    case 0x45:
    case 0x65:
      return escaped(segments(bytes, start + 1, end, true));
    case 0x55:
    case 0x75:
      return unicode(bytes, start, end);
    case 0x42:
    case 0x62:
      return segments(bytes, start + 1, end, false).toString('latin1');
    case 0x58:
    case 0x78:
      return bits(segments(bytes, start + 1, end, false).toString('latin1'));
    default:
      return undefined;
  }
}

/** Of a NUMBER token. Undefined: too large to write out. */
export function numberText(bytes: Buffer, start: number, end: number): string | undefined {
  const written = bytes.toString('latin1', start, end).replaceAll('_', '');
  if (/^(0|[1-9]\d*)$/.test(written)) return written;
  if (/^0[xob]/i.test(written)) return BigInt(written).toString();
  const parts = /^(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(written);
  if (parts === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent);
  if (Math.abs(shift) > MOST_DIGITS) return undefined;
  // As numeric_in keeps them: digits after the point less the exponent, never fewer than none.
  const scale = Math.max(0, fraction.length - shift);
  const digits = whole + fraction;
  const point = whole.length + shift;
  const before = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0');
  const after = (point < 0 ? '0'.repeat(-point) + digits : digits.slice(point)).slice(0, scale);
  const integer = before.replace(/^0+(?=\d)/, '') || '0';
  return scale === 0 ? integer : `${integer}.${after.padEnd(scale, '0')}`;
}

/** By far the most: one segment without a quote within. */
function plain(bytes: Buffer, start: number, end: number): string | Buffer {
  const inner = bytes.indexOf(QUOTE, start + 1);
  if (inner === end - 1) return bytes.toString('utf8', start + 1, end - 1);
  return segments(bytes, start, end, false);
}

/** What stands between the quotes of all segments, doubled quotes made single. `backslash`: one protects what follows it. */
function segments(bytes: Buffer, start: number, end: number, backslash: boolean): Buffer {
  const content = Buffer.allocUnsafe(end - start);
  let length = 0;
  let inside = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (!inside) {
      // Between segments there are white space and line comments, in which a quote means nothing.
      if (byte === 0x2d && bytes[at + 1] === 0x2d)
        while (at + 1 < end && bytes[at + 1] !== 0x0a && bytes[at + 1] !== 0x0d) at += 1;
      else if (byte === QUOTE) inside = true;
      continue;
    }
    if (byte === QUOTE && bytes[at + 1] === QUOTE && at + 1 < end) at += 1;
    else if (byte === QUOTE) {
      inside = false;
      continue;
    } else if (byte === BACKSLASH && backslash && at + 1 < end) {
      content[length++] = byte;
      at += 1;
    }
    content[length++] = bytes[at]!;
  }
  return content.subarray(0, length);
}

const ESCAPES: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** E'…'. */
function escaped(content: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let high = '';
  for (let at = 0; at < content.length; ) {
    const next = content.indexOf(BACKSLASH, at);
    const end = next === -1 ? content.length : next;
    if (end > at) {
      if (high !== '') return undefined;
      parts.push(content.subarray(at, end));
    }
    if (next === -1) break;
    const rest = content.toString('latin1', next + 1, next + 10);
    const [code = ''] = /^(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(rest) ?? [];
    if (code === '' || /^[0-7x]/.test(code)) {
      if (high !== '') return undefined;
      parts.push(byteEscape(content, next + 1, code));
    } else {
      const joined = character(Number.parseInt(code.slice(1), 16), high);
      if (joined === undefined) return undefined;
      if (joined.text !== '') parts.push(Buffer.from(joined.text));
      high = joined.high;
    }
    at = next + 1 + Math.max(1, code.length);
  }
  return high === '' ? Buffer.concat(parts) : undefined;
}

function byteEscape(content: Buffer, at: number, code: string): Buffer {
  if (code.startsWith('x')) return Buffer.of(Number.parseInt(code.slice(1), 16));
  if (code !== '') return Buffer.of(Number.parseInt(code, 8) & 0xff);
  const byte = content[at] ?? 0;
  return Buffer.of(ESCAPES[String.fromCharCode(byte)] ?? byte);
}

/** U&'…' with its UESCAPE. */
function unicode(bytes: Buffer, start: number, end: number): string | undefined {
  const clause = /'(?:\s|\/\*.*?\*\/)*uescape(?:\s|\/\*.*?\*\/)*'([^'])'$/is.exec(
    bytes.toString('latin1', Math.max(start, end - 200), end),
  );
  const mark = clause?.[1] ?? '\\';
  const close = clause === null ? end : end - clause[0].length + 1;
  const content = segments(bytes, start + 2, close, false).toString('utf8');
  let text = '';
  let high = '';
  for (let at = 0; at < content.length; ) {
    if (content[at] !== mark) {
      if (high !== '') return undefined;
      text += content[at++];
    } else if (content[at + 1] === mark) {
      if (high !== '') return undefined;
      text += mark;
      at += 2;
    } else {
      const [code = ''] = /^(?:[0-9a-fA-F]{4}|\+[0-9a-fA-F]{6})/.exec(content.slice(at + 1, at + 8)) ?? [];
      const joined = code === '' ? undefined : character(Number.parseInt(code.replace('+', ''), 16), high);
      if (joined === undefined) return undefined;
      text += joined.text;
      high = joined.high;
      at += 1 + code.length;
    }
  }
  return high === '' ? text : undefined;
}

/** A code unit after what may be the first half of a pair. Undefined: the server would refuse it. */
function character(code: number, high: string): { readonly text: string; readonly high: string } | undefined {
  if (code === 0 || code > 0x10ffff) return undefined;
  const first = code >= 0xd800 && code < 0xdc00;
  const second = code >= 0xdc00 && code < 0xe000;
  if ((high !== '') !== second) return undefined;
  if (first) return { text: '', high: String.fromCharCode(code) };
  return { text: second ? high + String.fromCharCode(code) : String.fromCodePoint(code), high: '' };
}

/** X'1F' is the bit string 00011111. */
function bits(hexadecimal: string): string | undefined {
  if (!/^[0-9a-fA-F]*$/.test(hexadecimal)) return undefined;
  return [...hexadecimal].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
}
