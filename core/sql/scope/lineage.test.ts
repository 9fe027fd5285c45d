/** What is recorded as read where a reference reaches a relation by a detour. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createWasmParser, type WasmParser } from '../parse/wasm-parser.ts';
import { smallCatalog } from '../../../test/support/small-catalog.ts';
import { engineFor, planOf } from '../../../test/support/sql-core.ts';

const catalog = smallCatalog([
  { name: 'public.a', columns: ['id integer!', 'one text', 'two text'], rowTypeOid: 17_000 },
  { name: 'public.b', columns: ['id integer!', 'three text'], rowTypeOid: 17_001 },
  { name: 'other.a', columns: ['id integer!', 'four text'], rowTypeOid: 17_002 },
]);
const ALL = { 'public.a': ['id', 'one', 'two'], 'public.b': ['id', 'three'] };

describe.each([
  ['everything granted', {}],
  ['columns masked', { one: 'null', two: 'null' }],
] as const)('%s', (_what, masks) => {
  let parser: WasmParser;
  beforeAll(async () => {
    parser = await createWasmParser();
  });

  function plan(sql: string) {
    const engine = engineFor(catalog, parser, {
      tables: { 'public.a': { masks }, 'public.b': {}, 'other.a': { masks: { four: 'null' } } },
      overrides: { functions: [{ schema: '*', name: '*', rule: 'test/policy' }] },
    });
    const found = planOf(engine, sql);
    expect(found.denial).toBeUndefined();
    return found;
  }
  const reads = (sql: string) =>
    Object.fromEntries(plan(sql).facts.reads.map(({ relation, columns }) => [relation, [...columns].sort()]));

  it.each([
    'SELECT (j.*) IS NULL FROM (a JOIN b USING (id)) AS j',
    'SELECT j FROM (a JOIN b USING (id)) AS j',
    'SELECT j IS NULL FROM ((a JOIN b USING (id)) CROSS JOIN (VALUES (1)) v) AS j',
    'SELECT * FROM a JOIN b USING (id) CROSS JOIN (SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g',
    'SELECT * FROM a JOIN (SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g ON true JOIN b USING (id)',
    'SELECT j.* FROM (a JOIN b USING (id) CROSS JOIN (SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g) AS j',
    'SELECT j FROM (a JOIN b USING (id) CROSS JOIN (SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g) AS j',
    'SELECT x FROM (a JOIN b USING (id) CROSS JOIN (SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g) AS j(w, x)',
    'SELECT j.x FROM (a JOIN b USING (id) CROSS JOIN (SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g) AS j(w, x)',
  ])('%s', (sql) => {
    expect(reads(sql)).toMatchObject(ALL);
  });

  it('records the column that a name can only mean', () => {
    const opaque = '(SELECT (v.c).* FROM (VALUES (ROW(1))) v(c)) g';
    expect(reads(`SELECT one FROM a CROSS JOIN ${opaque}`)).toEqual({ 'public.a': ['one'] });
    expect(reads(`SELECT j.three FROM (a JOIN b USING (id) CROSS JOIN ${opaque}) AS j`)).toEqual({
      'public.a': ['id'],
      'public.b': ['id', 'three'],
    });
  });

  it('keeps an outer table apart from an inner one of the same name in another schema', () => {
    const { text, rewritten } = plan(
      'SELECT a.one, a FROM public.a WHERE EXISTS (SELECT FROM other.a WHERE public.a.id = other.a.id)',
    );
    if (!rewritten || Object.keys(masks).length === 0) return;
    expect(text).toContain('WHERE "public.a".id = "a".id');
    expect(text).toMatch(/^SELECT "public.a".one, "public.a"/);
  });
});

it('does not take an alias list by position from columns that are not granted', async () => {
  const engine = engineFor(catalog, await createWasmParser(), {
    tables: { 'public.a': { columns: ['id', 'two'] }, 'public.b': {} },
  });
  const plan = planOf(engine, 'SELECT y FROM (a CROSS JOIN b) AS j(x, y, z)');
  expect(plan.facts.reads[0]?.columns).toEqual(['two']);
  expect(plan.text).toContain('"a"."id", "a"."two"');
});
