/** Tables with everything that makes a write more than it seems, and writes to them, made by hand and generated. */
import fc from 'fast-check';

export const SCHEMA = `
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "complicated"');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN short AS text CHECK (length(VALUE) < 40);
CREATE TABLE plain (id int PRIMARY KEY, a text, n int DEFAULT 7, gone int);
ALTER TABLE plain DROP COLUMN gone;
ALTER TABLE plain ADD COLUMN late text DEFAULT 'late';
CREATE TABLE types (id bigint PRIMARY KEY, b bool, i2 smallint, f4 float4, f8 float8, num numeric, t text, vc varchar(20), bp char(6), nm name,
  by bytea, d date, ts timestamp, tz timestamptz, tm time, iv interval, u uuid, j json, jb jsonb, arr text[], arr2 int[][], m mood, p pair, s short, r int4range,
  mr int4multirange, bits bit(5), vb varbit, mo money, pt point, ip inet, mac macaddr, tsv tsvector, x xml, o oid, pa pair[], ms short[]);
CREATE TABLE keyed (b text, a int, v text, w text, PRIMARY KEY (b, a));
CREATE TABLE nokey (x int, y text);
CREATE TABLE moved (id int PRIMARY KEY DEFERRABLE, v text);
CREATE TABLE computed (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, seq int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE enumkey (m mood PRIMARY KEY, v int);
CREATE TABLE domkey (s short PRIMARY KEY, v int);
CREATE TABLE arrkey (k int[] PRIMARY KEY, v int);
CREATE TABLE numkey (k numeric PRIMARY KEY, v int);
CREATE TABLE charkey (k char(4) PRIMARY KEY, v int);
CREATE TABLE floatkey (k float8 PRIMARY KEY, v int);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := NEW.v || ''*''; RETURN NEW; END';
CREATE TABLE stamped (id int PRIMARY KEY, v text);
CREATE TRIGGER s BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE log (n bigserial PRIMARY KEY, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (what) VALUES (TG_OP); RETURN NULL; END';
CREATE TABLE noted (id int PRIMARY KEY, v text);
CREATE TRIGGER n AFTER INSERT OR UPDATE OR DELETE ON noted FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE twice SET v = v || ''+'' WHERE id = NEW.id AND v NOT LIKE ''%+''; RETURN NULL; END';
CREATE TABLE twice (id int PRIMARY KEY, v text);
CREATE TRIGGER a AFTER INSERT OR UPDATE ON twice FOR EACH ROW EXECUTE FUNCTION again();
CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE, v text);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE, code int REFERENCES parent (code) ON UPDATE CASCADE ON DELETE SET NULL);
CREATE TABLE parts (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts2 (v text, gone int, k int NOT NULL, id int NOT NULL);
ALTER TABLE parts2 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION parts2 FOR VALUES IN (2, 3);
CREATE TABLE animals (id int PRIMARY KEY, v text);
CREATE TABLE cats (PRIMARY KEY (id)) INHERITS (animals);
CREATE TABLE dogs (breed text, PRIMARY KEY (id)) INHERITS (animals);
CREATE VIEW window_on AS SELECT id, a FROM plain;
CREATE TABLE ruled (id int PRIMARY KEY, v text);
CREATE RULE r AS ON UPDATE TO ruled DO ALSO INSERT INTO log (what) VALUES ('rule');
CREATE TABLE "We ird" ("Co""l" int PRIMARY KEY, "old" text, "new" text, "1" text, "__proto__" text, "a,b" text);
CREATE TABLE "old" (id int PRIMARY KEY, v text);
CREATE FUNCTION next_value() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (what) VALUES (''default''); RETURN 5; END';
CREATE TABLE calling (id int PRIMARY KEY, v int DEFAULT next_value());
CREATE FUNCTION writes(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (what) VALUES (''function''); RETURN $1; END';
CREATE PROCEDURE proc() LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (what) VALUES (''procedure''); END';
CREATE VIEW sly AS SELECT id, writes(id) AS w FROM plain;
CREATE TABLE src (id int PRIMARY KEY, v text);
INSERT INTO src SELECT g, 'src' || g FROM generate_series(1, 20) g;
`;

export const SCHEMA_18 = `${SCHEMA}
CREATE TABLE virtually (id int PRIMARY KEY, a int, v int GENERATED ALWAYS AS (a + 1) VIRTUAL);
`;

/** Tables whose rows an UPDATE may carry from one place to another. */
export const MOVING: ReadonlySet<string> = new Set(['public.parts']);

