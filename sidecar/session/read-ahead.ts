/**
 * What a client has sent while its messages wait: read all the same, up to a bound, because only reading shows that a client
 * has left, and a statement that nobody waits for must not go on holding its locks.
 */

const BOUND = 64 * 1024;
/** Terminate, whole. */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export class ReadAhead {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #goodbye = false;

  /** True: read no more. */
  get full(): boolean {
    return this.#bytes >= BOUND;
  }

  /** The last thing the client said is Terminate, as far as its last bytes tell. */
  get saidGoodbye(): boolean {
    return this.#goodbye;
  }

  /** Everything the client sends, kept or not. */
  hear(chunk: Buffer): void {
    this.#goodbye = chunk.length >= TERMINATE.length && chunk.subarray(-TERMINATE.length).equals(TERMINATE);
  }

  keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  take(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    this.#bytes -= chunk?.length ?? 0;
    return chunk;
  }
}
