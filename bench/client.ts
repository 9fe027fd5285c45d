/** A client that costs as little as a client can: it walks frames and counts rows, and never looks into one. */
import type { Socket } from 'node:net';
import { SERVER_FRAMES } from '../core/wire/frame-table.ts';
import { DROP, FrameWalker } from '../core/wire/frame-walker.ts';
import { query } from '../core/wire/request.ts';
import { decodeReport, SERVER } from '../core/wire/server-messages.ts';
import { connectUpstream } from '../sidecar/upstream/connect.ts';

export interface ClientOptions {
  readonly port: number;
  readonly user: string;
  /** Undefined where none is asked for. */
  readonly password?: string;
  readonly database: string;
}

export interface QueryResult {
  readonly rows: number;
  readonly bytes: number;
  /** Milliseconds from sending to ReadyForQuery. */
  readonly duration: number;
  /** The columns of the first row, where all rows arrived in one chunk; else empty. */
  readonly first: readonly (string | null)[];
}

export class Client {
  readonly #socket: Socket;
  readonly #walker: FrameWalker;
  #done: ((error: Error | undefined) => void) | undefined;
  #error: Error | undefined;
  #bytes = 0;
  #runs: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#walker = new FrameWalker(SERVER_FRAMES, {
      message: (type, body) => {
        if (type === SERVER.errorResponse) {
          const fields = decodeReport(body);
          this.#error = new Error(['C', 'M', 'D', 'H'].map((code) => fields.get(code)?.toString() ?? '').join(' '));
        } else if (type === SERVER.readyForQuery) this.#done?.(this.#error);
        return DROP;
      },
      forward: (run) => {
        // Kept only to tell whether it was one; never more than two.
        if (this.#runs.length < 2) this.#runs.push(run);
      },
    });
    socket.on('data', (chunk) => {
      this.#bytes += chunk.length;
      this.#walker.push(chunk);
    });
    const fail = (error?: Error): void => this.#done?.(error ?? new Error('the connection was closed'));
    socket.on('error', fail);
    socket.on('close', () => fail());
    socket.resume();
  }

  static async connect(options: ClientOptions): Promise<Client> {
    const { socket } = await connectUpstream({
      target: { host: '127.0.0.1', port: options.port, tls: { mode: 'Disable' } },
      user: options.user,
      ...(options.password === undefined ? {} : { password: options.password }),
      database: options.database,
      settings: [['client_encoding', 'UTF8']],
    });
    return new Client(socket);
  }

  /** Simple protocol. Rejects with SQLSTATE and texts when the server reports an error. */
  async query(sql: string): Promise<QueryResult> {
    this.#walker.rows = 0;
    this.#bytes = 0;
    this.#runs = [];
    this.#error = undefined;
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      this.#done = (error) => {
        this.#done = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#socket.write(query(sql));
    });
    return {
      rows: this.#walker.rows,
      bytes: this.#bytes,
      duration: performance.now() - began,
      first: this.#runs.length === 1 ? columns(this.#runs[0]!) : [],
    };
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The first row of a run that starts with one. */
function columns(run: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  let at = 7;
  for (let count = run.readUInt16BE(5); count > 0; count--) {
    const length = run.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : run.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return values;
}
