/** Splits what a client sends into messages: the packets of the startup phase, which have no type byte, then typed ones. */
import { cstringAt } from '../../support/backend.ts';

/** A frontend message with its bytes as they were on the wire. */
export interface ClientMessage {
  /** The type byte as a character; `startup`, `cancel` or `encryption` (SSLRequest, GSSENCRequest) before the first. */
  readonly type: string;
  readonly body: Buffer;
  readonly bytes: Buffer;
}

const CANCEL = 80877102;
const ENCRYPTION: ReadonlySet<number> = new Set([80877103, 80877104]);

export class ClientStream {
  #rest: Buffer = Buffer.alloc(0);
  #started = false;

  /** The whole messages that `chunk` completes. */
  feed(chunk: Buffer): readonly ClientMessage[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: ClientMessage[] = [];
    for (let next = this.#next(); next !== null; next = this.#next()) messages.push(next);
    return messages;
  }

  #next(): ClientMessage | null {
    const rest = this.#rest;
    const head = this.#started ? 1 : 0;
    if (rest.length < head + 4) return null;
    const length = head + rest.readUInt32BE(head);
    if (rest.length < length) return null;
    const bytes = Buffer.from(rest.subarray(0, length));
    this.#rest = rest.subarray(length);
    const body = bytes.subarray(head + 4);
    if (this.#started) return { type: String.fromCharCode(bytes[0] ?? 0), body, bytes };
    const code = body.readInt32BE(0);
    if (code === CANCEL) return { type: 'cancel', body, bytes };
    if (ENCRYPTION.has(code)) return { type: 'encryption', body, bytes };
    this.#started = true;
    return { type: 'startup', body, bytes };
  }
}

/** The parameters of a StartupMessage. */
export function startupParameters(body: Buffer): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (let at = 4; at < body.length && body[at] !== 0; ) {
    const name = cstringAt(body, at);
    const value = cstringAt(body, name.next);
    parameters.set(name.text, value.text);
    at = value.next;
  }
  return parameters;
}

/** The statement of a Query or Parse; null for every other message. */
export function sqlOf({ type, body }: ClientMessage): string | null {
  if (type === 'Q') return cstringAt(body, 0).text;
  return type === 'P' ? cstringAt(body, cstringAt(body, 0).next).text : null;
}

/** What a message of the extended protocol calls its prepared statement; null where it names none. */
export function statementOf({ type, body }: ClientMessage): string | null {
  if (type === 'P') return cstringAt(body, 0).text;
  if (type === 'B') return cstringAt(body, cstringAt(body, 0).next).text;
  if ((type === 'D' || type === 'C') && body[0] === 0x53) return cstringAt(body, 1).text;
  return null;
}
