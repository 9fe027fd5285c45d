/** A fresh cluster as pg_regress makes one for itself, and the database that the suite runs in. Same steps, same OIDs. */
import { type LocalPostgres, startLocalPostgres } from '../../support/postgres.ts';
import { must } from '../../support/shop.ts';
import { WireClient } from '../../support/wire-client.ts';

/** The suite logs in under many names without a password; the cluster is on loopback and lives for minutes. */
const TRUST = ['host all all 127.0.0.1/32 trust'];

export async function startCluster(
  databases: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<LocalPostgres> {
  const server = await startLocalPostgres({
    major: 15,
    hba: TRUST,
    settings: { max_prepared_transactions: '2', autovacuum: 'off', ...settings },
  });
  try {
    const admin = await WireClient.connect({ port: server.port, user: 'postgres', database: 'postgres' });
    for (const database of databases) await createDatabase(admin, database);
    await admin.close();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** As create_database() of pg_regress.c. */
async function createDatabase(admin: WireClient, name: string): Promise<void> {
  await must(admin, `CREATE DATABASE "${name}" TEMPLATE=template0 LC_COLLATE='C' LC_CTYPE='C'`);
  for (const setting of ['lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time'])
    await must(admin, `ALTER DATABASE "${name}" SET ${setting} TO 'C'`);
  await must(admin, `ALTER DATABASE "${name}" SET bytea_output TO 'hex'`);
  await must(admin, `ALTER DATABASE "${name}" SET timezone_abbreviations TO 'Default'`);
}
