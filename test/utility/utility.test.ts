/**
 * Utility statements against a real server's catalog: what is allowed, what is denied and with which code, what is written instead;
 * and that the server accepts what we wrote.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { Bundle, GovernedRelation } from '../../core/policy/bundle.ts';
import { createEngine } from '../../core/sql/analyse.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser, type WasmParser } from '../../core/sql/parse/wasm-parser.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import type { SessionState } from '../../core/sql/session-state.ts';
import { createSessionState } from '../../core/sql/session-tracker.ts';
import { catalogOf } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { bundleFor } from '../support/sql-core.ts';
import { MAJORS } from '../support/majors.ts';

describe.each(MAJORS)('utility statements on PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;
  let parser: WasmParser;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(`
    CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, upper_name text GENERATED ALWAYS AS (upper(name)) STORED, "Odd ""col" int);
    INSERT INTO people (id, name, ssn) VALUES (1, 'ann', 'SECRET-1'), (2, 'bob', 'SECRET-2');
    CREATE TABLE notes (id int PRIMARY KEY, body text);
    INSERT INTO notes VALUES (1, 'one');
    CREATE TABLE hidden (x int);
    CREATE TABLE parent (a int, b text);
    CREATE TABLE child () INHERITS (parent);
    CREATE SEQUENCE counter;
    CREATE TABLE plain (id int);
    CREATE VIEW open_view AS SELECT id FROM plain;
    CREATE VIEW hidden_view AS SELECT n.id, h.x FROM plain n, hidden h;
    CREATE VIEW masked_view AS SELECT id FROM people;
    CREATE INDEX notes_body ON notes (body);
    CREATE SCHEMA other;
    CREATE TABLE other.notes (id int, body text);
    CREATE PROCEDURE tidy(n int) LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE secret_tidy() LANGUAGE sql AS 'SELECT 1';
  `);
    catalog = await catalogOf(server.url());
    parser = await createWasmParser();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  interface Setup {
    readonly overrides?: Partial<Bundle>;
    /** Further actions by `schema.table`. */
    readonly actions?: Readonly<Record<string, GovernedRelation['actions']>>;
  }

  function engine(setup: Setup = {}): SqlEngine {
    const bundle = bundleFor(catalog, {
      tables: {
        'public.people': { columns: ['id', 'name', 'ssn', 'upper_name'], masks: { ssn: 'null' }, filter: '{id} < 2' },
        'public.notes': { write: true },
        'public.parent': { masks: { b: 'null' } },
        'public.counter': {},
        'public.plain': {},
        'public.open_view': {},
        'public.hidden_view': {},
        'public.masked_view': {},
      },
      overrides: setup.overrides ?? {},
    });
    const relations = bundle.relations.map((relation) => ({
      ...relation,
      actions: setup.actions?.[`${relation.schema}.${relation.name}`] ?? [],
    }));
    return createEngine({ catalog, bundle: { ...bundle, relations }, parser, salt: '7f' });
  }

  const session = (): SessionState => createSessionState(['public']);

  function plan(sql: string, setup: Setup = {}, state: SessionState = session()): StatementPlan {
    const plans = engine(setup).analyse({ sql: Buffer.from(sql), protocol: 'simple', parameterTypes: [] }, state);
    expect(plans).toHaveLength(1);
    return plans[0]!;
  }

  const codeOf = (sql: string, setup: Setup = {}, state?: SessionState): string | undefined =>
    plan(sql, setup, state).denial?.code;

  function allowed(sql: string, setup: Setup = {}, state?: SessionState): StatementPlan {
    const result = plan(sql, setup, state);
    expect({ sql, denial: result.denial }).toEqual({ sql, denial: undefined });
    return result;
  }

  describe('transactions', () => {
    it.each([
      ['BEGIN', 'begin'],
      ['START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE', 'begin'],
      ['COMMIT', 'commit'],
      ['END', 'commit'],
      ['ROLLBACK', 'rollback'],
      ['SAVEPOINT a', 'savepoint'],
      ['RELEASE a', 'release'],
      ['ROLLBACK TO SAVEPOINT a', 'rollback-to'],
      ['SET TRANSACTION READ ONLY', 'set'],
      ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 'set'],
      ['SET CONSTRAINTS ALL DEFERRED', 'set'],
    ])('%s', (sql, kind) => {
      const result = allowed(sql);
      expect(result).toMatchObject({ kind, rewritten: false, text: sql, writesRows: false });
    });

    it('knows their effects', () => {
      expect(allowed('COMMIT AND CHAIN').effect).toEqual({ kind: 'commit', chain: true });
      expect(allowed('ROLLBACK AND NO CHAIN').effect).toEqual({ kind: 'rollback', chain: false });
      expect(allowed('SAVEPOINT "A b"').effect).toEqual({ kind: 'savepoint', name: 'A b' });
    });

    it.each([
      ["PREPARE TRANSACTION 'x'"],
      ["COMMIT PREPARED 'x'"],
      ["ROLLBACK PREPARED 'x'"],
      ["SET TRANSACTION SNAPSHOT '00000003-1'"],
    ])('refuses %s', (sql) => {
      expect(codeOf(sql)).toBe('SLUICE-206');
    });
  });

  describe('settings', () => {
    it.each([
      ["SET application_name = 'x'"],
      ['SET TIME ZONE 3'],
      ["SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE"],
      ["SET NAMES 'UTF8'"],
      ["SET client_encoding TO 'utf-8'"],
      ['SET standard_conforming_strings = on'],
      ['SET DateStyle = ISO, MDY'],
      ['SET LOCAL work_mem = 1024'],
      ['SET enable_seqscan TO off'],
      ['RESET work_mem'],
      ['RESET ALL'],
      ['RESET ROLE'],
      ['RESET SESSION AUTHORIZATION'],
      ['SHOW search_path'],
      ['SHOW TRANSACTION ISOLATION LEVEL'],
      ['SHOW server_version'],
      ['DISCARD ALL'],
    ])('allows %s as written', (sql) => {
      expect(allowed(sql)).toMatchObject({ text: sql, rewritten: false });
    });

    it.each([
      ['SET ROLE postgres'],
      ['SET LOCAL ROLE NONE'],
      ["SET role TO 'postgres'"],
      ['SET SESSION AUTHORIZATION postgres'],
      ["SET NAMES 'SJIS'"],
      ["SET client_encoding = 'GBK'"],
      ['SET standard_conforming_strings = off'],
      ['SET "STANDARD_CONFORMING_STRINGS" TO off'],
      ['SET row_security = off'],
      ['SET session_replication_role = replica'],
      ["SET lc_messages = 'de_DE'"],
      ['SET client_min_messages = debug1'],
      ['SET debug_print_plan = on'],
      ["SET log_statement = 'all'"],
      ["SET sluice.mask_key_inner = 'x'"],
      ['SET "SLUICE.Mask_Key_Inner" = \'x\''],
      ['RESET sluice.mask_key_inner'],
      ["SET app.tenant = 'x'"],
      ["SET LOCAL app.tenant TO 'x'"],
      ["SET local_preload_libraries = 'x'"],
      ["SET dynamic_library_path = 'x'"],
      ['SET nonsense = 1'],
      ['SET transform_null_equals = on'],
      ['SHOW sluice.mask_key_inner'],
      ['SHOW "Sluice.Mask_Key_Inner"'],
      ['SHOW app.secret'],
      ['SHOW ALL'],
      ['SHOW primary_conninfo'],
      ['SHOW config_file'],
    ])('refuses %s', (sql) => {
      expect(codeOf(sql)).toBe('SLUICE-205');
    });

    it('tracks search_path', () => {
      const path = (sql: string): unknown => allowed(sql).effect;
      expect(path('SET search_path TO other, "Odd", public')).toEqual({
        kind: 'set-search-path',
        path: ['other', 'Odd', 'public'],
        local: false,
      });
      expect(path("SET LOCAL search_path = 'a, b'")).toEqual({ kind: 'set-search-path', path: ['a, b'], local: true });
      expect(path("SET SCHEMA 'other'")).toEqual({ kind: 'set-search-path', path: ['other'], local: false });
      expect(path('SET search_path = "$user", public')).toEqual({ kind: 'set-search-path', path: ['public'], local: false });
      expect(path('RESET search_path')).toEqual({ kind: 'reset-search-path' });
      expect(path('SET search_path TO DEFAULT')).toEqual({ kind: 'reset-search-path' });
      expect(path('RESET ALL')).toEqual({ kind: 'reset-search-path' });
    });

    it('holds statement_timeout below the limit', () => {
      const setup = { overrides: { limits: { statementTimeout: 5000 } } };
      for (const value of ['5000', "'5s'", "'5000ms'", '1', "'0.05min'"]) allowed(`SET statement_timeout = ${value}`, setup);
      for (const value of ['0', '5001', "'6s'", "'1min'", "'1h'", '-1', "'0'", "'0x0'", "'00'", "'5S'", "'1e9'"]) {
        expect({ value, code: codeOf(`SET statement_timeout = ${value}`, setup) }).toEqual({ value, code: 'SLUICE-205' });
      }
      allowed('SET statement_timeout = 0');
      allowed('RESET statement_timeout', setup);
    });
  });

  describe('prepared statements and cursors', () => {
    it('masks what is prepared, and lets EXECUTE run only what is known', async () => {
      const state = session();
      const prepare = allowed('PREPARE p (int) AS SELECT ssn FROM people WHERE id = $1', {}, state);
      expect(prepare).toMatchObject({
        kind: 'prepare',
        effect: { kind: 'prepare', name: 'p', parameters: 1 },
        writesRows: false,
        returnsRows: false,
      });
      expect(prepare.touchesGoverned).toBe(true);
      expect(codeOf('EXECUTE p (1)', {}, state)).toBe('SLUICE-206');
      state.apply(prepare.effect, 'test');
      await client.query(prepare.text);
      const execute = allowed('EXECUTE p (1)', {}, state);
      expect(execute).toMatchObject({
        kind: 'execute',
        uses: { prepared: 'p' },
        touchesGoverned: true,
        returnsRows: true,
        cacheable: false,
      });
      expect(execute.facts.reads.map((use) => use.relation).join()).toContain('people');
      expect((await client.query(execute.text)).rows).toEqual([{ ssn: null }]);
      await client.query('DEALLOCATE p');
      expect(plan('EXECUTE nobody').denial?.sqlstate).toBe('26000');
    });

    it('does not run what was prepared under another policy', () => {
      const state = session();
      state.apply(allowed('PREPARE p AS SELECT 1').effect, 'an earlier policy');
      expect(codeOf('EXECUTE p', {}, state)).toBe('SLUICE-206');
    });

    it('counts writes of what is executed', () => {
      const state = session();
      state.apply(allowed('PREPARE w AS DELETE FROM notes WHERE id = $1', {}, state).effect, 'test');
      expect(allowed('EXECUTE w (1)', {}, state)).toMatchObject({ writesRows: true, returnsRows: false });
    });

    it('refuses what may not be prepared, and arguments that may not be computed', () => {
      expect(codeOf('PREPARE p AS SELECT * FROM hidden')).toBe('SLUICE-201');
      expect(codeOf('PREPARE p (regclass) AS SELECT $1::text')).toBe('SLUICE-207');
      const state = session();
      state.apply(allowed('PREPARE p (int) AS SELECT $1', {}, state).effect, 'test');
      expect(codeOf('EXECUTE p ((SELECT x FROM hidden))', {}, state)).toBe('SLUICE-201');
      expect(codeOf("EXECUTE p (length(query_to_xml('select 1', true, true, '')::text))", {}, state)).toBe('SLUICE-204');
    });

    it('masks cursors and fetches only from known ones', async () => {
      const state = session();
      const declare = allowed('DECLARE "C 1" SCROLL CURSOR WITH HOLD FOR SELECT id, ssn FROM people', {}, state);
      expect(declare.effect).toMatchObject({ kind: 'declare-cursor', name: 'C 1', hold: true });
      expect(plan('FETCH ALL FROM "C 1"', {}, state).denial?.sqlstate).toBe('34000');
      state.apply(declare.effect, 'test');
      await client.query(declare.text);
      const fetch = allowed('FETCH ALL FROM "C 1"', {}, state);
      expect(fetch).toMatchObject({ kind: 'fetch', uses: { cursor: 'C 1' }, touchesGoverned: true, returnsRows: true });
      expect((await client.query(fetch.text)).rows).toEqual([{ id: 1, ssn: null }]);
      expect(allowed('MOVE 1 IN "C 1"', {}, state)).toMatchObject({ kind: 'move', returnsRows: false });
      expect(allowed('CLOSE "C 1"', {}, state).effect).toEqual({ kind: 'close-cursor', name: 'C 1' });
      expect(allowed('CLOSE ALL', {}, state).effect).toEqual({ kind: 'close-cursor', name: null });
      await client.query('CLOSE ALL');
      expect(codeOf('DECLARE c CURSOR FOR SELECT * FROM hidden')).toBe('SLUICE-201');
    });
  });

  describe('COPY TO', () => {
    const rows = async (text: string): Promise<unknown[]> => {
      const query = /^COPY \((.*)\) TO STDOUT/is.exec(text)?.[1];
      if (query === undefined) throw new Error(`no query in ${text}`);
      return (await client.query({ text: query, rowMode: 'array' })).rows;
    };

    it('turns a governed table into a query with the same columns and options', async () => {
      const whole = allowed("COPY people TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';')");
      expect(whole).toMatchObject({ kind: 'copy-to', returnsRows: true, touchesGoverned: true });
      expect(whole.text).toMatch(/TO STDOUT WITH \(FORMAT csv, HEADER, DELIMITER ';'\)$/);
      expect(await rows(whole.text)).toEqual([[1, 'ann', null]]);
      const listed = allowed('COPY public . people /* ( */ ( ssn, "id" ) TO STDOUT');
      expect(await rows(listed.text)).toEqual([[null, 1]]);
      await client.query(listed.text.replace(/TO STDOUT.*/s, "TO '/dev/null'"));
    });

    it('refuses columns and tables that are not granted', () => {
      expect(codeOf('COPY people ("Odd ""col") TO STDOUT')).toBe('SLUICE-202');
      expect(codeOf('COPY hidden TO STDOUT')).toBe('SLUICE-201');
      expect(codeOf('COPY parent TO STDOUT')).toBe('SLUICE-602');
    });

    it('leaves a wholly visible table a table, spelled out', () => {
      expect(allowed('COPY notes (body) TO STDOUT').text).toBe('COPY "public"."notes" (body) TO STDOUT');
    });

    it('analyses queries, DML included', async () => {
      expect(await rows(allowed('COPY (SELECT ssn, id FROM people) TO STDOUT').text)).toEqual([[null, 1]]);
      expect(allowed('COPY (DELETE FROM notes WHERE id = 99 RETURNING *) TO STDOUT')).toMatchObject({
        kind: 'copy-to',
        writesRows: true,
      });
      expect(codeOf('COPY (DELETE FROM hidden RETURNING *) TO STDOUT')).toBe('SLUICE-201');
    });

    it.each([
      ["COPY notes TO '/tmp/x'"],
      ["COPY notes TO PROGRAM 'cat'"],
      ["COPY (SELECT 1) TO '/tmp/x'"],
      ["COPY notes FROM '/etc/passwd'"],
      ["COPY notes FROM PROGRAM 'id'"],
    ])('refuses %s', (sql) => {
      expect(codeOf(sql)).toBe('SLUICE-206');
    });

    it('leaves COPY FROM STDIN to writing', () => {
      expect(allowed('COPY notes FROM STDIN')).toMatchObject({ kind: 'copy-from', copyIn: true, writesRows: true });
    });
  });

  describe('EXPLAIN', () => {
    const explain = { actions: { 'public.people': ['Explain'], 'public.notes': ['Explain'] } } as const;

    it('needs Explain on everything it reads', () => {
      expect(codeOf('EXPLAIN SELECT * FROM notes')).toBe('SLUICE-203');
      allowed('EXPLAIN SELECT * FROM notes', explain);
      expect(codeOf('EXPLAIN SELECT * FROM hidden', explain)).toBe('SLUICE-201');
      expect(codeOf('EXPLAIN SELECT * FROM notes, parent', explain)).toBe('SLUICE-203');
    });

    it('withholds row counts where rows or values are hidden', async () => {
      for (const sql of [
        'EXPLAIN SELECT * FROM people',
        'EXPLAIN ANALYZE SELECT * FROM people',
        'EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM people',
        'EXPLAIN (COSTS OFF, COSTS ON) SELECT * FROM people',
        'EXPLAIN (COSTS OFF, ANALYZE yes) SELECT * FROM people',
        'EXPLAIN (COSTS 1) SELECT * FROM people',
      ]) {
        expect({ sql, code: codeOf(sql, explain) }).toEqual({ sql, code: 'SLUICE-602' });
      }
      for (const sql of [
        'EXPLAIN (COSTS OFF) SELECT * FROM people',
        'EXPLAIN (VERBOSE, COSTS false, FORMAT json) SELECT ssn FROM people',
      ]) {
        const result = allowed(sql, explain);
        const text = JSON.stringify((await client.query(result.text)).rows);
        expect(text).not.toMatch(/rows=|Plan Rows/);
      }
    });

    it('does not show what is behind a view', () => {
      const views = {
        actions: {
          ...explain.actions,
          'public.plain': ['Explain'],
          'public.open_view': ['Explain'],
          'public.hidden_view': ['Explain'],
          'public.masked_view': ['Explain'],
        },
      } as const;
      allowed('EXPLAIN SELECT * FROM open_view', views);
      allowed('SELECT * FROM hidden_view', views);
      expect(codeOf('EXPLAIN (COSTS OFF) SELECT * FROM hidden_view', views)).toBe('SLUICE-203');
      expect(codeOf('EXPLAIN (COSTS OFF) SELECT * FROM masked_view', views)).toBe('SLUICE-203');
    });

    it('writes only with ANALYZE', () => {
      expect(allowed('EXPLAIN DELETE FROM notes WHERE id = 1', explain).writesRows).toBe(false);
      expect(allowed('EXPLAIN ANALYZE DELETE FROM notes WHERE id = 1', explain).writesRows).toBe(true);
      expect(codeOf('EXPLAIN ANALYZE DELETE FROM people', explain)).toBe('SLUICE-203');
    });

    it('refuses other statements', () => {
      expect(codeOf('EXPLAIN CREATE TABLE x AS SELECT 1', explain)).toBe('SLUICE-206');
      expect(codeOf('EXPLAIN EXECUTE p', explain)).toBe('SLUICE-206');
    });
  });

  describe('channels', () => {
    const granted = {
      overrides: { session: { temporaryTables: false, listen: ['news'], notify: ['orders'], advisoryLocks: false } },
    };
    it('by grant', () => {
      allowed('LISTEN news', granted);
      allowed("NOTIFY orders, 'payload'", granted);
      allowed('UNLISTEN *');
      allowed('UNLISTEN news');
      expect(codeOf('LISTEN orders', granted)).toBe('SLUICE-209');
      expect(codeOf('NOTIFY news', granted)).toBe('SLUICE-209');
      expect(codeOf('LISTEN news')).toBe('SLUICE-209');
    });
  });

  describe('LOCK and TRUNCATE', () => {
    const truncate = { actions: { 'public.notes': ['Truncate'], 'public.people': ['Truncate'] } } as const;

    it('needs a right that fits the lock', () => {
      expect(allowed('LOCK TABLE notes, public.notes IN EXCLUSIVE MODE NOWAIT').text).toBe(
        'LOCK TABLE "public"."notes", "public"."notes" IN EXCLUSIVE MODE NOWAIT',
      );
      allowed('LOCK people IN ACCESS SHARE MODE');
      expect(codeOf('LOCK people')).toBe('SLUICE-203');
      expect(codeOf('LOCK hidden IN ACCESS SHARE MODE')).toBe('SLUICE-201');
      expect(codeOf('LOCK pg_catalog.pg_class IN ACCESS SHARE MODE')).toBe('SLUICE-206');
    });

    it('truncates what is granted and not filtered or counted', () => {
      expect(codeOf('TRUNCATE notes')).toBe('SLUICE-203');
      expect(allowed('TRUNCATE TABLE notes RESTART IDENTITY', truncate)).toMatchObject({ kind: 'truncate', writesRows: true });
      expect(codeOf('TRUNCATE people', truncate)).toBe('SLUICE-603');
      expect(codeOf('TRUNCATE notes CASCADE', truncate)).toBe('SLUICE-206');
      expect(
        codeOf('TRUNCATE notes', { ...truncate, overrides: { guardrails: { requireWhere: false, maxAffectedRows: 5 } } }),
      ).toBe('SLUICE-302');
      expect(codeOf('TRUNCATE notes', { ...truncate, overrides: { protectionDeny: ['Truncate'] } })).toBe('SLUICE-303');
    });
  });

  describe('CALL', () => {
    const granted = { overrides: { functions: [{ schema: 'public', name: 'tidy', rule: 'test/policy' }] } };
    it('needs a grant of the procedure', () => {
      expect(allowed('CALL tidy(1)', granted)).toMatchObject({
        kind: 'call',
        text: 'CALL "public"."tidy"(1)',
        touchesGoverned: true,
        writesRows: true,
      });
      expect(codeOf('CALL tidy(1)')).toBe('SLUICE-204');
      expect(codeOf('CALL secret_tidy()', granted)).toBe('SLUICE-204');
      expect(codeOf('CALL nothing()', granted)).toBe('SLUICE-204');
      expect(codeOf('CALL tidy((SELECT x FROM hidden))', granted)).toBe('SLUICE-201');
    });
  });

  describe('tables', () => {
    const temporary = { overrides: { session: { temporaryTables: true, listen: [], notify: [], advisoryLocks: false } } };
    const create = { overrides: { createIn: ['public'] } };

    it('creates temporary tables where granted, never under a name that means something', () => {
      expect(codeOf('CREATE TEMP TABLE t (a int)')).toBe('SLUICE-209');
      expect(
        allowed('CREATE TEMP TABLE t (a int DEFAULT 1, b text CHECK (length(b) > 1)) ON COMMIT DROP', temporary).effect,
      ).toEqual({
        kind: 'create-temporary',
        name: 't',
        columns: ['a', 'b'],
        dropOnCommit: true,
      });
      for (const name of ['people', 'hidden', 'pg_class', 'notes', 'tables', 'text', 'uuid', '_int4']) {
        expect({ name, code: codeOf(`CREATE TEMP TABLE ${name} (a int)`, temporary) }).toEqual({ name, code: 'SLUICE-206' });
        expect(codeOf(`CREATE TABLE pg_temp.${name} (a int)`, temporary)).toBe('SLUICE-206');
        expect(codeOf(`CREATE TEMP TABLE ${name} AS SELECT 1 AS a`, temporary)).toBe('SLUICE-206');
        expect(codeOf(`SELECT 1 AS a INTO TEMP ${name}`, temporary)).toBe('SLUICE-206');
      }
    });

    it('masks what goes into them', async () => {
      for (const sql of [
        'CREATE TEMP TABLE s AS SELECT id, ssn FROM people',
        'SELECT id, ssn INTO TEMPORARY TABLE s FROM people',
        'CREATE TEMP TABLE s (id, ssn) AS TABLE people WITH DATA'.replace('TABLE people', 'SELECT id, ssn FROM people'),
      ]) {
        const result = allowed(sql, temporary);
        expect(result).toMatchObject({
          kind: 'create',
          returnsRows: false,
          effect: { kind: 'create-temporary', name: 's', columns: ['id', 'ssn'] },
        });
        await client.query(result.text);
        expect((await client.query('SELECT * FROM pg_temp.s')).rows).toEqual([{ id: 1, ssn: null }]);
        await client.query('DROP TABLE pg_temp.s');
      }
      expect(codeOf('CREATE TEMP TABLE s AS SELECT * FROM hidden', temporary)).toBe('SLUICE-201');
      expect(codeOf('CREATE TEMP TABLE s AS EXECUTE p', temporary)).toBe('SLUICE-206');
      expect(codeOf('SELECT ssn INTO people2 FROM people', temporary)).toBe('SLUICE-203');
    });

    it.each([
      ['CREATE TEMP TABLE t (LIKE people INCLUDING ALL)', 'SLUICE-602'],
      ['CREATE TEMP TABLE t (LIKE hidden)', 'SLUICE-201'],
      ['CREATE TEMP TABLE t () INHERITS (people)', 'SLUICE-206'],
      ['CREATE TEMP TABLE t PARTITION OF parent DEFAULT', 'SLUICE-206'],
      ['CREATE TEMP TABLE t OF people', 'SLUICE-206'],
      ["CREATE TEMP TABLE t (a int DEFAULT lo_import('/etc/passwd'))", 'SLUICE-204'],
      ['CREATE TEMP TABLE t (a int, b int GENERATED ALWAYS AS (pg_backend_pid()) STORED, c regclass)', 'SLUICE-207'],
      ['CREATE TEMP TABLE t (a int) TABLESPACE pg_default', 'SLUICE-206'],
      ['CREATE TEMP TABLE t (a hidden)', 'SLUICE-207'],
    ])('refuses %s', (sql, code) => {
      expect(codeOf(sql, temporary)).toBe(code);
    });

    it('creates permanent tables by schema, without foreign keys into protected ones', () => {
      expect(codeOf('CREATE TABLE fresh (a int)')).toBe('SLUICE-203');
      expect(allowed('CREATE TABLE IF NOT EXISTS fresh (a int REFERENCES notes, b text UNIQUE)', create)).toMatchObject({
        text: 'CREATE TABLE IF NOT EXISTS "public"."fresh" (a int REFERENCES "public"."notes", b text UNIQUE)',
        effect: { kind: 'schema-change' },
      });
      expect(codeOf('CREATE TABLE other.fresh (a int)', create)).toBe('SLUICE-203');
      expect(codeOf('CREATE TABLE fresh (a int REFERENCES people)', create)).toBe('SLUICE-602');
      expect(codeOf('CREATE TABLE fresh (a int, FOREIGN KEY (a) REFERENCES hidden (x))', create)).toBe('SLUICE-201');
      expect(codeOf('CREATE TABLE fresh (a int)', { overrides: { createIn: ['public'], protectionDeny: ['Create'] } })).toBe(
        'SLUICE-303',
      );
      expect(codeOf('CREATE TABLE pg_catalog.fresh (a int)', { overrides: { createIn: ['public', 'pg_catalog'] } })).toBe(
        'SLUICE-206',
      );
    });

    it('qualifies names, so that search_path cannot move a statement', () => {
      const state = session();
      state.apply({ kind: 'set-search-path', path: ['other', 'public'], local: false }, 'test');
      expect(codeOf('TRUNCATE notes', { actions: { 'public.notes': ['Truncate'] } }, state)).toBe('SLUICE-201');
      state.apply({ kind: 'set-search-path', path: ['missing', 'public'], local: false }, 'test');
      expect(allowed('TRUNCATE notes', { actions: { 'public.notes': ['Truncate'] } }, state).text).toBe(
        'TRUNCATE "public"."notes"',
      );
    });
  });

  describe('ALTER, CREATE INDEX, DROP', () => {
    const granted = {
      actions: {
        'public.notes': ['Alter', 'Drop'],
        'public.people': ['Alter', 'Drop'],
        'public.counter': ['Alter', 'Drop'],
        'public.parent': ['Drop'],
      },
      overrides: { session: { temporaryTables: true, listen: [], notify: [], advisoryLocks: false } },
    } as const;

    it.each([
      ["ALTER TABLE notes ADD COLUMN extra text DEFAULT lower('X')"],
      ['ALTER TABLE notes ALTER COLUMN body SET NOT NULL, DROP COLUMN id'],
      ['ALTER TABLE notes ALTER body TYPE varchar(10) USING left(body, 10)'],
      ['ALTER TABLE notes ADD CONSTRAINT c CHECK (id > 0)'],
      ['ALTER TABLE notes RENAME COLUMN body TO text'],
      ['ALTER TABLE notes RENAME TO memos'],
      ['CREATE INDEX CONCURRENTLY ON notes (lower(body)) WHERE id > 1'],
      ['ALTER SEQUENCE counter RESTART WITH 5'],
    ])('allows %s', async (sql) => {
      const result = allowed(sql, granted);
      expect(result.effect).toEqual({ kind: 'schema-change' });
      expect(result.text).toContain('"public".');
      if (sql.includes('CONCURRENTLY')) return;
      await client.query('BEGIN');
      await client.query(result.text);
      await client.query('ROLLBACK');
    });

    it.each([
      ['ALTER TABLE notes OWNER TO postgres', 'SLUICE-206'],
      ['ALTER TABLE notes ENABLE ROW LEVEL SECURITY', 'SLUICE-206'],
      ['ALTER TABLE notes DISABLE TRIGGER ALL', 'SLUICE-206'],
      ['ALTER TABLE notes INHERIT people', 'SLUICE-206'],
      ['ALTER TABLE notes SET SCHEMA other', 'SLUICE-206'],
      ['ALTER TABLE people ADD COLUMN leak text GENERATED ALWAYS AS (ssn) STORED', 'SLUICE-602'],
      ['ALTER TABLE people RENAME COLUMN ssn TO harmless', 'SLUICE-602'],
      ['CREATE INDEX ON people ((ssn::int))', 'SLUICE-602'],
      ['CREATE UNIQUE INDEX ON people (ssn)', 'SLUICE-602'],
      ['ALTER TABLE parent ADD COLUMN c int', 'SLUICE-203'],
      ['ALTER VIEW notes RENAME TO x', 'SLUICE-206'],
      ['ALTER INDEX notes_body RENAME TO x', 'SLUICE-206'],
      ['ALTER TABLE hidden ADD COLUMN c int', 'SLUICE-201'],
      ["ALTER TABLE notes ALTER body SET DEFAULT pg_read_file('/etc/passwd')", 'SLUICE-204'],
      ['ALTER SEQUENCE counter OWNED BY people.id', 'SLUICE-206'],
    ])('refuses %s', (sql, code) => {
      expect(codeOf(sql, granted)).toBe(code);
    });

    it.each([
      ['DROP TABLE notes', 'DROP TABLE "public"."notes"'],
      ['DROP TABLE IF EXISTS public.notes, people RESTRICT', 'DROP TABLE IF EXISTS "public"."notes", "public"."people" RESTRICT'],
      ['DROP INDEX notes_body', 'DROP INDEX "public"."notes_body"'],
      ['DROP INDEX CONCURRENTLY IF EXISTS notes_body', 'DROP INDEX CONCURRENTLY IF EXISTS "public"."notes_body"'],
      ['/* c */ DROP -- d\n SEQUENCE counter', 'DROP -- d\n SEQUENCE "public"."counter"'],
      ['DROP TABLE IF EXISTS scratch', 'DROP TABLE IF EXISTS "pg_temp"."scratch"'],
    ])('allows %s', (sql, text) => {
      expect(allowed(sql, granted).text).toBe(text);
    });

    it.each([
      ['DROP TABLE notes', 'SLUICE-203', {}],
      ['DROP TABLE hidden', 'SLUICE-201', granted],
      ['DROP TABLE IF EXISTS other.nothing', 'SLUICE-201', granted],
      ['DROP TABLE notes, hidden', 'SLUICE-201', granted],
      ['DROP TABLE notes CASCADE', 'SLUICE-206', granted],
      ['DROP TABLE parent', 'SLUICE-203', granted],
      ['DROP VIEW notes', 'SLUICE-201', granted],
      ['DROP SCHEMA public', 'SLUICE-206', granted],
      ['DROP FUNCTION f()', 'SLUICE-206', granted],
      ['DROP TABLE notes', 'SLUICE-303', { ...granted, overrides: { protectionDeny: ['Drop'] as const } }],
    ])('refuses %s', (sql, code, setup) => {
      expect(codeOf(sql, setup)).toBe(code);
    });

    it('knows its temporary tables', () => {
      const state = session();
      state.apply({ kind: 'create-temporary', name: 'scratch', columns: ['a'] }, 'test');
      expect(allowed('DROP TABLE scratch', granted, state)).toMatchObject({
        text: 'DROP TABLE "pg_temp"."scratch"',
        effect: { kind: 'drop-temporary', names: ['scratch'] },
      });
      expect(allowed('ALTER TABLE scratch ADD COLUMN b int', granted, state).text).toBe(
        'ALTER TABLE "pg_temp"."scratch" ADD COLUMN b int',
      );
      const floors = { overrides: { ...granted.overrides, protectionDeny: ['Drop', 'Truncate', 'Alter', 'Create'] as const } };
      for (const sql of [
        'DROP TABLE scratch',
        'TRUNCATE scratch',
        'ALTER TABLE scratch DROP COLUMN a',
        'CREATE TEMP TABLE another (a int)',
      ]) {
        allowed(sql, floors, state);
      }
      expect(allowed('TRUNCATE scratch', granted, state).text).toBe('TRUNCATE "pg_temp"."scratch"');
    });
  });

  describe('Observe', () => {
    const observe: Setup = { overrides: { mode: 'Observe', masking: 'Record' } };
    it.each([
      ['VACUUM people', 'SLUICE-206'],
      ['GRANT SELECT ON notes TO public', 'SLUICE-206'],
      ["SET app.tenant = 'x'", 'SLUICE-205'],
      ['TRUNCATE notes', 'SLUICE-203'],
      ['LISTEN news', 'SLUICE-209'],
      ['CREATE TEMP TABLE fresh (a int)', 'SLUICE-209'],
      ['CREATE TABLE fresh (a int)', 'SLUICE-203'],
      ['EXPLAIN ANALYZE SELECT * FROM notes', 'SLUICE-203'],
      ['CALL secret_tidy()', 'SLUICE-204'],
      ['LOCK people', 'SLUICE-203'],
    ])('records what it would refuse: %s', (sql, code) => {
      const result = allowed(sql, observe);
      expect(result.observed?.map((denial) => denial.code)).toContain(code);
    });

    it.each([
      ['DO $$BEGIN END$$'],
      ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
      ['SET ROLE postgres'],
      ['SET standard_conforming_strings = off'],
      ["SET sluice.mask_key_inner = 'x'"],
      ['SHOW sluice.mask_key_inner'],
      ["PREPARE TRANSACTION 'x'"],
      ['EXECUTE unknown'],
      ['CREATE TEMP TABLE people (a int)'],
    ])('still refuses %s', (sql) => {
      expect(plan(sql, observe).decision).toBe('deny');
    });
  });

  describe('what no policy can grant', () => {
    const everything: Setup = {
      overrides: {
        allowAll: true,
        createIn: ['public'],
        functions: [{ schema: '*', name: '*', rule: 'x' }],
        session: { temporaryTables: true, listen: ['*'], notify: ['*'], advisoryLocks: true },
      },
    };
    it.each([
      ["DO $$BEGIN RAISE NOTICE 'x'; END$$"],
      ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
      ["CREATE OR REPLACE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'"],
      ['CREATE TRIGGER t BEFORE INSERT ON notes EXECUTE FUNCTION f()'],
      ['CREATE RULE r AS ON SELECT TO notes DO INSTEAD SELECT 1'],
      ['CREATE VIEW v AS SELECT * FROM people'],
      ['CREATE TEMP VIEW v AS SELECT 1'],
      ['CREATE MATERIALIZED VIEW v AS SELECT * FROM people'],
      ['REFRESH MATERIALIZED VIEW v'],
      ['GRANT SELECT ON people TO public'],
      ['REVOKE ALL ON people FROM public'],
      ['GRANT postgres TO app'],
      ['CREATE ROLE r SUPERUSER'],
      ["ALTER ROLE app SET search_path = 'x'"],
      ["ALTER USER app PASSWORD 'x'"],
      ['DROP ROLE app'],
      ['CREATE DATABASE d'],
      ["ALTER DATABASE d SET app.x = 'y'"],
      ['DROP DATABASE d'],
      ['CREATE EXTENSION dblink'],
      ["ALTER SYSTEM SET log_statement = 'all'"],
      ["LOAD 'auto_explain'"],
      ['CHECKPOINT'],
      ['VACUUM'],
      ['VACUUM FULL people'],
      ['ANALYZE people'],
      ['CLUSTER people'],
      ['REINDEX TABLE people'],
      ["COMMENT ON COLUMN people.ssn IS 'harmless'"],
      ["SECURITY LABEL ON TABLE people IS 'x'"],
      ['CREATE PUBLICATION p FOR TABLE people'],
      ["CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p"],
      ['CREATE POLICY p ON people USING (true)'],
      ['CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw'],
      ['IMPORT FOREIGN SCHEMA x FROM SERVER s INTO public'],
      ['CREATE STATISTICS st ON id, ssn FROM people'],
      ['ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public'],
      ['REASSIGN OWNED BY a TO b'],
      ['DROP OWNED BY a'],
      ['CREATE SCHEMA s'],
      ["CREATE TYPE e AS ENUM ('a')"],
      ['CREATE DOMAIN d AS int'],
      ['CREATE AGGREGATE a (int) (SFUNC = f, STYPE = int)'],
      ['CREATE OPERATOR === (FUNCTION = f, LEFTARG = int, RIGHTARG = int)'],
      ['CREATE CAST (int AS text) WITHOUT FUNCTION'],
      ["CREATE TABLESPACE t LOCATION '/x'"],
      ['CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()'],
      ['CREATE LANGUAGE plperl'],
      ['CREATE FOREIGN TABLE f (a int) SERVER s'],
      ['ALTER TABLE notes SET SCHEMA other'],
      ['CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))'],
      ['CREATE ACCESS METHOD a TYPE INDEX HANDLER f'],
      ["CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f"],
      ['CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <'],
      ['CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)'],
    ])('%s', (sql) => {
      expect(['SLUICE-206', 'SLUICE-102']).toContain(codeOf(sql, everything));
    });
  });
});
