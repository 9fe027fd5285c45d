/** Bytes of one body of the stream into frames: a JSON object a line, no line longer than the limit. */
import { isRecord } from '../json/read.ts';

/** Whoever sent this does not speak the protocol; the stream ends. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}

/** As received: `type` alone has been looked at. */
export type ReceivedFrame = Readonly<Record<string, unknown>> & { readonly type: string };

const NEWLINE = 0x0a;

export class FrameReader {
  readonly #limit: number;
  readonly #onFrame: (frame: ReceivedFrame, bytes: number) => void;
  /** Of the line that has not ended yet. */
  #parts: Buffer[] = [];
  #length = 0;

  /** `limit`: bytes of a line without its newline. `bytes`: of the frame's line. */
  constructor(limit: number, onFrame: (frame: ReceivedFrame, bytes: number) => void) {
    this.#limit = limit;
    this.#onFrame = onFrame;
  }

  /** Throws FrameError, and what `onFrame` throws; then nothing more may be pushed. */
  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#take(rest.subarray(0, end));
      this.#line();
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#take(rest);
  }

  #take(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) throw new FrameError(`a frame is longer than ${this.#limit} bytes`);
    this.#parts.push(part);
  }

  #line(): void {
    const line = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    let frame: unknown;
    try {
      frame = JSON.parse(line.toString('utf8'));
    } catch {
      throw new FrameError('a frame is not JSON');
    }
    if (!isFrame(frame)) throw new FrameError('a frame is not an object with a type');
    this.#onFrame(frame, line.length);
  }
}

function isFrame(value: unknown): value is ReceivedFrame {
  return isRecord(value) && typeof value['type'] === 'string';
}
