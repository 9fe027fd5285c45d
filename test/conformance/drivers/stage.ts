/**
 * Where a driver's tests run: a server prepared as the project's own CI prepares it, past Sluice; and Sluice before it with
 * everything granted. Each run starts from a fresh copy of the prepared databases.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../support/shop.ts';
import { startLocalPostgres, type LocalPostgres } from '../../support/postgres.ts';
import { startSluice, type RunningSluice } from '../../support/sluice.ts';
import { WireClient } from '../../support/wire-client.ts';

export interface Preparation {
  readonly major: 15 | 18;
  /** The database the tests connect to. */
  readonly database: string;
  /** Run once as superuser in the database `postgres`: roles. */
  readonly cluster: readonly string[];
  /** Run once as superuser in the tests' database. */
  readonly setup: readonly string[];
  /** pg_hba.conf lines before the default. */
  readonly hba: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  /** Who Sluice logs in as, and whom the tests' ordinary connections use. */
  readonly user: string;
}

export interface Stage {
  readonly server: LocalPostgres;
  readonly sluice: RunningSluice;
  /** Puts the tests' database back to how it was prepared. */
  fresh(): Promise<void>;
  stop(): Promise<void>;
}

export async function startStage(preparation: Preparation): Promise<Stage> {
  const { database, user } = preparation;
  const server = await startLocalPostgres({
    major: preparation.major,
    hba: preparation.hba,
    ...(preparation.settings === undefined ? {} : { settings: preparation.settings }),
  });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-drivers-'));
  const admin = (name: string): Promise<WireClient> =>
    WireClient.connect({ port: server.port, user: 'postgres', database: name, password: server.password, timeout: 60_000 });
  const root = await admin('postgres');
  const stop = async (): Promise<void> => {
    await root.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const sql of preparation.cluster) await must(root, sql);
    await must(root, `CREATE DATABASE prepared`);
    const inside = await admin('prepared');
    for (const sql of preparation.setup) await must(inside, sql);
    await inside.close();
    const fresh = async (): Promise<void> => {
      await must(root, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await must(root, `CREATE DATABASE ${database} TEMPLATE prepared`);
    };
    await fresh();
    const policy = join(directory, 'policy.yaml');
    await writeFile(policy, everything(database));
    const sluice = await startSluice({
      policy: [policy],
      as: 'tests/driver',
      database: 'tested',
      // pg_hba.conf trusts the tests’ ordinary user: asking for a password would be part of every test.
      upstream: `postgres://${user}@127.0.0.1:${server.port}/${database}`,
    });
    return {
      server,
      sluice,
      fresh,
      stop: async () => {
        await sluice.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Allow-all, as conformance-floors.json means it. */
function everything(database: string): string {
  return `apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: tested, namespace: tests}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: ${database}}
  tls: {mode: Disable}
  credentialsSecretRef: {name: login}
  sensitivity: {detection: "Off"}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: tests}
stringData: {username: unused, password: unused}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: everything, namespace: tests}
spec:
  databaseRef: {name: tested}
  subjects:
    - serviceAccount: {namespace: tests, name: driver}
  mode: Enforce
  grants:
    - tables: ['*.*']
      actions: ['*']
  functions: ['*']
  session: {temporaryTables: true, listen: ['*'], notify: ['*'], advisoryLocks: true}
`;
}
