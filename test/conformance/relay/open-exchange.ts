/** An exchange under way, and the messages that make one up. */
import { type ClientMessage, sqlOf } from './client-stream.ts';
import type { Refusal } from './probe.ts';
import type { ServerMessageBytes } from './server-stream.ts';

export interface OpenExchange {
  messages: string;
  readonly sql: string[];
  readonly answer: ServerMessageBytes[];
  readonly bytes: Buffer[];
  floor?: string;
  refusal?: Refusal;
  aborted?: true;
  /** Asked while no transaction block was open: a refusal may still be made good. */
  readonly idle: boolean;
  /** Something of the answer has come. */
  begun: boolean;
}

/** Messages that are sent together; `complete`: a ReadyForQuery follows. */
export interface Unit {
  readonly messages: readonly ClientMessage[];
  readonly complete: boolean;
}

/** Query, FunctionCall, Sync, and the last letter of `startup`. */
const ENDS = 'QFSp';

/** Nothing more of the client's belongs to it. */
export function isWhole(exchange: OpenExchange | undefined): boolean {
  return exchange === undefined || ENDS.includes(exchange.messages.at(-1) ?? '-');
}

export function addMessages(exchange: OpenExchange, messages: readonly ClientMessage[]): void {
  for (const message of messages) {
    exchange.messages += message.type;
    exchange.bytes.push(message.bytes);
    const sql = sqlOf(message);
    if (sql !== null) exchange.sql.push(sql);
  }
}
