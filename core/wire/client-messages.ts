/**
 * Decoders for what a client sends. Nothing is copied: statement texts are views into the body, parameter values are stepped
 * over. Every decoder throws ProtocolError (SLUICE-501, not fatal) where the server would answer 08P01.
 *
 *   Q Query   P Parse   B Bind   D Describe   E Execute   C Close   f CopyFail   (H, S, X, c have no body)
 */
import { BodyReader } from './reader.ts';
import { malformed } from './protocol-error.ts';

/** Message type bytes, client to server. */
export const CLIENT = {
  bind: 0x42, // B
  close: 0x43, // C
  describe: 0x44, // D
  execute: 0x45, // E
  functionCall: 0x46, // F
  flush: 0x48, // H
  parse: 0x50, // P
  query: 0x51, // Q
  sync: 0x53, // S
  terminate: 0x58, // X
  copyDone: 0x63, // c
  copyData: 0x64, // d
  copyFail: 0x66, // f
  password: 0x70, // p
} as const;

export interface ParseMessage {
  /** '' is the unnamed statement. */
  readonly statement: string;
  /** A view; without the terminator. */
  readonly sql: Buffer;
  /** Type OIDs; 0 leaves one to the server. */
  readonly parameterTypes: readonly number[];
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  readonly parameterCount: number;
  /** Codes as sent: none, one for all, or one each; 0 text, 1 binary. Undefined where only the head of the message is held. */
  readonly resultFormats?: readonly number[];
}

/** The values of a Bind, as far as they are held: views into the message. */
export interface BoundValues {
  /** That the message has. */
  readonly count: number;
  /** The first of them; null for NULL. */
  readonly values: readonly (Buffer | null)[];
  /** 0 text, 1 binary. */
  format(index: number): number;
}

export interface NamedMessage {
  /** S: prepared statement, P: portal. */
  readonly kind: 'S' | 'P';
  readonly name: string;
}

export interface ExecuteMessage {
  readonly portal: string;
  /** 0: all rows. */
  readonly maxRows: number;
}

/** The statement text, a view. Exactly one terminator, at the end (E1, E2 of the bypass catalogue). */
export function decodeQuery(body: Buffer): Buffer {
  const reader = new BodyReader(body, 'Query', 'SLUICE-501');
  const sql = reader.cstring();
  reader.finish();
  return sql;
}

export function decodeParse(body: Buffer): ParseMessage {
  const reader = new BodyReader(body, 'Parse', 'SLUICE-501');
  const statement = reader.name();
  const sql = reader.cstring();
  const count = reader.uint16();
  const parameterTypes: number[] = [];
  for (let i = 0; i < count; i++) parameterTypes.push(reader.uint32());
  reader.finish();
  return { statement, sql, parameterTypes };
}

/**
 * `length` is the whole body's length. A body that is all there is accounted for to its last byte; of a longer one the head
 * is decoded, and the server checks the rest.
 */
export function decodeBind(body: Buffer, length: number = body.length): BindMessage {
  const reader = new BodyReader(body, 'Bind', 'SLUICE-501');
  const portal = reader.name();
  const statement = reader.name();
  const parameterFormats = reader.uint16();
  reader.skip(parameterFormats * 2);
  const parameterCount = reader.uint16();
  if (parameterFormats > 1 && parameterFormats !== parameterCount) {
    throw malformed(`bind message has ${parameterFormats} parameter formats but ${parameterCount} parameters`);
  }
  if (body.length < length) return { portal, statement, parameterCount };
  for (let i = 0; i < parameterCount; i++) {
    const bytes = reader.int32();
    if (bytes < -1) throw reader.fail('has a parameter of negative length');
    if (bytes > 0) reader.skip(bytes);
  }
  const formats = reader.uint16();
  const resultFormats: number[] = [];
  for (let i = 0; i < formats; i++) resultFormats.push(reader.uint16());
  reader.finish();
  return { portal, statement, parameterCount, resultFormats };
}

/** Of a Bind that `decodeBind` has taken. `most`: how many of its values are looked at. */
export function boundValues(body: Buffer, most: number): BoundValues {
  const reader = new BodyReader(body, 'Bind', 'SLUICE-501');
  reader.cstring();
  reader.cstring();
  const formats = Array.from({ length: reader.uint16() }, () => reader.uint16());
  const count = reader.uint16();
  const values: (Buffer | null)[] = [];
  while (values.length < Math.min(count, most)) {
    // Of a long message only the head is there.
    if (reader.at + 4 > body.length) break;
    const length = reader.int32();
    if (length > body.length - reader.at) break;
    values.push(length < 0 ? null : reader.take(length));
  }
  return { count, values, format: (index) => (formats.length === 1 ? formats[0]! : (formats[index] ?? 0)) };
}

export function decodeDescribe(body: Buffer): NamedMessage {
  return decodeNamed(body, 'Describe');
}

export function decodeClose(body: Buffer): NamedMessage {
  return decodeNamed(body, 'Close');
}

function decodeNamed(body: Buffer, what: 'Describe' | 'Close'): NamedMessage {
  const reader = new BodyReader(body, what, 'SLUICE-501');
  const kind = reader.uint8();
  const name = reader.name();
  reader.finish();
  if (kind === 0x53) return { kind: 'S', name };
  if (kind === 0x50) return { kind: 'P', name };
  throw malformed(`invalid ${what.toUpperCase()} message subtype ${kind}`);
}

/** A negative row count means all rows, as the server reads it. */
export function decodeExecute(body: Buffer): ExecuteMessage {
  const reader = new BodyReader(body, 'Execute', 'SLUICE-501');
  const portal = reader.name();
  const maxRows = reader.int32();
  reader.finish();
  return { portal, maxRows: Math.max(maxRows, 0) };
}

/** The reason, a view. */
export function decodeCopyFail(body: Buffer): Buffer {
  const reader = new BodyReader(body, 'CopyFail', 'SLUICE-501');
  const reason = reader.cstring();
  reader.finish();
  return reason;
}

/** Flush, Sync, Terminate, CopyDone: no body at all. */
export function decodeEmpty(body: Buffer, what: 'Flush' | 'Sync' | 'Terminate' | 'CopyDone'): void {
  new BodyReader(body, what, 'SLUICE-501').finish();
}
