/**
 * Keys that clients may cancel with. Ours, never the server's: 64 random bits of which nothing is shared with any other
 * session. A CancelRequest arrives unauthenticated on a connection of its own, so the comparison takes the same time whatever
 * the guess, and nothing is ever answered.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';

export interface CancelKey {
  readonly pid: number;
  /** Four bytes, as protocol 3.0 has it. */
  readonly secret: Buffer;
}

const KEY_BYTES = 8;

export class CancelRegistry {
  readonly #sessions = new Map<Buffer, () => void>();

  /** `onCancel` runs for each matching request until `release`. */
  issue(onCancel: () => void): { readonly key: CancelKey; readonly release: () => void } {
    const bytes = randomBytes(KEY_BYTES);
    this.#sessions.set(bytes, onCancel);
    return {
      key: { pid: bytes.readInt32BE(0), secret: bytes.subarray(4) },
      release: () => void this.#sessions.delete(bytes),
    };
  }

  /** True if a session was asked to cancel. */
  cancel(pid: number, secret: Buffer): boolean {
    if (secret.length !== KEY_BYTES - 4) return false;
    const guess = Buffer.alloc(KEY_BYTES);
    guess.writeInt32BE(pid | 0, 0);
    secret.copy(guess, 4);
    let found: (() => void) | undefined;
    for (const [bytes, onCancel] of this.#sessions) if (timingSafeEqual(bytes, guess)) found = onCancel;
    found?.();
    return found !== undefined;
  }
}
