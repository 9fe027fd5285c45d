/** Asks Sluice for its refusal of a statement on a session of its own, where aborting a transaction harms nobody. */
import { readExchange } from '../../support/backend.ts';
import { WireClient } from '../../support/wire-client.ts';
import { refusalOf } from '../floors.ts';
import type { Exchange, Origin } from './recording.ts';

export type Refusal = NonNullable<Exchange['refusal']>;

/** Statements that differ only in literals, numbers and layout have one shape. */
export function shapeOf(sql: string): string {
  return sql
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/\b\d+\b/g, '0')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

export class ProbeSession {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #sessions = new Map<string, Promise<WireClient>>();
  readonly #known = new Map<string, Refusal | null>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(address: { readonly host: string; readonly port: number }) {
    this.#address = address;
  }

  /** Runs `bytes` in a transaction that is rolled back; what Sluice refused it with, or null. Once for each shape. */
  refusal(from: Origin, sql: string, bytes: Buffer): Promise<Refusal | null> {
    const key = shapeOf(sql);
    const result = this.#turn.then(async () => {
      const known = this.#known.get(key);
      if (known !== undefined) return known;
      const refusal = await this.#ask(from, bytes);
      this.#known.set(key, refusal);
      return refusal;
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) (await session.catch(() => null))?.destroy();
  }

  async #ask(from: Origin, bytes: Buffer): Promise<Refusal | null> {
    const client = await this.#session(from);
    await client.query('BEGIN');
    const { messages } = await client.exchange([bytes]);
    await client.query('ROLLBACK');
    const { error } = readExchange(messages);
    return error === null ? null : refusalOf(error);
  }

  #session({ database, user }: Origin): Promise<WireClient> {
    let session = this.#sessions.get(database);
    if (session === undefined) {
      session = WireClient.connect({ ...this.#address, database, user, timeout: 60_000 });
      this.#sessions.set(database, session);
    }
    return session;
  }
}
