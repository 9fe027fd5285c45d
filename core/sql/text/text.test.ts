import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWasmParser, type WasmParser } from '../parse/wasm-parser.ts';
import { EditList } from './edits.ts';
import { fingerprint, traceparent } from './fingerprint.ts';
import { characterPosition, clientPosition } from './position.ts';
import { createSource } from './source.ts';
import { sameTree, verifyRewrite } from './verify.ts';

let parser: WasmParser;
beforeAll(async () => {
  parser = await createWasmParser();
});

const statement = (sql: string): Record<string, unknown> => {
  const outcome = parser.parse(sql);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.tree.stmts?.[0]?.stmt as Record<string, unknown>;
};

describe('Source', () => {
  it('finds tokens, names and closing brackets by byte offset', () => {
    const sql = `SELECT é, (a[1] + (2)) FROM "S x" /* ) */ . U&"d!0061t" UESCAPE '!' . col`;
    const source = createSource(Buffer.from(sql));
    const open = source.bytes.indexOf('(a');
    expect(source.slice(open, source.closing(open) + 1)).toBe('(a[1] + (2))');
    const name = source.nameAt(source.bytes.indexOf('"S x"'));
    expect(name.parts).toEqual(['S x', 'dat', 'col']);
    expect(source.slice(name.start, name.end)).toBe(sql.slice(sql.indexOf('"S x"')));
    const comma = source.tokenAt(source.bytes.indexOf(','));
    expect(comma?.value).toBe(',');
    expect(comma && source.next(comma)?.value).toBe('(');
    expect(comma && source.previous(comma)?.value).toBe('é');
    expect(source.tokenAt(source.bytes.length)).toBeUndefined();
  });

  it('does not take a star, a number or a following word into a name', () => {
    const source = createSource(Buffer.from('SELECT t . * , u.v AS w FROM t'));
    expect(source.nameAt(7).parts).toEqual(['t']);
    expect(source.slice(source.nameAt(7).start, source.nameAt(7).end)).toBe('t');
    expect(source.nameAt(15).parts).toEqual(['u', 'v']);
  });

  it('refuses to guess', () => {
    const source = createSource(Buffer.from("SELECT 'a' , (1] , (2"));
    expect(() => source.nameAt(7)).toThrow();
    expect(() => source.nameAt(1)).toThrow();
    expect(() => source.closing(13)).toThrow();
    expect(() => source.closing(0)).toThrow();
  });
});

describe('EditList', () => {
  const bytes = Buffer.from('SELECT a, é FROM t');
  const all = [0, bytes.length] as const;
  const edited = (edits: readonly (readonly [number, number, string])[]): string => {
    const list = new EditList();
    for (const [start, end, replacement] of edits) list.add({ start, end, replacement });
    return list.apply(bytes, all).toString();
  };

  it('applies in text order whatever the order of discovery, and collapses duplicates', () => {
    expect(
      edited([
        [18, 19, 'u'],
        [7, 8, 'ü'],
        [18, 19, 'u'],
      ]),
    ).toBe('SELECT ü, é FROM u');
  });

  it('keeps the order of insertions and puts them around replacements', () => {
    expect(
      edited([
        [7, 8, 'b'],
        [7, 7, 'x'],
        [7, 7, 'y'],
        [8, 8, 'z'],
      ]),
    ).toBe('SELECT xybz, é FROM t');
  });

  it('refuses overlaps, two opinions about one place, and what lies outside', () => {
    expect(() =>
      edited([
        [7, 9, 'x'],
        [8, 10, 'y'],
      ]),
    ).toThrow();
    expect(() =>
      edited([
        [7, 8, 'x'],
        [7, 8, 'y'],
      ]),
    ).toThrow();
    expect(() =>
      edited([
        [7, 12, 'x'],
        [8, 8, 'y'],
      ]),
    ).toThrow();
    expect(() => edited([[18, 40, 'x']])).toThrow();
    const list = new EditList();
    expect(() => list.add({ start: 3, end: 2, replacement: '' })).toThrow();
    list.add({ start: 0, end: 1, replacement: 'x' });
    expect(() => list.apply(bytes, [1, 5])).toThrow();
  });

  it('hands over what an enclosing replacement swallows', () => {
    const list = new EditList();
    list.add({ start: 7, end: 8, replacement: 'b' });
    list.add({ start: 18, end: 19, replacement: 'u' });
    expect(list.take(bytes, 7, 11)).toBe('b, é'.slice(0, 3) + bytes.toString('utf8', 10, 11));
    expect(list.apply(bytes, all).toString()).toBe('SELECT a, é FROM u');
  });
});

