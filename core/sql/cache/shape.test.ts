import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWasmParser, type WasmParser } from '../parse/wasm-parser.ts';
import { freeLiterals } from './free-literals.ts';
import { WeightedLru } from './lru.ts';
import { shapeOf } from './shape.ts';

const shape = (sql: string): string | undefined => shapeOf(Buffer.from(sql))?.key;
const literals = (sql: string): readonly string[] => {
  const bytes = Buffer.from(sql);
  const extents = shapeOf(bytes)?.literals ?? [];
  return extents.flatMap((start, index) => (index % 2 === 0 ? [bytes.toString('utf8', start, extents[index + 1])] : []));
};

describe('shapeOf', () => {
  it('is the same for other values of the same class only', () => {
    expect(shape("SELECT a FROM t WHERE b = 'x' AND c = 1")).toBe(
      shape("SELECT a FROM t WHERE b = 'it''s, -- \\ ''' AND c = 123456789"),
    );
    for (const other of [
      "b = 1 AND c = 'x'",
      "b = 'x' AND c = 1.5",
      "b = 'x' AND c = 1234567890",
      "b = E'x' AND c = 1",
      'b = $$x$$ AND c = 1',
      "b = U&'x' AND c = 1",
      "b = B'1' AND c = 1",
      "b = 'x' AND c = 0x1",
      "b = 'x' AND c = 1e5",
      "b = 'x' AND c = 1.",
      "b = 'x' AND c = -1",
      "b = 'x'\n'y' AND c = 1",
      "b =  'x' AND c = 1",
      "b = 'x' AND c = $1",
      "b = 'x'::text AND c = 1",
    ]) {
      expect({
        other,
        same: shape(`SELECT a FROM t WHERE ${other}`) === shape("SELECT a FROM t WHERE b = 'x' AND c = 1"),
      }).toEqual({ other, same: false });
    }
  });

  it('leaves out the plainest forms', () => {
    expect(literals("SELECT 'a', 1, 2.5, E'b', 'c' /* 'd' 3 */ -- 'e'\n, \"f'g'\", $$'h'$$, 1e3, 'i'\n'j', 12345678901")).toEqual(
      ["'a'", '1', '2.5', "'c'"],
    );
    expect(literals("SELECT '', ''''")).toEqual(["''", "''''"]);
  });

  it('does not exist for what does not lex', () => {
    for (const sql of ["SELECT 'a", 'SELECT 1a', 'SELECT /* a', 'SELECT "a', 'SELECT $$a', 'SELECT \0'])
      expect(shape(sql)).toBeUndefined();
  });

  it('two texts of one shape have the same text around their literals', () => {
    const piece = fc.constantFrom(
      "'a'",
      "'b''c'",
      '1',
      '22',
      '3.5',
      'x',
      '"y"',
      ' ',
      ',',
      '(',
      ')',
      '/* 1 */',
      "E'z'",
      '$1',
      '--\n',
      '-',
      '=',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 12 }), (left, right) => {
        const [a, b] = [left.join(''), right.join('')];
        const [shapeA, shapeB] = [shapeOf(Buffer.from(a)), shapeOf(Buffer.from(b))];
        if (shapeA === undefined || shapeB === undefined || shapeA.key !== shapeB.key) return;
        expect(without(a, shapeA.literals)).toEqual(without(b, shapeB.literals));
      }),
      { numRuns: 20_000 },
    );
  });
});

function without(sql: string, extents: readonly number[]): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  for (let index = 0; index < extents.length; index += 2) {
    parts.push(sql.slice(from, extents[index]));
    from = extents[index + 1]!;
  }
  return [...parts, sql.slice(from)];
}

describe('freeLiterals', () => {
  let parser: WasmParser;
  beforeAll(async () => {
    parser = await createWasmParser();
  });
  const free = (sql: string): readonly string[] => {
    const outcome = parser.parse(sql);
    if (!outcome.ok) throw new Error(outcome.message);
    return [...freeLiterals(outcome.tree)]
      .sort((a, b) => a - b)
      .map((location) => /^(?:'[^']*'|-?\d+)/.exec(sql.slice(location))?.[0] ?? '?');
  };

  it.each([
    [
      "SELECT a FROM t WHERE b = 'x' AND 5 < c AND d LIKE 'y%' AND e IN (1, 2) AND f BETWEEN 3 AND 4",
      ["'x'", '5', "'y%'", '1', '2', '3', '4'],
    ],
    [
      "SELECT a FROM t WHERE b = 'x'::text AND c > now() - interval '1 day' AND d = date '2020-01-01'",
      ["'x'", "'1 day'", "'2020-01-01'"],
    ],
    ["INSERT INTO t VALUES (1, 'x', DEFAULT, f('y'))", ['1', "'x'"]],
    ["UPDATE t SET a = 'x', b = b + 1 WHERE c = -5", ["'x'", '1', '-5']],
    ['SELECT a FROM t LIMIT 10 OFFSET 20', ['10', '20']],
  ])('lists the places of %s', (sql, expected) => {
    expect(free(sql)).toEqual(expected);
  });

  it.each([
    ['SELECT 1'],
    ['SELECT a FROM t ORDER BY 1'],
    ['SELECT a FROM t GROUP BY 1'],
    ['SELECT a FROM t WHERE 1 = 1'],
    ["SELECT 'people'::regclass"],
    ["SELECT a FROM t WHERE b = 'people'::regclass"],
    ["SELECT nextval('s')"],
    ["SELECT a FROM t WHERE b = set_config('role', 'x', false)"],
    ["SELECT a->'b'->>'c' FROM t"],
    ["SELECT a FROM t WHERE a @> '{}'"],
    ['SELECT a[1] FROM t'],
    ["SELECT a FROM t WHERE b = 'x'::mytype"],
    ["SELECT a FROM t WHERE b = 'x'::other.text"],
    ["SELECT a FROM t WHERE b = ANY('{1}')"],
    ["SELECT a FROM t WHERE b = ARRAY['x']"],
    ["SELECT CASE WHEN a THEN 'x' END FROM t"],
    ['SELECT a FROM t TABLESAMPLE system (5)'],
    ["SELECT a FROM t WHERE b OPERATOR(public.@@) 'x'"],
    ["SELECT a FROM t WHERE b IN ('x'::regclass)"],
    ['SELECT a FROM t FETCH FIRST 3 ROWS ONLY FOR UPDATE'.replace('FETCH FIRST 3 ROWS ONLY ', '')],
  ])('lists nothing of %s', (sql) => {
    expect(free(sql)).toEqual([]);
  });
});

describe('WeightedLru', () => {
  it('keeps within its capacity and forgets what was used longest ago', () => {
    const lru = new WeightedLru<number>(10, 6);
    lru.set('a', 1, 4);
    lru.set('b', 2, 4);
    expect(lru.get('a')).toBe(1);
    lru.set('c', 3, 4);
    expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.weight]).toEqual([1, undefined, 3, 8]);
    lru.set('d', 4, 7);
    expect([lru.get('d'), lru.size]).toEqual([undefined, 2]);
    lru.set('a', 5, 1);
    expect([lru.get('a'), lru.weight]).toEqual([5, 5]);
  });
});
