/** The CommandComplete of a write, held until the check behind it has passed: before that the write can still be undone. */
import type { AuditTrail, Settlement } from './audit-trail.ts';
import type { Execution } from './pipeline.ts';

interface Held {
  readonly bytes: Buffer;
  readonly execution: Execution | undefined;
  readonly settlement: Settlement;
}

export class HeldReply {
  readonly #audit: AuditTrail;
  #held: Held | null = null;

  constructor(audit: AuditTrail) {
    this.#audit = audit;
  }

  hold(held: Held): void {
    this.#held = held;
  }

  /** The check has passed: what the client now gets, if anything was held. */
  release(): Buffer | null {
    const held = this.#take();
    if (held === null) return null;
    this.#audit.settle(held.execution, 'ok', held.settlement);
    return held.bytes;
  }

  /** The check failed, and the write with it: the client never sees that it was complete. */
  fail(sqlstate: string): void {
    const held = this.#take();
    if (held !== null) this.#audit.settle(held.execution, 'error', { ...held.settlement, sqlstate });
  }

  #take(): Held | null {
    const held = this.#held;
    this.#held = null;
    return held;
  }
}
