/** Removes records that were received longer ago than they are to be kept. Every replica does: with a store they share, one finds nothing left. */
import type { AuditStore } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';

export interface RetentionOptions {
  readonly store: Pick<AuditStore, 'prune'>;
  /** 0: for ever. */
  readonly days: number;
  readonly clock: Clock;
  readonly log: EventLog;
}

const DAY = 86_400_000;
const FIRST = 60_000;
const EVERY = 3_600_000;

/** The answer ends it, and waits for what is under way. */
export function startRetention({ store, days, clock, log }: RetentionOptions): () => Promise<void> {
  let stopped = false;
  let work: Promise<void> = Promise.resolve();
  let cancel: () => void = () => {};
  const after = (milliseconds: number): void => {
    cancel = clock.after(milliseconds, () => {
      work = look().finally(() => {
        if (!stopped) after(EVERY);
      });
    });
  };
  const look = async (): Promise<void> => {
    try {
      const records = await store.prune(new Date(clock.now() - days * DAY).toISOString());
      if (records > 0) log('info', 'audit-records-removed', { records, days });
    } catch (error) {
      log('warn', 'audit-retention-failed', { reason: (error as Error).message });
    }
  };
  if (days > 0) after(FIRST);
  return async () => {
    stopped = true;
    cancel();
    await work;
  };
}
