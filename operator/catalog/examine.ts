/** One look at a database over one connection: is it a server at all, has its schema changed, and if so what is it now. */
import { randomBytes } from 'node:crypto';
import type { CatalogData } from '../../core/catalog/model.ts';
import { catalogFingerprint } from '../../core/catalog/build.ts';
import { probeCatalog, readCatalog, type SimpleQueryConnection } from '../../sidecar/catalog/reader.ts';
import { PoolerError } from './contact.ts';

/** A setting that only its session knows. Sidecars send settings of this kind, too: a pooler that loses them cannot be used. */
export const PROBE_SETTING = 'sluice.probe';

export function probeValue(): string {
  return randomBytes(12).toString('hex');
}

/**
 * A pooler that hands out sessions by the transaction drops the settings of the startup packet, or answers two transactions from two
 * servers. @throws PoolerError
 */
export async function refusePooler(connection: SimpleQueryConnection, value: string): Promise<void> {
  const query = `SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('${PROBE_SETTING}', true)`;
  const [first, second] = [await one(connection, query), await one(connection, query)];
  if (first?.[1] !== value || second?.[1] !== value || first[0] !== second[0]) throw new PoolerError();
}

async function one(connection: SimpleQueryConnection, query: string): Promise<readonly (string | null)[] | undefined> {
  return (await connection.simpleQuery(query)).at(-1)?.[0];
}

export interface SchemaReading {
  readonly probe: string;
  readonly data: CatalogData;
  readonly fingerprint: string;
}

/** Undefined: the same as `before`. */
export async function readChanged(
  connection: SimpleQueryConnection,
  before: string | undefined,
  turn: () => Promise<() => void>,
): Promise<SchemaReading | undefined> {
  // Before the schema itself: a change in between is then seen by the next probe.
  const probe = await probeCatalog(connection);
  if (probe === before) return undefined;
  const done = await turn();
  try {
    const data = await readCatalog(connection);
    return { probe, data, fingerprint: catalogFingerprint(data) };
  } finally {
    done();
  }
}
