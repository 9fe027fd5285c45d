/** Names against the grants, over the catalogs of real servers. */
import type { Node, RangeVar, TypeCast, TypeName } from '@pgsql/types';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalog } from '../../core/catalog/catalog.ts';
import { type Denial, DenialError } from '../../core/errors/denial.ts';
import type { Bundle } from '../../core/policy/bundle.ts';
import { checkFunction } from '../../core/sql/names/functions.ts';
import type { NameContext } from '../../core/sql/names/name-context.ts';
import { checkOperator } from '../../core/sql/names/operators.ts';
import { resolveRelation } from '../../core/sql/names/relations.ts';
import { checkCast, checkParameterTypes, checkType } from '../../core/sql/names/types.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { grant, subjectBundle } from '../introspection/subject.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMA = `
CREATE TABLE public.customers_shown (id serial PRIMARY KEY, ssn_secret text, name text, level int);
CREATE SCHEMA shop_shown;
CREATE TABLE shop_shown.orders_shown (id serial PRIMARY KEY, total numeric);
CREATE TABLE public.events_shown (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE public.events_2026 PARTITION OF public.events_shown FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE public.base (id int);
CREATE TABLE public.child (more int) INHERITS (public.base);
CREATE VIEW public.view_shown AS SELECT 1 AS a;
CREATE VIEW public.leaky_shown AS SELECT 1 AS a;
CREATE SCHEMA first;
CREATE TABLE first.orders_shown (id int);
CREATE SCHEMA locked;
CREATE TABLE locked.customers_shown (id int);
CREATE FUNCTION public.summary_shown(int) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
CREATE FUNCTION public.lower(public.customers_shown) RETURNS text LANGUAGE sql AS $$SELECT 'leak'$$;
CREATE FUNCTION public.other(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.mixed(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION shop_shown.mixed(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.eq(public.customers_shown, text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR public.= (LEFTARG = public.customers_shown, RIGHTARG = text, FUNCTION = public.eq);
CREATE OPERATOR public.=~ (LEFTARG = public.customers_shown, RIGHTARG = text, FUNCTION = public.eq);
CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN public.named AS regclass;
CREATE TYPE public.pointer AS (n int, what regtype);
CREATE TYPE public.wrapped AS (inner_one public.pointer);
CREATE TABLE public.extra_900_shown (id int, w public.wrapped);
CREATE ROLE agent LOGIN PASSWORD 'agent';
GRANT USAGE ON SCHEMA public, shop_shown, first TO agent;
`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLocalPostgres({ major });
    const owner = new pg.Client({ connectionString: server.url() });
    await owner.connect();
    await owner.query(SCHEMA);
    await owner.end();
    const client = new pg.Client({ connectionString: server.url('postgres', 'agent', 'agent') });
    await client.connect();
    catalog = new Catalog(await readCatalog(simpleQueryOver(client)));
    await client.end();
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
  });

  interface Options {
    readonly path?: readonly string[];
    readonly overrides?: Partial<Bundle>;
    readonly temporary?: readonly string[];
  }

  function contextOf(options: Options = {}): NameContext & { readonly refused: Denial[]; readonly pinned: number[] } {
    const base = subjectBundle(catalog, options.overrides);
    const refused: Denial[] = [];
    const pinned: number[] = [];
    return {
      catalog,
      bundle: base,
      session: {
        searchPath: options.path ?? ['public'],
        prepared: new Map(),
        cursors: new Map(),
        temporary: new Map((options.temporary ?? []).map((name) => [name, { name, columns: null }])),
        epoch: 0,
      },
      refuse(denial) {
        if (base.mode === 'Enforce') throw new DenialError(denial);
        refused.push(denial);
      },
      pinLiteral: (location) => void pinned.push(location),
      refused,
      pinned,
    };
  }

  function codeOf(run: () => unknown): string | undefined {
    try {
      run();
      return undefined;
    } catch (cause) {
      if (cause instanceof DenialError) return cause.denial.code;
      throw cause;
    }
  }

  const rangeVar = (name: string): RangeVar => {
    const parts = name.split('.');
    const [relname, schemaname, catalogname] = [...parts].reverse();
    return { relname: relname!, ...(schemaname ? { schemaname } : {}), ...(catalogname ? { catalogname } : {}), location: 14 };
  };
  const text = (value: string, location = 7): Node => ({ A_Const: { sval: { sval: value }, location } });
  const type = (...names: readonly string[]): TypeName => ({ names: names.map((sval) => ({ String: { sval } })), typemod: -1 });

  describe('relations', () => {
    it.each(['customers_shown', 'public.customers_shown', 'postgres.public.customers_shown'])('finds %s', (name) => {
      const found = resolveRelation(contextOf(), rangeVar(name), 'Select');
      expect(found).toMatchObject({ kind: 'governed', relation: { schema: 'public', name: 'customers_shown' } });
    });

    it('answers alike for what is not granted and what does not exist', () => {
      const answer = (name: string): Denial => {
        try {
          resolveRelation(contextOf(), rangeVar(name), 'Select');
        } catch (cause) {
          return (cause as DenialError).denial;
        }
        throw new Error('allowed');
      };
      const hidden = answer('events_2026');
      const absent = answer('events_2027');
      expect(hidden).toEqual({ ...absent, message: absent.message.replace('2027', '2026'), hint: hidden.hint });
      expect(hidden.code).toBe('SLUICE-201');
      expect(hidden.hint).toMatch(/^Granted: public\.events_shown, /);
      expect(hidden.location).toBe(14);
    });

    it.each([
      'other.public.customers_shown',
      'pg_temp_3.customers_shown',
      'pg_toast.x',
      'customers_shown_pkey',
      'child',
      'events_2026',
      'pg_statistic.x',
    ])('denies %s', (name) => {
      expect(codeOf(() => resolveRelation(contextOf(), rangeVar(name), 'Select'))).toBe('SLUICE-201');
    });

    it('follows the search path as the server does, skipping schemas the login may not use', () => {
      expect(
        codeOf(() => resolveRelation(contextOf({ path: ['first', 'shop_shown'] }), rangeVar('orders_shown'), 'Select')),
      ).toBe('SLUICE-201');
      const found = resolveRelation(contextOf({ path: ['locked', 'missing', 'public'] }), rangeVar('customers_shown'), 'Select');
      expect(found).toMatchObject({ relation: { schema: 'public' } });
      expect(resolveRelation(contextOf({ path: [] }), rangeVar('pg_class'), 'Select')).toMatchObject({ kind: 'system' });
    });

    it('lets temporary relations come first, where the path places them', () => {
      const temporary = ['customers_shown'];
      expect(resolveRelation(contextOf({ temporary }), rangeVar('customers_shown'), 'Select').kind).toBe('temporary');
      expect(resolveRelation(contextOf({ temporary }), rangeVar('pg_temp.customers_shown'), 'Select').kind).toBe('temporary');
      expect(resolveRelation(contextOf({ temporary }), rangeVar('public.customers_shown'), 'Select').kind).toBe('governed');
      expect(
        resolveRelation(contextOf({ temporary, path: ['public', 'pg_temp'] }), rangeVar('customers_shown'), 'Select').kind,
      ).toBe('governed');
    });

    it('distinguishes actions', () => {
      expect(resolveRelation(contextOf(), rangeVar('shop_shown.orders_shown'), 'Insert').kind).toBe('governed');
      expect(codeOf(() => resolveRelation(contextOf(), rangeVar('shop_shown.orders_shown'), 'Delete'))).toBe('SLUICE-203');
      expect(codeOf(() => resolveRelation(contextOf(), rangeVar('pg_settings'), 'Update'))).toBe('SLUICE-203');
      expect(codeOf(() => resolveRelation(contextOf(), rangeVar('pg_largeobject'), 'Select'))).toBe('SLUICE-201');
    });

    it('observes without refusing, except where a floor column could show', () => {
      const observe = contextOf({ overrides: { mode: 'Observe', masking: 'Record' } });
      expect(resolveRelation(observe, rangeVar('base'), 'Select')).toMatchObject({
        kind: 'governed',
        grant: { select: { unrestricted: true } },
      });
      expect(observe.refused.map((denial) => denial.code)).toEqual(['SLUICE-201']);
      const oid = catalog.relationNamed('public', 'base')!.oid;
      const floor = contextOf({ overrides: { mode: 'Observe', masking: 'Record', protectedColumns: [`${oid}.1`] } });
      expect(codeOf(() => resolveRelation(floor, rangeVar('base'), 'Select'))).toBe('SLUICE-201');
    });
  });

  describe('functions', () => {
    it.each([
      [['lower'], 1],
      [['pg_catalog', 'count'], 0],
      [['concat'], 7],
      [['summary_shown'], 1],
      [['json_build_object'], 4],
      [['row_number'], 0],
      [['percentile_cont'], 2],
    ] as const)('allows %s', (name, count) => {
      expect(
        codeOf(() =>
          checkFunction(
            contextOf({ path: [] }),
            name.length === 1 && name[0] === 'summary_shown' ? ['public', name[0]] : name,
            count,
            0,
          ),
        ),
      ).toBeUndefined();
    });

    it.each([
      ['pg_sleep', 1],
      ['query_to_xml', 4],
      ['ts_stat', 1],
      ['ts_rewrite', 2],
      ['pg_read_file', 1],
      ['lo_get', 1],
      ['pg_terminate_backend', 2],
      ['pg_stat_get_activity', 1],
      ['regclassin', 1],
      ['other', 1],
      ['no_such_function', 1],
      ['pg_show_all_settings', 0],
      ['currtid2', 2],
      ['pg_get_viewdef', 3],
      ['pg_partition_tree', 1],
    ] as const)('denies %s', (name, count) => {
      expect(codeOf(() => checkFunction(contextOf(), [name], count, 0))).toBe('SLUICE-204');
    });

    it('qualifies a call that a user schema could catch', () => {
      expect(checkFunction(contextOf(), ['lower'], 1, 0).qualify).toEqual(['pg_catalog', 'lower']);
      expect(checkFunction(contextOf({ path: ['first'] }), ['lower'], 1, 0).qualify).toBeUndefined();
      expect(codeOf(() => checkFunction(contextOf(), ['public', 'lower'], 1, 0))).toBe('SLUICE-204');
    });

    it('needs every candidate on the path to be allowed', () => {
      const overrides = { functions: [{ schema: 'public', name: 'mixed', rule: 'test' }] };
      expect(codeOf(() => checkFunction(contextOf({ overrides, path: ['public'] }), ['mixed'], 1, 0))).toBeUndefined();
      expect(codeOf(() => checkFunction(contextOf({ overrides, path: ['public', 'shop_shown'] }), ['mixed'], 1, 0))).toBe(
        'SLUICE-204',
      );
    });

    it('never grants what is forbidden, and grants the rest', () => {
      const overrides = {
        functions: [
          { schema: '*', name: '*', rule: 'test' },
          { schema: 'pg_catalog', name: 'pg_sleep', rule: 'test' },
          { schema: 'pg_catalog', name: 'query_to_xml', rule: 'test' },
        ],
      };
      expect(codeOf(() => checkFunction(contextOf({ overrides }), ['other'], 1, 0))).toBeUndefined();
      expect(codeOf(() => checkFunction(contextOf({ overrides }), ['pg_sleep'], 1, 0))).toBeUndefined();
      expect(codeOf(() => checkFunction(contextOf({ overrides }), ['query_to_xml'], 4, 0))).toBe('SLUICE-204');
    });

    it('leaves an unknown function to the server where everything is granted, but never one with a forbidden name', () => {
      const context = contextOf({ overrides: { allowAll: true } });
      expect(checkFunction(context, ['nosuch'], 1, 0).candidates).toEqual([]);
      for (const name of ['dblink', 'dblink_exec', 'pg_file_write'])
        expect(codeOf(() => checkFunction(context, [name], 1, 0))).toBe('SLUICE-204');
    });

    it('observes functions, never the forbidden ones', () => {
      const observe = contextOf({ overrides: { mode: 'Observe', masking: 'Record' } });
      checkFunction(observe, ['pg_sleep'], 1, 0);
      expect(observe.refused.map((denial) => denial.code)).toEqual(['SLUICE-204']);
      expect(codeOf(() => checkFunction(observe, ['query_to_xml'], 4, 0))).toBe('SLUICE-204');
    });

    it('lets sequences follow Insert on the owning table', () => {
      const context = contextOf();
      const checked = checkFunction(context, ['nextval'], 1, 0, { arguments: [text('shop_shown.orders_shown_id_seq')] });
      expect(checked.sequence?.name).toBe('orders_shown_id_seq');
      expect(checked.guards).toEqual([]);
      expect(context.pinned).toEqual([7]);
      expect(codeOf(() => checkFunction(contextOf(), ['nextval'], 1, 0, { arguments: [text('customers_shown_id_seq')] }))).toBe(
        'SLUICE-201',
      );
      expect(checkFunction(contextOf(), ['nextval'], 1, 0, { arguments: [{ ParamRef: { number: 1 } }] }).guards).toHaveLength(1);
    });

    it.each([
      ['current_setting', [text('sluice.mask_key_inner')], 'SLUICE-205'],
      ['current_setting', [text('SLUICE.x')], 'SLUICE-205'],
      ['current_setting', [text('data_directory')], 'SLUICE-205'],
      ['current_setting', [text('timezone')], undefined],
      ['set_config', [text('row_security'), text('off'), { A_Const: { boolval: {} } }], 'SLUICE-205'],
      ['set_config', [text('sluice.x'), text('1'), { A_Const: { boolval: {} } }], 'SLUICE-205'],
      ['set_config', [text('app.user'), text('1'), { A_Const: { boolval: {} } }], 'SLUICE-205'],
      ['set_config', [text('search_path'), text('x'), { A_Const: { boolval: {} } }], 'SLUICE-205'],
      ['set_config', [{ ParamRef: { number: 1 } }, text('off'), { A_Const: { boolval: {} } }], 'SLUICE-205'],
      ['set_config', [text('work_mem'), { ParamRef: { number: 1 } }, { A_Const: { boolval: {} } }], undefined],
      ['pg_notify', [text('jobs'), text('x')], 'SLUICE-209'],
      ['pg_advisory_lock', [text('1')], 'SLUICE-209'],
    ] as const)('%s of a session', (name, args, expected) => {
      expect(codeOf(() => checkFunction(contextOf(), [name], args.length, 0, { arguments: args as readonly Node[] }))).toBe(
        expected,
      );
    });

    it('grants session features by the policy', () => {
      const session = { temporaryTables: false, listen: [], notify: ['jobs'], advisoryLocks: true };
      const context = contextOf({ overrides: { session } });
      expect(codeOf(() => checkFunction(context, ['pg_notify'], 2, 0, { arguments: [text('jobs'), text('x')] }))).toBeUndefined();
      expect(
        codeOf(() => checkFunction(context, ['pg_notify'], 2, 0, { arguments: [{ ParamRef: { number: 1 } }, text('x')] })),
      ).toBe('SLUICE-209');
      expect(codeOf(() => checkFunction(context, ['pg_advisory_lock'], 1, 0))).toBeUndefined();
    });

    it('asks about no other role', () => {
      const other = (node: Node): string | undefined =>
        codeOf(() =>
          checkFunction(contextOf(), ['has_table_privilege'], 3, 0, {
            arguments: [node, text('customers_shown'), text('SELECT')],
          }),
        );
      expect(other(text('postgres'))).toBe('SLUICE-204');
      expect(other(text('agent'))).toBeUndefined();
      expect(other({ SQLValueFunction: { op: 'SVFOP_CURRENT_USER' } })).toBeUndefined();
      const member = (...nodes: Node[]): string | undefined =>
        codeOf(() => checkFunction(contextOf(), ['pg_has_role'], nodes.length, 0, { arguments: nodes }));
      // psql's \\l+ asks so.
      expect(member(text('pg_read_all_stats'), text('USAGE'))).toBeUndefined();
      expect(member(text('agent'), text('pg_monitor'), text('USAGE'))).toBeUndefined();
      expect(member(text('postgres'), text('USAGE'))).toBe('SLUICE-204');
      expect(member({ ParamRef: { number: 1 } }, text('USAGE'))).toBe('SLUICE-204');
    });
  });

  describe('operators', () => {
    it('allows those of the server and qualifies where a user operator could be meant', () => {
      expect(checkOperator(contextOf(), ['+'], 2, 0).qualify).toBeUndefined();
      expect(checkOperator(contextOf(), ['='], 2, 0).qualify).toEqual(['pg_catalog', '=']);
      expect(codeOf(() => checkOperator(contextOf(), ['=~'], 2, 0))).toBe('SLUICE-208');
      expect(codeOf(() => checkOperator(contextOf(), ['public', '='], 2, 0))).toBe('SLUICE-208');
    });
  });

  describe('types', () => {
    it.each([[['int4']], [['pg_catalog', 'text']], [['view_shown']], [['_int4']]])('allows %s', (names) => {
      expect(codeOf(() => checkType(contextOf(), type(...names), 'definition'))).toBeUndefined();
    });

    it.each([
      [['events_2026']],
      [['base']],
      [['positive']],
      [['regclass']],
      [['pg_catalog', 'regtype']],
      [['_regclass']],
      [['named']],
      [['no_such_type']],
      [['pg_catalog', 'pg_sequences']],
      [['customers_shown']],
      [['_customers_shown']],
      [['extra_900_shown']],
      [['wrapped']],
      [['pg_temp', 'x']],
    ])('denies %s in a definition', (names) => {
      expect(codeOf(() => checkType(contextOf(), type(...names), 'definition'))).toBe('SLUICE-207');
    });

    const cast = (arg: Node, ...names: readonly string[]): TypeCast => ({ arg, typeName: type(...names), location: 3 });

    it('guards casts to types whose values are names', () => {
      const context = contextOf();
      expect(checkCast(context, cast(text('customers_shown'), 'regclass')).wrap).toMatchObject({ replace: false });
      expect(context.pinned).toEqual([7]);
      expect(codeOf(() => checkCast(contextOf(), cast(text('base'), 'regclass')))).toBe('SLUICE-201');
      expect(checkCast(contextOf(), cast({ ParamRef: { number: 1 } }, 'regclass')).wrap).toMatchObject({ replace: true });
      expect(checkCast(contextOf(), cast(text('english'), 'regconfig')).wrap).toBeUndefined();
      expect(codeOf(() => checkCast(contextOf(), cast(text('1'), 'named')))).toBe('SLUICE-207');
      expect(checkCast(contextOf({ overrides: { allowAll: true } }), cast(text('base'), 'regclass')).wrap).toBeUndefined();
    });

    it('refuses parameters of such types', () => {
      expect(codeOf(() => checkParameterTypes(contextOf(), [23, 2205]))).toBe('SLUICE-207');
      expect(codeOf(() => checkParameterTypes(contextOf(), [23, 25, 0]))).toBeUndefined();
    });

    it('refuses parameters of types that a cast could not name, by OID', () => {
      const refused = [
        ...['pg_sequences', 'pg_prepared_statements', 'pg_proc', '_pg_proc', 'base', '_base', 'positive', 'named'],
        ...['customers_shown', 'extra_900_shown', 'wrapped', 'pointer'],
      ];
      for (const name of refused) {
        const [found] = catalog.typesNamed(name).filter((entry) => entry.schema !== 'locked');
        expect(found, name).toBeDefined();
        expect(
          codeOf(() => checkParameterTypes(contextOf(), [25, found!.oid])),
          name,
        ).toBe('SLUICE-207');
        expect(
          codeOf(() => checkParameterTypes(contextOf({ overrides: { allowAll: true } }), [found!.oid])),
          name,
        ).toBeUndefined();
      }
      for (const name of ['view_shown', '_int4', 'interval', 'inet', '_text', 'record', 'xml', 'int4range']) {
        expect(
          codeOf(() => checkParameterTypes(contextOf(), [catalog.typesNamed(name)[0]!.oid])),
          name,
        ).toBeUndefined();
      }
      expect(codeOf(() => checkParameterTypes(contextOf(), [4_000_000]))).toBe('SLUICE-207');
    });
  });

  it('grants made by hand name what exists', () => {
    expect(grant(catalog.relationNamed('public', 'customers_shown')!, ['Select'], ['ssn_secret']).select?.columns).toHaveLength(
      3,
    );
  });
});
