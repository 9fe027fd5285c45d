/**
 * The client's side of one connection, read along: which requests are still to be answered, oldest first, and with what text.
 * It knows just enough of the protocol to name the statement that an ErrorResponse is about.
 */

interface Request {
  readonly type: string;
  readonly sql?: string;
}

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const PROTOCOL_3 = 3;
/** Answers that end a request, by the request's type. */
const ENDS: Readonly<Record<string, string>> = { P: '1', B: '2', D: 'Tn', E: 'CIs', C: '3', F: 'V', S: 'Z', Q: 'Z' };

export class RequestLog {
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  #opaque = false;
  #encryption = 0;
  #startup: Readonly<Record<string, string>> | undefined;
  #requests: Request[] = [];
  /** How many of them are answered: a batch may hold half a million, and `shift` moves them all. */
  #done = 0;
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();

  /** An SSLRequest or GSSENCRequest waits for its byte. */
  get asksForEncryption(): boolean {
    return this.#encryption > 0;
  }

  declined(): void {
    this.#encryption--;
  }

  /** What follows is encrypted. */
  opaque(): void {
    this.#opaque = true;
  }

  feed(chunk: Buffer): void {
    if (this.#opaque) return;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#started ? this.#message() : this.#packet());
  }

  /** The request that an error is about: the oldest one unanswered. */
  pending(ready: boolean): {
    readonly sql?: string;
    readonly messageType?: string;
    readonly startup?: Readonly<Record<string, string>>;
  } {
    if (!ready) return this.#startup === undefined ? {} : { startup: this.#startup };
    const oldest = this.#requests[this.#done];
    if (oldest === undefined) return {};
    return { messageType: oldest.type, ...(oldest.sql === undefined ? {} : { sql: oldest.sql }) };
  }

  /** A message of the server, by its type. */
  answered(type: string): void {
    if (type === 'Z') {
      // Whatever stood before a Sync was skipped after an error.
      while (this.#done < this.#requests.length && !'SQ'.includes(this.#requests[this.#done]?.type ?? '')) this.#done++;
      this.#advance();
      return;
    }
    const oldest = this.#requests[this.#done];
    if (oldest === undefined || oldest.type === 'Q' || oldest.type === 'S') return;
    if (ENDS[oldest.type]?.includes(type)) this.#advance();
  }

  #advance(): void {
    this.#done++;
    if (this.#done < this.#requests.length) return;
    this.#requests = [];
    this.#done = 0;
  }

  /** Startup, SSLRequest, GSSENCRequest, CancelRequest: no type byte. */
  #packet(): boolean {
    if (this.#rest.length < 8) return false;
    const length = this.#rest.readUInt32BE(0);
    if (length < 8 || length > 10_000) {
      this.#opaque = true;
      return false;
    }
    if (this.#rest.length < length) return false;
    const code = this.#rest.readUInt32BE(4);
    if (code === SSL_REQUEST || code === GSSENC_REQUEST) this.#encryption++;
    else if (code >>> 16 === PROTOCOL_3) {
      this.#startup = pairs(this.#rest.subarray(8, length));
      this.#started = true;
    } else this.#opaque = true;
    this.#rest = this.#rest.subarray(length);
    return !this.#opaque;
  }

  #message(): boolean {
    if (this.#rest.length < 5) return false;
    const length = this.#rest.readUInt32BE(1);
    if (length < 4) {
      this.#opaque = true;
      return false;
    }
    if (this.#rest.length < length + 1) return false;
    const body = this.#rest.subarray(5, length + 1);
    this.#request(String.fromCharCode(this.#rest[0] ?? 0), body);
    this.#rest = this.#rest.subarray(length + 1);
    return true;
  }

  #request(type: string, body: Buffer): void {
    if (type === 'Q') this.#requests.push({ type, sql: text(body, 0).text });
    else if (type === 'P') {
      const name = text(body, 0);
      const sql = text(body, name.next).text;
      this.#statements.set(name.text, sql);
      this.#requests.push({ type, sql });
    } else if (type === 'B') {
      const portal = text(body, 0);
      const sql = this.#statements.get(text(body, portal.next).text);
      if (sql !== undefined) this.#portals.set(portal.text, sql);
      this.#push(type, sql);
    } else if (type === 'D' || type === 'C') {
      const name = text(body, 1).text;
      this.#push(type, (body[0] === 0x53 ? this.#statements : this.#portals).get(name));
    } else if (type === 'E') this.#push(type, this.#portals.get(text(body, 0).text));
    else if (type === 'S' || type === 'F') this.#push(type, undefined);
  }

  #push(type: string, sql: string | undefined): void {
    this.#requests.push({ type, ...(sql === undefined ? {} : { sql }) });
  }
}

function text(body: Buffer, at: number): { readonly text: string; readonly next: number } {
  const end = body.indexOf(0, at);
  return end < 0
    ? { text: body.toString('utf8', at), next: body.length }
    : { text: body.toString('utf8', at, end), next: end + 1 };
}

function pairs(body: Buffer): Readonly<Record<string, string>> {
  const parts = body.toString('utf8').split('\0');
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < parts.length && parts[at] !== ''; at += 2) found[parts[at] ?? ''] = parts[at + 1] ?? '';
  return found;
}
