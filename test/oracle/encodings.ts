/**
 * The byte patterns by which one canary is recognised, whatever was done to it on the way: each belongs to one view of the
 * stream (views.ts). Tokens are twelve consonants, so any seven in a row are evidence and never an accident.
 */
import { createHash } from 'node:crypto';
import type { Canary } from '../support/shop.ts';

/**
 * raw: the bytes as sent. folded: lower case. compact: line breaks left out, case kept. values: the column values and COPY
 * lines alone, joined without separators, lower case. valuesExact: the same with case kept. digits: what is left of `values`
 * when only digits are kept.
 */
export type View = 'raw' | 'folded' | 'compact' | 'values' | 'valuesExact' | 'digits';

export interface Pattern {
  readonly bytes: Buffer;
  readonly view: View;
  readonly encoding: string;
  readonly canary: Canary;
}

/** Any run of this many characters of a token counts. */
const FRAGMENT = 7;

export function patternsOf(canary: Canary): readonly Pattern[] {
  const patterns: Pattern[] = [];
  const add = (encoding: string, text: string | Buffer, views: readonly View[]): void => {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
    if (bytes.length < 6) return;
    for (const view of views) patterns.push({ bytes, view, encoding, canary });
  };
  const value = canary.value.toLowerCase();
  const bytes = Buffer.from(canary.value, 'utf8');
  const twice: readonly View[] = ['folded', 'values'];

  if (canary.type === 'text' || canary.type === 'bytea') {
    for (const fragment of fragments(value)) {
      add('text', fragment, twice);
      add('reversed', [...fragment].reverse().join(''), twice);
      add('rot13', rot13(fragment), twice);
    }
  } else {
    add('text', value, twice);
    add('reversed', [...value].reverse().join(''), twice);
  }
  add('hex', bytes.toString('hex'), twice);
  add('reversed hex', [...bytes.toString('hex')].reverse().join(''), twice);
  for (const alignment of [0, 1, 2])
    add(`base64 (alignment ${alignment})`, base64Core(bytes, alignment), ['compact', 'valuesExact']);
  add('url escapes', [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''), twice);
  add('bytea escapes', [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''), twice);
  add('bytea escapes', [...bytes].map((byte) => `\\\\${byte.toString(8).padStart(3, '0')}`).join(''), twice);
  add('character codes', [...bytes].join(''), ['digits']);
  add('md5', createHash('md5').update(bytes).digest('hex'), twice);
  add('sha256', createHash('sha256').update(bytes).digest('hex'), twice);
  add('binary md5', createHash('md5').update(bytes).digest(), ['raw']);
  add('binary sha256', createHash('sha256').update(bytes).digest(), ['raw']);
  for (const [encoding, form] of typedForms(canary)) add(encoding, form, Buffer.isBuffer(form) ? ['raw'] : twice);
  return patterns;
}

function* fragments(token: string): Generator<string> {
  if (token.length <= FRAGMENT) yield token;
  for (let at = 0; at + FRAGMENT <= token.length; at++) yield token.slice(at, at + FRAGMENT);
}

function rot13(text: string): string {
  return text.replace(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97));
}

/** The base64 characters that depend on `bytes` alone when they start `alignment` bytes into a group of three. */
function base64Core(bytes: Buffer, alignment: number): string {
  const skip = (3 - alignment) % 3;
  const whole = bytes.length - skip - ((bytes.length - skip) % 3);
  return bytes.subarray(skip, skip + whole).toString('base64');
}

/** Forms of non-text types, binary result format included (length word and value, as a DataRow or COPY field carries them). */
function typedForms({ type, value }: Canary): readonly (readonly [string, string | Buffer])[] {
  if (type === 'number') {
    const number = Number(value);
    const float = Buffer.alloc(12);
    float.writeInt32BE(8);
    float.writeDoubleBE(number, 4);
    const forms: (readonly [string, string | Buffer])[] = [
      ['digits alone', value.replace('.', '')],
      ['binary numeric', binaryNumeric(value)],
      ['binary float8', float],
    ];
    if (Number.isInteger(number) && number <= 2_147_483_647) {
      const int4 = Buffer.alloc(8);
      int4.writeInt32BE(4);
      int4.writeInt32BE(number, 4);
      const int8 = Buffer.alloc(12);
      int8.writeInt32BE(8);
      int8.writeBigInt64BE(BigInt(number), 4);
      forms.push(['binary int4', int4], ['binary int8', int8]);
    }
    return forms;
  }
  if (type === 'date') {
    const days = Math.round((Date.parse(`${value}T00:00:00Z`) - Date.UTC(2000, 0, 1)) / 86_400_000);
    const binary = Buffer.alloc(8);
    binary.writeInt32BE(4);
    binary.writeInt32BE(days, 4);
    return [
      ['basic date', value.replaceAll('-', '')],
      ['epoch', String(Date.parse(`${value}T00:00:00Z`) / 1000)],
      ['binary date', binary],
    ];
  }
  if (type === 'uuid')
    return [
      ['hex digits', value.replaceAll('-', '')],
      ['binary uuid', Buffer.from(value.replaceAll('-', ''), 'hex')],
    ];
  return [];
}

/** numeric_send's base-10000 digits of the number (their order and values; the header differs with scale). */
function binaryNumeric(text: string): Buffer {
  const [whole = '0', fraction = ''] = text.split('.');
  const digits =
    whole.padStart(Math.ceil(whole.length / 4) * 4, '0') +
    (fraction === '' ? '' : fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0'));
  const words = Buffer.alloc(digits.length / 2);
  for (let at = 0; at < digits.length; at += 4) words.writeInt16BE(Number(digits.slice(at, at + 4)), at / 2);
  return words;
}
