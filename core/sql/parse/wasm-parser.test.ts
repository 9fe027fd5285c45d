import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { cloneTree } from './clone.ts';
import { FragmentParser } from './fragment.ts';
import { createWasmParser, type WasmParser } from './wasm-parser.ts';

const binary = readFileSync(createRequire(import.meta.url).resolve('libpg-query/wasm/libpg-query.wasm'));
/** Overflows the stack inside the parser. */
const BOMB = `SELECT ${'1+'.repeat(30_000)}1`;

describe.each([
  ['from its own file', {}],
  ['from given bytes', { binary }],
])('WasmParser %s', (_, options) => {
  it('gives a tree with byte offsets', async () => {
    const parser = await createWasmParser(options);
    const outcome = parser.parse("SELECT 'é', a FROM t");
    expect(outcome).toMatchObject({
      ok: true,
      tree: { stmts: [{ stmt: { SelectStmt: { fromClause: [{ RangeVar: { location: 20 } }] } } }] },
    });
    expect(parser.parse('')).toMatchObject({ ok: true, tree: { stmts: [] } });
  });

  it('reports a syntax error where it is, in bytes', async () => {
    const parser = await createWasmParser(options);
    expect(parser.parse("SELECT 'é😀' fro m t")).toEqual({
      ok: false,
      reason: 'syntax',
      message: 'syntax error at or near "m"',
      location: 20,
    });
    expect(parser.parse("SELECT 'abc")).toMatchObject({ ok: false, reason: 'syntax', location: 7 });
    const junk = 'trailing junk after parameter at or near "$12WHERE"';
    expect(parser.parse('SELECT é, $12WHERE true')).toEqual({ ok: false, reason: 'syntax', message: junk, location: 11 });
    expect(parser.parse("SELECT '$1a', $1, $a$ $1a $a$ -- $1a").ok).toBe(true);
    expect(parser.discarded).toBe(0);
  });

  it('survives forty statements that ruin an instance', async () => {
    const parser = await createWasmParser(options);
    for (let round = 1; round <= 40; round += 1) {
      expect(parser.parse(BOMB)).toMatchObject({ ok: false, reason: 'broken' });
      // The instance is gone at once: nothing is parsed by it again, whatever is asked before the next one is there.
      expect(parser.parse('SELECT 1')).toMatchObject({ ok: false, reason: 'broken' });
      await parser.ready();
      expect(parser.parse('SELECT 1')).toMatchObject({ ok: true });
      expect(parser.discarded).toBe(round);
    }
  });

  it('replaces its instance after large statements without a gap', async () => {
    const parser = await createWasmParser({ ...options, retireAfter: 1024 * 1024 });
    const large = `SELECT ${Array.from({ length: 5_000 }, (_, index) => `c${index}`).join(', ')}`;
    for (let round = 0; round < 6; round += 1) {
      expect(parser.parse(large).ok).toBe(true);
      expect(parser.parse('SELECT 1').ok).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(parser.retired).toBeGreaterThan(0);
    expect(parser.discarded).toBe(0);
  });
});

it('rejects when it cannot be loaded, with a later attempt possible', async () => {
  await expect(createWasmParser({ binary: new Uint8Array([0, 1, 2, 3]) })).rejects.toThrow();
});

describe('FragmentParser', () => {
  let fragments: FragmentParser;
  let parser: WasmParser;
  beforeAll(async () => {
    parser = await createWasmParser();
    fragments = new FragmentParser(parser);
  });

  it('parses an expression, a FROM item and a query', () => {
    expect(fragments.expression('a + 1')).toMatchObject({ A_Expr: {} });
    expect(fragments.expression('\'x\'::text COLLATE "C"')).toMatchObject({ CollateClause: {} });
    expect(fragments.fromItem('(SELECT 1) AS "t"')).toMatchObject({ RangeSubselect: { alias: { aliasname: 't' } } });
    expect(fragments.fromItem('"public"."t"')).toMatchObject({ RangeVar: { schemaname: 'public' } });
    expect(fragments.select('SELECT a FROM t')).toMatchObject({ SelectStmt: {} });
  });

  it('gives copies, never the kept tree', () => {
    const first = fragments.expression('b + 2') as { A_Expr: { kind?: string } };
    first.A_Expr.kind = 'changed' as never;
    expect(fragments.expression('b + 2')).toMatchObject({ A_Expr: { kind: 'AEXPR_OP' } });
  });

  it.each([
    ['1, 2'],
    ['1 AS x'],
    ['1 FROM t'],
    ['1) , (2'],
    ['1) OR (true'],
    ['1; SELECT 2'],
    ['1 WHERE true'],
    ['1 UNION SELECT 2'],
    ['1 LIMIT 1'],
    [''],
    ['*'],
    ['1 /*'],
    ['DISTINCT a'],
  ])('refuses %j as an expression', (sql) => {
    expect(() => fragments.expression(sql)).toThrow();
  });

  it.each([['a, b'], ['a WHERE true'], ['a; SELECT 1'], [''], ['a ORDER BY 1'], ['(SELECT 1'], ['a FOR UPDATE']])(
    'refuses %j as a FROM item',
    (sql) => {
      expect(() => fragments.fromItem(sql)).toThrow();
    },
  );

  it('tolerates a comment at the end', () => {
    expect(fragments.expression('1 -- one')).toMatchObject({ A_Const: {} });
  });
});

it('cloneTree copies deeply', () => {
  const tree = { a: [{ b: 1 }, null, 'x'], c: { d: false } };
  const copy = cloneTree(tree);
  expect(copy).toEqual(tree);
  expect(copy.a).not.toBe(tree.a);
  expect(copy.a[0]).not.toBe(tree.a[0]);
});
