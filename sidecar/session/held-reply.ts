/** The CommandComplete of a write, held until the check behind it has passed: before that the write can still be undone. */
import type { AuditTrail, Settlement } from './audit-trail.ts';
import type { Execution } from './pipeline.ts';

interface Held {
  readonly bytes: Buffer;
  readonly execution: Execution | undefined;
  readonly settlement: Settlement;
  /** It is in the trail. */
  settled: boolean;
}

export class HeldReply {
  readonly #audit: AuditTrail;
  #held: Held | null = null;

  constructor(audit: AuditTrail) {
    this.#audit = audit;
  }

  hold(held: Omit<Held, 'settled'>): void {
    this.#held = { ...held, settled: false };
  }

  /** The check has passed. Gives what AuditTrail.settle gives; to be called before `release`. */
  settle(): void | Promise<void> {
    const held = this.#held;
    if (held === null || held.settled) return undefined;
    held.settled = true;
    return this.#audit.settle(held.execution, 'ok', held.settlement);
  }

  /** What the client now gets, if anything was held. */
  release(): Buffer | null {
    return this.#take()?.bytes ?? null;
  }

  /** The check failed, and the write with it: the client never sees that it was complete. */
  fail(sqlstate: string): void {
    const held = this.#take();
    if (held === null) return;
    const { completion: _, ...settlement } = held.settlement;
    void this.#audit.settle(held.execution, 'error', { ...settlement, sqlstate });
  }

  #take(): Held | null {
    const held = this.#held;
    this.#held = null;
    return held;
  }
}
