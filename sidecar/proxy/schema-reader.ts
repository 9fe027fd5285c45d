/** One connection for reading the schema, made when it is needed and again when it is lost; what is asked of it happens one after the other. */
import type { QueryClient } from '../catalog/query-client.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export interface SchemaReaderOptions {
  readonly open: () => Promise<QueryClient>;
  readonly telemetry: Pick<Telemetry, 'catalogRead'>;
}

export class SchemaReader {
  readonly #options: SchemaReaderOptions;
  #client: Promise<QueryClient> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

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
    const result = this.#queue.then(() => this.#answer(query));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** The next use connects anew: another login, or another server. */
  reset(): void {
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