describe('sameTree', () => {
  it('ignores layout and places and nothing else', () => {
    expect(sameTree(statement('SELECT  a ,b FROM t'), statement('select a, b /* c */ from t'))).toBe(true);
    const base = 'SELECT a, 1 FROM t WHERE b = $1 ORDER BY c LIMIT 2';
    for (const other of [
      'SELECT a, 0 FROM t WHERE b = $1 ORDER BY c LIMIT 2',
      "SELECT a, '1' FROM t WHERE b = $1 ORDER BY c LIMIT 2",
      'SELECT a, 1 FROM ONLY t WHERE b = $1 ORDER BY c LIMIT 2',
      'SELECT a, 1 FROM t WHERE b = $2 ORDER BY c LIMIT 2',
      'SELECT a, 1 FROM t WHERE b = $1 ORDER BY c DESC LIMIT 2',
      'SELECT a, 1 FROM t WHERE b = $1 ORDER BY c FETCH FIRST 2 ROWS WITH TIES',
      'SELECT DISTINCT a, 1 FROM t WHERE b = $1 ORDER BY c LIMIT 2',
      'SELECT a, 1 FROM t WHERE b = $1 ORDER BY c LIMIT 2 FOR UPDATE',
      'SELECT a, 1, b FROM t WHERE b = $1 ORDER BY c LIMIT 2',
    ]) {
      expect({ other, same: sameTree(statement(base), statement(other)) }).toEqual({ other, same: false });
    }
  });

  it('tells an empty value from an absent one only where it is a node', () => {
    expect(sameTree({ A_Const: { ival: {} } }, { A_Const: { ival: { ival: 0 } } })).toBe(true);
    expect(sameTree({ A_Const: { ival: {} } }, { A_Const: {} })).toBe(false);
    expect(sameTree({ A_Const: { ival: {} } }, { A_Const: { sval: {} } })).toBe(false);
    expect(sameTree({ list: [{}] }, {})).toBe(false);
    expect(sameTree({ list: [] }, {})).toBe(true);
    expect(sameTree({ isnull: false, count: 0, name: '' }, {})).toBe(true);
    expect(sameTree({ isnull: true }, {})).toBe(false);
  });

  it('verifies exactly one statement', () => {
    const intended = statement('SELECT a FROM public.t') as never;
    expect(verifyRewrite(parser, 'SELECT a FROM "public"."t"', intended).ok).toBe(true);
    expect(verifyRewrite(parser, 'SELECT a FROM public.t; SELECT 1', intended).ok).toBe(false);
    expect(verifyRewrite(parser, 'SELECT a FROM public.t WHERE', intended).ok).toBe(false);
    expect(verifyRewrite(parser, 'SELECT a FROM public.u', intended).ok).toBe(false);
  });
});

