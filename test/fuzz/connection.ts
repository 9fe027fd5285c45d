/** One raw connection: writes in pieces with pauses between them, keeps what came back, and knows when it is quiet or over. */
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

export interface Heard {
  readonly bytes: Buffer;
  /** The other side closed, or reset the connection. */
  readonly closed: boolean;
}

export interface Piece {
  readonly bytes: Buffer;
  /** Milliseconds to wait before it; 0: at once. */
  readonly pause: number;
}

export async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/**
 * Sends, then listens until the other side closes, `done` says so, or nothing has come for `quiet` milliseconds. At most `most` bytes are kept.
 */
export async function converse(
  socket: Socket,
  pieces: readonly Piece[],
  options: {
    readonly quiet: number;
    readonly done?: (bytes: Buffer) => boolean;
    /** While it holds, silence may last twenty times as long: something is sure to come. */
    readonly patient?: (bytes: Buffer) => boolean;
    readonly most?: number;
  },
): Promise<Heard> {
  const heard: Buffer[] = [];
  let size = 0;
  let closed = false;
  let last = performance.now();
  socket.on('data', (chunk: Buffer) => {
    last = performance.now();
    size += chunk.length;
    if (size <= (options.most ?? 1 << 20)) heard.push(chunk);
  });
  for (const event of ['close', 'end', 'error']) socket.on(event, () => void (closed = true));
  for (const { bytes, pause } of pieces) {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    else await turn();
    if (closed) break;
    socket.write(bytes);
  }
  last = performance.now();
  const silence = (): number => (options.patient?.(Buffer.concat(heard)) === true ? 20 * options.quiet : options.quiet);
  while (!closed && performance.now() - last < silence()) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (options.done?.(Buffer.concat(heard)) === true) break;
  }
  return { bytes: Buffer.concat(heard), closed };
}

/** Cut at one place (with a pause there), or at a few places without one. */
export function inPieces(bytes: Buffer, cuts: readonly number[], pause: number): readonly Piece[] {
  const places = [...new Set([0, ...cuts, bytes.length])].filter((at) => at >= 0 && at <= bytes.length).sort((a, b) => a - b);
  return places.slice(1).map((end, index) => ({ bytes: bytes.subarray(places[index], end), pause: index === 0 ? 0 : pause }));
}
