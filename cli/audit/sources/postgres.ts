/** The PostgreSQL store, by a login of one's own that may read: USAGE on schema sluice_audit and SELECT on its tables. Nothing is written. */
import { Client, type ClientConfig } from 'pg';
import type { ChainOwner, StoredLine } from '../../../core/audit/store.ts';
import { StoreUnavailableError } from '../../../core/audit/store.ts';
import { PostgresSchemaError, SCHEMA } from '../../../operator/audit/store/postgres-schema.ts';
import { PostgresStore } from '../../../operator/audit/store/postgres-store.ts';
import { CliError } from '../../errors.ts';
import { type AuditSource, storeSource } from './source.ts';

/** `url`: postgres://…; what is not in it comes from PGPASSWORD and the like, as for psql. Throws CliError. */
export async function openPostgres(url: string): Promise<AuditSource> {
  if (!URL.canParse(url)) throw new CliError('--store postgres://… is no URL', 2);
  const config: ClientConfig = { connectionString: url, options: '-c default_transaction_read_only=on' };
  const store = new PostgresStore({ config: () => Promise.resolve(config), manageSchema: false, clock: Date });
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw said(error);
  }
  const source = storeSource(store);
  return {
    chains: (filter) => told(source.chains(filter)),
    lines: (chain, from) => told<StoredLine>(source.lines(chain, from)),
    records: (filter) => told<StoredLine>(source.records(filter)),
    close: () => source.close(),
    // What chains() says besides costs a look into each of them.
    owners: () => owners(config),
  };
}

async function owners(config: ClientConfig): Promise<ReadonlyMap<string, ChainOwner>> {
  const client = new Client(config);
  try {
    await client.connect();
    const { rows } = await client.query<{ chain: string; owner: ChainOwner }>(`SELECT chain, owner FROM ${SCHEMA}.chain`);
    return new Map(rows.map(({ chain, owner }) => [chain, owner]));
  } catch (error) {
    throw said(error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function* told<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw said(error);
  }
}

function said(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const { message } = error as Error;
  if (error instanceof StoreUnavailableError || error instanceof PostgresSchemaError)
    return new CliError(message, 1, { cause: error });
  return new CliError(`the audit database cannot be read: ${message}`, 1, { cause: error });
}
