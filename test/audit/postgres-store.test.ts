/** The store in PostgreSQL against its contract, on the oldest and the newest server; and what is its own. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../core/audit/store.ts';
import { SCHEMA, schemaStatements } from '../../operator/audit/store/postgres-schema.ts';
import { PostgresStore } from '../../operator/audit/store/postgres-store.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { collect, storeSuite } from './store-suite.ts';
import { day, OWNERS } from './store-worlds.ts';

const owner = OWNERS['chain-1'];
const lines = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ seq: from + index, type: 'event', text: 'x'.repeat(200) }));

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  const databases = new WeakMap<object, string>();
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
  });
  afterAll(() => server?.stop());

  async function superuser<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: server.url(database) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async function newDatabase(): Promise<string> {
    const name = `audit_${randomUUID().replaceAll('-', '')}`;
    await superuser('postgres', (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
    return name;
  }

  function open(database: string, { user = 'postgres', password = server.password, manageSchema = true } = {}): PostgresStore {
    const store = new PostgresStore({
      config: async () => ({ host: server.host, port: server.port, database, user, password }),
      manageSchema,
      clock: { now: () => Date.UTC(2026, 10, 25) },
    });
    databases.set(store, database);
    return store;
  }

  storeSuite('the store', {
    create: async () => open(await newDatabase()),
    async reopen(store) {
      await store.close();
      return open(databases.get(store)!);
    },
    runs: 20,
    prunes: 'everything',
  });

  it('is made once by replicas that start at once, and written to by both', async () => {
    const database = await newDatabase();
    const stores = [open(database), open(database), open(database)];
    const all = lines(0, 300);
    await Promise.all(
      stores.flatMap((store) =>
        [0, 60, 120, 180, 240].map((first) => store.append({ chain: 'c', owner, first, lines: all.slice(first, first + 60) })),
      ),
    );
    expect((await collect(stores[0]!.lines('c'))).map(({ line }) => line)).toEqual(all);
    const counted = await superuser(database, (client) => client.query(`SELECT count(*)::int AS n FROM ${SCHEMA}.record`));
    expect(counted.rows).toEqual([{ n: 300 }]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('does with the least rights what it must, and cannot change or delete a record', async () => {
    const database = await newDatabase();
    await superuser(database, async (client) => {
      await client.query(schemaStatements());
      await client.query(`DROP ROLE IF EXISTS sluice_writer; CREATE ROLE sluice_writer LOGIN PASSWORD 'writer'`);
      await client.query(`GRANT USAGE ON SCHEMA ${SCHEMA} TO sluice_writer; GRANT SELECT ON ALL TABLES IN SCHEMA ${SCHEMA} TO sluice_writer;
        GRANT INSERT ON ${SCHEMA}.chain, ${SCHEMA}.held, ${SCHEMA}.record, ${SCHEMA}.mark, ${SCHEMA}.exported TO sluice_writer;
        GRANT UPDATE ON ${SCHEMA}.chain, ${SCHEMA}.held, ${SCHEMA}.exported TO sluice_writer;
        GRANT EXECUTE ON FUNCTION ${SCHEMA}.add_day, ${SCHEMA}.prune TO sluice_writer`);
    });
    const store = open(database, { user: 'sluice_writer', password: 'writer', manageSchema: false });
    await store.append({ chain: 'c', owner, first: 0, lines: lines(0, 10), received: day(0) });
    await store.append({ chain: 'c', owner, first: 10, lines: lines(10, 10), received: day(5) });
    await store.setExported('otlp', { c: 7 });
    await store.setExported('otlp', { c: 3 });
    expect(await store.exported('otlp')).toEqual({ c: 7 });
    expect(await store.prune(day(3))).toBe(10);
    expect(await collect(store.records({ types: ['event'] }))).toHaveLength(10);
    await store.close();
    const writer = new pg.Client({ connectionString: server.url(database, 'sluice_writer', 'writer') });
    await writer.connect();
    for (const sql of [
      "UPDATE record SET line = ''",
      'DELETE FROM record',
      'DELETE FROM held',
      'TRUNCATE mark',
      'DROP TABLE record',
      'UPDATE retention SET minimum = $$0$$',
    ])
      await expect(writer.query(sql.replace(/(record|held|mark|retention)/, `${SCHEMA}.$1`))).rejects.toMatchObject({
        code: '42501',
      });
    await writer.end();
  });

  it('keeps for as long as the owner of the schema says, whoever asks to remove', async () => {
    const database = await newDatabase();
    const store = open(database);
    const now = new Date().toISOString();
    await store.append({
      chain: 'c',
      owner,
      first: 0,
      lines: lines(0, 10),
      received: new Date(Date.now() - 3 * 86_400_000).toISOString(),
    });
    await store.append({ chain: 'c', owner, first: 10, lines: lines(10, 1), received: now });
    await superuser(database, (client) => client.query(`UPDATE ${SCHEMA}.retention SET minimum = '30 days'`));
    expect(await store.prune('2200-01-01T00:00:00Z')).toBe(0);
    await superuser(database, (client) => client.query(`UPDATE ${SCHEMA}.retention SET minimum = '1 day'`));
    expect(await store.prune('2200-01-01T00:00:00Z')).toBe(10);
    await store.close();
  });

  it('goes on with a statement whose first half another replica has removed', async () => {
    const database = await newDatabase();
    const [store, other] = [open(database), open(database)];
    const evidence = { evidence: { changes: [{ relation: 'a.b', keys: ['row'] }] } };
    const half = (type: string, seq: number): string =>
      JSON.stringify({ seq, type, statement: 's', ...(type === 'outcome' && evidence) });
    await store.append({ chain: 'c', owner, first: 0, lines: [half('intent', 0), ...lines(1, 1)], received: day(0) });
    await store.append({ chain: 'd', owner, first: 0, lines: [half('intent', 0)], received: day(0) });
    expect(await other.prune(day(2))).toBe(1);
    // Of c it is gone, of d it has another place.
    for (const [chain, first] of [
      ['c', 2],
      ['d', 1],
    ] as const)
      await store.append({ chain, owner, first, lines: [half('outcome', first)], received: day(3) });
    const found = await collect(store.records({ row: 'row' }));
    expect(found.map(({ chain, seq }) => `${chain} ${seq}`).sort()).toEqual(['c 2', 'd 0', 'd 1']);
    await Promise.all([store.close(), other.close()]);
  });

  it('reads lines of any length, a bounded number of bytes at a time, and each of them', async () => {
    const store = open(await newDatabase());
    const large = Array.from({ length: 12 }, (_, seq) => JSON.stringify({ seq, type: 'admin', text: 'é'.repeat(500_000) }));
    await store.append({ chain: 'c', owner, first: 0, lines: large });
    for (const read of [store.lines('c'), store.records({}), store.records({ types: ['admin'] })])
      expect((await collect(read)).map(({ line }) => line)).toEqual(large);
    await store.close();
  });

  it('is not used with a schema that it may not make, does not know, or in an encoding that loses bytes', async () => {
    const fresh = open(await newDatabase(), { manageSchema: false });
    await expect(fresh.open()).rejects.toThrow(/version 0.*not to make it/);
    const database = await newDatabase();
    const first = open(database);
    await first.open();
    await superuser(database, (client) => client.query(`UPDATE ${SCHEMA}.version SET version = 99`));
    const later = open(database);
    await expect(later.append({ chain: 'c', owner, first: 0, lines: ['{}'] })).rejects.toThrow(/newer version \(99\)/);
    const latin = `latin_${major}`;
    await superuser('postgres', (client) =>
      client.query(`CREATE DATABASE ${latin} TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'`),
    );
    const other = open(latin);
    await expect(other.open()).rejects.toThrow(/encoding UTF8/);
    await Promise.all([fresh, first, later, other].map((store) => store.close()));
  });

  it('killed under load, over and over, it has all that was acknowledged, once', async () => {
    const database = await newDatabase();
    const store = open(database);
    const all = lines(0, 5_000);
    for (let round = 0, next = 0; round < 4; round += 1) {
      let killed = false;
      const until = next + 50 + Math.floor(Math.random() * 300);
      let restarted: Promise<void> | undefined;
      while (!killed) {
        const first = Math.max(0, next - 3);
        await store.append({ chain: 'c', owner, first, lines: all.slice(first, next + 7) }).then(
          () => {
            next += 7;
          },
          (error: unknown) => {
            expect(error).toBeInstanceOf(StoreUnavailableError);
            killed = true;
          },
        );
        // The setting of this server alone would lose what was just committed.
        if (next >= until) restarted ??= server.restart('SIGKILL');
      }
      await restarted;
      const stored = await eventuallyLines(store);
      expect(stored.length).toBeGreaterThanOrEqual(next);
      expect(stored).toEqual(all.slice(0, stored.length));
      next = stored.length;
    }
    await store.close();
  });

  async function eventuallyLines(store: PostgresStore): Promise<string[]> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return (await collect(store.lines('c'))).map(({ line }) => line);
      } catch (error) {
        if (attempt > 20 || !(error instanceof StoreUnavailableError)) throw error;
      }
    }
  }

  it('is away and comes back: what was refused can be appended again', async () => {
    const database = await newDatabase();
    const store = open(database);
    await store.append({ chain: 'c', owner, first: 0, lines: lines(0, 10) });
    // What the server ends is noticed before it is used, or said.
    await superuser(database, (client) =>
      client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
      ),
    );
    for (let attempt = 0; ; attempt += 1) {
      try {
        await store.append({ chain: 'c', owner, first: 10, lines: lines(10, 10) });
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(attempt).toBeLessThan(5);
      }
    }
    expect((await store.ending('c'))?.next).toBe(20);
    await store.close();
  });
});
