/** Decoders for backend messages, for the tests' own client: exact fields, nothing interpreted. */

export interface BackendMessage {
  /** The type byte as a character. */
  readonly type: string;
  /** Without type and length. */
  readonly body: Buffer;
}

export interface FieldDescription {
  readonly name: string;
  readonly tableOid: number;
  readonly attnum: number;
  readonly typeOid: number;
  readonly typeSize: number;
  readonly typmod: number;
  readonly format: number;
}

/** ErrorResponse or NoticeResponse: field code -> text. */
export type ServerMessage = Readonly<Record<string, string>>;

/** One statement's part of an answer. */
export interface StatementResult {
  readonly fields: readonly FieldDescription[] | null;
  readonly rows: readonly (readonly (Buffer | null)[])[];
  /** CopyData chunks of a COPY TO STDOUT. */
  readonly copied: readonly Buffer[];
  /** CommandComplete's tag; 'PortalSuspended' or '' (EmptyQueryResponse) where that came instead; null if none came. */
  readonly tag: string | null;
}

/** Everything that came back up to ReadyForQuery (or the end of the connection). */
export interface Exchange {
  readonly messages: readonly BackendMessage[];
  readonly results: readonly StatementResult[];
  readonly error: ServerMessage | null;
  readonly notices: readonly ServerMessage[];
  /** Parameter type OIDs of each ParameterDescription. */
  readonly parameterTypes: readonly (readonly number[])[];
  /** Transaction status of the last ReadyForQuery; null when the connection ended instead. */
  readonly status: 'I' | 'T' | 'E' | null;
}

/** Splits as many whole messages as `bytes` holds. */
export function splitMessages(bytes: Buffer): { readonly messages: readonly BackendMessage[]; readonly rest: Buffer } {
  const messages: BackendMessage[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const length = bytes.readUInt32BE(at + 1);
    if (length < 4) throw new Error(`server sent a message of length ${length}`);
    if (bytes.length - at < length + 1) break;
    messages.push({ type: String.fromCharCode(bytes[at] ?? 0), body: bytes.subarray(at + 5, at + 1 + length) });
    at += length + 1;
  }
  return { messages, rest: bytes.subarray(at) };
}

export function cstringAt(body: Buffer, at: number): { readonly text: string; readonly next: number } {
  const end = body.indexOf(0, at);
  if (end < 0) throw new Error('unterminated string from the server');
  return { text: body.toString('utf8', at, end), next: end + 1 };
}

export function rowDescription(body: Buffer): readonly FieldDescription[] {
  const count = body.readInt16BE(0);
  const fields: FieldDescription[] = [];
  let at = 2;
  for (let index = 0; index < count; index++) {
    const { text, next } = cstringAt(body, at);
    fields.push({
      name: text,
      tableOid: body.readUInt32BE(next),
      attnum: body.readInt16BE(next + 4),
      typeOid: body.readUInt32BE(next + 6),
      typeSize: body.readInt16BE(next + 10),
      typmod: body.readInt32BE(next + 12),
      format: body.readInt16BE(next + 16),
    });
    at = next + 18;
  }
  return fields;
}

export function dataRow(body: Buffer): readonly (Buffer | null)[] {
  const count = body.readInt16BE(0);
  const values: (Buffer | null)[] = [];
  let at = 2;
  for (let index = 0; index < count; index++) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.subarray(at, at + length));
    if (length > 0) at += length;
  }
  return values;
}

export function serverMessage(body: Buffer): ServerMessage {
  const fields: Record<string, string> = {};
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const code = String.fromCharCode(body[at] ?? 0);
    const { text, next } = cstringAt(body, at + 1);
    fields[code] = text;
    at = next;
  }
  return fields;
}

export function parameterDescription(body: Buffer): readonly number[] {
  return Array.from({ length: body.readInt16BE(0) }, (_, index) => body.readUInt32BE(2 + 4 * index));
}

/** Groups a message list by statement. */
export function readExchange(messages: readonly BackendMessage[]): Exchange {
  const results: StatementResult[] = [];
  const notices: ServerMessage[] = [];
  const parameterTypes: (readonly number[])[] = [];
  let error: ServerMessage | null = null;
  let status: Exchange['status'] = null;
  let open: {
    fields: readonly FieldDescription[] | null;
    rows: (readonly (Buffer | null)[])[];
    copied: Buffer[];
    touched: boolean;
  } = empty();
  const finish = (tag: string | null): void => {
    results.push({ fields: open.fields, rows: open.rows, copied: open.copied, tag });
    open = empty();
  };
  for (const { type, body } of messages) {
    if (type === 'T') {
      open.fields = rowDescription(body);
      open.touched = true;
    } else if (type === 'D') {
      open.rows.push(dataRow(body));
      open.touched = true;
    } else if (type === 'd') {
      open.copied.push(body);
      open.touched = true;
    } else if (type === 'C') finish(cstringAt(body, 0).text);
    else if (type === 's') finish('PortalSuspended');
    else if (type === 'I') finish('');
    else if (type === 'E') {
      error ??= serverMessage(body);
      if (open.touched) finish(null);
    } else if (type === 'N') notices.push(serverMessage(body));
    else if (type === 't') parameterTypes.push(parameterDescription(body));
    else if (type === 'Z') status = body.toString('latin1') as 'I' | 'T' | 'E';
  }
  if (open.touched) finish(null);
  return { messages, results, error, notices, parameterTypes, status };
}

function empty(): { fields: null; rows: (readonly (Buffer | null)[])[]; copied: Buffer[]; touched: boolean } {
  return { fields: null, rows: [], copied: [], touched: false };
}
