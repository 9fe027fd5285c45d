/** Whatever is asked, files, both stores, and replicas that hold parts of it each answer alike. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDocuments } from '../../core/policy/documents.ts';
import type { Selection } from '../../core/audit/questions/selection.ts';
import { QUESTIONS } from '../../cli/audit/query/questions.ts';
import { answers } from '../../cli/audit/query/answers.ts';
import { openFiles } from '../../cli/audit/sources/files.ts';
import { httpSource } from '../../cli/audit/sources/http.ts';
import { replicaSource } from '../../cli/audit/sources/replicas.ts';
import { openSqlite } from '../../cli/audit/sources/sqlite.ts';
import type { AuditSource } from '../../cli/audit/sources/source.ts';
import { createReadServer } from '../../operator/audit/read-server.ts';
import { PostgresStore } from '../../operator/audit/store/postgres-store.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { openPostgres } from '../../cli/audit/sources/postgres.ts';
import { EmbeddedStore } from '../../operator/audit/store/embedded-store.ts';
import { at, type Trail, trails } from './random-trail.ts';

let root: string;
let made = 0;
let servers: readonly LocalPostgres[];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-questions-'));
  servers = await Promise.all(MAJORS.map((major) => startLocalPostgres({ major })));
  for (const server of servers) await sql(server, "CREATE ROLE auditor LOGIN PASSWORD 'reads'");
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

async function sql(server: LocalPostgres, statement: string, database = 'postgres'): Promise<void> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** A database of its own, filled as the operator fills it, and read by a login that may do nothing else. */
async function postgresSource(server: LocalPostgres, trail: readonly Trail[]): Promise<AuditSource> {
  const database = `audit_${(made += 1)}`;
  await sql(server, `CREATE DATABASE ${database}`);
  const { host, port, user, password } = server;
  const config = { host, port, user, password, database };
  const filled = new PostgresStore({ config: () => Promise.resolve(config), manageSchema: true, clock: Date });
  await filled.open();
  for (const each of trail) if (each.lines.length > 0) await filled.append({ ...each, first: 0 });
  await filled.close();
  await sql(
    server,
    'GRANT USAGE ON SCHEMA sluice_audit TO auditor; GRANT SELECT ON ALL TABLES IN SCHEMA sluice_audit TO auditor',
    database,
  );
  return await openPostgres(server.url(database, 'auditor', 'reads'));
}

const POLICIES = loadDocuments([
  {
    name: 'p.yaml',
    text: `apiVersion: sluice.dev/v1alpha1
kind: DatabaseAccessPolicy
metadata: {name: p, namespace: data}
spec:
  databaseRef: {name: shop}
  subjects: [{serviceAccount: {namespace: ai, name: one}}, {serviceAccount: {namespace: ai, name: "*"}}]
  grants:
    - {tables: [public.t, '"Weird S"."T.x"'], actions: [Select, Update], columns: [a, b]}
    - {tables: ["public.*"], actions: ["*"]}
  functions: [public.f]
`,
  },
]).policies;

const selections: fc.Arbitrary<Selection> = fc
  .record(
    {
      from: fc.nat(1_500).map(at),
      length: fc.integer({ min: 1, max: 1_500 }),
      table: fc.constantFrom({ schema: 'public', name: 't' }, { name: 't' }, { schema: 'Weird S', name: 'T.x' }),
      column: fc.constantFrom('a', 'E-Mail'),
      rows: fc.constantFrom(['d1'], ['d2', 'd3']),
      namespace: fc.constantFrom('ai', 'etl'),
      serviceAccount: fc.constantFrom('one', 'two'),
      pod: fc.constantFrom('one-0', '00000000-0000-4000-8000-000000000002'),
      image: fc.constant('i:1'),
      database: fc.constantFrom('data/shop', 'other'),
      session: fc.constant('s1'),
      decision: fc.constantFrom('allow' as const, 'deny' as const),
      trace: fc.constantFrom('a'.repeat(32), `00-${'c'.repeat(32)}-${'b'.repeat(16)}-01`),
      fingerprint: fc.constantFrom('f1', 'f2'),
    },
    { requiredKeys: [] },
  )
  .map(({ length, column, ...rest }) => ({
    ...rest,
    ...(rest.table === undefined || column === undefined ? {} : { column }),
    ...(rest.from === undefined || length === undefined
      ? {}
      : { to: new Date(Date.parse(rest.from) + length * 1_000).toISOString().replace('Z', '000Z') }),
  }));
