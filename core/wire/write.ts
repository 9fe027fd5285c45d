/**
 * Builders: one function a message, each returning the finished bytes, header included. Strings that would carry a NUL
 * (and so end a field early) are refused by throwing: they are ours or were checked before.
 */
import type { Denial } from '../errors/denial.ts';
import type { TransactionStatus } from './server-messages.ts';

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

/** `type` is one character. */
export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  let length = 4;
  for (const part of parts) length += part.length;
  const bytes = Buffer.allocUnsafe(length + 1);
  bytes[0] = type.charCodeAt(0);
  bytes.writeUInt32BE(length, 1);
  let at = 5;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}

export function cstring(text: string | Buffer): Buffer {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  if (bytes.includes(0)) throw new Error('a protocol string cannot contain a zero byte');
  return Buffer.concat([bytes, ZERO]);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

const ZERO = Buffer.alloc(1);

// ---- what we send to clients ------------------------------------------------------------------------------------------

export const authenticationOk = (): Buffer => message('R', int32(0));
export const parameterStatus = (name: string, value: string): Buffer => message('S', cstring(name), cstring(value));
export const backendKeyData = (pid: number, secret: Buffer): Buffer => message('K', int32(pid), secret);
export const commandComplete = (tag: string): Buffer => message('C', cstring(tag));
export const copyInResponse = (format: 0 | 1, columns: number): Buffer =>
  message('G', Buffer.from([format]), int16(columns), Buffer.concat(Array.from({ length: columns }, () => int16(format))));
export const parameterDescription = (types: readonly number[]): Buffer => message('t', int16(types.length), ...types.map(int32));

const READY: Readonly<Record<TransactionStatus, Buffer>> = {
  I: message('Z', utf8('I')),
  T: message('Z', utf8('T')),
  E: message('Z', utf8('E')),
};
/** Shared bytes: never write into them. */
export const readyForQuery = (status: TransactionStatus): Buffer => READY[status];
export const PARSE_COMPLETE = message('1');
export const BIND_COMPLETE = message('2');
export const CLOSE_COMPLETE = message('3');
export const EMPTY_QUERY = message('I');
export const NO_DATA = message('n');
export const PORTAL_SUSPENDED = message('s');

/** Answer to a client that asks for protocol 3.`minor` above ours or for options we do not know. */
export function negotiateProtocolVersion(newestMinor: number, unknownOptions: readonly string[]): Buffer {
  return message('v', int32(newestMinor), int32(unknownOptions.length), ...unknownOptions.map(cstring));
}

/** One row of text values; null is SQL NULL. */
export function dataRow(values: readonly (string | null)[]): Buffer {
  const parts: Buffer[] = [int16(values.length)];
  for (const value of values) {
    if (value === null) parts.push(int32(-1));
    else parts.push(int32(utf8(value).length), utf8(value));
  }
  return message('D', ...parts);
}

/** Columns of type text without origin. */
export function textRowDescription(names: readonly string[]): Buffer {
  const TEXT = 25;
  const parts = names.flatMap((name) => [cstring(name), int32(0), int16(0), int32(TEXT), int16(-1), int32(-1), int16(0)]);
  return message('T', int16(names.length), ...parts);
}

export type Severity = 'ERROR' | 'FATAL' | 'PANIC' | 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG';

/** Field letters of https://www.postgresql.org/docs/current/protocol-error-fields.html, written in this order. */
export interface Report {
  readonly severity: Severity;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** One-based, in characters. */
  readonly position?: number;
  /** s, t, c, d, n: schema, table, column, data type, constraint. */
  readonly names?: readonly (readonly [code: 's' | 't' | 'c' | 'd' | 'n', name: string])[];
}

/** Text of ours may quote a client: a zero byte in it would end the field, so it is shown as U+FFFD. */
const shown = (text: string): Buffer => cstring(text.replaceAll('\0', '\ufffd'));

function report(type: 'E' | 'N', content: Report): Buffer {
  const parts: Buffer[] = [];
  const field = (code: string, value: string): void => void parts.push(utf8(code), shown(value));
  field('S', content.severity);
  field('V', content.severity);
  field('C', content.sqlstate);
  field('M', content.message);
  if (content.detail !== undefined) field('D', content.detail);
  if (content.hint !== undefined) field('H', content.hint);
  if (content.position !== undefined) field('P', String(content.position));
  for (const [code, name] of content.names ?? []) field(code, name);
  return message(type, ...parts, ZERO);
}

export const errorResponse = (content: Report): Buffer => report('E', content);
export const noticeResponse = (content: Report): Buffer => report('N', content);

export interface DenialContext {
  readonly severity?: 'ERROR' | 'FATAL';
  /** The statement the denial's `location` (bytes) points into; without it no position is sent. */
  readonly sql?: Buffer;
}

/**
 * A denial as the client sees it: the stable code and the rule are in DETAIL, in front of what else there is to say, e.g.
 * `SLUICE-201 (policy data-platform/support-agent)`.
 */
export function denialResponse(denial: Denial, context: DenialContext = {}): Buffer {
  const position =
    denial.location === undefined || context.sql === undefined ? undefined : characterPosition(context.sql, denial.location);
  return errorResponse({
    severity: context.severity ?? 'ERROR',
    sqlstate: denial.sqlstate,
    message: denial.message,
    ...(denial.plain === true ? {} : { detail: denialDetail(denial) }),
    ...(denial.hint === undefined ? {} : { hint: denial.hint }),
    ...(position === undefined ? {} : { position }),
  });
}

export function denialDetail(denial: Denial): string {
  const rule = denial.rule === undefined ? '' : ` (${denial.rule.includes('/') ? 'policy ' : ''}${denial.rule})`;
  return `${denial.code}${rule}${denial.detail === undefined ? '' : `: ${denial.detail}`}`;
}

/** PostgreSQL counts positions in characters from 1; everything of ours counts bytes from 0. Undefined outside the text. */
export function characterPosition(sql: Buffer, byteOffset: number): number | undefined {
  if (byteOffset < 0 || byteOffset > sql.length) return undefined;
  let characters = 1;
  for (let i = 0; i < byteOffset; i++) if ((sql[i]! & 0xc0) !== 0x80) characters++;
  return characters;
}

/** The inverse: where a server's one-based character position lies in bytes. Undefined outside the text. */
export function byteOffset(sql: Buffer, position: number): number | undefined {
  if (!Number.isInteger(position) || position < 1) return undefined;
  let characters = 0;
  for (let i = 0; i < sql.length; i++) {
    if ((sql[i]! & 0xc0) === 0x80) continue;
    if (++characters === position) return i;
  }
  return characters + 1 === position ? sql.length : undefined;
}