describe('clientPosition', () => {
  it('maps back around replacements of any length', () => {
    const client = Buffer.from('SELECT 1; SELECT é, b FROM t WHERE x');
    const start = client.indexOf(' SELECT é');
    const at = client.indexOf('t WHERE');
    const text = {
      client,
      range: [start, client.length] as const,
      edits: [{ start: at, end: at + 1, replacement: '(SELECT ü FROM "t") t' }],
    };
    const rewritten = ' SELECT é, b FROM (SELECT ü FROM "t") t WHERE x';
    const position = (needle: string): number => [...rewritten.slice(0, rewritten.indexOf(needle))].length + 1;
    const original = (needle: string): number =>
      [...client.toString().slice(0, client.toString().lastIndexOf(needle))].length + 1;
    expect(clientPosition(text, position('b FROM'))).toBe(original('b FROM'));
    expect(clientPosition(text, position('WHERE x'))).toBe(original('WHERE x'));
    for (const inside of ['(SELECT ü', 'ü FROM', '"t")', ' t WHERE'])
      expect(clientPosition(text, position(inside))).toBe(original('t WHERE'));
    expect(clientPosition(text, 10_000)).toBe([...client.toString()].length + 1);
    expect(characterPosition(client, client.indexOf('b FROM'))).toBe(original('b FROM'));
  });
});

describe('fingerprint', () => {
  const of = (sql: string): string => fingerprint(Buffer.from(sql)).fingerprint;
  const text = (sql: string): string => fingerprint(Buffer.from(sql)).normalised;

  it('replaces every literal, numbers after the parameters, keeps names', () => {
    expect(text("SELECT a, 'x', 1.5e3, $$secret$$, E'\\'q' FROM \"T\" WHERE b=$2 AND c IN (1,2) -- secret\n")).toBe(
      'select a, $3, $4, $5, $6 from "T" where b = $2 and c in ($7, $8)',
    );
    expect(text("SELECT count(*)::int, t.a[1] FROM t /* 'secret' */")).toBe('select count(*)::int, t.a[$1] from t');
  });

  it('never shows a value, not even of text that does not lex', () => {
    for (const sql of [
      "SELECT 'secret",
      'SELECT $$secret',
      "SELECT E'secret\\'",
      "SELECT 1 /* 'secret' ",
      "SELECT B'secret",
      'SELECT 0xsecret',
    ]) {
      expect(text(sql)).not.toContain('secret');
    }
    expect(text('SELECT "secret')).not.toContain('secret');
  });

  it('is the same for the same statement in another layout or with other values', () => {
    expect(of("select a from t where b='x'")).toBe(of("SELECT\n\ta  FROM t /* c */ WHERE b = 'a much longer one'"));
    expect(of('select a from t where b = 1')).not.toBe(of('select a from t where c = 1'));
    expect(of('select "A" from t')).not.toBe(of('select a from t'));
  });

  it('is bounded, and cut between characters', () => {
    const long = fingerprint(Buffer.from(`SELECT ${'"é数😀", '.repeat(5_000)}1`));
    expect(Buffer.byteLength(long.normalised)).toBeLessThanOrEqual(4_096);
    expect(long.normalised.endsWith('…')).toBe(true);
    expect(long.normalised).not.toContain('\ufffd');
    expect(long.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sql) => Buffer.byteLength(fingerprint(Buffer.from(sql)).normalised) <= 4_096),
    );
  });

  it('reads a trace context from a comment at either end only', () => {
    const id = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const of = (sql: string): string | undefined => traceparent(Buffer.from(sql));
    expect(of(`SELECT 1 /*route='a',traceparent='${id}'*/`)).toBe(id);
    expect(of(`SELECT 1 -- traceparent='${id}'\n`)).toBe(id);
    expect(of(`/* traceparent='${id}' */ SELECT 1`)).toBe(id);
    expect(of(`SELECT ' traceparent=''${id}'' '`)).toBeUndefined();
    expect(of(`SELECT "/* traceparent='${id}' */" FROM t`)).toBeUndefined();
    expect(of(`SELECT 1 /* traceparent='${id.toUpperCase()}' */`)).toBeUndefined();
    expect(of(`SELECT 1 /* traceparent='00-${'x'.repeat(32)}' */`)).toBeUndefined();
  });
});