const options = fc.record({
  by: fc.constantFrom('rows' as const, 'bytes' as const),
  observed: fc.boolean(),
  since: fc.constantFrom(undefined, at(300)),
  all: fc.boolean(),
});

/** Sorted, since order is promised by time alone. */
async function everything(
  source: AuditSource,
  selection: Selection,
  given: object,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const all: Record<string, readonly string[]> = {};
  for (const { name, ask } of QUESTIONS) {
    const rows: string[] = [];
    for await (const answer of answers(source, ask(selection, given, POLICIES))) rows.push(JSON.stringify(answer));
    all[name] = rows.toSorted();
  }
  return all;
}

async function fileSource(trail: readonly Trail[]): Promise<AuditSource> {
  const directory = join(root, `files-${(made += 1)}`);
  for (const { chain, lines } of trail) {
    mkdirSync(join(directory, chain), { recursive: true });
    writeFileSync(join(directory, chain, '00000001.jsonl'), lines.map((line) => `${line}\n`).join(''));
  }
  return await openFiles([directory], () => {});
}

async function store(
  parts: readonly (Trail & { readonly first: number })[],
): Promise<{ readonly store: EmbeddedStore; readonly file: string }> {
  const directory = join(root, `store-${(made += 1)}`);
  const embedded = new EmbeddedStore({ directory, size: 1e9, whenFull: 'Refuse', clock: Date, log: () => {} });
  await embedded.open();
  for (const part of parts) if (part.lines.length > 0) await embedded.append(part);
  return { store: embedded, file: join(directory, 'audit.db') };
}

/** Each line is with the first replica, the second, or both. */
async function replicas(trail: readonly Trail[], cut: number): Promise<AuditSource> {
  const parts = [0, 1].map((replica) =>
    trail.flatMap((each, index) => {
      const middle = (cut + index) % (each.lines.length + 1);
      const overlap = Math.max(0, middle - 2);
      return replica === 0
        ? [{ ...each, first: 0, lines: each.lines.slice(0, middle) }]
        : [{ ...each, first: overlap, lines: each.lines.slice(overlap) }];
    }),
  );
  const opened = await Promise.all(
    parts.map(async (part) => {
      const { store: embedded } = await store(part);
      const server = createReadServer({
        host: '127.0.0.1',
        port: 0,
        store: embedded,
        digestKey: () => Buffer.alloc(32),
        log: () => {},
      });
      return { embedded, server, port: await server.listen() };
    }),
  );
  return replicaSource(
    opened.map(({ port }, index) => httpSource({ port, name: `replica ${index}` })),
    async () => {
      for (const { embedded, server } of opened) {
        await server.close();
        await embedded.close();
      }
    },
  );
}

describe('questions', () => {
  it('have the same answers wherever records are read from', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        trails,
        fc.array(selections, { minLength: 2, maxLength: 3 }),
        options,
        fc.nat(30),
        async (trail, asked, given, cut) => {
          const files = await fileSource(trail);
          const one = await store(trail.map((each) => ({ ...each, first: 0 })));
          const sqlite = openSqlite(one.file);
          const parts = await replicas(trail, cut);
          const postgres = await Promise.all(servers.map((server) => postgresSource(server, trail)));
          try {
            for (const selection of [{}, ...asked]) {
              const expected = await everything(files, selection, given);
              found += Object.values(expected).flat().length;
              expect(await everything(sqlite, selection, given)).toEqual(expected);
              expect(await everything(parts, selection, given)).toEqual(expected);
              for (const each of postgres) expect(await everything(each, selection, given)).toEqual(expected);
            }
          } finally {
            for (const each of [parts, ...postgres]) await each.close();
            await sqlite.close();
            await one.store.close();
          }
        },
      ),
      { numRuns: 4 },
    );
    expect(found).toBeGreaterThan(100);
  }, 240_000);
});
