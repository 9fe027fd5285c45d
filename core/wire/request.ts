/** Builders for what we send to servers: one function a message, header included. */
import { cstring, int16, int32, message } from './write.ts';

const PROTOCOL_3_0 = 3 << 16;
const SSL_REQUEST_CODE = (1234 << 16) | 5679;
const CANCEL_REQUEST_CODE = (1234 << 16) | 5678;

/** Startup-phase packets have no type byte. */
function untyped(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 4), body]);
}

/** Settings in the order given. */
export function startupMessage(settings: readonly (readonly [name: string, value: string])[]): Buffer {
  return untyped(int32(PROTOCOL_3_0), ...settings.flatMap(([name, value]) => [cstring(name), cstring(value)]), Buffer.alloc(1));
}

export const sslRequest = (): Buffer => untyped(int32(SSL_REQUEST_CODE));
export const cancelRequest = (pid: number, secret: Buffer): Buffer => untyped(int32(CANCEL_REQUEST_CODE), int32(pid), secret);

export const query = (sql: string | Buffer): Buffer => message('Q', cstring(sql));

export function parse(statement: string, sql: string | Buffer, parameterTypes: readonly number[] = []): Buffer {
  return message('P', cstring(statement), cstring(sql), int16(parameterTypes.length), ...parameterTypes.map(int32));
}

/** Text parameters, text results. Null is SQL NULL. */
export function bind(portal: string, statement: string, values: readonly (string | null)[] = []): Buffer {
  const parts: Buffer[] = [cstring(portal), cstring(statement), int16(0), int16(values.length)];
  for (const value of values) {
    if (value === null) parts.push(int32(-1));
    else {
      const bytes = Buffer.from(value, 'utf8');
      parts.push(int32(bytes.length), bytes);
    }
  }
  return message('B', ...parts, int16(0));
}

/** The same Bind (`body`: all of it) with other result formats than the `had` ones at its end. */
export function bindWithFormats(body: Buffer, had: number, formats: readonly number[]): Buffer {
  return message('B', body.subarray(0, body.length - 2 - 2 * had), int16(formats.length), ...formats.map(int16));
}

export const describe = (kind: 'S' | 'P', name: string): Buffer => message('D', Buffer.from(kind), cstring(name));
export const execute = (portal: string, maxRows = 0): Buffer => message('E', cstring(portal), int32(maxRows));
export const close = (kind: 'S' | 'P', name: string): Buffer => message('C', Buffer.from(kind), cstring(name));
export const copyFail = (reason: string): Buffer => message('f', cstring(reason));

/** Shared bytes: never write into them. */
export const SYNC = message('S');
export const FLUSH = message('H');
export const TERMINATE = message('X');

export function saslInitialResponse(mechanism: string, response: string): Buffer {
  const bytes = Buffer.from(response, 'utf8');
  return message('p', cstring(mechanism), int32(bytes.length), bytes);
}

export const saslResponse = (response: string): Buffer => message('p', Buffer.from(response, 'utf8'));
