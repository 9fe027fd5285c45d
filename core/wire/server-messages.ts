/**
 * Decoders for what a server sends. The server is not trusted to be well-formed: whatever does not add up throws
 * ProtocolError with SLUICE-706. Row contents are never looked at.
 */
import { BodyReader } from './reader.ts';

/** Message type bytes, server to client. */
export const SERVER = {
  parseComplete: 0x31, // 1
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  notification: 0x41, // A
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  errorResponse: 0x45, // E
  copyInResponse: 0x47, // G
  copyOutResponse: 0x48, // H
  emptyQuery: 0x49, // I
  backendKeyData: 0x4b, // K
  noticeResponse: 0x4e, // N
  authentication: 0x52, // R
  parameterStatus: 0x53, // S
  rowDescription: 0x54, // T
  copyBothResponse: 0x57, // W
  readyForQuery: 0x5a, // Z
  copyDone: 0x63, // c
  copyData: 0x64, // d
  noData: 0x6e, // n
  portalSuspended: 0x73, // s
  parameterDescription: 0x74, // t
  negotiateProtocolVersion: 0x76, // v
} as const;

export interface ColumnDescription {
  readonly name: string;
  /** OID of the table the value is a plain column of, 0 for an expression. */
  readonly tableOid: number;
  readonly attnum: number;
  readonly typeOid: number;
  readonly typeSize: number;
  readonly typeModifier: number;
  /** 0 text, 1 binary. */
  readonly format: number;
}

export type TransactionStatus = 'I' | 'T' | 'E';

export interface CommandTag {
  readonly tag: string;
  /** The last number of the tag, null where it has none (BEGIN, SET, CREATE TABLE). */
  readonly rows: number | null;
}

export interface CopyResponse {
  /** 0 text, 1 binary. */
  readonly format: number;
  readonly columns: number;
}

export interface Notification {
  readonly pid: number;
  readonly channel: string;
  readonly payload: Buffer;
}

export interface BackendKey {
  readonly pid: number;
  /** 4 bytes in protocol 3.0, up to 256 in 3.2. */
  readonly secret: Buffer;
}

/**
 * Visits (table OID, attnum) of every column in one pass, without making an object of any. Stops and returns false as soon
 * as `visit` does; true when all were visited. Throws when the message does not add up, so a truncated list cannot hide one.
 */
export function scanRowDescription(body: Buffer, visit: (tableOid: number, attnum: number, index: number) => boolean): boolean {
  const reader = new BodyReader(body, 'RowDescription', 'SLUICE-706');
  const count = reader.uint16();
  for (let index = 0; index < count; index++) {
    reader.cstring();
    const tableOid = reader.uint32();
    const attnum = reader.int16();
    reader.skip(12);
    if (!visit(tableOid, attnum, index)) return false;
  }
  reader.finish();
  return true;
}

/** Empty where there is no column. */
export function firstColumnName(body: Buffer): string {
  const reader = new BodyReader(body, 'RowDescription', 'SLUICE-706');
  return reader.uint16() === 0 ? '' : reader.cstring().toString('utf8');
}

/** The body of the same description without its first column. */
export function withoutFirstColumn(body: Buffer): Buffer {
  const reader = new BodyReader(body, 'RowDescription', 'SLUICE-706');
  const count = reader.uint16();
  if (count === 0) throw reader.fail('has no columns');
  reader.cstring();
  reader.skip(18);
  const rest = Buffer.allocUnsafe(2 + body.length - reader.at);
  rest.writeUInt16BE(count - 1);
  body.copy(rest, 2, reader.at);
  return rest;
}

export function decodeRowDescription(body: Buffer): readonly ColumnDescription[] {
  const reader = new BodyReader(body, 'RowDescription', 'SLUICE-706');
  const count = reader.uint16();
  const columns: ColumnDescription[] = [];
  for (let i = 0; i < count; i++) {
    columns.push({
      name: reader.cstring().toString('utf8'),
      tableOid: reader.uint32(),
      attnum: reader.int16(),
      typeOid: reader.uint32(),
      typeSize: reader.int16(),
      typeModifier: reader.int32(),
      format: reader.uint16(),
    });
  }
  reader.finish();
  return columns;
}

