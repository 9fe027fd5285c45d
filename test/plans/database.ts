/** A server with a million users, their orders, and events by month, with an index of every kind that applications use. */
import pg from 'pg';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { catalogOf } from '../support/catalog.ts';
import { startLocalPostgres } from '../support/postgres.ts';
import { MissingError } from '../scoreboard/suite.ts';

export interface PlansDatabase {
  readonly client: pg.Client;
  readonly catalog: Catalog;
  stop(): Promise<void>;
}

const schema = (rows: number): string => `
CREATE EXTENSION pg_trgm;
CREATE EXTENSION citext;
CREATE TYPE status AS ENUM ('new', 'paid', 'void');
CREATE UNLOGGED TABLE users (id int NOT NULL, tenant text NOT NULL, name text NOT NULL, email text NOT NULL, salary numeric NOT NULL,
  created timestamptz NOT NULL, status status NOT NULL, external uuid NOT NULL, bio tsvector NOT NULL, data jsonb NOT NULL,
  tags text[] NOT NULL, handle citext NOT NULL, big bigint NOT NULL, address inet NOT NULL, valid daterange NOT NULL);
INSERT INTO users SELECT i, 't' || i % 20, 'name ' || md5(i::text), 'user' || i || '@example.com', i % 100000 + 0.5,
  '2024-01-01 00:00+00'::timestamptz + i * interval '1 minute',
  (CASE WHEN i % 997 = 7 THEN 'void' WHEN i % 100 = 0 THEN 'new' ELSE 'paid' END)::status, md5('e' || i)::uuid,
  setweight(to_tsvector('simple', 'word' || i % 4999 || ' term' || i % 7), 'A'),
  jsonb_build_object('plan', i % 2999, 'nested', jsonb_build_object('code', 'c' || i % 3989)), ARRAY['tag' || i % 3967, 'all'],
  'Handle' || i, i, ('10.' || i / 65536 % 256 || '.' || i / 256 % 256 || '.' || i % 256)::inet,
  daterange('2000-01-01'::date + i % 20000, '2000-01-03'::date + i % 20000)
  FROM generate_series(1, ${rows}) AS i;
ALTER TABLE users ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX users_tenant ON users (tenant);
CREATE INDEX users_salary ON users (salary);
CREATE INDEX users_created ON users (created, id);
CREATE INDEX users_status ON users (status);
CREATE UNIQUE INDEX users_external ON users (external);
CREATE INDEX users_lower ON users (lower(name));
CREATE INDEX users_name ON users (name text_pattern_ops);
CREATE INDEX users_handle ON users (handle);
CREATE INDEX users_big ON users (big);
CREATE INDEX users_address ON users USING gist (address inet_ops);
CREATE INDEX users_valid ON users USING gist (valid);
CREATE INDEX users_plan ON users ((data ->> 'plan'));
CREATE INDEX users_bio ON users USING gin (bio);
CREATE INDEX users_data ON users USING gin (data);
CREATE INDEX users_tags ON users USING gin (tags);
CREATE INDEX users_trigram ON users USING gin (name gin_trgm_ops);
CREATE UNLOGGED TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, tenant text NOT NULL, total numeric NOT NULL, placed timestamptz NOT NULL);
INSERT INTO orders SELECT i, 1 + (i::bigint * 7 % ${rows})::int, 't' || (1 + i::bigint * 7 % ${rows}) % 20, i % 1000, '2024-01-01'::timestamptz + i * interval '3 minutes'
  FROM generate_series(1, ${Math.ceil(rows * 0.3)}) AS i;
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_placed ON orders (placed);
CREATE TABLE events (id bigint NOT NULL, day date NOT NULL, tenant text NOT NULL, kind text NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
${Array.from({ length: 12 }, (_, month) => `CREATE TABLE events_${month + 1} PARTITION OF events FOR VALUES FROM ('${monthStart(month)}') TO ('${monthStart(month + 1)}');`).join('\n')}
INSERT INTO events SELECT i, '2024-01-01'::date + i % 366, 't' || i % 20, 'k' || i % 50 FROM generate_series(1, ${Math.ceil(rows * 0.2)}) AS i;
CREATE INDEX events_day ON events (day);
`;

function monthStart(month: number): string {
  return month === 12 ? '2025-01-01' : `2024-${String(month + 1).padStart(2, '0')}-01`;
}

/** Plans must not depend on how many workers are free, nor on what ran before. */
const SETTINGS = {
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  jit: 'off',
  autovacuum: 'off',
  shared_buffers: '512MB',
  maintenance_work_mem: '512MB',
  max_wal_size: '4GB',
  random_page_cost: '1.1',
};

export async function startPlansDatabase(major: 15 | 18, rows: number): Promise<PlansDatabase> {
  const server = await startLocalPostgres({ major, settings: SETTINGS }).catch((error: unknown) => {
    throw error instanceof Error && error.message.includes('not installed') ? new MissingError(error.message) : error;
  });
  const client = new pg.Client({ connectionString: server.url() });
  try {
    await client.connect();
    await client.query("SET timezone = 'UTC'");
    for (const statement of schema(rows).split(';\n')) if (statement.trim() !== '') await client.query(statement);
    await client.query('VACUUM ANALYZE');
    const catalog = await catalogOf(server.url());
    return {
      client,
      catalog,
      stop: async () => {
        await client.end();
        await server.stop();
      },
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    await server.stop();
    throw error;
  }
}
