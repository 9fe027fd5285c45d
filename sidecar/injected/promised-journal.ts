/** The journal of a Database whose promise may change while it runs: what cannot be promised is refused before anything is written. */
import type { AuditEntry } from '../../core/audit/record.ts';
import type { Database } from '../../crds/database.ts';
import { JournalError, type Journal } from '../journal/journal.ts';

export type Durability = Database['spec']['audit']['durability'];

/** Sent to clients as the reason why statements are refused. */
const NOT_REPLICATED =
  'audit.durability Replicated needs records to be collected by the operator, which this release does not do; Local and Synced are there';

export function promisedJournal(journal: Journal, durability: () => Durability | undefined): Journal {
  return {
    get healthy() {
      return journal.healthy && durability() !== 'Replicated';
    },
    append: (entries: readonly AuditEntry[]) => {
      if (durability() === 'Replicated') throw new JournalError(NOT_REPLICATED);
      return journal.append(entries);
    },
    defer: (entry) => journal.defer(entry),
    close: () => journal.close(),
  };
}
