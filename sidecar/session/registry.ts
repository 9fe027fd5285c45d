/**
 * All sessions of the process: how many there are, who may cancel which, and how they end together. The secrets that clients
 * cancel with are drawn here and are never the server's; the process id is the server's own, because clients compare it with
 * pg_backend_pid() and with the sender of a notification (ADR 11). A CancelRequest arrives unauthenticated on a connection of its
 * own, so the comparison takes the same time whatever the guess.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { BackendKey } from '../../core/wire/server-messages.ts';

/** What the registry needs of a session. */
export interface RegisteredSession {
  /** Passes a client's CancelRequest on; resolves when the server has taken it, or nothing is left to cancel. */
  cancelRequested(): Promise<void>;
  /** Ends at the next moment no transaction is open. */
  drain(): void;
  /** Ends now. */
  stop(): void;
  /** Settles when the client's socket is closed; never rejects. */
  readonly closed: Promise<void>;
}

/** Process id and secret, four bytes each as protocol 3.0 has it. */
const KEY_BYTES = 8;

export class SessionRegistry {
  /** With the key of each that has one. */
  readonly #sessions = new Map<RegisteredSession, Buffer | null>();
  /** Those, and those that have ended but whose last bytes are still on their way. */
  readonly #open = new Set<RegisteredSession>();
  #draining = false;

  /** Sessions that have not ended. */
  get size(): number {
    return this.#sessions.size;
  }

  /** No newcomers from here on. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Takes the session in until `remove`. */
  add(session: RegisteredSession): void {
    this.#sessions.set(session, null);
    this.#open.add(session);
    session.closed.then(() => this.#open.delete(session));
  }

  /** What the session's BackendKeyData must say; `pid` is the server's, undefined when it gave none. From now on it can be cancelled. */
  keyOf(session: RegisteredSession, pid: number | undefined): BackendKey {
    const key = randomBytes(KEY_BYTES);
    if (pid === undefined) key[0] = key[0]! & 0x7f;
    else key.writeInt32BE(pid, 0);
    if (this.#sessions.has(session)) this.#sessions.set(session, key);
    return { pid: key.readInt32BE(0), secret: key.subarray(4) };
  }

  /** The session has ended: its place is free and its key worthless. */
  remove(session: RegisteredSession): void {
    this.#sessions.delete(session);
  }

  /** A CancelRequest of a client; resolves when the server has taken it. A wrong key is ignored without a word, as the server does. */
  async cancel({ pid, secret }: BackendKey): Promise<void> {
    if (secret.length !== KEY_BYTES - 4) return;
    const guess = Buffer.alloc(KEY_BYTES);
    guess.writeInt32BE(pid, 0);
    secret.copy(guess, 4);
    let found: RegisteredSession | undefined;
    for (const [session, key] of this.#sessions) if (key !== null && timingSafeEqual(key, guess)) found = session;
    await found?.cancelRequested();
  }

  /** Ends all there are, now. Newcomers are welcome. */
  stopAll(): void {
    for (const session of [...this.#sessions.keys()]) session.stop();
  }

  /** Lets transactions finish; what is left after `deadline` milliseconds is cut. Resolves when all are closed. */
  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    for (const session of [...this.#sessions.keys()]) session.drain();
    const timer = setTimeout(() => {
      for (const session of [...this.#sessions.keys()]) session.stop();
    }, deadline);
    await Promise.all([...this.#open].map((session) => session.closed));
    clearTimeout(timer);
  }
}
