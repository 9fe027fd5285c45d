/**
 * The built-in rules of every system relation, rendered as plain queries and run on real servers: what is hidden appears in no cell,
 * what is granted is there. Without a rule every one of these relations would show the hidden names (checked, so that silence means
 * something).
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalog, qualifiedName, quoteIdentifier } from '../../core/catalog/catalog.ts';
import type { RelationData } from '../../core/catalog/model.ts';
import { type Bundle, renderTemplate } from '../../core/policy/bundle.ts';
import { argumentGuard, regGuard, type GuardKind } from '../../core/sql/introspect/guards.ts';
import { isTreated, systemRule } from '../../core/sql/introspect/rules.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { simpleQueryOver } from '../support/catalog.ts';
import { type LocalPostgres, startLocalPostgres } from '../support/postgres.ts';
import { HIDDEN, subjectBundle } from './subject.ts';
import { MAJORS } from '../support/majors.ts';

/** Relations with no hidden name in them although they are not filtered by rule, or that only a superuser reads. */
const CLOSED = new Set([
  'pg_aios',
  'pg_backend_memory_contexts',
  'pg_config',
  'pg_file_settings',
  'pg_hba_file_rules',
  'pg_ident_file_mappings',
  'pg_largeobject',
  'pg_shmem_allocations',
  'pg_shmem_allocations_numa',
]);

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let server: LocalPostgres;
  let client: pg.Client;
  let catalog: Catalog;
  let bundle: Bundle;

  beforeAll(async () => {
    server = await startLocalPostgres({ major, settings: { 'sluice.mask_key_inner': 'key_secret' } });
    client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    await client.query(await readFile(new URL('schema.sql', import.meta.url), 'utf8'));
    catalog = new Catalog(await readCatalog(simpleQueryOver(client)));
    bundle = subjectBundle(catalog);
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  const system = (): readonly RelationData[] =>
    catalog.data.relations.filter((entry) => entry.schema === 'pg_catalog' || entry.schema === 'information_schema');

  function governed(relation: RelationData): string | undefined {
    const rule = systemRule(bundle, catalog, relation);
    if (rule === undefined) return undefined;
    const column = (attnum: number): string => `s.${quoteIdentifier(catalog.column(relation, attnum)?.name ?? '')}`;
    const targets = rule.columns.map((entry) =>
      entry.mask === undefined
        ? column(entry.attnum)
        : `${renderTemplate(entry.mask.template, column)} AS ${quoteIdentifier(catalog.column(relation, entry.attnum)?.name ?? '')}`,
    );
    const where = rule.filter === undefined ? '' : ` WHERE ${renderTemplate(rule.filter.template, column)}`;
    return `SELECT ${targets.join(', ')} FROM ${qualifiedName(relation)} s${where}`;
  }

  async function dump(sql: string): Promise<string> {
    return JSON.stringify(
      (await client.query({ text: sql, rowMode: 'array', types: { getTypeParser: () => String } as never })).rows,
    );
  }

  it('treats every system relation, or closes it', () => {
    const untreated = system().filter((relation) => systemRule(bundle, catalog, relation) === undefined);
    expect(untreated.map((relation) => relation.name).filter((name) => !CLOSED.has(name))).toEqual([]);
    for (const relation of system())
      if (!CLOSED.has(relation.name)) expect(isTreated(`${relation.schema}.${relation.name}`), relation.name).toBe(true);
  });

  it('hides every hidden name in every relation', async () => {
    const leaks: string[] = [];
    for (const relation of system()) {
      const sql = governed(relation);
      if (sql === undefined) continue;
      const text = await dump(sql).catch((cause: Error) => `hidden? ${cause.message} in ${sql}`);
      const found = HIDDEN.exec(text);
      if (found !== null)
        leaks.push(`${relation.schema}.${relation.name}: ${text.slice(Math.max(0, found.index - 200), found.index + 60)}`);
    }
    expect(leaks.join('\n')).toBe('');
  });

  it('would leak without the rules', async () => {
    const leaking: string[] = [];
    for (const relation of system()) {
      const text = await dump(`SELECT * FROM ${qualifiedName(relation)}`).catch(() => '');
      if (HIDDEN.test(text)) leaking.push(relation.name);
    }
    expect(leaking).toEqual(
      expect.arrayContaining([
        'pg_class',
        'pg_attribute',
        'pg_constraint',
        'pg_type',
        'pg_proc',
        'pg_stats',
        'columns',
        'tables',
        'views',
        'table_constraints',
        'triggers',
      ]),
    );
    expect(leaking.length).toBeGreaterThan(40);
  });

  it.each([
    [
      'pg_class',
      [
        'customers_shown',
        'orders_shown',
        'customers_name_shown',
        'extra_1_shown',
        'extra_40_shown_pkey',
        'extra_7_shown_id_seq',
        'orders_made_shown',
        'customers_shown_pkey',
        'orders_shown_id_shown_seq',
        'view_shown',
        'leaky_shown',
      ],
    ],
    ['pg_attribute', ['name_shown', 'ssn_upper_shown', 'total_shown', 'pay_shown']],
    ['pg_type', ['status_shown', 'email_shown', 'orders_shown']],
    ['pg_enum', ['open_shown']],
    ['pg_namespace', ['shop_shown', 'public', 'pg_catalog']],
    ['pg_proc', ['summary_shown']],
    ['pg_constraint', ['customers_shown_pkey', 'total_check_shown', 'orders_shown_customer_shown_fkey']],
    ['pg_description', ['table comment shown', 'column comment shown']],
    ['pg_statistic_ext', ['orders_statistics_shown']],
    ['pg_views', ['view_shown', 'SELECT', 'leaky_shown']],
    ['pg_indexes', ['customers_name_shown', 'orders_made_shown']],
    ['tables', ['customers_shown', 'orders_shown']],
    ['columns', ['name_shown', 'total_shown', 'now()']],
    ['key_column_usage', ['customers_shown_pkey', 'orders_shown_customer_shown_fkey']],
    ['table_constraints', ['customers_shown_pkey', 'total_check_shown', 'orders_shown_customer_shown_fkey']],
    ['referential_constraints', ['orders_shown_customer_shown_fkey']],
    ['constraint_column_usage', ['customers_shown_pkey']],
    ['schemata', ['shop_shown', 'public']],
    ['sequences', ['orders_shown_id_shown_seq']],
    ['domains', ['email_shown']],
    ['routines', ['summary_shown']],
    ['pg_roles', ['postgres']],
    ['pg_database', ['postgres']],
    ['pg_settings', ['server_version']],
  ] as const)('shows what is granted in %s', async (name, expected) => {
    const relation = system().find((entry) => entry.name === name);
    const text = await dump(governed(relation!)!);
    for (const word of expected) expect(text).toContain(word);
  });

  it('withholds row estimates where rows are not all readable', async () => {
    const relation = catalog.relationNamed('pg_catalog', 'pg_class')!;
    const rows = (
      await client.query(
        `SELECT relname, reltuples FROM (${governed(relation)}) c WHERE relname IN ('customers_shown', 'events_shown', 'pg_class')`,
      )
    ).rows;
    const estimates = Object.fromEntries(
      rows.map((row: { relname: string; reltuples: number }) => [row.relname, Number(row.reltuples)]),
    );
    expect(estimates['customers_shown']).toBe(-1);
    expect(estimates['pg_class']).toBeGreaterThan(0);
  });

  async function guarded(kind: GuardKind, call: (argument: string) => string, argument: string): Promise<string | null> {
    const guard = argumentGuard(bundle, catalog, kind);
    const text = guard === undefined ? argument : `${guard.prefix}${argument}${guard.suffix}`;
    const rows = (await client.query(`SELECT ${call(text)}::text AS v`)).rows as { v: string | null }[];
    return rows[0]?.v ?? null;
  }

  it.each([
    ['relation', (x: string) => `pg_table_is_visible(${x})`, `'payroll_hidden'::regclass`, `'customers_shown'::regclass`],
    ['relation', (x: string) => `has_table_privilege(${x}, 'SELECT')`, `'payroll_' || 'hidden'`, `'customers_' || 'shown'`],
    [
      'relation',
      (x: string) => `has_table_privilege(${x}, 'SELECT')`,
      `'no_such_' || 'table'`,
      `quote_ident('shop_shown') || '.' || quote_ident('orders_shown')`,
    ],
    ['relation', (x: string) => `pg_get_indexdef(${x})`, `'customers_ssn_secret'::regclass`, `'customers_name_shown'::regclass`],
    ['definition', (x: string) => `pg_get_viewdef(${x})`, `'leaky_shown'::regclass`, `'view_shown'::regclass`],
    ['measurable', (x: string) => `pg_relation_size(${x})`, `'customers_shown'::regclass`, `'shop_shown.orders_shown'::regclass`],
    ['type', (x: string) => `format_type(${x}, NULL)`, `'payroll_hidden'::regtype`, `'status_shown'::regtype`],
    ['type', (x: string) => `format_type(${x}, NULL)`, `'pair_hidden'::regtype`, `'int4'::regtype`],
    ['function', (x: string) => `pg_get_function_arguments(${x})`, `'purge_hidden'::regproc`, `'summary_shown'::regproc`],
    [
      'role',
      (x: string) => `pg_get_userbyid(${x})`,
      `(SELECT oid FROM pg_roles WHERE rolname = 'role_hidden')`,
      `(SELECT oid FROM pg_roles WHERE rolname = current_user)`,
    ],
    [
      'constraint',
      (x: string) => `pg_get_constraintdef(${x})`,
      `(SELECT oid FROM pg_constraint WHERE conname = 'orders_payroll_hidden')`,
      `(SELECT oid FROM pg_constraint WHERE conname = 'total_check_shown')`,
    ],
    [
      'constraint',
      (x: string) => `pg_get_constraintdef(${x})`,
      `(SELECT oid FROM pg_constraint WHERE conname = 'ssn_secret_check')`,
      `(SELECT oid FROM pg_constraint WHERE conname = 'customers_shown_pkey')`,
    ],
    [
      'trigger',
      (x: string) => `pg_get_triggerdef(${x})`,
      `(SELECT oid FROM pg_trigger WHERE tgname = 'audit_trigger_hidden')`,
      `(SELECT max(t.oid) FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint WHERE false)`,
    ],
    ['schema', (x: string) => `has_schema_privilege(${x}, 'USAGE')`, `'hidden_schema'`, `'shop_shown'`],
    [
      'sequence',
      (x: string) => `nextval(${x})`,
      `'counter_hidden'::regclass`,
      `'shop_shown.orders_shown_id_shown_seq'::regclass`,
    ],
    [
      'anyObject',
      (x: string) => `obj_description(${x}, 'pg_class')`,
      `'payroll_hidden'::regclass`,
      `'customers_shown'::regclass`,
    ],
    ['setting', (x: string) => `current_setting(${x})`, `'sluice.' || 'mask_key_inner'`, `'server_' || 'version'`],
  ] as const)('guards a %s argument', async (kind, call, hidden, shown) => {
    expect(await guarded(kind, call, hidden)).toBeNull();
    if (kind === 'trigger') return;
    const direct = (await client.query(`SELECT ${call(shown)}::text AS v`)).rows as { v: string | null }[];
    if (kind === 'sequence') return expect(await guarded(kind, call, shown)).not.toBeNull();
    expect(direct[0]?.v ?? null).not.toBeNull();
    expect(await guarded(kind, call, shown)).toBe(direct[0]?.v);
  });

  it('guards reg* casts of values, names and arrays', async () => {
    const cast = async (type: string, operand: string, array = false): Promise<unknown> => {
      const guard = regGuard(bundle, catalog, type, array, 'text');
      return ((await client.query(`SELECT ${guard?.prefix}${operand}${guard?.suffix} AS v`)).rows as { v: unknown }[])[0]?.v;
    };
    const hidden = catalog.relationNamed('public', 'payroll_hidden')!.oid;
    const shown = catalog.relationNamed('public', 'customers_shown')!.oid;
    expect(await cast('regclass', String(hidden))).toBeNull();
    expect(await cast('regclass', `'payroll_hidden'`)).toBeNull();
    expect(await cast('regclass', String(shown))).toBe('customers_shown');
    expect(await cast('regclass', `'pg_class'::text`)).toBe('pg_class');
    expect(await cast('regtype', `'payroll_hidden'`)).toBeNull();
    expect(await cast('regrole', `'role_hidden'`)).toBeNull();
    expect(await cast('regnamespace', `'hidden_schema'`)).toBeNull();
    expect(await cast('regnamespace', `'shop_shown'`)).toBe('shop_shown');
    expect(await cast('regprocedure', `'purge_hidden(int)'`)).toBeNull();
    expect(await cast('regclass', `ARRAY[${hidden}, ${shown}]`, true)).toEqual([null, 'customers_shown']);
  });
});
