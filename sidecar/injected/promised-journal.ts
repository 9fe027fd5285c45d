/**
 * The journal of a Database whose promise may change while it runs. A statement is refused before it is forwarded when what is promised for its record
 * cannot be given: no room that is not taken by records which nobody else has yet, or, with Replicated, no operator that stores them in time.
 * Records of what has been forwarded already are written all the same.
 */
import type { AuditEntry } from '../../core/audit/record.ts';
import type { Database } from '../../crds/database.ts';
import type { Shipper } from '../collection/shipper.ts';
import { JournalError, type Journal } from '../journal/journal.ts';
import type { SegmentedJournal } from '../journal/segmented-journal.ts';

export type Durability = Database['spec']['audit']['durability'];
export type Unpromised = 'full' | 'not-replicated';

export interface PromisedJournalOptions {
  readonly journal: SegmentedJournal;
  readonly shipper: Pick<Shipper, 'unavailable' | 'whenStored'>;
  readonly durability: () => Durability | undefined;
  /** Milliseconds that a statement waits for its record to be stored, and that an operator which is lost is expected back. */
  readonly patience?: number;
  /** A record was refused. */
  readonly refused: (why: Unpromised) => void;
}

export const PATIENCE = 5_000;
/** Sent to clients as the reason why statements are refused. */
const FULL = 'the volume of audit records is full of those that the operator has not stored yet';
const NOT_REPLICATED = 'audit.durability Replicated needs the operator to have stored the record:';

export function promisedJournal(options: PromisedJournalOptions): Journal {
  const { journal, shipper, durability, patience = PATIENCE, refused } = options;
  const refuse = (why: Unpromised, message: string, cause?: unknown): JournalError => {
    refused(why);
    return new JournalError(message, cause === undefined ? {} : { cause });
  };
  return {
    get healthy() {
      if (!journal.healthy || journal.isFull) return false;
      return durability() !== 'Replicated' || shipper.unavailable(patience) === undefined;
    },
    append: (entries) => {
      if (!entries.some(isPromised)) return journal.append(entries);
      if (journal.isFull) throw refuse('full', FULL);
      if (durability() !== 'Replicated') return journal.append(entries);
      const reason = shipper.unavailable(patience);
      if (reason !== undefined) throw refuse('not-replicated', `${NOT_REPLICATED} ${reason}`);
      journal.append(entries);
      return shipper.whenStored(journal.head.seq - 1, patience).catch((error: unknown) => {
        throw refuse('not-replicated', `${NOT_REPLICATED} ${(error as Error).message}`, error);
      });
    },
    defer: (entry) => journal.defer(entry),
    close: () => journal.close(),
  };
}

/** Something follows that must not without this record. */
function isPromised({ type }: AuditEntry): boolean {
  return type === 'intent' || type === 'session-start';
}
