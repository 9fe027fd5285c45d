/** Splits what a server sends into messages, each with its bytes as they were on the wire. */
import type { BackendMessage } from '../../support/backend.ts';

export interface ServerMessageBytes extends BackendMessage {
  readonly bytes: Buffer;
}

export class ServerStream {
  #parts: Buffer[] = [];
  #held = 0;
  /** Bytes that the message under way still needs before it can be told where it ends, or ends. */
  #wanted = 5;

  /** The whole messages that `chunk` completes. */
  feed(chunk: Buffer): readonly ServerMessageBytes[] {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return [];
    let rest = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    const messages: ServerMessageBytes[] = [];
    for (;;) {
      this.#wanted = rest.length < 5 ? 5 : 1 + rest.readUInt32BE(1);
      if (rest.length < this.#wanted) break;
      const bytes = Buffer.from(rest.subarray(0, this.#wanted));
      messages.push({ type: String.fromCharCode(bytes[0] ?? 0), body: bytes.subarray(5), bytes });
      rest = rest.subarray(this.#wanted);
    }
    this.#parts = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.#held = rest.length;
    return messages;
  }
}
