/**
 * Pulls the login phase out of a socket, a few exact bytes or one message at a time. Everything together is capped: a login
 * is a few kilobytes. What was received beyond the last message is given back at the end.
 */
import type { Socket } from 'node:net';
import { LOGIN_FRAMES } from '../../core/wire/frame-table.ts';
import { UpstreamError } from './upstream-error.ts';

const MAX_LOGIN_BYTES = 256 * 1024;
const HEADER = 5;

export interface LoginMessage {
  readonly type: string;
  readonly body: Buffer;
}

export class LoginReader {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #available = 0;
  #total = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #onData: (chunk: Buffer) => void;
  readonly #onEnd: () => void;
  readonly #onError: (error: Error) => void;

  /** `describeError` turns a socket error into the error to throw. */
  constructor(socket: Socket, describeError: (error: Error) => UpstreamError) {
    this.#socket = socket;
    this.#onData = (chunk) => {
      this.#chunks.push(chunk);
      this.#available += chunk.length;
      this.#total += chunk.length;
      if (this.#total > MAX_LOGIN_BYTES)
        this.#fail(new UpstreamError('SLUICE-706', 'the database server sends endlessly during the login'));
      this.#wake?.();
    };
    this.#onEnd = () => this.#fail(new UpstreamError('SLUICE-803', 'the database server closed the connection during the login'));
    this.#onError = (error) => this.#fail(describeError(error));
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onError);
  }

  /** Makes the pending and every later read throw. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.pause();
    this.#wake?.();
  }

  /** Exactly `count` bytes. */
  async take(count: number): Promise<Buffer> {
    while (this.#available < count) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const taken = all.subarray(0, count);
    const rest = all.subarray(count);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#available = rest.length;
    return taken;
  }

  /** The next message. Only types and lengths of a login are accepted. */
  async message(): Promise<LoginMessage> {
    const header = await this.take(HEADER);
    const length = header.readUInt32BE(1);
    const max = LOGIN_FRAMES.maxBody[header[0]!]!;
    if (max < 0 || length < 4 || length - 4 > max) {
      throw new UpstreamError(
        'SLUICE-706',
        'what answers at the address of the database server does not speak the PostgreSQL protocol',
      );
    }
    return { type: String.fromCharCode(header[0]!), body: await this.take(length - 4) };
  }

  /** Stops reading. Returns what was received and not taken. The socket is left paused. */
  release(): Buffer {
    this.#socket.pause();
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd).off('error', this.#onError);
    return Buffer.concat(this.#chunks);
  }
}
