/** Connections to the database of the audit: few, made when they are needed, with the login as it is at that moment. */
import { Client, type ClientConfig } from 'pg';
import { StoreUnavailableError } from '../../../core/audit/store.ts';

export interface PostgresConnectionsOptions {
  /** Read for each connection: logins are replaced while the operator runs. */
  readonly config: () => Promise<ClientConfig>;
  /** Of each connection, before anything else is asked. */
  readonly prepare: (client: Client) => Promise<void>;
  /** At a time. */
  readonly most: number;
}

const CONNECT_WITHIN = 10_000;
/** Milliseconds for a statement, told to the server; a little later this side gives up too, in case nobody answers. */
const STATEMENT_WITHIN = 60_000;

export class PostgresConnections {
  readonly #options: PostgresConnectionsOptions;
  readonly #idle: Client[] = [];
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #closed = false;

  constructor(options: PostgresConnectionsOptions) {
    this.#options = options;
  }

  /** A connection on which something failed that is not the statement's own matter is not used again. @throws StoreUnavailableError and what `work` throws itself */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    while (this.#open >= this.#options.most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#closed) throw new StoreUnavailableError('the audit store is closed');
    this.#open += 1;
    let client = this.#idle.pop();
    try {
      client ??= await this.#connect();
      const value = await work(client);
      this.#giveBack(client);
      return value;
    } catch (error) {
      client?.end().catch(() => {});
      throw unavailable(error);
    } finally {
      this.#open -= 1;
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#idle.splice(0).map((client) => client.end()));
  }

  #giveBack(client: Client): void {
    if (this.#closed) void client.end().catch(() => {});
    else this.#idle.push(client);
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      ...(await this.#options.config()),
      application_name: 'sluice-operator audit',
      connectionTimeoutMillis: CONNECT_WITHIN,
      statement_timeout: STATEMENT_WITHIN,
      query_timeout: STATEMENT_WITHIN + 5_000,
      keepAlive: true,
    });
    // The server may end it while nobody uses it.
    client.on('error', () => this.#forget(client));
    client.on('end', () => this.#forget(client));
    await client.connect();
    try {
      await this.#options.prepare(client);
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    return client;
  }

  #forget(client: Client): void {
    const at = this.#idle.indexOf(client);
    if (at !== -1) this.#idle.splice(at, 1);
  }
}

function unavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || error instanceof RangeError) return error;
  const { message, code } = error as Error & { readonly code?: string };
  const detail = code === undefined ? message : `${message} (${code})`;
  return new StoreUnavailableError(`the audit database cannot be used: ${detail}`, { cause: error });
}