export interface Case {
  readonly sql: string;
  readonly parameters?: readonly (string | null)[];
  /** What the capture must be, by server major where that matters. Absent: whatever is true. */
  readonly capture?: 'exact' | 'partial' | 'none';
  readonly on15?: 'exact' | 'partial' | 'none';
}

const exact = (sql: string, parameters?: readonly (string | null)[]): Case => ({
  sql,
  capture: 'exact',
  ...(parameters === undefined ? {} : { parameters }),
});
const partial = (sql: string): Case => ({ sql, capture: 'partial' });
const none = (sql: string): Case => ({ sql, capture: 'none' });
/** Exact where the server has OLD. */
const exact18 = (sql: string): Case => ({ sql, capture: 'exact', on15: 'partial' });

/** In order: each finds what those before it have left. */
export const CASES: readonly Case[] = [
  exact("INSERT INTO plain VALUES (1, 'one', 1), (2, NULL, NULL), (3, '', DEFAULT)"),
  exact('INSERT INTO plain (id, a) SELECT id + 10, v FROM src'),
  exact('INSERT INTO plain (id) VALUES ($1) RETURNING id, a, n, late', ['40']),
  exact('INSERT INTO plain VALUES (41) RETURNING *'),
  exact("UPDATE plain SET a = a || '!' WHERE id < 15"),
  exact(
    'UPDATE plain AS p SET n = p.n + 1, late = s.v FROM src s WHERE s.id + 10 = p.id AND s.id < 5 RETURNING p.id, s.*, p.n AS "N"',
  ),
  exact('UPDATE plain SET a = NULL, n = $1 WHERE id = $2', ['5', '11']),
  exact('UPDATE plain SET a = a WHERE id = 12'),
  exact('UPDATE plain SET a = 1 WHERE false'),
  exact18('UPDATE plain SET id = id + 1000 WHERE id = 13'),
  exact('UPDATE ONLY plain SET n = n WHERE id IN (SELECT id + 10 FROM src)'),
  exact('UPDATE plain SET (a, n) = (SELECT v, id FROM src WHERE id = 3) WHERE id = 14'),
  exact("INSERT INTO plain VALUES (1, 'again'), (50, 'new') ON CONFLICT (id) DO UPDATE SET a = excluded.a RETURNING *"),
  exact("INSERT INTO plain AS t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET n = t.n + 1 WHERE t.n < 0"),
  exact("INSERT INTO plain VALUES (1, 'x'), (51, 'y') ON CONFLICT DO NOTHING"),
  exact18("INSERT INTO plain VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET id = 1001"),
  exact('DELETE FROM plain USING src WHERE src.id + 10 = plain.id AND src.id = 9 RETURNING plain.id, src.v'),
  exact('DELETE FROM plain WHERE id = ANY ($1::int[])', ['{15,16}']),
  exact('WITH few AS (SELECT id FROM src LIMIT 2) DELETE FROM plain p USING few WHERE p.id = few.id + 16'),
  exact("INSERT INTO plain SELECT 60, 'sub' WHERE EXISTS (SELECT FROM src) RETURNING (SELECT count(*) FROM src)"),
  exact("/* lead */ INSERT INTO plain VALUES (61, 'c') -- trailing"),
  exact('INSERT INTO plain VALUES (62, $$ dollar \' " \\ ) , ( $$) RETURNING a'),
  exact("UPDATE plain SET a = E'tab\\there\\nline \\\\ \"q\" ''s'' (x,y) \u00fc \u{1f600}' WHERE id = 62"),
  exact(`INSERT INTO types VALUES (1, true, -3, 1.1, 0.1, 1e-20, 'x', 'v', 'bp', 'nm', '\\x00ff5c27', '2024-02-29', '2024-02-29 12:13:14.567891', '2024-02-29 12:13:14+02',
    '23:59:60', '1 year -2 days 03:04:05.6', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" :  1}', '{"b":2,"a":[1,"\\u00e4"]}', '{"a,b","",NULL,"q\\"q","\\\\"}',
    '{{1,2},{3,NULL}}', 'it''s "complicated"', '(1,"a ""b"", (c)")', 'short', '[1,5)', '{[1,3),[5,7)}', B'10101', B'1', 12.34, '(1.5,-2)', '10.0.0.0/8',
    '08:00:2b:01:02:03', 'a:1 b', '<a b="c">&lt;</a>', 4294967295, '{"(1,x)",NULL}', '{a,b}')`),
  exact(
    "INSERT INTO types (id, f8, f4, num) VALUES (2, 'NaN', '-Infinity', 'NaN'), (3, 1e-310, 3.4e38, -0.0000001), (4, -0.0, 0, 12345678901234567890.123)",
  ),
  exact('INSERT INTO types (id) VALUES (5) RETURNING *'),
  exact(
    "UPDATE types SET f8 = f8 / 3, tz = tz + interval '1 month', by = by || '\\x01', p.y = NULL, arr[2] = 'set', jb = jb || '{\"c\": null}' WHERE id = 1 RETURNING *",
  ),
  exact("UPDATE types SET t = (SELECT string_agg(md5(g::text), '\u00e9') FROM generate_series(1, 500) g) WHERE id = 2"),
  exact('UPDATE types SET b = NOT coalesce(b, false) WHERE id <= 2 RETURNING b'),
  exact('DELETE FROM types WHERE id = 3 RETURNING f8, p, arr'),
  exact("INSERT INTO keyed VALUES ('x', 1, 'v', 'w'), ('', 2, NULL, NULL), ('x\"y', 3, ',', '()')"),
  exact('UPDATE keyed SET v = w, w = v'),
  exact18("UPDATE keyed SET a = a + 1 WHERE b = 'x'"),
  exact("DELETE FROM keyed WHERE b = ''"),
  partial("INSERT INTO nokey VALUES (1, 'a'), (1, 'a'), (NULL, NULL)"),
  partial('UPDATE nokey SET x = x + 1'),
  partial('DELETE FROM nokey WHERE x IS NULL'),
  exact('DELETE FROM nokey WHERE false'),
  exact("INSERT INTO moved VALUES (1, 'a'), (2, 'b')"),
  exact18('UPDATE moved SET id = 3 - id'),
  exact18("UPDATE moved SET v = v || '.'"),
  exact('INSERT INTO computed (id, a) VALUES (1, 10), (2, NULL) RETURNING twice, seq'),
  exact('UPDATE computed SET a = a + 1'),
  exact("INSERT INTO enumkey VALUES ('sad', 1), ('it''s \"complicated\"', 2)"),
  exact('UPDATE enumkey SET v = v + 1'),
  exact("INSERT INTO domkey VALUES ('d', 1); UPDATE domkey SET v = 2; DELETE FROM domkey"),
  exact("INSERT INTO arrkey VALUES ('{1,2}', 1), ('{}', 2)"),
  exact('UPDATE arrkey SET v = v + 1'),
  exact('INSERT INTO numkey VALUES (1.0, 1), (1.50, 2)'),
  exact('UPDATE numkey SET v = v + 1'),
  exact("INSERT INTO charkey VALUES ('a', 1), ('ab  ', 2)"),
  exact('UPDATE charkey SET v = v + 1'),
  exact("INSERT INTO floatkey VALUES ('NaN', 1), (0.1, 2), ('-0', 3)"),
  exact('UPDATE floatkey SET v = v + 1'),
  partial("INSERT INTO stamped VALUES (1, 'a')"),
  partial("UPDATE stamped SET v = 'b'"),
  exact('DELETE FROM stamped'),
  partial("INSERT INTO noted VALUES (1, 'a'), (2, 'b')"),
  partial("UPDATE noted SET v = 'c' WHERE id = 1"),
  partial('DELETE FROM noted'),
  partial("INSERT INTO twice VALUES (1, 'a')"),
  partial("UPDATE twice SET v = 'b'"),
  exact("INSERT INTO parent VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c')"),
  exact('INSERT INTO child VALUES (1, 1, 10), (2, 2, 20), (3, 2, 10)'),
  exact("UPDATE parent SET v = 'x'"),
  partial('UPDATE parent SET code = code + 1 WHERE id = 1'),
  partial('DELETE FROM parent WHERE id = 2'),
  exact('DELETE FROM child WHERE id = 1'),
  exact("INSERT INTO parts VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, NULL) RETURNING *"),
  exact("UPDATE parts SET v = 'c' RETURNING tableoid::regclass"),
  exact18('UPDATE parts SET k = CASE k WHEN 1 THEN 2 ELSE 1 END WHERE k < 3'),
  exact("UPDATE parts2 SET v = 'direct'"),
  exact18("INSERT INTO parts VALUES (3, 3, 'up'), (4, 1, 'new') ON CONFLICT (id, k) DO UPDATE SET v = excluded.v"),
  exact('DELETE FROM parts WHERE k = 2'),
  exact('DELETE FROM parts1'),
  partial("INSERT INTO animals VALUES (1, 'a')"),
  exact("INSERT INTO cats VALUES (2, 'c')"),
  exact("INSERT INTO dogs VALUES (1, 'd', 'pug')"),
  partial("UPDATE animals SET v = v || '!'"),
  partial('DELETE FROM animals'),
  none("INSERT INTO window_on VALUES (70, 'view')"),
  none("UPDATE window_on SET a = 'seen' WHERE id = 70 RETURNING *"),
  exact("INSERT INTO ruled VALUES (1, 'a')"),
  none("UPDATE ruled SET v = 'b'"),
  exact('DELETE FROM ruled'),
  exact(`INSERT INTO "We ird" VALUES (1, 'o', 'n', 'one', 'p', 'ab'), (2, NULL, '', NULL, NULL, NULL) RETURNING "old", "new"`),
  exact(`UPDATE "We ird" SET "old" = "new", "new" = "old", "1" = '2', "__proto__" = 'q'`),
  exact(`UPDATE "We ird" AS sluice_before SET "old" = 'x' WHERE "Co""l" = 1`),
  exact(`INSERT INTO "We ird" AS sluice_row VALUES (1) ON CONFLICT ("Co""l") DO UPDATE SET "old" = 'up'`),
  exact(`INSERT INTO "old" VALUES (1, 'a')`),
  exact(`UPDATE "old" SET v = 'b' RETURNING "old".v, "old"`),
  exact(`UPDATE plain AS p SET a = "old".v FROM "old" WHERE p.id = "old".id RETURNING "old".*, p.a`),
  exact(`DELETE FROM "old" AS "new" RETURNING "new".v`),
  partial('INSERT INTO calling (id) VALUES (1)'),
  partial('INSERT INTO plain (id) VALUES (writes(80))'),
  partial('UPDATE plain SET n = 0 WHERE id = writes(1)'),
  partial('DELETE FROM plain WHERE id = 80 RETURNING writes(id)'),
  partial('INSERT INTO plain (id) SELECT w + 90 FROM sly WHERE id = 1'),
  none('SELECT writes(1)'),
  none('SELECT * FROM sly WHERE id = 2'),
  none('CALL proc()'),
  partial('WITH gone AS (DELETE FROM nokey RETURNING x) INSERT INTO plain (id) SELECT 100 + max(x) FROM gone'),
  none('WITH put AS (INSERT INTO nokey VALUES (9) RETURNING x) SELECT x FROM put'),
  none('TRUNCATE nokey'),
  none('CREATE TEMPORARY TABLE scratch AS SELECT 1 AS x'),
  none('INSERT INTO scratch VALUES (2)'),
  none('PREPARE ins AS INSERT INTO plain (id) VALUES (110)'),
  none('EXECUTE ins'),
  none('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) INSERT INTO plain (id) VALUES (111)'),
  exact('DELETE FROM plain WHERE id = (SELECT max(id) FROM plain)'),
];

