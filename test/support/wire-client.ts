/**
 * A raw protocol client for tests: sends exactly the bytes it is told to and keeps exactly the messages that came back.
 * Logs in without a password (Sluice on loopback) or with SCRAM-SHA-256 (a real server).
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  cstringAt,
  readExchange,
  serverMessage,
  splitMessages,
  type BackendMessage,
  type Exchange,
  type ServerMessage,
} from './backend.ts';
import * as frontend from './frontend.ts';

export interface ConnectOptions {
  readonly host?: string;
  readonly port: number;
  readonly user?: string;
  readonly database?: string;
  readonly password?: string;
  /** Further startup parameters, in order. */
  readonly parameters?: readonly (readonly [string, string])[];
  /** Milliseconds without an answer before `exchange` gives up; 15,000 by default. */
  readonly timeout?: number;
}

/** The server refused the login, or the connection ended during it. */
export class LoginError extends Error {
  readonly fields: ServerMessage;
  constructor(fields: ServerMessage) {
    super(`login refused: ${fields['M'] ?? 'connection ended'}`);
    this.name = 'LoginError';
    this.fields = fields;
  }
}

export interface ExtendedOptions {
  readonly types?: readonly number[];
  readonly parameters?: readonly (string | Buffer | null)[];
  readonly resultFormat?: 0 | 1;
  readonly maxRows?: number;
}

