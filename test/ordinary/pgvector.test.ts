/**
 * Vector search as agents do it, on PGlite, which carries pgvector (Debian 12 has no package of it). PGlite is one backend
 * behind a socket server, so connections take turns; the data is plain, one column is masked and rows are filtered.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSluice, type RunningSluice } from '../support/sluice.ts';
import { must, rows } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';

const SCHEMA = `
CREATE EXTENSION vector;
CREATE TABLE documents (id int PRIMARY KEY, tenant text NOT NULL, title text NOT NULL, author_email text NOT NULL, embedding vector(3) NOT NULL);
INSERT INTO documents SELECT n, CASE WHEN n % 2 = 0 THEN 'acme' ELSE 'globex' END, 'Document ' || n, 'author' || n || '@example.com',
  ARRAY[sin(n), cos(n), n / 50.0]::vector FROM generate_series(1, 50) AS n;
CREATE INDEX documents_embedding_idx ON documents USING hnsw (embedding vector_l2_ops);
CREATE TABLE chunks (id int PRIMARY KEY, document_id int NOT NULL REFERENCES documents, body text NOT NULL, embedding vector(3));
INSERT INTO chunks SELECT n, 1 + n % 50, 'chunk ' || n, ARRAY[n % 5, n % 7, 1]::vector FROM generate_series(1, 60) AS n;
`;

const POLICY = `
apiVersion: sluice.dev/v1alpha1
kind: Database
metadata: {name: library, namespace: data-platform}
spec:
  endpoint: {host: 127.0.0.1, port: 5432, database: postgres}
  tls: {mode: Disable}
  credentialsSecretRef: {name: login}
  sensitivity:
    detection: "Off"
    columns: [{table: public.documents, column: author_email, class: pii.email}]
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: data-platform}
stringData: {username: postgres, password: postgres}
---
apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: researcher, namespace: data-platform}
spec:
  databaseRef: {name: library}
  subjects: [{serviceAccount: {namespace: ai-agents, name: researcher}}]
  mode: Enforce
  grants:
    - {tables: [public.documents], actions: [Select], rowFilter: "tenant = 'acme'"}
    - {tables: [public.chunks], actions: [Select, Insert, Explain]}
`;

/** Each must answer as on the same rows with the e-mail addresses masked. */
const SEARCHES: readonly (readonly [sql: string, parameters: readonly string[]])[] = [
  ["SELECT id, title FROM documents ORDER BY embedding <-> '[0.5,0.5,0.5]' LIMIT 5", []],
  ['SELECT id, title FROM documents ORDER BY embedding <-> $1 LIMIT 5', ['[0.1,0.9,0.3]']],
  ['SELECT id, embedding <-> $1::vector AS distance FROM documents ORDER BY distance, id LIMIT 3', ['[0.1,0.9,0.3]']],
  ["SELECT id, 1 - (embedding <=> '[1,0,0]') AS similarity FROM documents ORDER BY embedding <=> '[1,0,0]', id LIMIT 4", []],
  ["SELECT id, (embedding <#> '[1,2,3]') * -1 AS product FROM documents ORDER BY 2 DESC, 1 LIMIT 4", []],
  ["SELECT id FROM documents WHERE embedding <-> '[0,0,0]' < 1.2 ORDER BY id", []],
  [
    'SELECT d.id, d.title, c.body FROM documents d JOIN chunks c ON c.document_id = d.id ORDER BY c.embedding <-> $1, c.id LIMIT 6',
    ['[1,1,1]'],
  ],
  [
    "WITH near AS (SELECT id, embedding <-> '[0,1,0]' AS distance FROM documents ORDER BY 2, 1 LIMIT 10) SELECT * FROM near WHERE distance < 1 ORDER BY distance",
    [],
  ],
  ['SELECT count(*), avg(embedding)::text FROM documents', []],
  ['SELECT id, vector_dims(embedding), vector_norm(embedding) FROM documents ORDER BY id LIMIT 3', []],
  ['SELECT id, embedding::real[] FROM documents ORDER BY id LIMIT 2', []],
  ['SELECT body FROM chunks ORDER BY embedding <-> (SELECT embedding FROM documents WHERE id = 4), id LIMIT 3', []],
  ['SELECT tenant, author_email FROM documents ORDER BY embedding <-> $1, id LIMIT 3', ['[0,0,1]']],
];