/** MERGE, and what only 18 has. */
export const CASES_18: readonly Case[] = [
  exact('INSERT INTO virtually VALUES (1, 5), (2, NULL)'),
  exact('UPDATE virtually SET a = a + 1 RETURNING old.v, new.v'),
  exact("UPDATE plain SET a = 'w' WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) o.a, n.a"),
  exact("UPDATE plain SET a = 'x' WHERE id = 1 RETURNING WITH (NEW AS n) old.a, n.a"),
  exact("UPDATE plain SET a = 'y' WHERE id = 1 RETURNING old.*, new.*"),
  exact('DELETE FROM plain WHERE id = 1 RETURNING old.id, new.id'),
  exact("INSERT INTO plain VALUES (1, 'z') RETURNING old.id, new.id"),
  exact("INSERT INTO plain VALUES (1, 'zz') ON CONFLICT (id) DO UPDATE SET a = excluded.a RETURNING old.a, new.a"),
  exact(`MERGE INTO plain AS p USING (VALUES (1, 'm'), (200, 'n')) AS s (id, a) ON p.id = s.id
    WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a)`),
  exact(`MERGE INTO plain AS p USING (VALUES (1), (201)) AS s (id) ON p.id = s.id
    WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id) RETURNING merge_action(), p.*, s.*`),
  exact(
    'MERGE INTO plain AS p USING src ON p.id = src.id + 10 WHEN MATCHED AND src.id = 4 THEN DELETE WHEN MATCHED THEN DO NOTHING',
  ),
];
export const CASES_15: readonly Case[] = [
  none(`MERGE INTO plain AS p USING (VALUES (1, 'm'), (200, 'n')) AS s (id, a) ON p.id = s.id
    WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a)`),
];