/** ParameterDescription: type OIDs in order. */
export function decodeParameterDescription(body: Buffer): readonly number[] {
  const reader = new BodyReader(body, 'ParameterDescription', 'SLUICE-706');
  const count = reader.uint16();
  const types: number[] = [];
  for (let i = 0; i < count; i++) types.push(reader.uint32());
  reader.finish();
  return types;
}

export function decodeCommandComplete(body: Buffer): CommandTag {
  const reader = new BodyReader(body, 'CommandComplete', 'SLUICE-706');
  const tag = reader.cstring().toString('latin1');
  reader.finish();
  const digits = /(?:^| )(\d{1,15})$/.exec(tag);
  return { tag, rows: digits === null ? null : Number(digits[1]) };
}

export function decodeReadyForQuery(body: Buffer): TransactionStatus {
  const reader = new BodyReader(body, 'ReadyForQuery', 'SLUICE-706');
  const status = reader.uint8();
  reader.finish();
  if (status === 0x49) return 'I';
  if (status === 0x54) return 'T';
  if (status === 0x45) return 'E';
  throw reader.fail('has an unknown transaction status');
}

export function decodeParameterStatus(body: Buffer): { readonly name: string; readonly value: string } {
  const reader = new BodyReader(body, 'ParameterStatus', 'SLUICE-706');
  const name = reader.name();
  const value = reader.cstring().toString('utf8');
  reader.finish();
  return { name, value };
}

/** CopyInResponse (G) and CopyOutResponse (H). */
export function decodeCopyResponse(body: Buffer): CopyResponse {
  const reader = new BodyReader(body, 'CopyResponse', 'SLUICE-706');
  const format = reader.uint8();
  const columns = reader.uint16();
  reader.skip(columns * 2);
  reader.finish();
  return { format, columns };
}

export function decodeNotification(body: Buffer): Notification {
  const reader = new BodyReader(body, 'NotificationResponse', 'SLUICE-706');
  const pid = reader.int32();
  const channel = reader.name();
  const payload = reader.cstring();
  reader.finish();
  return { pid, channel, payload };
}

/** The secret is copied: the key outlives the message. */
export function decodeBackendKeyData(body: Buffer): BackendKey {
  const reader = new BodyReader(body, 'BackendKeyData', 'SLUICE-706');
  const pid = reader.int32();
  const secret = Buffer.from(body.subarray(reader.at));
  if (secret.length < 4 || secret.length > 256) throw reader.fail('has a secret of impossible length');
  return { pid, secret };
}

/** The fields of an ErrorResponse or NoticeResponse by their one-letter code; values are views. */
export type ReportFields = ReadonlyMap<string, Buffer>;

/**
 * Decodes E and N. `length` is the whole body's length: of a report that is only held in part the field that is cut off is
 * left out. Throws on a field without terminator, on bytes after the end, on a code that is no ASCII letter and on a code
 * that appears twice (scrubbing one of two would not do).
 */
export function decodeReport(body: Buffer, length: number = body.length): ReportFields {
  const reader = new BodyReader(body, 'ErrorResponse or NoticeResponse', 'SLUICE-706');
  const fields = new Map<string, Buffer>();
  const partial = body.length < length;
  for (;;) {
    if (partial && reader.at === body.length) return fields;
    const code = reader.uint8();
    if (code === 0) break;
    const letter = String.fromCharCode(code);
    if (!/[A-Za-z]/.test(letter)) throw reader.fail('has an invalid field code');
    if (partial && body.indexOf(0, reader.at) < 0) return fields;
    if (fields.has(letter)) throw reader.fail('has a field twice');
    fields.set(letter, reader.cstring());
  }
  if (partial) throw reader.fail('has extra bytes at its end');
  reader.finish();
  return fields;
}
