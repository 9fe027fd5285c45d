/** Where a view's columns come from, by the server's own word: names prove nothing. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogOf } from '../support/catalog.ts';
import { MAJORS } from '../support/majors.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';

/** Definition, and for each column the base column or null for an expression. */
const VIEWS: readonly (readonly [definition: string, origins: readonly (string | null)[]])[] = [
  ['SELECT id, city FROM people', ['id', 'city']],
  ['SELECT id, ssn AS city FROM people WHERE city IS NOT NULL', ['id', 'ssn']],
  ["SELECT coalesce(city, '') || ssn AS city, upper(ssn) AS id FROM people", [null, null]],
  ['SELECT p.* FROM people p', ['id', 'ssn', 'city', 'odd ( } \\ "name']],
  ['SELECT s.x, s.id FROM (SELECT ssn AS x, id FROM people) s', ['ssn', 'id']],
  ['WITH c AS (SELECT ssn AS city FROM people) SELECT city FROM c', ['ssn']],
  ['SELECT id FROM people UNION ALL SELECT id FROM people', [null]],
  ['SELECT city FROM people UNION SELECT ssn FROM people', [null]],
  ['SELECT u.city FROM (SELECT city FROM people UNION SELECT ssn FROM people) u', [null]],
  ['SELECT a.id, b.ssn AS city FROM people a LEFT JOIN people b USING (id)', ['id', 'ssn']],
  ['SELECT id, a.city FROM people a FULL JOIN people b USING (id)', [null, 'city']],
  ['SELECT city, count(*) AS ssn FROM people GROUP BY city', ['city', null]],
  ['SELECT (SELECT ssn FROM people LIMIT 1) AS city', [null]],
  ['SELECT p AS city FROM people p', [null]],
  [
    "SELECT ')}{ :targetList ({TARGETENTRY :resno 1 :resorigtbl 1 :resorigcol 1 :resjunk false})'::text AS id, ssn FROM people",
    [null, 'ssn'],
  ],
  ['SELECT "odd ( } \\ ""name" AS id FROM people', ['odd ( } \\ "name']],
  ['SELECT max(ssn) OVER (ORDER BY id) AS city, id FROM people ORDER BY ssn', [null, 'id']],
];

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query('CREATE TABLE people (id int, ssn text, city text, "odd ( } \\ ""name" text)');
    for (const [index, [definition]] of VIEWS.entries()) await client.query(`CREATE VIEW v${index} AS ${definition}`);
    await client.query('CREATE MATERIALIZED VIEW stored AS SELECT ssn AS city FROM people');
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  it('notes plain columns and nothing else', async () => {
    const catalog = await catalogOf(server.url());
    const base = catalog.relationNamed('public', 'people')!;
    const originsOf = (name: string): readonly (string | null)[] => {
      const view = catalog.relationNamed('public', name)!;
      return view.columns.map(({ attnum }) => {
        const origin = view.columnOrigins?.[attnum];
        if (origin === undefined) return null;
        expect(origin[0]).toBe(base.oid);
        return catalog.column(base, origin[1])!.name;
      });
    };
    expect(VIEWS.map((_, index) => originsOf(`v${index}`))).toEqual(VIEWS.map(([, origins]) => origins));
    expect(originsOf('stored')).toEqual(['ssn']);
  });
});
