/**
 * A relay in front of the server, and later of Sluice, on one port: so that a driver's test sees the same address both ways. It
 * changes no byte; it reads along and tells which test met what: the authentication that was asked for, TLS, refused logins, and
 * every refusal by Sluice with the statement or message that was refused.
 *
 * Who is running is told by the tests' own output, which reaches us through another pipe. A test writes its line before it
 * writes to the connection, so every chunk waits for one turn of the event loop before it is read and passed on: by then the
 * line has been read. Answers belong to the test that last wrote on their connection.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { splitMessages, serverMessage, type ServerMessage } from '../../support/backend.ts';
import { refusalOf } from '../floors.ts';
import { RequestLog } from './request-log.ts';

/** Something that Sluice refused. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The statement that was refused, where there was one. */
  readonly sql?: string;
  /** Type byte of the refused message. */
  readonly messageType?: string;
  readonly startup?: Readonly<Record<string, string>>;
}

/** What one test met on its connections. */
export interface Facts {
  /** Chunks the test wrote: 0 means it never spoke to a server. */
  chunks: number;
  tls: boolean;
  readonly authentication: Set<number>;
  /** SQLSTATEs of errors before the first ReadyForQuery. */
  readonly refusedLogins: Set<string>;
  readonly refusals: Refusal[];
}

export function noFacts(): Facts {
  return { chunks: 0, tls: false, authentication: new Set(), refusedLogins: new Set(), refusals: [] };
}

export interface Recorder {
  readonly port: number;
  /** Where connections go from now on. */
  target(port: number): void;
  /** The test that runs from now on; null between tests. */
  current(test: string | null): void;
  /** What was met since the last call, by test; what happened between tests is under ''. */
  take(): ReadonlyMap<string, Facts>;
  stop(): Promise<void>;
}

export interface RecorderOptions {
  readonly port?: number;
  /** Listens to what the server sends, e.g. the canary oracle; `test` is the one it is for. */
  readonly onServerData?: (chunk: Buffer, connection: number, test: string) => void;
}

export async function startRecorder(options: RecorderOptions = {}): Promise<Recorder> {
  let upstreamPort = 0;
  let running = '';
  let connections = 0;
  let facts = new Map<string, Facts>();
  const open = new Set<Socket>();
  const of = (test: string): Facts => {
    let found = facts.get(test);
    if (found === undefined) facts.set(test, (found = noFacts()));
    return found;
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const number = ++connections;
    let owner = running;
    const upstream = connect({ host: '127.0.0.1', port: upstreamPort, allowHalfOpen: true });
    const requests = new RequestLog();
    const answers = new AnswerReader(requests, () => of(owner));
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    // One side gone for good: so is the other. A reset is passed on as a reset.
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => other.resetAndDestroy());
      socket.once('close', () => void (socket.readableEnded || other.destroy()));
    }
    forward(client, upstream, (chunk) => {
      owner = running;
      of(owner).chunks++;
      requests.feed(chunk);
    });
    forward(upstream, client, (chunk) => {
      answers.feed(chunk);
      options.onServerData?.(chunk, number, owner);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    target: (port) => void (upstreamPort = port),
    current: (test) => void (running = test ?? ''),
    take: () => {
      const taken = facts;
      facts = new Map();
      return taken;
    },
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Chunk by chunk, in order, each one turn of the event loop late; keeps half-open ends and backpressure. */
function forward(from: Socket, to: Socket, seen: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    from.pause();
    setImmediate(() => {
      seen(chunk);
      if (to.destroyed || to.write(chunk)) from.resume();
      else to.once('drain', () => from.resume());
    });
  });
  from.once('end', () => setImmediate(() => to.end()));
}

/** The server's side of one connection. */
class AnswerReader {
  readonly #requests: RequestLog;
  readonly #facts: () => Facts;
  #rest: Buffer = Buffer.alloc(0);
  #ready = false;
  #opaque = false;

  constructor(requests: RequestLog, facts: () => Facts) {
    this.#requests = requests;
    this.#facts = facts;
  }

  feed(chunk: Buffer): void {
    if (this.#opaque) return;
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#ready && this.#requests.asksForEncryption) {
      // One byte answers SSLRequest and GSSENCRequest: S and G begin what cannot be read along, E is an ordinary error.
      const [answer] = bytes;
      if (answer === 0x53 || answer === 0x47) {
        this.#opaque = true;
        this.#requests.opaque();
        this.#facts().tls = true;
        return;
      }
      if (answer === 0x4e) {
        this.#requests.declined();
        bytes = bytes.subarray(1);
      }
    }
    const { messages, rest } = splitMessages(bytes);
    this.#rest = Buffer.from(rest);
    for (const { type, body } of messages) this.#message(type, body);
  }

  #message(type: string, body: Buffer): void {
    if (type === 'R' && body.length >= 4 && body.readInt32BE(0) !== 0) this.#facts().authentication.add(body.readInt32BE(0));
    if (type === 'E') this.#error(serverMessage(body));
    if (type === 'Z') this.#ready = true;
    this.#requests.answered(type);
  }

  #error(fields: ServerMessage): void {
    const facts = this.#facts();
    if (!this.#ready && fields['C'] !== undefined) facts.refusedLogins.add(fields['C']);
    const refusal = refusalOf(fields);
    if (refusal === null) return;
    facts.refusals.push({ ...refusal, ...this.#requests.pending(this.#ready) });
  }
}
