/**
 * Reads rewritten by the SQL core, on real servers. Transparency: with every non-key column behind an identity mask each
 * statement must give the same error, names, types, typmods and rows as the original. Secrecy: with those columns behind NULL
 * masks no value of theirs may come back in any row, whatever the statement does with it.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { compare } from '../differential/compare.ts';
import { observe } from '../differential/observe.ts';
import { catalogOf } from '../support/catalog.ts';
import { type Shop, startShop } from '../support/shop.ts';
import { engineFor, planOf, readRule, type TableRule } from '../support/sql-core.ts';
import type { WireClient } from '../support/wire-client.ts';
import { readStatements } from './statements.ts';
import { MAJORS } from '../support/majors.ts';

const SCHEMAS = ['public', 'archive', 'Weird Schema'];
const KINDS = ['table', 'partitioned', 'view', 'matview'];
const statements = await readStatements(new URL('selects.sql', import.meta.url));

/** Everything granted, every column outside primary keys masked. */
function masked(catalog: Catalog, mask: 'identity' | 'null'): Record<string, TableRule> {
  const tables: Record<string, TableRule> = {};
  for (const relation of catalog.data.relations) {
    if (!SCHEMAS.includes(relation.schema) || !KINDS.includes(relation.kind)) continue;
    const columns = relation.columns.filter((column) => !relation.primaryKey?.includes(column.attnum));
    tables[`${relation.schema}.${relation.name}`] = {
      masks: Object.fromEntries(columns.map((column) => [column.name, mask])),
      write: true,
    };
  }
  return tables;
}

const sharedParser = await createWasmParser();
const everyFunction = { functions: [{ schema: '*', name: '*', rule: 'test/policy' }] };

