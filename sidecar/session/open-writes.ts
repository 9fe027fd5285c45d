/**
 * Writes whose evidence is in the trail while their transaction is not over. The trail has COMMIT and ROLLBACK as statements; what undoes a transaction without
 * either is told by an event (core/audit/durability.ts).
 */
import { JOINED, LEFT_OPEN, ROLLED_BACK } from '../../core/audit/durability.ts';
import type { TransactionStatus } from '../../core/wire/server-messages.ts';

export class OpenWrites {
  readonly #tell: (event: string, detail: { readonly from: string; readonly to: string }) => void;
  #from: string | null = null;
  #to = '';
  #failed = false;

  constructor(tell: (event: string, detail: { readonly from: string; readonly to: string }) => void) {
    this.#tell = tell;
  }

  add(statement: string): void {
    this.#from ??= statement;
    this.#to = statement;
  }

  /** BEGIN was answered: what came before it in the same message belongs to the block. */
  blockBegun(): void {
    this.#say(JOINED);
  }

  committed(): void {
    this.#from = null;
  }

  /** Also outside of a block: then it undoes what came before it in the same message. */
  rolledBack(): void {
    this.#say(ROLLED_BACK);
    this.#from = null;
  }

  /** A statement has failed: what it takes along is known at ReadyForQuery. */
  failed(): void {
    this.#failed = true;
  }

  ready(status: TransactionStatus): void {
    if (status === 'I') {
      if (this.#failed) this.#say(ROLLED_BACK);
      this.#from = null;
    }
    this.#failed = false;
  }

  sessionEnded(): void {
    this.#say(LEFT_OPEN);
    this.#from = null;
  }

  #say(event: string): void {
    if (this.#from !== null) this.#tell(event, { from: this.#from, to: this.#to });
  }
}
