/**
 * Vector search: the same comparison on PGlite, which carries pgvector (the servers at hand have no package of it). It is one
 * backend without much memory, so there are fewer rows; the planner is PostgreSQL's own.
 */
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import pg from 'pg';
import { Catalog } from '../../core/catalog/catalog.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import type { PlanCase } from './plan-case.ts';
import { filters } from './modes.ts';

export interface VectorDatabase {
  readonly client: pg.Client;
  readonly catalog: Catalog;
  stop(): Promise<void>;
}

const ROWS = 6_000;

const SCHEMA = `
CREATE EXTENSION vector;
CREATE TABLE documents (id int PRIMARY KEY, tenant text NOT NULL, title text NOT NULL, embedding vector(8) NOT NULL, other vector(8) NOT NULL);
INSERT INTO documents SELECT n, 't' || n % 20, 'Document ' || n, v, v FROM (
  SELECT n, ARRAY[sin(n), cos(n), sin(n * 3), cos(n * 5), sin(n * 7), cos(n * 11), sin(n / 13.0), cos(n / 17.0)]::vector AS v
  FROM generate_series(1, ${ROWS}) AS n) AS made;
CREATE INDEX documents_embedding ON documents USING hnsw (embedding vector_l2_ops);
CREATE INDEX documents_other ON documents USING ivfflat (other vector_cosine_ops) WITH (lists = 50);
ANALYZE;`;

export async function startVectorDatabase(): Promise<VectorDatabase> {
  const database = await PGlite.create({ extensions: { vector } });
  await database.exec(SCHEMA);
  const server = new PGLiteSocketServer({ db: database, port: 0, host: '127.0.0.1', maxConnections: 2 });
  await server.start();
  const port = server.getServerConn().split(':').at(-1);
  const client = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` });
  await client.connect();
  return {
    client,
    catalog: new Catalog(await readCatalog(simpleQueryOver(client))),
    stop: async () => {
      await client.end();
      await server.stop();
      await database.close();
    },
  };
}

const PROBE = [['vector', "'[0.1,0.9,0.3,0.2,0.5,0.4,0.7,0.6]'"]] as const;

export const VECTOR_CASES: readonly PlanCase[] = [
  { name: 'nearest', sql: 'SELECT id, title FROM documents d /*where d*/ ORDER BY d.embedding <-> $1 LIMIT 5', values: PROBE },
  {
    name: 'nearest with the distance',
    sql: 'SELECT id, d.embedding <-> $1 AS distance FROM documents d /*where d*/ ORDER BY distance LIMIT 5',
    values: PROBE,
  },
  {
    name: 'nearest by cosine',
    sql: 'SELECT id, 1 - (d.other <=> $1) AS similarity FROM documents d /*where d*/ ORDER BY d.other <=> $1 LIMIT 5',
    values: PROBE,
  },
  {
    name: 'nearest in a WITH',
    sql: 'WITH near AS (SELECT id, title, d.embedding <-> $1 AS distance FROM documents d /*where d*/ ORDER BY d.embedding <-> $1 LIMIT 20) SELECT * FROM near WHERE distance < 1 ORDER BY distance',
    values: PROBE,
  },
  {
    name: 'nearest in a subquery',
    sql: 'SELECT s.id, s.title FROM (SELECT id, title, d.embedding <-> $1 AS distance FROM documents d /*where d*/ ORDER BY d.embedding <-> $1 LIMIT 20) s WHERE s.distance < 1',
    values: PROBE,
  },
  {
    name: 'nearest beside a predicate',
    sql: "SELECT id FROM documents d WHERE d.title <> 'x' /*and d*/ ORDER BY d.embedding <-> $1 LIMIT 5",
    values: PROBE,
  },
  {
    name: 'nearest to another row',
    sql: 'SELECT d.id FROM documents d /*where d*/ ORDER BY d.embedding <-> (SELECT e.embedding FROM documents e WHERE e.id = 27 /*and e*/) LIMIT 5',
  },
  {
    name: 'nearest within a distance',
    sql: 'SELECT id FROM documents d WHERE d.embedding <-> $1 < 0.9 /*and d*/ ORDER BY d.embedding <-> $1 LIMIT 5',
    values: PROBE,
    cannot: (mode) => (filters(mode) ? 'not-total' : undefined),
  },
];
