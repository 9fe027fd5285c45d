/** Test support: a database, an operator and a pod's volumes; what a test starts ends with it. */
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { databaseYaml, policyYaml } from '../stream/documents.ts';
import {
  memoryCluster,
  startOperator,
  type TestCluster,
  type TestOperator,
  type TestOperatorOptions,
} from '../stream/operator.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { LoginError, WireClient } from '../support/wire-client.ts';
import { podVolumes, type RunningSidecar, type SidecarOptions, startSidecar, type Volumes } from './sidecar.ts';
import { until } from '../support/until.ts';

export const SCHEMA = `
  CREATE TABLE customers (id int PRIMARY KEY, name text, email text, region text, note text);
  INSERT INTO customers VALUES (1, 'Ada Lovelace', 'ada@example.org', 'eu', 'likes engines'), (2, 'Bob', 'bob@example.org', 'us', 'x');
  CREATE TABLE tickets (id int PRIMARY KEY, title text);
  INSERT INTO tickets VALUES (1, 'one');
`;

export interface Laboratory {
  readonly server: LocalPostgres;
  readonly cluster: TestCluster;
  readonly volumes: Volumes;
  /** The first operator. */
  readonly operator: TestOperator;
  startOperator(options?: TestOperatorOptions): Promise<TestOperator>;
  /** With the first operator, unless told otherwise. */
  startSidecar(options?: Partial<SidecarOptions>): Promise<RunningSidecar>;
  /** Database and policy of this name, in the cluster; the login is the superuser's. */
  govern(
    name: string,
    options?: { readonly extra?: string; readonly grants?: string; readonly database?: string; readonly port?: number },
  ): void;
  sql(text: string, database?: string): Promise<void>;
  /** Rows, as text, asked of the server itself. */
  query(text: string, database?: string): Promise<readonly (readonly (string | null)[])[]>;
}

export const GRANTS =
  '[{tables: [public.customers], actions: [Select], reveal: [name]}, {tables: [public.tickets], actions: [Select, Insert]}]';

/** To be called once in a file, at its top. */
export function laboratory(): Laboratory {
  let server: LocalPostgres | undefined;
  let cluster: TestCluster | undefined;
  let volumes: Volumes | undefined;
  let operator: TestOperator | undefined;
  const ends: (() => Promise<unknown>)[] = [];
  const lab: Laboratory = {
    get server() {
      return server!;
    },
    get cluster() {
      return cluster!;
    },
    get volumes() {
      return volumes!;
    },
    get operator() {
      return operator!;
    },
    startOperator: async (options) => {
      const started = await startOperator(lab.cluster, options);
      ends.push(() => started.close());
      return started;
    },
    startSidecar: async (options) => {
      const sidecar = await startSidecar({ cluster: lab.cluster, operator: lab.operator.port, volumes: lab.volumes, ...options });
      ends.push(() => sidecar.stop('SIGKILL'));
      return sidecar;
    },
    govern: (name, options = {}) => {
      lab.cluster.view.apply(
        databaseYaml(name, {
          port: options.port ?? lab.server.port,
          ...(options.database === undefined ? {} : { database: options.database }),
          ...(options.extra === undefined ? {} : { extra: options.extra }),
        }) + policyYaml(`${name}-read`, name, { grants: options.grants ?? GRANTS }),
      );
      lab.cluster.materials.set(`data/${name}`, {
        logins: { '': { username: 'postgres', password: lab.server.password } },
        addresses: ['127.0.0.1'],
      });
    },
    sql: async (text, database = 'shop') => {
      const client = await WireClient.connect({
        port: lab.server.port,
        user: 'postgres',
        password: lab.server.password,
        database,
      });
      const { error } = await client.query(text);
      await client.close();
      if (error !== null) throw new Error(error['M']);
    },
    query: async (text, database = 'shop') => {
      const client = await WireClient.connect({
        port: lab.server.port,
        user: 'postgres',
        password: lab.server.password,
        database,
      });
      const { error, results } = await client.query(text);
      await client.close();
      if (error !== null) throw new Error(error['M']);
      return (results.at(-1)?.rows ?? []).map((row) => row.map((value) => value?.toString('utf8') ?? null));
    },
  };
  beforeAll(async () => {
    server = await startLocalPostgres();
    await lab.sql('CREATE DATABASE shop', 'postgres');
    await lab.sql(SCHEMA);
  });
  beforeEach(async () => {
    cluster = await memoryCluster();
    cluster.identity.admit('token-1');
    volumes = podVolumes();
    operator = await lab.startOperator();
    lab.govern('shop');
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    volumes?.remove();
  });
  afterAll(() => server?.stop());
  return lab;
}

/** A door on `port` that leads to another; closing it cuts what goes through. */
export async function forward(port: number, to: number): Promise<{ close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', () => resolve()));
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export async function started(sidecar: RunningSidecar): Promise<void> {
  await until(async () => (await sidecar.health('/startupz')).status === 200);
}

export async function ready(sidecar: RunningSidecar): Promise<void> {
  await until(async () => (await sidecar.health('/readyz')).status === 200);
}

/** What a client is told at login; undefined: it is served. */
export async function refusal(
  sidecar: RunningSidecar,
  database = 'shop',
  port = sidecar.ports[0]!,
): Promise<Readonly<Record<string, string | undefined>> | undefined> {
  try {
    const client = await sidecar.connect(database, port);
    await client.close();
    return undefined;
  } catch (error) {
    if (error instanceof LoginError) return error.fields;
    throw error;
  }
}

/** First row of a statement, or its error's code and detail. */
export async function ask(client: WireClient, sql: string): Promise<readonly (string | null)[] | string> {
  const { error, results } = await client.query(sql);
  if (error !== null) return `${error['C']} ${error['D'] ?? ''}`;
  return (results.at(-1)?.rows[0] ?? []).map((value) => value?.toString('utf8') ?? null);
}
