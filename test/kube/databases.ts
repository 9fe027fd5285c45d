/** Test support: a PostgreSQL server with logins and a schema, and the objects that lead the operator to it. */
import { createRequire } from 'node:module';
import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLocalCertificate } from '../../sidecar/listen/local-certificate.ts';
import { startLocalPostgres } from '../support/postgres.ts';
import type { ControlPlane } from './control-plane.ts';

export interface TestDatabase {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  /** As superuser. */
  run(sql: string, database?: string): Promise<void>;
  stop(): Promise<void>;
}

/** With TLS for localhost and 127.0.0.1, a login `app` (password `app-password`) and a database `orders`. */
export async function startDatabase(): Promise<TestDatabase> {
  const server = await startLocalPostgres({ major: 18 });
  const tls = await makeLocalCertificate(['localhost', '127.0.0.1'], Date.now());
  const { uid, gid } = await stat(server.dataDirectory);
  for (const [name, text] of [
    ['server.crt', tls.certificate],
    ['server.key', tls.key],
  ] as const) {
    const file = join(server.dataDirectory, name);
    await writeFile(file, text, { mode: 0o600 });
    await chown(file, uid, gid);
  }
  const { Client } = createRequire(import.meta.url)('pg') as typeof import('pg');
  const run = async (sql: string, database = 'orders'): Promise<void> => {
    const client = new Client({ connectionString: server.url(database) });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run('ALTER SYSTEM SET ssl = on', 'postgres');
  await run('SELECT pg_reload_conf()', 'postgres');
  await run("CREATE ROLE app LOGIN PASSWORD 'app-password'", 'postgres');
  await run('CREATE DATABASE orders', 'postgres');
  return { port: server.port, ca: tls.authority, run, stop: () => server.stop() };
}

export async function putSecret(
  kube: ControlPlane,
  namespace: string,
  name: string,
  data: Record<string, string>,
): Promise<void> {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  await kube.request('DELETE', `/api/v1/namespaces/${namespace}/secrets/${name}`);
  const answer = await kube.request('POST', `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name }, data: encoded });
  if (answer.status !== 201) throw new Error(`Secret ${name}: ${answer.status}`);
}

/** Creates, or replaces the spec. */
export async function putDatabase(
  kube: ControlPlane,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  namespace = 'data-platform',
): Promise<void> {
  await put(kube, 'databases', 'Database', namespace, name, spec);
}

export async function putPolicy(
  kube: ControlPlane,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  namespace = 'data-platform',
): Promise<void> {
  await put(kube, 'databaseaccesspolicies', 'DatabaseAccessPolicy', namespace, name, spec);
}

async function put(
  kube: ControlPlane,
  plural: string,
  kind: string,
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>>,
): Promise<void> {
  const path = `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/${plural}`;
  const object = { apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name, namespace }, spec };
  const answer = await kube.request<{ message?: string }>('PATCH', `${path}/${name}?fieldManager=test&force=true`, object, {
    contentType: 'application/apply-patch+yaml',
  });
  if (answer.status >= 300) throw new Error(`${kind} ${name}: ${answer.status} ${answer.body.message}`);
}

/** The schema of the example: customers (sensitive), tickets. Readable by `app`, and nothing else is. */
export const SCHEMA = `
  CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text, phone text, region text);
  CREATE TABLE tickets (id int PRIMARY KEY, customer int REFERENCES customers, state text);
  INSERT INTO customers SELECT i, 'Person ' || i, 'person' || i || '@example.org', '+49 30 90182' || (100 + i), 'eu' FROM generate_series(1, 60) i;
  INSERT INTO tickets SELECT i, i, 'open' FROM generate_series(1, 60) i;
  GRANT SELECT ON customers, tickets TO app;
`;