for (const major of MAJORS) {
  describe(`reads on PostgreSQL ${major}`, () => {
    let shop: Shop;
    let connection: WireClient;
    let catalog: Catalog;
    let identity: SqlEngine;
    let secret: SqlEngine;
    let values: ReadonlySet<string>;

    beforeAll(async () => {
      shop = await startShop(major, ['a']);
      connection = await shop.connect('shop_a', 'superuser');
      catalog = await catalogOf(shop.url('shop_a', 'superuser'));
      identity = engineFor(catalog, sharedParser, { tables: masked(catalog, 'identity'), overrides: everyFunction });
      secret = engineFor(catalog, sharedParser, { tables: masked(catalog, 'null'), overrides: everyFunction });
      const client = new pg.Client({ connectionString: shop.url('shop_a', 'superuser') });
      await client.connect();
      values = await rawValues(client, catalog);
      await client.end();
    }, 60_000);

    afterAll(async () => {
      await connection?.close();
      await shop?.stop();
    });

    it.each(statements)('identity masks change nothing: %s', async (sql) => {
      const plan = planOf(identity, sql);
      expect(plan.denial).toBeUndefined();
      const verdict = await compare({ connection, original: sql, rewritten: plan.text, plan: false });
      expect(verdict.differences.filter(({ aspect }) => aspect !== 'origins')).toEqual([]);
      expect(['same', 'minor']).toContain(verdict.verdict);
    });

    it('sees raw values in the originals, so that their absence below means something', async () => {
      let seen = 0;
      for (const sql of statements)
        if (leaks((await observe(connection, sql, { plan: false })).rows, values).length > 0) seen += 1;
      expect(seen).toBeGreaterThan(statements.length / 3);
    });

    it.each(statements)('NULL masks hide every value: %s', async (sql) => {
      const plan = planOf(secret, sql);
      expect(plan.denial).toBeUndefined();
      const { rows, message, detail } = await observe(connection, plan.text, { plan: false });
      expect(leaks([...rows, message ?? '', detail ?? ''], values)).toEqual([]);
    });

    it('denies what is not granted with the nearest names', () => {
      const engine = engineFor(catalog, sharedParser, { tables: { 'public.customers': { columns: ['id', 'name', 'region'] } } });
      const table = planOf(engine, 'SELECT * FROM costumers');
      expect(table.denial).toMatchObject({ code: 'SLUICE-201', sqlstate: '42501' });
      expect(table.denial?.hint).toContain('public.customers');
      expect(planOf(engine, 'SELECT * FROM payroll').denial).toMatchObject({ code: 'SLUICE-201' });
      for (const sql of [
        'SELECT ssn FROM customers',
        'SELECT c.ssn FROM customers c',
        'SELECT 1 FROM customers WHERE ssn = $1',
        'SELECT (SELECT ssn) FROM customers',
        'SELECT public.customers.ssn FROM customers',
        'SELECT nmae FROM customers',
        'SELECT * FROM customers a JOIN customers b USING (ssn)',
      ]) {
        const plan = planOf(engine, sql);
        expect(plan.denial, sql).toMatchObject({ code: 'SLUICE-202', sqlstate: '42501' });
        expect(plan.denial?.hint, sql).toContain('Granted columns of public.customers');
      }
      expect(planOf(engine, 'SELECT nmae FROM customers').denial?.hint).toMatch(/: name, /);
    });

    it('gives an ungranted column no other meaning', () => {
      const engine = engineFor(catalog, sharedParser, {
        tables: { 'public.customers': { columns: ['id', 'name'] }, 'archive.customers': {} },
      });
      // Without the rule this would be read as archive.customers.ssn, silently.
      const plan = planOf(engine, 'SELECT (SELECT ssn FROM public.customers c WHERE c.id = a.id) FROM archive.customers a');
      expect(plan.denial).toMatchObject({ code: 'SLUICE-202' });
      expect(planOf(engine, 'SELECT * FROM customers ORDER BY id').facts.reads).toEqual([
        expect.objectContaining({ relation: 'public.customers', columns: ['id', 'name'] }),
      ]);
    });

    it('refuses the forms that a subquery cannot stand for', () => {
      for (const sql of [
        'SELECT a.ctid FROM products a NATURAL JOIN products b',
        'SELECT p.ctid, row_to_json(p) FROM products p',
        'SELECT id FROM products TABLESAMPLE bernoulli ((SELECT 100))',
        'WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a',
      ])
        expect(planOf(identity, sql).denial, sql).toMatchObject({ code: 'SLUICE-602' });
    });

    it('leaves statements alone where nothing is governed', () => {
      const engine = engineFor(catalog, sharedParser, {
        tables: { 'public.tickets': {}, 'public.products': {}, 'archive.products': {} },
      });
      const plan = planOf(engine, 'SELECT * /* as it was */ FROM  tickets t WHERE t.id=1');
      expect(plan).toMatchObject({
        decision: 'allow',
        rewritten: false,
        text: 'SELECT * /* as it was */ FROM  tickets t WHERE t.id=1',
      });
      expect(plan.touchesGoverned).toBe(false);
      expect(planOf(engine, 'SELECT 1 FROM products').text).toBe('SELECT 1 FROM "public".products');
    });

    it('records what is read, masked and filtered', () => {
      const engine = engineFor(catalog, sharedParser, {
        tables: {
          'public.customers': { masks: { email: 'null', ssn: 'null' }, filter: "{region} = 'eu'", leakproof: true },
          'public.orders': {},
        },
      });
      const plan = planOf(
        engine,
        'SELECT c.name, c.email, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 1, 2',
      );
      expect(plan.facts).toEqual({
        reads: [
          expect.objectContaining({ relation: 'public.customers', columns: ['id', 'name', 'email'], action: 'Select' }),
          expect.objectContaining({ relation: 'public.orders', columns: ['customer_id'] }),
        ],
        writes: [],
        masks: { 'public.customers.email': 'nullify' },
        filters: { 'public.customers': ['test/policy'] },
        functions: [],
        rules: ['test/policy'],
      });
      expect(plan.touchesGoverned).toBe(true);
      expect(planOf(engine, 'SELECT count(*) FROM customers').facts.reads).toEqual([expect.objectContaining({ columns: [] })]);
    });

    it('observes permissions, and applies what the bundle says is to be applied', () => {
      const tables = { 'public.customers': { masks: { email: 'null' as const } } };
      const applied = catalog.data.relations
        .filter((relation) => SCHEMAS.includes(relation.schema))
        .map((relation) => ({
          oid: relation.oid,
          schema: relation.schema,
          name: relation.name,
          select: readRule(
            relation,
            relation.name === 'customers' && relation.schema === 'public' ? { masks: { ssn: 'null' } } : {},
          ),
          actions: [],
          classes: {},
        }));
      const observing = engineFor(catalog, sharedParser, { tables, mode: 'Observe', overrides: { effective: applied } });
      const plan = planOf(observing, 'SELECT p.gross, c.email, c.ssn FROM payroll p, customers c');
      expect(plan).toMatchObject({ decision: 'allow' });
      expect(plan.observed).toEqual([expect.objectContaining({ code: 'SLUICE-201' })]);
      // Recorded as Enforce would mask it, shown as it is; the floor holds.
      expect(plan.facts.masks).toEqual({ 'public.customers.email': 'nullify' });
      expect(plan.text).toContain('"c"."email", ');
      expect(plan.text).toContain('THEN NULL ELSE "c"."ssn"');
    });
  });
}

/** Values of masked columns as text, long enough not to occur by chance, and not found in any column that is shown. */
async function rawValues(client: pg.Client, catalog: Catalog): Promise<ReadonlySet<string>> {
  const raw = new Set<string>();
  const shown = new Set<string>();
  for (const relation of catalog.data.relations) {
    if (!SCHEMAS.includes(relation.schema) || !KINDS.includes(relation.kind)) continue;
    for (const column of relation.columns) {
      const name = `"${column.name.replaceAll('"', '""')}"`;
      const { rows } = await client.query(
        `SELECT DISTINCT ${name}::text FROM "${relation.schema}"."${relation.name}" WHERE ${name} IS NOT NULL`,
      );
      const set = relation.primaryKey?.includes(column.attnum) ? shown : raw;
      for (const row of rows) set.add(String(Object.values(row as object)[0]));
    }
  }
  // Keys of a row as JSON are names, not values.
  const names = catalog.data.relations.flatMap((relation) => relation.columns.map((column) => column.name)).join('\n');
  return new Set([...raw].filter((value) => value.length >= 7 && !shown.has(value) && !names.includes(value)));
}

function leaks(texts: readonly string[], values: ReadonlySet<string>): readonly string[] {
  const text = texts.join('\n');
  return [...values].filter((value) => text.includes(value)).slice(0, 3);
}
