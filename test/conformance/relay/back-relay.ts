/**
 * Stands between Sluice and the server, and can run a message on one of Sluice's upstream connections behind its back: so what
 * a floor refuses can be done all the same where later statements of a suite build on it, in the very session and transaction.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { splitMessages } from '../../support/backend.ts';
import { ClientStream, sqlOf } from './client-stream.ts';
import { press } from './press.ts';
import { ServerStream } from './server-stream.ts';

export interface BackRelay {
  readonly port: number;
  /** The upstream connection on which a statement that holds `token` passes. */
  paired(token: string): Promise<BackConnection>;
  stop(): Promise<void>;
}

export interface BackRelayOptions {
  readonly host?: string;
  readonly port: number;
}

export async function startBackRelay(options: BackRelayOptions): Promise<BackRelay> {
  const open = new Set<BackConnection>();
  const waiting = new Map<string, (connection: BackConnection) => void>();
  const seen = (sql: string, connection: BackConnection): void => {
    for (const [token, resolve] of waiting) {
      if (!sql.includes(token)) continue;
      waiting.delete(token);
      resolve(connection);
    }
  };
  const server = createServer((sluice) => {
    const upstream = connect({ host: options.host ?? '127.0.0.1', port: options.port });
    const connection = new BackConnection(sluice, upstream, seen);
    open.add(connection);
    sluice.once('close', () => open.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    paired: (token) => new Promise((resolve) => waiting.set(token, resolve)),
    stop: async () => {
      for (const connection of open) connection.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Injection {
  readonly sink: (bytes: Buffer) => void;
  readonly done: () => void;
}

export class BackConnection {
  readonly #sluice: Socket;
  readonly #upstream: Socket;
  readonly #client = new ClientStream();
  #rest: Buffer = Buffer.alloc(0);
  /** ReadyForQuery messages that the server owes Sluice; the first one is that of the login. */
  #owed = 1;
  #injection: Injection | null = null;
  /** What Sluice sent while something of ours was running. */
  #held: Buffer[] = [];
  #idle: (() => void)[] = [];
  /** Something ran behind Sluice's back. */
  #injected = false;
  #closed = false;

  constructor(sluice: Socket, upstream: Socket, seen: (sql: string, connection: BackConnection) => void) {
    this.#sluice = sluice;
    this.#upstream = upstream;
    for (const socket of [sluice, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => this.destroy());
    }
    sluice.on('data', (chunk: Buffer) => {
      if (this.#injection !== null) {
        this.#held.push(chunk);
        return;
      }
      this.#fromSluice(chunk, seen);
    });
    upstream.on('data', (chunk: Buffer) => this.#fromServer(chunk));
    sluice.once('end', () => upstream.end());
    upstream.once('end', () => sluice.end());
    this.#resumeHeld = () => {
      for (const chunk of this.#held.splice(0)) this.#fromSluice(chunk, seen);
    };
  }

  readonly #resumeHeld: () => void;

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends `bytes` (up to and including one Query or Sync) as soon as the server owes Sluice nothing. What the server answers
   * goes to `sink`, ReadyForQuery included; resolves with it, or when the connection ends.
   */
  async inject(bytes: Buffer, sink: (bytes: Buffer) => void): Promise<void> {
    while (!this.#closed && (this.#owed > 0 || this.#injection !== null))
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#closed) return;
    await new Promise<void>((done) => {
      this.#injection = { sink, done };
      this.#injected = true;
      this.#upstream.write(bytes);
    });
  }

  /** More for what is being injected: CopyData of a COPY FROM STDIN. */
  more(bytes: Buffer): void {
    this.#upstream.write(bytes);
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sluice.destroy();
    this.#upstream.destroy();
    this.#injection?.done();
    for (const wake of this.#idle.splice(0)) wake();
  }

  #fromSluice(chunk: Buffer, seen: (sql: string, connection: BackConnection) => void): void {
    for (const message of this.#client.feed(chunk)) {
      if (message.type === 'Q' || message.type === 'S' || message.type === 'F') this.#owed++;
      if (message.type === 'cancel') this.#owed = 0;
      const sql = sqlOf(message);
      if (sql !== null) seen(sql, this);
    }
    this.#upstream.write(chunk);
    press(this.#sluice, this.#upstream);
  }

  #fromServer(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const { messages, rest } = splitMessages(bytes);
    this.#rest = Buffer.from(rest);
    let from = 0;
    let at = 0;
    for (const { type, body } of messages) {
      at += 5 + body.length;
      if (type !== 'Z') continue;
      this.#deliver(bytes.subarray(from, at));
      from = at;
      this.#ready();
    }
    if (at > from) this.#deliver(bytes.subarray(from, at));
  }

  #deliver(bytes: Buffer): void {
    if (this.#injection !== null) this.#injection.sink(bytes);
    else {
      this.#sluice.write(this.#injected ? withoutActor(bytes) : bytes);
      press(this.#upstream, this.#sluice);
    }
  }

  #ready(): void {
    const injection = this.#injection;
    if (injection === null) {
      this.#owed--;
    } else {
      this.#injection = null;
      injection.done();
      this.#resumeHeld();
    }
    if (this.#owed <= 0 && this.#injection === null) for (const wake of this.#idle.splice(0)) wake();
  }
}

/**
 * A role that was set behind Sluice's back ends with a ROLLBACK that Sluice sees, and the server reports it: Sluice would have to
 * take that for an attack. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
 */
function withoutActor(bytes: Buffer): Buffer {
  if (!bytes.includes('session_authorization') && !bytes.includes('is_superuser')) return bytes;
  const kept: Buffer[] = [];
  for (const message of new ServerStream().feed(bytes))
    if (message.type !== 'S' || !/^(?:session_authorization|is_superuser)\0/.test(message.body.toString('latin1')))
      kept.push(message.bytes);
  return Buffer.concat(kept);
}