describe('vector search', () => {
  let database: PGlite;
  let server: PGLiteSocketServer;
  let sluice: RunningSluice;
  let client: WireClient;
  let directory: string;
  beforeAll(async () => {
    database = await PGlite.create({ extensions: { vector } });
    await database.exec(SCHEMA);
    server = new PGLiteSocketServer({ db: database, port: 0, host: '127.0.0.1', maxConnections: 8 });
    await server.start();
    directory = await mkdtemp(join(tmpdir(), 'sluice-vector-'));
    await writeFile(join(directory, 'policy.yaml'), POLICY);
    const port = server.getServerConn().split(':').at(-1);
    sluice = await startSluice({
      policy: [directory],
      as: 'ai-agents/researcher',
      database: 'library',
      upstream: `postgres://postgres@127.0.0.1:${port}/postgres`,
    });
    client = await sluice.connect('postgres');
    // What the searches are compared with: the same rows, masked as Sluice masks them.
    const masked = await rows(client, 'SELECT id, author_email FROM documents');
    await database.exec(
      "CREATE SCHEMA reference; CREATE TABLE reference.documents AS SELECT * FROM public.documents WHERE tenant = 'acme'; CREATE TABLE reference.chunks AS SELECT * FROM public.chunks",
    );
    for (const [id, email] of masked)
      await database.query('UPDATE reference.documents SET author_email = $1 WHERE id = $2', [email, Number(id)]);
  });
  afterAll(async () => {
    await client?.close();
    await sluice?.stop();
    await server?.stop();
    await database?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  it.each(SEARCHES)('%s', async (sql, parameters) => {
    const qualified = sql.replace(/\b(FROM|JOIN) (documents|chunks)\b/g, '$1 reference.$2');
    const expected = await database.query<Record<string, unknown>>(`SELECT to_json(x)::text AS line FROM (${qualified}) AS x`, [
      ...parameters,
    ]);
    const answered = await client.extended(`SELECT to_json(x)::text AS line FROM (${sql}) AS x`, { parameters });
    expect(answered.error).toBeNull();
    expect((answered.results[0]?.rows ?? []).map((row) => row[0]?.toString('utf8'))).toEqual(
      expected.rows.map(({ line }) => line),
    );
  });

  it('shows no author and no hidden row', async () => {
    const seen = JSON.stringify(await rows(client, 'SELECT * FROM documents'));
    expect(seen).not.toMatch(/author\d+@example/);
    expect(seen).not.toContain('globex');
  });

  it('still uses the index, behind the row filter and beside a mask', async () => {
    const scans = async (): Promise<number> => {
      await database.query('SELECT pg_stat_force_next_flush()');
      const { rows: found } = await database.query<{ n: string }>(
        "SELECT idx_scan AS n FROM pg_stat_user_indexes WHERE indexrelname = 'documents_embedding_idx'",
      );
      return Number(found[0]?.n);
    };
    await must(client, 'SET enable_seqscan = off');
    const before = await scans();
    await must(client, "SELECT id, author_email FROM documents ORDER BY embedding <-> '[1,1,1]' LIMIT 3");
    expect(await scans()).toBeGreaterThan(before);
    await must(client, 'RESET enable_seqscan');
  });

  it('takes vectors in a write', async () => {
    await must(client, 'BEGIN');
    const { error } = await client.extended('INSERT INTO chunks (id, document_id, body, embedding) VALUES ($1, $2, $3, $4)', {
      parameters: ['900', '2', 'new', '[1,2,3]'],
    });
    expect(error).toBeNull();
    expect(await rows(client, 'SELECT embedding FROM chunks WHERE id = 900')).toEqual([['[1,2,3]']]);
    await must(client, 'ROLLBACK');
  });
});
