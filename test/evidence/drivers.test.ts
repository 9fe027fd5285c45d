/** Unmodified drivers with evidence on and off: the same answers, and evidence that the server's log confirms. */
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAJORS } from '../support/majors.ts';
import { captured, differences, Oracle } from './oracle.ts';
import { type EvidenceStand, startStand } from './support.ts';

const SCHEMA = `
CREATE TABLE item (id serial PRIMARY KEY, name text, price numeric(10, 2), tags text[], at timestamptz DEFAULT '2024-05-06 07:08:09+00', doc jsonb, raw bytea);
CREATE TABLE stock (item int REFERENCES item, place text, n int, PRIMARY KEY (item, place))`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let stand: EvidenceStand;
  let oracle: Oracle;
  beforeAll(async () => {
    stand = await startStand({ major, schema: SCHEMA, twin: true });
    oracle = await Oracle.create(stand.direct);
  });
  afterAll(() => stand.stop());

  /** Does it here and there, and compares all that came back. */
  async function both(work: (port: number, database: string) => Promise<unknown>): Promise<void> {
    const here = await work(stand.sluice.port, 'postgres');
    const there = await work(stand.plain!.port, 'plain');
    expect(here).toEqual(there);
    const outcomes = await stand.outcomes();
    const writes = outcomes.filter(({ evidence }) => evidence !== undefined && evidence.changes.length > 0);
    expect(writes.map(({ evidence }) => evidence!.reasons.join())).toEqual(writes.map(() => ''));
    expect(writes.length).toBeGreaterThan(3);
    expect(differences(captured(outcomes), await oracle.changes())).toEqual([]);
  }

  it('pg: parameters, named statements, a transaction', async () => {
    await both(async (port, database) => {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'agent', database });
      await client.connect();
      const all: unknown[] = [];
      const run = async (query: string | pg.QueryConfig | pg.QueryArrayConfig, values?: unknown[]): Promise<void> => {
        const { rows, rowCount, fields, command } = await client.query(query as string, values);
        all.push({
          rows,
          rowCount,
          command,
          fields: fields.map(({ name, dataTypeID, columnID }) => [name, dataTypeID, columnID]),
        });
      };
      await run("INSERT INTO item (name, price) VALUES ('a', 1.50), ('b', NULL) RETURNING *");
      await run('INSERT INTO item (name, tags, doc, raw) VALUES ($1, $2, $3, $4)', [
        'c',
        ['x', 'y,z'],
        { a: [1] },
        Buffer.from([0, 255, 39]),
      ]);
      for (const price of [2, 3])
        await run({ name: 'up', text: 'UPDATE item SET price = $1 WHERE id = $2 RETURNING id, price', values: [price, 1] });
      await run('BEGIN');
      await run('INSERT INTO stock VALUES ($1, $2, 5) ON CONFLICT (item, place) DO UPDATE SET n = stock.n + 1 RETURNING *', [
        1,
        'north',
      ]);
      await run('INSERT INTO stock VALUES ($1, $2, 5) ON CONFLICT (item, place) DO UPDATE SET n = stock.n + 1 RETURNING *', [
        1,
        'north',
      ]);
      await run('COMMIT');
      await run({ text: 'DELETE FROM stock WHERE n > $1 RETURNING place, n', values: [0], rowMode: 'array' });
      await client.end();
      return all;
    });
  });

  it('postgres.js: tagged queries, a pipelined batch, begin, describe', async () => {
    await both(async (port, database) => {
      const sql = postgres({ host: '127.0.0.1', port, user: 'agent', database, max: 1, fetch_types: false });
      const all: unknown[] = [];
      const keep = (result: postgres.RowList<readonly postgres.Row[]>): void =>
        void all.push({
          rows: [...result],
          count: result.count,
          command: result.command,
          columns: result.columns?.map(({ name, type }) => [name, type]),
        });
      keep(
        await sql`INSERT INTO item ${sql([
          { name: 'd', price: '4.00' },
          { name: 'e', price: null },
        ])} RETURNING id, name, at`,
      );
      keep(await sql`UPDATE item SET name = name || ${'!'} WHERE name IN ${sql(['d', 'e'])}`);
      for (const result of await Promise.all(
        [1, 2, 3].map((id) => sql`UPDATE item SET price = ${id} WHERE id = ${id} RETURNING price`),
      ))
        keep(result);
      await sql.begin(async (transaction) => {
        keep(await transaction`INSERT INTO stock VALUES (2, 'south', 1)`);
        await transaction.savepoint(async (point) => keep(await point`UPDATE stock SET n = n + 1 RETURNING n`));
      });
      all.push((await sql`INSERT INTO item (name) VALUES (${'x'}) RETURNING id, name`.describe()).columns);
      keep(await sql.unsafe('DELETE FROM stock RETURNING *'));
      await sql.end();
      return all;
    });
  });
});
