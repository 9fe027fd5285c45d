/** Where audit records go. One writer a process. */
import type { AuditEntry } from '../../core/audit/record.ts';

export interface Journal {
  /**
   * Appends in order. Returns undefined when the promised durability is already reached (Local: written), or a promise that
   * settles when it is (Synced: fdatasync, grouped). Throws or rejects with JournalError when it cannot be: then the statement
   * must not be forwarded.
   */
  append(entries: readonly AuditEntry[]): void | Promise<void>;
  /**
   * Appends soon: with the next `append`, or after some milliseconds. For outcomes, which nothing waits for; halves the writes
   * of a busy session. The entry keeps the time of this call. What cannot be written is kept until it can be.
   */
  defer(entry: AuditEntry): void;
  /** False after a failed write until one succeeds again; statements are refused meanwhile. */
  readonly healthy: boolean;
  close(): Promise<void>;
}

export class JournalError extends Error {
  static readonly code = 'SLUICE-701';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalError';
  }
}
