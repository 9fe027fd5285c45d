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

/** Of an expression the columns it is made of, null where that is not certain. */
const EXPRESSIONS: readonly (readonly [expression: string, sources: readonly string[] | null])[] = [
  ["coalesce(city, '') || ssn", ['city', 'ssn']],
  ['upper(city)', ['city']],
  ['now()', []],
  ["')}{VAR :varno 1 :varattno 2 :varlevelsup 0'::text || city", ['city']],
  ['"odd ( } \\ ""name" || city', ['odd ( } \\ "name', 'city']],
  ['CASE WHEN ssn IS NULL THEN 1 ELSE 2 END', ['ssn']],
  ['ARRAY[city, ssn]', ['city', 'ssn']],
  ['ROW(city)::text', ['city']],
  ['people', null],
  ['people::text', null],
  ['row_to_json(people)', null],
  ['city || (SELECT max(ssn) FROM people)', null],
  ['EXISTS (SELECT FROM people)', null],
  ['reads(id)', null],
  ['id @@@ 1', null],
  ["query_to_xml('SELECT ssn FROM people WHERE city = ' || city, true, false, '')", null],
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
    await client.query(`CREATE FUNCTION reads(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM people LIMIT 1'`);
    await client.query(`CREATE FUNCTION peeks(int, int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM people LIMIT 1'`);
    await client.query('CREATE OPERATOR @@@ (FUNCTION = peeks, LEFTARG = int, RIGHTARG = int)');
    for (const [index, [expression]] of EXPRESSIONS.entries())
      await client.query(`CREATE VIEW e${index} AS SELECT ${expression} AS x FROM people`);
    await client.query('CREATE VIEW twice AS SELECT upper(a.ssn) AS x, upper(b.city) AS y FROM people a, people b');
    await client.query('CREATE VIEW nested AS SELECT upper(x) AS x FROM (SELECT ssn AS x FROM people) s');
    await client.query('CREATE VIEW either AS SELECT upper(city) AS x FROM people UNION SELECT ssn FROM people');
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

  it('knows what an expression is made of, or that it does not', async () => {
    const catalog = await catalogOf(server.url());
    const base = catalog.relationNamed('public', 'people')!;
    const sourcesOf = (name: string, attnum = 1): readonly string[] | null =>
      catalog.relationNamed('public', name)!.columnSources?.[attnum]?.map(([, source]) => catalog.column(base, source)!.name) ??
      null;
    expect(EXPRESSIONS.map(([expression], index) => [expression, sourcesOf(`e${index}`)?.toSorted() ?? null])).toEqual(
      EXPRESSIONS.map(([expression, sources]) => [expression, sources?.toSorted() ?? null]),
    );
    expect([sourcesOf('twice'), sourcesOf('twice', 2)]).toEqual([['ssn'], ['city']]);
    expect([sourcesOf('nested'), sourcesOf('either')]).toEqual([null, null]);
  });
});
