/** What is compared by its own `=` is comparable to the server, whatever the search path; nothing else is compared so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/catalog/catalog.ts';
import { hasOwnOperator } from '../../core/sql/scope/own-operator.ts';
import { catalogOf } from '../support/catalog.ts';
import { MAJORS } from '../support/majors.ts';
import { startShop, type Shop } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';

const SCHEMA = `
CREATE SCHEMA elsewhere;
CREATE TYPE elsewhere.mood AS ENUM ('good', 'bad');
CREATE DOMAIN elsewhere.code AS varchar(10);
CREATE DOMAIN elsewhere.place AS point;
CREATE TYPE elsewhere.pair AS (a integer, b json);
CREATE TYPE elsewhere.moods AS RANGE (subtype = elsewhere.mood);`;

describe.each(MAJORS)('PostgreSQL %i', (major) => {
  let shop: Shop;
  let client: WireClient;
  let catalog: Catalog;
  beforeAll(async () => {
    shop = await startShop(major, ['a'], { name: () => 'shop' });
    client = await shop.connect('shop', 'superuser');
    expect((await client.query(SCHEMA)).error).toBeNull();
    catalog = await catalogOf(shop.url('shop'));
    await client.query('SET search_path = pg_catalog');
  });
  afterAll(async () => {
    await client?.close();
    await shop?.stop();
  });

  it('every type that a column may have', async () => {
    const types = catalog.data.types.filter(({ kind, name }) => kind !== 'pseudo' && !/^_?(?:pg_|gtsvector)/.test(name));
    const names = (kind: (oid: number) => boolean): readonly string[] =>
      types.filter(({ oid }) => kind(oid)).map(({ schema, name }) => `"${schema}"."${name}"`);
    const compared = names((oid) => hasOwnOperator(catalog, oid, '='));
    const text = names((oid) => !hasOwnOperator(catalog, oid, '='));
    expect(compared.length).toBeGreaterThan(100);
    const wrong: string[] = [];
    for (const [list, cast] of [
      [compared, ''],
      [text, '::text'],
    ] as const) {
      for (const type of list) {
        // An array with one element: its elements are looked at when it runs.
        const value = type.includes('"_') ? `ARRAY[NULL]::${type}` : `NULL::${type}`;
        const { error } = await client.query(`SELECT (${value})${cast} IS NOT DISTINCT FROM (${value})${cast}`);
        // A domain that has no null was found and compared.
        if (error !== null && error['C'] !== '23502') wrong.push(`${type}: ${error['M']}`);
      }
    }
    expect(wrong).toEqual([]);
    for (const name of ['json', 'xml', 'point', 'jsonpath', '_json', '_point']) expect(text).toContain(`"pg_catalog"."${name}"`);
    for (const name of ['citext', 'hstore', '_hstore']) expect(text).toContain(`"public"."${name}"`);
    for (const name of ['place', 'pair']) expect(text).toContain(`"elsewhere"."${name}"`);
    for (const name of ['varchar', 'bpchar', 'numeric', 'jsonb', '_text', 'int4range', 'cidr', 'name', 'bytea', 'regclass'])
      expect(compared).toContain(`"pg_catalog"."${name}"`);
    for (const name of ['mood', '_mood', 'code', 'moods']) expect(compared).toContain(`"elsewhere"."${name}"`);
  });
});
