/** One connection for reading the schema, made when it is needed and again when it is lost; what is asked of it happens one after the other. */
import type { QueryClient } from '../catalog/query-client.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export interface SchemaReaderOptions {
  readonly open: () => Promise<QueryClient>;
  readonly telemetry: Pick<Telemetry, 'catalogRead'>;
  /** Milliseconds after which a connection that is not used is closed. Default: never. */
  readonly idle?: number;
}

export class SchemaReader {
  readonly #options: SchemaReaderOptions;
  #client: Promise<QueryClient> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** Asked and not answered. */
  #pending = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: SchemaReaderOptions) {
    this.#options = options;
  }

  /** Connects ahead of the first use. Rejects when that is not possible; the first use then tries again. */
  async prepare(): Promise<void> {
    const client = this.#connect();
    try {
      await client;
    } catch (error) {
      if (this.#client === client) this.#client = undefined;
      throw error;
    }
  }

  use<T>(query: (client: QueryClient) => Promise<T>): Promise<T> {
    this.#pending += 1;
    clearTimeout(this.#idle);
    const result = this.#queue.then(() => this.#answer(query)).finally(() => this.#answered());
    this.#queue = result.catch(() => {});
    return result;
  }

  #answered(): void {
    this.#pending -= 1;
    const { idle } = this.#options;
    if (this.#pending > 0 || idle === undefined || this.#client === undefined) return;
    this.#idle = setTimeout(() => this.reset(), idle);
    this.#idle.unref();
  }

  /** The next use connects anew: another login, or another server. */
  reset(): void {
    clearTimeout(this.#idle);
    this.#client?.then((open) => open.close()).catch(() => {});
    this.#client = undefined;
  }

  close(): void {
    this.reset();
  }

  async #answer<T>(query: (client: QueryClient) => Promise<T>): Promise<T> {
    const { telemetry } = this.#options;
    const before = performance.now();
    const client = this.#connect();
    try {
      const answer = await query(await client);
      telemetry.catalogRead('ok', (performance.now() - before) / 1000);
      return answer;
    } catch (error) {
      telemetry.catalogRead('failed', (performance.now() - before) / 1000);
      if (this.#client === client) this.reset();
      throw error;
    }
  }

  #connect(): Promise<QueryClient> {
    this.#client ??= this.#options.open();
    return this.#client;
  }
}
