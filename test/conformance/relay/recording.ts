/** What passed between a client and whatever it talked to, cut into exchanges: one Query, or one series up to its Sync. */
import type { BackendMessage } from '../../support/backend.ts';

export interface Exchange {
  /** Types of the client's messages, e.g. `Q` or `PBDES`; `startup` for the greeting, empty for what came unasked at the end. */
  readonly messages: string;
  /** The statements of its Query and Parse messages. */
  readonly sql: readonly string[];
  /** The floor that names it, where Sluice refused it; it then ran behind Sluice's back (unless `aborted`). */
  readonly floor?: string;
  /** Sluice's code and message, where it refused the exchange. */
  readonly refusal?: { readonly code: string; readonly message: string };
  /** The floor's refusal has aborted the transaction block, or could not be made good for another reason. */
  readonly aborted?: true;
  /** Everything the client was told, ReadyForQuery last; without it the connection ended. */
  readonly answer: readonly BackendMessage[];
}

/** Where an exchange comes from. */
export interface Origin {
  /** Counts from 1 in the order of connecting. */
  readonly connection: number;
  /** What the client calls itself. */
  readonly application: string;
  readonly user: string;
  readonly database: string;
}

/** Is given each exchange when it is complete, in order within a connection. */
export type OnExchange = (exchange: Exchange, origin: Origin) => void;