export class WireClient {
  readonly #socket: Socket;
  readonly #timeout: number;
  #rest: Buffer = Buffer.alloc(0);
  #queue: BackendMessage[] = [];
  #wake: (() => void) | null = null;
  #ended = false;
  /** ParameterStatus values so far. */
  readonly parameters = new Map<string, string>();
  /** From BackendKeyData. */
  processId = 0;
  secret: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, timeout: number) {
    this.#socket = socket;
    this.#timeout = timeout;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      const { messages, rest } = splitMessages(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]));
      this.#rest = Buffer.from(rest);
      this.#queue.push(...messages);
      this.#signal();
    });
    const ended = (): void => {
      this.#ended = true;
      this.#signal();
    };
    socket.on('error', ended);
    socket.on('close', ended);
    socket.on('end', ended);
  }

  /** Opens the socket without sending anything. */
  static async open(options: Pick<ConnectOptions, 'host' | 'port' | 'timeout'>): Promise<WireClient> {
    const socket = connect({ host: options.host ?? '127.0.0.1', port: options.port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket, options.timeout ?? 15_000);
  }

  /** Opens and logs in; resolves at the first ReadyForQuery. Rejects with LoginError. */
  static async connect(options: ConnectOptions): Promise<WireClient> {
    const client = await WireClient.open(options);
    const user = options.user ?? 'postgres';
    client.send(frontend.startup([['user', user], ['database', options.database ?? user], ...(options.parameters ?? [])]));
    await client.#login(options.password ?? '');
    return client;
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(...bytes: readonly Buffer[]): void {
    if (!this.#ended) this.#socket.write(Buffer.concat(bytes));
  }

  /** Sends, then collects messages up to and including the n-th ReadyForQuery (or the end of the connection). */
  async exchange(bytes: readonly Buffer[], readyCount = 1): Promise<Exchange> {
    this.send(...bytes);
    const messages: BackendMessage[] = [];
    let seen = 0;
    while (seen < readyCount) {
      const next = await this.next();
      if (next === null) break;
      messages.push(next);
      if (next.type === 'Z') seen++;
      // A COPY FROM STDIN nobody feeds would wait for ever; while copying the server has skipped our Sync.
      if (next.type === 'G') this.send(frontend.copyDone, ...(bytes.at(-1) === frontend.sync ? [frontend.sync] : []));
    }
    return readExchange(messages);
  }

  /** The next message; null once the connection has ended and everything was read. Rejects on timeout. */
  async next(): Promise<BackendMessage | null> {
    const deadline = Date.now() + this.#timeout;
    while (this.#queue.length === 0) {
      if (this.#ended) return null;
      const left = deadline - Date.now();
      if (left <= 0) {
        this.destroy();
        throw new Error(`no answer within ${this.#timeout} ms`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const message = this.#queue.shift() ?? null;
    if (message?.type === 'S') {
      const name = cstringAt(message.body, 0);
      this.parameters.set(name.text, cstringAt(message.body, name.next).text);
    } else if (message?.type === 'K') {
      this.processId = message.body.readInt32BE(0);
      this.secret = Buffer.from(message.body.subarray(4));
    }
    return message;
  }

  /** Messages that have arrived unasked (notifications), after giving the network `wait` ms. */
  async pending(wait = 50): Promise<readonly BackendMessage[]> {
    await new Promise((resolve) => setTimeout(resolve, wait));
    return this.#queue.splice(0);
  }

  query(sql: string): Promise<Exchange> {
    return this.exchange([frontend.query(sql)]);
  }

  /** Parse, Bind, Describe portal, Execute, Sync in one write. */
  extended(sql: string, options: ExtendedOptions = {}): Promise<Exchange> {
    return this.exchange([
      frontend.parse('', sql, options.types),
      frontend.bind({ parameters: options.parameters ?? [], resultFormat: options.resultFormat ?? 0 }),
      frontend.describe('P'),
      frontend.execute('', options.maxRows ?? 0),
      frontend.sync,
    ]);
  }

  /** COPY … FROM STDIN through the simple protocol. */
  async copyIn(sql: string, data: readonly Buffer[]): Promise<Exchange> {
    this.send(frontend.query(sql));
    const messages: BackendMessage[] = [];
    for (;;) {
      const next = await this.next();
      if (next === null) break;
      messages.push(next);
      if (next.type === 'G') this.send(...data.map(frontend.copyData), frontend.copyDone);
      if (next.type === 'Z') break;
    }
    return readExchange(messages);
  }

  /** Terminate, then wait for the other side to close. */
  async close(): Promise<void> {
    if (!this.#ended) this.#socket.end(frontend.terminate);
    const deadline = Date.now() + 2_000;
    while (!this.#ended && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2));
    this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#ended = true;
    this.#signal();
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async #login(password: string): Promise<void> {
    let scram: ScramClient | null = null;
    for (;;) {
      const next = await this.next();
      if (next === null) throw new LoginError({});
      if (next.type === 'E') {
        this.destroy();
        throw new LoginError(serverMessage(next.body));
      }
      if (next.type === 'Z') return;
      if (next.type !== 'R') continue;
      const kind = next.body.readInt32BE(0);
      if (kind === 10) {
        scram = new ScramClient(password);
        this.send(frontend.saslInitial('SCRAM-SHA-256', scram.first()));
      } else if (kind === 11 && scram !== null) this.send(frontend.saslResponse(scram.final(next.body.toString('utf8', 4))));
      else if (kind !== 0 && kind !== 12) throw new LoginError({ M: `authentication method ${kind}` });
    }
  }
}

/** RFC 5802 without channel binding; the server's proof is not verified (tests trust their own server). */
class ScramClient {
  readonly #password: string;
  readonly #bare = `n=,r=${randomBytes(18).toString('base64')}`;

  constructor(password: string) {
    this.#password = password;
  }

  first(): string {
    return `n,,${this.#bare}`;
  }

  final(serverFirst: string): string {
    const parts = new Map(serverFirst.split(',').map((part) => [part.slice(0, 1), part.slice(2)] as const));
    const salted = pbkdf2Sync(this.#password, Buffer.from(parts.get('s') ?? '', 'base64'), Number(parts.get('i')), 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const bare = `c=biws,r=${parts.get('r') ?? ''}`;
    const signature = hmac(createHash('sha256').update(clientKey).digest(), `${this.#bare},${serverFirst},${bare}`);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    return `${bare},p=${proof.toString('base64')}`;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