const TABLES = [
  { name: 'plain', key: 'id', text: ['a', 'late'], number: ['n'] },
  { name: 'keyed', key: 'a', text: ['v', 'w'], number: [] },
  { name: 'parts', key: 'id', text: ['v'], number: ['k'] },
  { name: 'computed', key: 'id', text: [], number: ['a'] },
  { name: 'child', key: 'id', text: [], number: ['parent'] },
  { name: 'parent', key: 'id', text: ['v'], number: ['code'] },
  { name: 'noted', key: 'id', text: ['v'], number: [] },
  { name: 'nokey', key: 'x', text: ['y'], number: [] },
  { name: 'animals', key: 'id', text: ['v'], number: [] },
  { name: '"We ird"', key: '"Co""l"', text: ['"old"', '"a,b"'], number: [] },
] as const;

const literal = fc.oneof(
  fc.constant('NULL'),
  fc.string({ maxLength: 8 }).map((text) => `'${text.replaceAll("'", "''").replaceAll('\\', '/').replaceAll('\0', '')}'`),
  fc.constantFrom(`'"'`, `'(,)'`, `''`, `'\u00e4\u{1f600}'`, `' '`),
);
const number = fc.oneof(fc.integer({ min: 0, max: 30 }).map(String), fc.constant('NULL'));
const id = fc.integer({ min: 0, max: 30 });

