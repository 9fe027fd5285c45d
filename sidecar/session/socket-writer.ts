/**
 * Writes to one peer: what one step produced goes out in one system call, and a peer that does not read is noticed. While
 * `blocked` the other side must not be read, so that memory stays flat; a peer that takes nothing for too long is given up.
 */
import type { Socket } from 'node:net';

export interface SocketWriterOptions {
  readonly socket: Socket;
  /** Milliseconds without any progress. */
  readonly stallTimeout: number;
  readonly drained: () => void;
  readonly stalled: () => void;
}

export class SocketWriter {
  readonly #socket: Socket;
  readonly #options: SocketWriterOptions;
  #blocked = false;
  #timer: NodeJS.Timeout | undefined;
  #waiting = 0;

  constructor(options: SocketWriterOptions) {
    this.#socket = options.socket;
    this.#options = options;
    options.socket.on('drain', () => {
      this.#blocked = false;
      clearTimeout(this.#timer);
      options.drained();
    });
  }

  get blocked(): boolean {
    return this.#blocked && !this.#socket.destroyed;
  }

  write(buffers: readonly Buffer[]): void {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    const runs = buffers.length === 1 ? buffers : mergeAdjacent(buffers);
    let room = true;
    if (runs.length > 1) socket.cork();
    for (const run of runs) room = socket.write(run);
    if (runs.length > 1) socket.uncork();
    if (!room && !this.#blocked) {
      this.#blocked = true;
      this.#watch();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The queue shrinks by whole chunks; a slow reader is not a stalled one. */
  #watch(): void {
    this.#waiting = this.#socket.writableLength;
    this.#timer = setTimeout(() => {
      if (this.#socket.writableLength < this.#waiting) this.#watch();
      else this.#options.stalled();
    }, this.#options.stallTimeout);
    this.#timer.unref();
  }
}

/** Neighbouring views of one chunk become one again. */
function mergeAdjacent(buffers: readonly Buffer[]): readonly Buffer[] {
  const merged: Buffer[] = [];
  for (const next of buffers) {
    const last = merged.at(-1);
    if (next.length === 0) continue;
    if (last !== undefined && last.buffer === next.buffer && last.byteOffset + last.length === next.byteOffset) {
      merged[merged.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + next.length);
    } else merged.push(next);
  }
  return merged;
}
