/**
 * The packets before a session: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest. They have no type byte, and what
 * they say decides as whom and how everything else is read, so the rules are strict where PostgreSQL is lenient: nothing may
 * appear twice, nothing may follow the terminator, replication does not exist.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { isUtf8 } from 'node:buffer';
import { denial } from '../errors/denial.ts';
import { lostSync, ProtocolError } from './protocol-error.ts';

/** The server's own MAX_STARTUP_PACKET_LENGTH, length word included. */
export const MAX_STARTUP_BYTES = 10_000;
/** The newest minor version of protocol 3 that is spoken to clients. */
export const NEWEST_MINOR = 0;

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** First byte of a TLS record: PostgreSQL 17 clients may start TLS without asking (sslnegotiation=direct). */
const TLS_HANDSHAKE = 0x16;

export interface StartupMessage {
  readonly kind: 'startup';
  /** What the client asked for; the answer is never above 3.NEWEST_MINOR. */
  readonly minor: number;
  readonly user: string;
  /** The user's name when the client named none, as the server does it. */
  readonly database: string;
  /** Run-time settings by lower-case name: those of `options`, overridden by those given directly. */
  readonly settings: ReadonlyMap<string, string>;
  /** `_pq_.` protocol options: all unknown to us. */
  readonly protocolOptions: readonly string[];
  /** NegotiateProtocolVersion must be sent before authentication. */
  readonly negotiate: boolean;
}

export interface CancelRequest {
  readonly kind: 'cancel';
  readonly pid: number;
  readonly secret: Buffer;
}

export type StartupPacket = StartupMessage | CancelRequest | { readonly kind: 'ssl' } | { readonly kind: 'gssenc' };

/**
 * Whether `received` (from the start of the connection, or after an answered SSLRequest) holds a whole packet: its length in
 * bytes, or undefined when more is needed. Throws ProtocolError for a length or first byte that no packet has, as early as it
 * can be known.
 */
export function startupPacketLength(received: Buffer): number | undefined {
  if (received.length === 0) return undefined;
  if (received[0] === TLS_HANDSHAKE) {
    // A client that has begun a handshake takes an ErrorResponse for a broken TLS record; the server closes without a word as well.
    throw new ProtocolError(denial('SLUICE-503', 'direct TLS connections are not supported'), true, true);
  }
  // A longer packet than allowed shows in the first byte that is not zero, before the client sent four.
  if (received[0] !== 0) throw lostSync('invalid length of startup packet');
  if (received.length < 4) return undefined;
  const length = received.readUInt32BE(0);
  if (length < 8 || length > MAX_STARTUP_BYTES) throw lostSync('invalid length of startup packet');
  return received.length < length ? undefined : length;
}

/** `packet` is exactly one packet, length word included. Throws ProtocolError (fatal). */
export function parseStartupPacket(packet: Buffer): StartupPacket {
  if (packet.length < 8 || packet.readUInt32BE(0) !== packet.length) throw lostSync('invalid length of startup packet');
  const code = packet.readUInt32BE(4);
  const body = packet.subarray(8);
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
    if (body.length > 0) throw lostSync('invalid length of startup packet');
    return { kind: code === SSL_REQUEST ? 'ssl' : 'gssenc' };
  }
  if (code === CANCEL_REQUEST) {
    if (body.length < 8 || body.length > 4 + 256) throw lostSync('invalid length of query cancel packet');
    return { kind: 'cancel', pid: body.readInt32BE(0), secret: Buffer.from(body.subarray(4)) };
  }
  const major = code >>> 16;
  const minor = code & 0xffff;
  if (major !== 3) {
    throw lostSync(`unsupported frontend protocol ${major}.${minor}: server supports 3.0`, 'SLUICE-501', { sqlstate: '0A000' });
  }
  return startupMessage(minor, body);
}

function startupMessage(minor: number, body: Buffer): StartupMessage {
  let user: string | undefined;
  let database: string | undefined;
  let options = '';
  const seen = new Set<string>();
  const direct = new Map<string, string>();
  const protocolOptions: string[] = [];
  for (const [name, value] of startupPairs(body)) {
    // Setting names are case-insensitive: `TimeZone` and `timezone` are the same name twice.
    const key = name.toLowerCase();
    if (seen.has(key)) throw lostSync('a parameter appears twice in the startup packet');
    seen.add(key);
    if (name === 'user') user = value;
    else if (name === 'database') database = value;
    else if (name === 'options') options = value;
    else if (key === 'user' || key === 'database' || key === 'options')
      throw lostSync(`invalid parameter name "${name}" in the startup packet`);
    else if (key === 'replication') {
      throw lostSync('replication connections are not supported', 'SLUICE-503', {
        hint: 'Connect without the parameter "replication".',
      });
    } else if (name.startsWith('_pq_.')) protocolOptions.push(name);
    else direct.set(key, value);
  }
  if (user === undefined || user === '') {
    throw lostSync('no PostgreSQL user name specified in startup packet', 'SLUICE-501', { sqlstate: '28000' });
  }
  const settings = new Map(parseStartupOptions(options));
  for (const [name, value] of direct) settings.set(name, value);
  if (settings.has('replication')) throw lostSync('replication connections are not supported', 'SLUICE-503');
  return {
    kind: 'startup',
    minor,
    user,
    database: database === undefined || database === '' ? user : database,
    settings,
    protocolOptions,
    negotiate: minor > NEWEST_MINOR || protocolOptions.length > 0,
  };
}

function* startupPairs(body: Buffer): Generator<[name: string, value: string]> {
  let at = 0;
  const text = (): string => {
    const end = body.indexOf(0, at);
    if (end < 0) throw lostSync('invalid startup packet layout: expected terminator as last byte');
    const bytes = body.subarray(at, end);
    at = end + 1;
    if (!isUtf8(bytes)) throw lostSync('the startup packet is not valid UTF-8', 'SLUICE-501', { sqlstate: '22021' });
    return bytes.toString('utf8');
  };
  for (;;) {
    const name = text();
    if (name === '') break;
    yield [name, text()];
  }
  if (at !== body.length) throw lostSync('invalid startup packet layout: expected terminator as last byte');
}

/**
 * `options` as the server reads it (pg_split_opts, then -c and --): words between white space, a backslash keeps the next
 * character. Only settings are known; any other switch is refused. Names come out in lower case with `-` as `_`; of a name
 * that appears twice the last one counts, as in the server.
 */
export function parseStartupOptions(options: string): readonly (readonly [name: string, value: string])[] {
  const settings: [string, string][] = [];
  const words = splitWords(options);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    let assignment: string | undefined;
    if (word === '-c') assignment = words[++i];
    else if (word.startsWith('-c')) assignment = word.slice(2);
    else if (word.startsWith('--') && word.length > 2) assignment = word.slice(2);
    const equals = assignment?.indexOf('=') ?? -1;
    if (assignment === undefined || equals < 1) {
      throw lostSync('an unknown switch appears in the connection parameter "options"', 'SLUICE-501', {
        sqlstate: '42601',
        hint: 'Only settings can be given there: -c name=value or --name=value.',
      });
    }
    settings.push([assignment.slice(0, equals).replaceAll('-', '_').toLowerCase(), assignment.slice(equals + 1)]);
  }
  return settings;
}

function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (/[ \t\n\v\f\r]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '\\' && i + 1 < text.length) word = (word ?? '') + text[++i]!;
    else if (character === '\\') word ??= '';
    else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}
