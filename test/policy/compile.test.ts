/**
 * The shop under its restrictive policy, compiled against the schema of a live server: every mask and filter in the bundle is
 * SQL that the server accepts, lineage is what the server's own catalogs say, and nothing hidden is forgotten.
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { qualifiedName, quoteIdentifier } from '../../core/catalog/catalog.ts';
import { type Bundle, MASK_KEY_SETTINGS, renderTemplate } from '../../core/policy/bundle.ts';
import { compileBundle } from '../../core/policy/compile.ts';
import { loadDocuments } from '../../core/policy/documents.ts';
import { maskKeyBlocks } from '../../core/policy/masks/hash.ts';
import { catalogOf } from '../support/catalog.ts';
import { type Shop, allowAllPolicy, restrictivePolicy, startShop } from '../support/shop.ts';
import { MAJORS } from '../support/majors.ts';

describe.each(MAJORS)('the shop on PostgreSQL %i', (major) => {
  let shop: Shop;
  let client: pg.Client;
  let catalog: Catalog;

  beforeAll(async () => {
    shop = await startShop(major, ['a']);
    const { inner, outer } = maskKeyBlocks(Buffer.from('key'));
    client = new pg.Client({
      connectionString: shop.url(shop.database('a')),
      options: `-c ${MASK_KEY_SETTINGS.inner}=${inner} -c ${MASK_KEY_SETTINGS.outer}=${outer}`,
      types: { getTypeParser: () => (value: string) => value },
    });
    await client.connect();
    catalog = await catalogOf(shop.url(shop.database('a')));
  }, 120_000);
  afterAll(async () => {
    await client?.end();
    await shop?.stop();
  });

  async function compile(file: string, serviceAccount: string) {
    const documents = loadDocuments([{ name: file, text: await readFile(file, 'utf8') }]);
    const [database] = documents.databases;
    if (database === undefined) throw new Error('no Database');
    const result = compileBundle({
      database,
      policies: documents.policies,
      identity: { namespace: 'ai-agents', serviceAccount },
      catalog,
      detected: new Map(),
      now: 0,
    });
    if (result.bundle === undefined) throw new Error('no bundle');
    return { bundle: result.bundle, diagnostics: [...documents.diagnostics, ...result.diagnostics] };
  }
  const label = (key: string): string => {
    const [oid, attnum] = key.split('.').map(Number);
    const relation = catalog.relation(oid ?? 0);
    return `${relation?.schema}.${relation?.name}.${relation?.columns.find((column) => column.attnum === attnum)?.name}`;
  };

  it('compiles without errors', async () => {
    const { diagnostics } = await compile(restrictivePolicy, 'support-agent');
    expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([]);
  });

  it('every read rule is a query the server runs, and shows no canary', async () => {
    const { bundle } = await compile(restrictivePolicy, 'support-agent');
    const canaries = (await shop.canaries('a')).map((canary) => canary.value);
    expect(canaries.length).toBeGreaterThan(50);
    for (const [relation, text] of readQueries(bundle, catalog)) {
      const { rows } = await client.query(text);
      if (relation !== 'public.order_totals' && relation !== 'public.ticket_feed')
        expect(rows.length, relation).toBeGreaterThan(0);
      const seen = new Set(rows.flatMap((row) => Object.values(row as Record<string, string | null>)));
      expect(
        canaries.filter((canary) => seen.has(canary)),
        relation,
      ).toEqual([]);
    }
  });

  it('classes follow views, generated columns and children', async () => {
    const { bundle } = await compile(allowAllPolicy, 'admin-agent');
    expect(bundle.allowAll).toBe(true);
    expect(bundle.protectedColumns).toEqual([]);
    const restricted = (await compile(restrictivePolicy, 'support-agent')).bundle;
    const hidden = restricted.protectedColumns.map(label);
    for (const column of [
      'public.customers.ssn',
      'public.customers.ssn_key',
      'public.customers.api_key',
      'public.vip_customers.ssn',
      'public.ticket_feed.contact',
      'public.ticket_feed.reference',
      'public.customer_digest.digest',
      'public.events_2025.actor_email',
    ]) {
      expect(hidden).toContain(column);
    }
    expect(hidden).not.toContain('public.customers.id');
    const classes = new Map(restricted.relations.map((relation) => [`${relation.schema}.${relation.name}`, relation.classes]));
    expect(Object.values(classes.get('public.ticket_feed') ?? {})).toContain('pii.national-id');
  });

  it('the same input gives the same version, another identity another one', async () => {
    const [first, second] = [
      await compile(restrictivePolicy, 'support-agent'),
      await compile(restrictivePolicy, 'support-agent'),
    ];
    expect(second.bundle.version).toBe(first.bundle.version);
    expect((await compile(allowAllPolicy, 'admin-agent')).bundle.version).not.toBe(first.bundle.version);
  });
});

function* readQueries(bundle: Bundle, catalog: Catalog): Generator<readonly [string, string]> {
  for (const { oid, select } of bundle.relations) {
    const relation = catalog.relation(oid);
    if (relation === undefined || select === undefined) continue;
    const column = (attnum: number): string => `t.${quoteIdentifier(catalog.column(relation, attnum)?.name ?? 'none')}`;
    const list = select.columns.map(({ attnum, mask }) =>
      mask === undefined ? column(attnum) : renderTemplate(mask.template, column),
    );
    const filter = select.filter === undefined ? '' : ` WHERE ${renderTemplate(select.filter.template, column)}`;
    const named = list.map((text, index) => `${text} AS c${index}`).join(', ');
    yield [`${relation.schema}.${relation.name}`, `SELECT ${named} FROM ${qualifiedName(relation)} AS t${filter}`];
  }
}
