/**
 * What people and the operator did to the installation, in a chain of this process. Whoever notes something goes on at once; while the store cannot
 * take it, it waits in memory, up to a bound beyond which it is counted, and the count is a record itself.
 */
import type { ChainCertificate } from '../../core/audit/certificate.ts';
import { operatorChainName } from '../../core/audit/chain-names.ts';
import type { AdminRecord, AuditEntry, WithoutHeader } from '../../core/audit/record.ts';
import type { AuditStore, ChainOwner } from '../../core/audit/store.ts';
import type { EventLog } from '../../core/event-log.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Clock } from '../../sidecar/bundle/clock.ts';
import { ChainWriter, type TimedEntry } from './chain-writer.ts';

export type AdminEntry = Omit<WithoutHeader<AdminRecord>, 'type'>;

export interface AdminLog {
  /** Never throws, never waits. */
  note(entry: AdminEntry): void;
}

export interface AdminLogOptions {
  readonly store: Pick<AuditStore, 'append'>;
  readonly certify: (chain: string, publicKey: string, owner: ChainOwner) => ChainCertificate;
  /** Of this replica. */
  readonly identity: Identity;
  readonly product: string;
  /** Drawn for this process. */
  readonly id: string;
  readonly time: () => string;
  readonly clock: Clock;
  readonly log: EventLog;
}

/** Entries that wait for the store. */
const WAITING = 10_000;
const BATCH = 500;
/** Milliseconds between attempts while the store takes nothing. */
const RETRY = 2_000;

export class ChainedAdminLog implements AdminLog {
  readonly #writer: ChainWriter;
  readonly #options: AdminLogOptions;
  #waiting: TimedEntry[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #failing = false;
  #retrying = false;
  #stopped = false;

  constructor(options: AdminLogOptions) {
    this.#options = options;
    const { store, certify, identity, product, time } = options;
    this.#writer = new ChainWriter({
      store,
      chain: operatorChainName(options.id),
      owner: { identity, kind: 'operator' },
      certify,
      start: { product },
      time,
    });
  }

  get chain(): string {
    return this.#writer.chain;
  }

  note(entry: AdminEntry): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= WAITING) this.#lost += 1;
    else this.#waiting.push(this.#now({ type: 'admin', ...entry }));
    this.#pump();
  }

  /** Ends the chain; what cannot be stored then is lost, and the chain has no end. */
  async stop(reason: string): Promise<void> {
    if (this.#stopped) return;
    this.#waiting.push(
      this.#now({ type: 'admin', action: 'operator-stopped', detail: { reason } }),
      this.#now({ type: 'chain-end', reason }),
    );
    this.#stopped = true;
    this.#cancel();
    await this.#writing;
    await this.#flush();
  }

  #pump(): void {
    if (this.#writing !== undefined || this.#retrying) return;
    this.#writing = this.#flush().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0 && !this.#stopped) this.#pump();
    });
  }

  async #flush(): Promise<void> {
    do {
      // What was sealed waits in the writer; nothing is sealed behind it before it is stored.
      const wasBehind = this.#writer.isBehind;
      const batch = wasBehind ? [] : this.#waiting.slice(0, BATCH);
      const lost = wasBehind ? 0 : this.#lost;
      const said: AuditEntry = { type: 'admin', action: 'admin-records-lost', detail: { records: lost } };
      let failure: unknown;
      try {
        await this.#writer.append(lost === 0 ? batch : [...batch, this.#now(said)]);
      } catch (error) {
        failure = error;
      }
      // Sealed, whether it is stored or waits in the writer.
      if (failure === undefined || this.#writer.isBehind) {
        this.#waiting = this.#waiting.slice(batch.length);
        this.#lost -= lost;
      }
      if (failure !== undefined) {
        this.#failed(failure);
        return;
      }
      this.#failing = false;
    } while (this.#waiting.length > 0);
  }

  #now(entry: AuditEntry): TimedEntry {
    return { entry, time: this.#options.time() };
  }

  #failed(error: unknown): void {
    const { log, clock } = this.#options;
    if (!this.#failing) log('error', 'admin-records-wait', { reason: (error as Error).message });
    this.#failing = true;
    if (this.#stopped) return;
    this.#retrying = true;
    this.#cancel = clock.after(RETRY, () => {
      this.#retrying = false;
      this.#pump();
    });
  }
}