/** One write, which may fail; its table is one of those of `SCHEMA`. */
export const write: fc.Arbitrary<string> = fc.constantFrom(...TABLES).chain((table) => {
  const { name, key } = table;
  const columns = [
    ...table.text.map((column) => [column, literal] as const),
    ...table.number.map((column) => [column, number] as const),
  ];
  const assignment = fc.oneof(
    fc.constantFrom(...columns).chain(([column, value]) => value.map((text) => `${column} = ${text}`)),
    fc.constantFrom(...columns).map(([column]) => `${column} = ${column}`),
    fc.integer({ min: 1, max: 3 }).map((by) => `${key} = ${key} + ${by}`),
  );
  const assignments = fc
    .uniqueArray(assignment, { minLength: 1, maxLength: 2, selector: (text) => text.split(' = ')[0] })
    .map((list) => list.join(', '));
  const where = fc.oneof(
    id.map((value) => `${key} = ${value}`),
    id.map((value) => `${key} > ${value}`),
    fc.tuple(id, id).map(([a, b]) => `${key} IN (${a}, ${b})`),
    id.map((value) => `${key} IN (SELECT id FROM src WHERE id < ${value})`),
    fc.constant('true'),
  );
  const returning = fc.oneof(
    fc.constant(''),
    fc.constant(' RETURNING *'),
    fc.constant(` RETURNING ${key}`),
    fc.constant(` RETURNING ${key} AS x, 1 + 1, ${columns[0]![0]}`),
  );
  const all = [key, ...columns.map(([column]) => column), ...(name === 'keyed' ? ['b'] : [])];
  const row = fc
    .tuple(id, ...columns.map(([, value]) => value), ...(name === 'keyed' ? [fc.constantFrom("'x'", "'y'")] : []))
    .map((values) => `(${values.join(', ')})`);
  const values = fc.array(row, { minLength: 1, maxLength: 3 }).map((list) => list.join(', '));
  const conflict = fc.oneof(
    fc.constant(''),
    fc.constant(' ON CONFLICT DO NOTHING'),
    name === 'plain' || name === 'parent' || name === 'noted' || name === 'computed' || name === '"We ird"'
      ? fc.constantFrom(...columns).map(([column]) => ` ON CONFLICT (${key}) DO UPDATE SET ${column} = excluded.${column}`)
      : fc.constant(''),
  );
  return fc.oneof(
    fc
      .tuple(values, conflict, returning)
      .map(([list, on, back]) => `INSERT INTO ${name} (${all.join(', ')}) VALUES ${list}${on}${back}`),
    fc.tuple(assignments, where, returning).map(([set, cond, back]) => `UPDATE ${name} SET ${set} WHERE ${cond}${back}`),
    fc.tuple(where, returning).map(([cond, back]) => `DELETE FROM ${name} WHERE ${cond}${back}`),
    fc
      .tuple(assignments, returning)
      .map(([set, back]) => `UPDATE ${name} SET ${set} FROM src WHERE src.id = ${name}.${key}${back.replace(' *', ` src.v`)}`),
  );
});
