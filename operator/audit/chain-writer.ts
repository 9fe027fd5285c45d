/**
 * A chain that the operator writes itself, into the store. Lines are sealed once: what the store could not take is given to it again byte for byte,
 * so that an answer that was lost on its way stores nothing twice. A checkpoint closes each batch.
 */
import type { ChainCertificate } from '../../core/audit/certificate.ts';
import { Chain, EMPTY_CHAIN, type ChainHead } from '../../core/audit/chain.ts';
import { checkpointEntry } from '../../core/audit/checkpoint.ts';
import { type SigningKey, signingKey } from '../../core/audit/keys.ts';
import type { AuditEntry, ChainStart, WithoutHeader } from '../../core/audit/record.ts';
import type { AuditStore, ChainOwner } from '../../core/audit/store.ts';
import type { Identity } from '../../core/identity/identity.ts';

export interface ChainWriterOptions {
  readonly store: Pick<AuditStore, 'append'>;
  readonly chain: string;
  readonly owner: ChainOwner;
  /** Who writes, where that is more than the owner says. */
  readonly identity?: Identity;
  readonly certify: (chain: string, publicKey: string, owner: ChainOwner) => ChainCertificate;
  /** Of the first record of this writer: where the chain stands, or which it replaces. */
  readonly start: Omit<WithoutHeader<ChainStart>, 'type' | 'chain' | 'identity' | 'database'>;
  /** RFC 3339 UTC with microseconds. */
  readonly time: () => string;
}

/** What becomes a record, and when it was said. */
export interface TimedEntry {
  readonly entry: AuditEntry | WithoutHeader<ChainStart>;
  readonly time: string;
}

export class ChainWriter {
  readonly chain: string;
  readonly #options: ChainWriterOptions;
  readonly #key: SigningKey = signingKey();
  readonly #sealer: Chain;
  /** What the store has. */
  #stored: ChainHead;
  /** Sealed and not stored yet; seq of the first is that of `#stored`. */
  #lines: string[] = [];
  #begun = false;

  constructor(options: ChainWriterOptions) {
    this.#options = options;
    this.chain = options.chain;
    const { continues } = options.start;
    this.#stored = continues === undefined ? EMPTY_CHAIN : { seq: continues.seq + 1, hash: continues.hash };
    this.#sealer = new Chain(this.#stored);
  }

  /** What is durable. */
  get stored(): ChainHead {
    return this.#stored;
  }

  /** Whether something is sealed that the store does not have. */
  get isBehind(): boolean {
    return this.#lines.length > 0;
  }

  /**
   * Entries and a checkpoint. Resolves when they are durable, with everything that was not before. Rejects with what the store rejects with; then
   * they are kept, and go out with the next call. One call at a time.
   */
  async append(entries: readonly TimedEntry[]): Promise<void> {
    if (!this.#begun) this.#begin();
    const checkpoint = { entry: checkpointEntry({ chain: this.chain, key: this.#key }), time: this.#options.time() };
    if (entries.length > 0) this.#seal([...entries, checkpoint]);
    if (this.#lines.length === 0) return;
    const { store, chain, owner } = this.#options;
    const head = this.#sealer.head;
    await store.append({ chain, owner, first: this.#stored.seq, lines: this.#lines });
    this.#stored = head;
    this.#lines = [];
  }

  #begin(): void {
    const { chain, owner, start, certify, time } = this.#options;
    const identity = this.#options.identity ?? owner.identity;
    // First of all, since the keys may not be there yet.
    const certificate = certify(chain, this.#key.publicKey, { ...owner, identity });
    const now = time();
    this.#seal([
      { entry: { type: 'chain-start', chain, ...start, identity }, time: now },
      { entry: { type: 'chain-key', certificate }, time: now },
    ]);
    this.#begun = true;
  }

  #seal(entries: readonly TimedEntry[]): void {
    for (const { entry, time } of entries) this.#lines.push(this.#sealer.seal(entry, time).slice(0, -1));
  }
}
