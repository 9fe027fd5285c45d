/**
 * Bound values as PostgreSQL's text, for the digests of audit records: text as it came, binary of those types whose text follows from the bytes alone.
 * Floats are not among them (the shortest text that reads back the same is not unique), nor what depends on settings of the session beyond ISO dates,
 * nor arrays and composites. https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES
 */

const DECODERS: Readonly<Record<number, (bytes: Buffer) => string | Buffer | undefined>> = {
  16: (bytes) => (bytes.length === 1 ? (bytes[0] === 0 ? 'f' : 't') : undefined), //    bool
  17: (bytes) => `\\x${bytes.toString('hex')}`, //                                      bytea
  18: (bytes) => bytes, //                                                              "char"
  19: (bytes) => bytes, //                                                              name
  20: (bytes) => (bytes.length === 8 ? bytes.readBigInt64BE().toString() : undefined), // int8
  21: (bytes) => (bytes.length === 2 ? bytes.readInt16BE().toString() : undefined), //  int2
  23: (bytes) => (bytes.length === 4 ? bytes.readInt32BE().toString() : undefined), //  int4
  25: (bytes) => bytes, //                                                              text
  26: (bytes) => (bytes.length === 4 ? bytes.readUInt32BE().toString() : undefined), // oid
  114: (bytes) => bytes, //                                                             json
  1042: (bytes) => bytes, //                                                            bpchar
  1043: (bytes) => bytes, //                                                            varchar
  1082: (bytes) => (bytes.length === 4 ? day(bytes.readInt32BE()) : undefined), //      date
  1114: (bytes) => (bytes.length === 8 ? moment(bytes.readBigInt64BE()) : undefined), // timestamp
  1184: (bytes) => (bytes.length === 8 ? zoned(bytes.readBigInt64BE()) : undefined), // timestamptz
  1700: numeric,
  2950: uuid,
  // jsonb: a version before the text as the client wrote it.
  3802: (bytes) => (bytes[0] === 1 ? bytes.subarray(1) : undefined),
};

/** `format`: 0 text, 1 binary. `type`: OID, 0 where it is not known. Undefined: its text is not known. Bytes may be a view. */
export function parameterText(bytes: Buffer, format: number, type: number): string | Buffer | undefined {
  return format === 0 ? bytes : DECODERS[type]?.(bytes);
}

function uuid(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** 2000-01-01 in milliseconds since the epoch. */
const POSTGRES_EPOCH = 946_684_800_000;
const FIRST_YEAR = Date.parse('0001-01-01T00:00:00Z');
const LAST_YEAR = Date.parse('9999-12-31T23:59:59.999Z');

/** `days` since 2000-01-01. */
function day(days: number): string | undefined {
  if (days === 0x7fffffff) return 'infinity';
  if (days === -0x80000000) return '-infinity';
  const time = POSTGRES_EPOCH + days * 86_400_000;
  return inRange(time) ? new Date(time).toISOString().slice(0, 10) : undefined;
}

const MICROSECONDS = 1_000_000n;

/** Microseconds since 2000-01-01, in ISO style. */
function moment(microseconds: bigint): string | undefined {
  if (microseconds === 0x7fff_ffff_ffff_ffffn) return 'infinity';
  if (microseconds === -0x8000_0000_0000_0000n) return '-infinity';
  const part = ((microseconds % MICROSECONDS) + MICROSECONDS) % MICROSECONDS;
  const time = POSTGRES_EPOCH + Number((microseconds - part) / 1_000n);
  if (!inRange(time)) return undefined;
  const fraction = part === 0n ? '' : `.${part.toString().padStart(6, '0').replace(/0+$/, '')}`;
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ') + fraction;
}

/** As a session in UTC shows it. */
function zoned(microseconds: bigint): string | undefined {
  const text = moment(microseconds);
  return text === undefined || text.endsWith('infinity') ? text : `${text}+00`;
}

function inRange(time: number): boolean {
  return time >= FIRST_YEAR && time <= LAST_YEAR;
}

const SIGNS: Readonly<Record<number, string>> = { 0: '', 16384: '-' };
const SPECIAL: Readonly<Record<number, string>> = { 49152: 'NaN', 53248: 'Infinity', 61440: '-Infinity' };
/** Digits of base 10,000 that are written out. */
const MOST_GROUPS = 1_024;

/** numeric_send: number of groups, weight of the first, sign, digits after the point; groups of four digits. */
function numeric(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined;
  const [groups, weight, sign, scale] = [
    bytes.readUInt16BE(0),
    bytes.readInt16BE(2),
    bytes.readUInt16BE(4),
    bytes.readUInt16BE(6),
  ];
  if (bytes.length !== 8 + 2 * groups) return undefined;
  if (SPECIAL[sign] !== undefined) return SPECIAL[sign];
  if (SIGNS[sign] === undefined || groups > MOST_GROUPS || Math.abs(weight) > MOST_GROUPS || scale > 4 * MOST_GROUPS)
    return undefined;
  const group = (index: number): string => {
    const value = index < 0 || index >= groups ? 0 : bytes.readUInt16BE(8 + 2 * index);
    return value.toString().padStart(4, '0');
  };
  let before = '';
  for (let index = 0; index <= weight; index += 1) before += group(index);
  let after = '';
  for (let index = weight + 1; after.length < scale; index += 1) after += group(index);
  const text = `${before.replace(/^0+/, '') || '0'}${scale === 0 ? '' : `.${after.slice(0, scale)}`}`;
  // There is no negative zero.
  return /[1-9]/.test(text) ? SIGNS[sign] + text : text;
}
