/**
 * Signatures in a chain: with a key that lives and dies with this process, once the operator has certified it. At once then, every so often while
 * there are new records, and at every end.
 */
import { type ChainCertificate, isCertificate } from '../../core/audit/certificate.ts';
import { checkpointEntry } from '../../core/audit/checkpoint.ts';
import type { SigningKey } from '../../core/audit/keys.ts';
import type { AuditEntry } from '../../core/audit/record.ts';
import type { Clock } from '../bundle/clock.ts';
import { JournalError } from '../journal/journal.ts';
import type { SegmentedJournal } from '../journal/segmented-journal.ts';

/** Milliseconds. */
const EVERY = 10_000;

export interface CheckpointsOptions {
  readonly journal: Pick<SegmentedJournal, 'append' | 'chain' | 'head'>;
  readonly key: SigningKey;
  readonly clock: Clock;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  /** Chain for which the key is certified. */
  #chain: string | undefined;
  /** seq of the last checkpoint. */
  #signed = -1;
  #cancel: (() => void) | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  certified(chain: string, certificate: ChainCertificate): void {
    const { journal, key } = this.#options;
    if (chain !== journal.chain || chain === this.#chain) return;
    if (!isCertificate(certificate) || certificate.chain !== chain || certificate.publicKey !== key.publicKey) return;
    this.#write([{ type: 'chain-key', certificate }, checkpointEntry({ chain, key })], () => {
      this.#chain = chain;
    });
  }

  /** The journal has written something. */
  written(): void {
    this.#cancel ??= this.#options.clock.after(EVERY, () => {
      this.#cancel = undefined;
      if (this.#options.journal.head.seq > this.#signed + 1) this.#write(this.closing());
    });
  }

  /** What a segment ends with. */
  closing(): readonly AuditEntry[] {
    const { journal, key } = this.#options;
    return this.#chain === journal.chain ? [checkpointEntry({ chain: this.#chain, key })] : [];
  }

  /** The writer stops as it should. */
  end(reason: string): void {
    this.#write([{ type: 'chain-end', reason }, ...this.closing()]);
  }

  close(): void {
    this.#cancel?.();
  }

  #write(entries: readonly AuditEntry[], then?: () => void): void {
    const { journal } = this.#options;
    if (entries.length === 0) return;
    try {
      journal.append(entries)?.catch(() => {});
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      // The journal is unhealthy; the next one comes when it is not.
      return;
    }
    this.#signed = journal.head.seq - 1;
    then?.();
  }
}
