/**
 * A result with more rows than allowed. The surplus rows are dropped and the server is asked to cancel; its error then becomes
 * ours, and everything is in step by itself. When the statement was complete before the cancel reached it, the client is told
 * of an error that the server does not know of: the rest of the series is muted and the transaction aborted.
 */
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { TransactionStatus } from '../../core/wire/server-messages.ts';
import * as request from '../../core/wire/request.ts';
import type { SessionCore } from './core.ts';
import { muteSeries } from './failures.ts';
import type { Inbound } from './inbound.ts';
import { tooManyRows } from './limits.ts';
import type { Expected } from './pipeline.ts';
import { refusedText } from './refusals.ts';

export class RowOverflow {
  readonly #core: SessionCore;
  readonly #inbound: Inbound;
  readonly #cancelled: () => void;
  #denial: Denial | null = null;
  #cancelling: Promise<void> | null = null;
  #abort = false;

  /** `cancelled`: the server has taken our cancel request. */
  constructor(core: SessionCore, inbound: Inbound, cancelled: () => void) {
    this.#core = core;
    this.#inbound = inbound;
    this.#cancelled = cancelled;
  }

  /** Set while the statement at the head is beyond its limit. */
  get denial(): Denial | null {
    return this.#denial;
  }

  /** A cancel of ours is on its way: no ReadyForQuery until the server has taken it, or it could hit the next statement. */
  get cancelling(): boolean {
    return this.#cancelling !== null;
  }

  reason(): Denial {
    return tooManyRows(this.#core.engine?.bundle.limits.maxRows ?? 0);
  }

  /** One row too many. */
  exceeded(): void {
    if (this.#denial !== null) return;
    this.#denial = this.reason();
    const cancelling = this.#core.cancel().catch(() => {});
    this.#cancelling = cancelling;
    cancelling
      .then(() => {
        if (this.#cancelling === cancelling) this.#cancelling = null;
        this.#cancelled();
      })
      .catch((error: unknown) => this.#core.fault(error));
  }

  /** The statement ended in an error of the server's. */
  clear(): void {
    this.#denial = null;
  }

  /** The statement at the head, `head`, was complete all the same. The client has been told; `next` moves on. */
  failLate(head: Expected, reason: Denial, next: () => void): void {
    const core = this.#core;
    this.#denial = null;
    this.#abort = true;
    core.aborting = true;
    core.state.error();
    head.muted = true;
    const synced = head.kind === 'query' || muteSeries(core);
    next();
    if (synced) return;
    // A Parse that fails makes the server abort and skip, as if the Execute itself had failed.
    core.skipping = true;
    const refused = request.parse(`sluice_refused_${core.secret}`, refusedText(reason));
    this.#inbound.sendOwn({ kind: 'parse', group: core.group, silent: true, refusal: reason }, refused);
  }

  /** ReadyForQuery: true when the client must be told that the block has failed although the server thinks otherwise. */
  mustAbort(status: TransactionStatus): boolean {
    const abort = this.#abort && status === 'T';
    this.#abort = false;
    this.#denial = null;
    return abort;
  }

  /** A Query that fails, seen by the server alone. Until it is answered the client's messages wait. */
  abortTransaction(): void {
    const reason = denial('SLUICE-401', 'the transaction is aborted');
    const entry = { kind: 'query', group: this.#core.group, silent: true, refusal: reason } as const;
    this.#inbound.sendOwn(entry, request.query(refusedText(reason)));
  }
}
