/**
 * A relay between psql and a server that may ask the server questions of its own, on the session's own connection, before a query
 * of psql's is passed on: so that a statement is looked at in exactly the state in which it is about to run (temporary tables,
 * uncommitted changes, search path). psql speaks the simple protocol and waits for each answer.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { type BackendMessage, type Exchange, readExchange, splitMessages } from '../support/backend.ts';
import { query } from '../support/frontend.ts';

export interface RelayedSession {
  /** Counts from 1. */
  readonly id: number;
  /** Startup parameters. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Of the last ReadyForQuery. */
  readonly status: 'I' | 'T' | 'E';
  /** Runs one simple query; psql sees nothing of it. */
  ask(sql: string): Promise<Exchange>;
}

export interface Relay {
  readonly port: number;
  stop(): Promise<void>;
}

/** @param before called with each Query of psql's and awaited; one session's calls never overlap. */
export async function startRelay(port: number, before: (session: RelayedSession, sql: string) => Promise<void>): Promise<Relay> {
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    new Session((count += 1), client, upstream, before).start();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

class Session implements RelayedSession {
  readonly id: number;
  readonly parameters = new Map<string, string>();
  status: 'I' | 'T' | 'E' = 'I';
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #before: (session: RelayedSession, sql: string) => Promise<void>;
  #fromClient: Buffer = Buffer.alloc(0);
  #fromServer: Buffer = Buffer.alloc(0);
  #started = false;
  #asking: { readonly messages: BackendMessage[]; readonly done: (answer: Exchange) => void } | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(id: number, client: Socket, upstream: Socket, before: (session: RelayedSession, sql: string) => Promise<void>) {
    this.id = id;
    this.#client = client;
    this.#upstream = upstream;
    this.#before = before;
  }

  start(): void {
    this.#client.on('data', (chunk: Buffer) => {
      this.#fromClient = Buffer.concat([this.#fromClient, chunk]);
      this.#turn = this.#turn.then(() => this.#clientBytes());
    });
    this.#upstream.on('data', (chunk: Buffer) => this.#serverBytes(chunk));
    this.#upstream.once('close', () => this.#asking?.done(readExchange([])));
  }

  ask(sql: string): Promise<Exchange> {
    return new Promise((done) => {
      if (this.#upstream.destroyed) return done(readExchange([]));
      this.#asking = { messages: [], done };
      this.#upstream.write(query(sql));
    });
  }

  async #clientBytes(): Promise<void> {
    for (;;) {
      const bytes = this.#fromClient;
      const head = this.#started ? 1 : 0;
      if (bytes.length < head + 4) return;
      const length = head + bytes.readInt32BE(head);
      if (bytes.length < length) return;
      this.#fromClient = bytes.subarray(length);
      const frame = bytes.subarray(0, length);
      if (!this.#started) this.#startup(frame);
      else {
        if (frame[0] === 0x51) await this.#before(this, frame.toString('utf8', 5, length - 1));
        this.#upstream.write(frame);
      }
    }
  }

  #startup(frame: Buffer): void {
    // Cancel requests have no parameters; psql is told not to ask for TLS or GSS.
    this.#started = true;
    const words = frame.toString('utf8', 8).split('\0');
    for (let at = 0; at + 1 < words.length; at += 2) this.parameters.set(words[at]!, words[at + 1]!);
    this.#upstream.write(frame);
  }

  #serverBytes(chunk: Buffer): void {
    if (this.#asking === undefined) this.#client.write(chunk);
    const { messages, rest } = splitMessages(this.#fromServer.length === 0 ? chunk : Buffer.concat([this.#fromServer, chunk]));
    this.#fromServer = Buffer.from(rest);
    const asking = this.#asking;
    for (const message of messages) {
      asking?.messages.push(message);
      if (message.type === 'Z') this.status = message.body.toString('latin1') as 'I' | 'T' | 'E';
    }
    if (asking !== undefined && messages.at(-1)?.type === 'Z') {
      this.#asking = undefined;
      asking.done(readExchange(asking.messages));
    }
  }
}
