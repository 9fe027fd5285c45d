/**
 * Bytes of every frontend message, for the tests' own client. Written apart from the product's wire code on purpose: a
 * mistake made in both places would hide itself. Formats: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

function cstring(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'utf8'), Buffer.from([0])]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value > 32767 ? value - 65536 : value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

/** A typed message with a correct length. */
export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body]);
}

/** StartupMessage; pairs instead of a record because a test may want a key twice. */
export function startup(parameters: readonly (readonly [string, string])[], version = 196608): Buffer {
  const body = Buffer.concat([
    int32(version),
    ...parameters.flatMap(([name, value]) => [cstring(name), cstring(value)]),
    Buffer.from([0]),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const sslRequest = Buffer.concat([int32(8), int32(80877103)]);
export const gssEncRequest = Buffer.concat([int32(8), int32(80877104)]);

export function cancelRequest(processId: number, secret: Buffer): Buffer {
  return Buffer.concat([int32(12 + secret.length), int32(80877102), int32(processId), secret]);
}

export function query(sql: string): Buffer {
  return message('Q', cstring(sql));
}

export function parse(name: string, sql: string, types: readonly number[] = []): Buffer {
  return message('P', cstring(name), cstring(sql), int16(types.length), ...types.map(int32));
}

export interface BindOptions {
  readonly portal?: string;
  readonly statement?: string;
  /** Null is SQL NULL; a Buffer is sent in binary format, a string in text format. */
  readonly parameters?: readonly (string | Buffer | null)[];
  /** 0 text, 1 binary; one for all result columns. */
  readonly resultFormat?: 0 | 1;
}

export function bind(options: BindOptions = {}): Buffer {
  const parameters = options.parameters ?? [];
  return message(
    'B',
    cstring(options.portal ?? ''),
    cstring(options.statement ?? ''),
    int16(parameters.length),
    ...parameters.map((value) => int16(Buffer.isBuffer(value) ? 1 : 0)),
    int16(parameters.length),
    ...parameters.flatMap((value) => {
      if (value === null) return [int32(-1)];
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8');
      return [int32(bytes.length), bytes];
    }),
    int16(1),
    int16(options.resultFormat ?? 0),
  );
}

export function describe(kind: 'S' | 'P', name = ''): Buffer {
  return message('D', Buffer.from(kind), cstring(name));
}

export function execute(portal = '', maxRows = 0): Buffer {
  return message('E', cstring(portal), int32(maxRows));
}

export function close(kind: 'S' | 'P', name: string): Buffer {
  return message('C', Buffer.from(kind), cstring(name));
}

export function functionCall(oid: number, parameters: readonly Buffer[], resultFormat: 0 | 1 = 0): Buffer {
  return message(
    'F',
    int32(oid),
    int16(1),
    int16(0),
    int16(parameters.length),
    ...parameters.flatMap((bytes) => [int32(bytes.length), bytes]),
    int16(resultFormat),
  );
}

export function copyData(bytes: Buffer): Buffer {
  return message('d', bytes);
}

export function copyFail(reason: string): Buffer {
  return message('f', cstring(reason));
}

/** SASLInitialResponse. */
export function saslInitial(mechanism: string, response: string): Buffer {
  const bytes = Buffer.from(response, 'utf8');
  return message('p', cstring(mechanism), int32(bytes.length), bytes);
}

export function saslResponse(response: string): Buffer {
  return message('p', Buffer.from(response, 'utf8'));
}

export const sync = message('S');
export const flush = message('H');
export const copyDone = message('c');
export const terminate = message('X');
