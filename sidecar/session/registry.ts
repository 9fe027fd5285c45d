/** All sessions of one listener: how many there are, who may cancel which, and how they end together. */
import { timingSafeEqual } from 'node:crypto';

/** What the registry needs of a session. */
export interface RegisteredSession {
  readonly pid: number;
  readonly secret: Buffer;
  /** Passes a client's CancelRequest on. */
  cancelRequested(): void;
  /** Ends at the next moment no transaction is open. */
  drain(): void;
  /** Ends now. */
  stop(): void;
  readonly closed: Promise<void>;
}

export class SessionRegistry {
  readonly #sessions = new Map<number, RegisteredSession>();
  #draining = false;

  get size(): number {
    return this.#sessions.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** False when the process id is taken: draw another. */
  add(session: RegisteredSession): boolean {
    if (this.#sessions.has(session.pid)) return false;
    this.#sessions.set(session.pid, session);
    if (this.#draining) session.drain();
    return true;
  }

  remove(session: RegisteredSession): void {
    if (this.#sessions.get(session.pid) === session) this.#sessions.delete(session.pid);
  }

  has(pid: number): boolean {
    return this.#sessions.has(pid);
  }

  /** A CancelRequest of a client. A wrong key is ignored without a word, as the server does. */
  cancel(pid: number, secret: Buffer): boolean {
    const session = this.#sessions.get(pid);
    if (session === undefined || secret.length !== session.secret.length || !timingSafeEqual(secret, session.secret))
      return false;
    session.cancelRequested();
    return true;
  }

  /** Lets transactions finish; what is left after `deadline` milliseconds is cut. Resolves when none is left. */
  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    for (const session of this.#sessions.values()) session.drain();
    const timer = setTimeout(() => {
      for (const session of this.#sessions.values()) session.stop();
    }, deadline);
    await Promise.all([...this.#sessions.values()].map((session) => session.closed));
    clearTimeout(timer);
  }
}
