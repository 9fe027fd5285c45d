/** The server under test and its data: pgbench's accounts and two tables of people, one of them masked by the policy. */
import { binaryDirectory, type LocalPostgres, startLocalPostgres } from '../cli/demo/local-postgres.ts';
import { Client } from './client.ts';
import { run } from './processes.ts';

export const DATABASE = 'bench';
export const LOGIN = 'bench_login';

export interface BenchDatabase {
  readonly server: LocalPostgres;
  /** Of LOGIN, who owns nothing and may do what the proxies' login may do. */
  readonly password: string;
  readonly scale: number;
  readonly people: number;
}

export async function startDatabase(major: 15 | 18, scale: number, people: number, pgbench: string): Promise<BenchDatabase> {
  if ((await binaryDirectory(major)) === null) throw new Error(`PostgreSQL ${major} is not installed here`);
  const server = await startLocalPostgres({
    major,
    settings: { shared_buffers: '256MB', track_activity_query_size: '65536', autovacuum: 'off', max_wal_size: '4GB' },
  });
  try {
    const password = 'bench';
    const admin = await Client.connect({ port: server.port, user: server.user, password: server.password, database: 'postgres' });
    await admin.query(`CREATE ROLE ${LOGIN} LOGIN PASSWORD '${password}'`);
    await admin.query(`CREATE DATABASE ${DATABASE}`);
    admin.close();
    await run(
      pgbench,
      ['-i', '-q', '-s', String(scale), '-h', '127.0.0.1', '-p', String(server.port), '-U', server.user, DATABASE],
      {
        env: { ...process.env, PGPASSWORD: server.password },
      },
    );
    const setup = await Client.connect({ port: server.port, user: server.user, password: server.password, database: DATABASE });
    for (const table of ['people', 'people_open']) {
      await setup.query(
        `CREATE TABLE ${table} AS SELECT i AS id, 'Person ' || i AS name, 'person.' || i || '@example.org' AS email, (ARRAY['eu','us','ap'])[i % 3 + 1] AS region FROM generate_series(1, ${people}) AS i`,
      );
      await setup.query(`ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
    }
    await setup.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${LOGIN}`);
    await setup.query('VACUUM ANALYZE');
    setup.close();
    return { server, password, scale, people };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
