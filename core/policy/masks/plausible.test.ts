/** What CHECKs make of a mask's constant, with the texts of pg_get_expr(). */
import { expect, it } from 'vitest';
import { readCondition } from './check-condition.ts';
import { constantProblem } from './literal.ts';
import { type Plausibility, plausibilityOf as plausibilityIn } from './plausible.ts';
import { smallCatalog } from '../../../test/support/small-catalog.ts';
import type { Family, TypeShape } from './type-shape.ts';

const catalog = smallCatalog([]);
const plausibilityOf = (of: TypeShape): Plausibility | undefined => plausibilityIn(of, catalog);

function shape(family: Family, checks: readonly string[], typmod = -1, labels: readonly string[] = []): TypeShape {
  const data = { oid: 1, schema: 'public', name: 't', kind: 'enum' as const, category: 'E', labels };
  const named = checks.map((text) => ({ text, name: /\bVALUE\b/.test(text) ? 'value' : 'c' }));
  return { family, type: 't', typmod, nullable: true, ofBaseType: false, checks: named, ...(family === 'enum' ? { data } : {}) };
}

function chosen(of: TypeShape, usual: string): string {
  const valid = (literal: string): boolean => constantProblem(literal, of) === undefined;
  return plausibilityOf(of)?.choose(usual, of.data?.labels ?? [], valid) ?? usual;
}

it.each<readonly [Family, string, string | readonly string[], string]>([
  ['text', '[redacted]', "(c = ANY (ARRAY['active'::text, 'closed'::text]))", 'active'],
  ['text', '[redacted]', "((c)::text = ANY ((ARRAY['YES'::character varying, 'NO'::character varying])::text[]))", 'YES'],
  ['text', '[redacted]', "((VALUE)::text = 'x'::text)", 'x'],
  ['text', '[redacted]', "(c = 'it''s'::text)", "it's"],
  ['text', '[redacted]', '(length(c) = 5)', '*****'],
  ['text', '[redacted]', '(char_length((VALUE)::text) >= 12)', '************'],
  ['text', '[redacted]', '(length(c) > 12)', '*************'],
  ['text', '[redacted]', '(length(c) < 4)', '****'.slice(1)],
  ['text', '[redacted]', "((length(c) >= 3) AND (c <> ''::text))", '[redacted]'],
  ['text', '[redacted]', ["(c <> ALL (ARRAY['[redacted]'::text, 'b'::text]))", '(length(c) = 1)'], '*'],
  ['text', '[redacted]', '((char_length(c) = 3) OR (c IS NULL))', '***'],
  ['text', '[redacted]', "(c <> '[redacted]'::text)", '****'],
  ['text', '[redacted]', '(lower(c) = c)', '[redacted]'],
  ['char', '***', "(c = ANY (ARRAY['EUR'::bpchar, 'USD'::bpchar]))", 'EUR'],
  ['citext', '[redacted]', "(c OPERATOR(public.=) ANY (ARRAY['a'::public.citext, 'b'::public.citext]))", 'a'],
  ['int4', '0', '(c > 0)', '1'],
  ['int4', '0', "(c >= '-5'::integer)", '0'],
  ['int4', '0', '((c >= 18) AND (c <= 120))', '18'],
  ['int4', '0', '((18 < c) AND (120 > c))', '19'],
  ['int4', '0', '(c < 0)', '-1'],
  ['int4', '0', '(NOT (c < 3))', '3'],
  ['int4', '0', '(c = ANY (ARRAY[10, 20]))', '10'],
  ['int4', '0', "(c = ANY ('{7,8}'::integer[]))", '7'],
  ['int2', '0', '(c <> 0)', '1'],
  ['int8', '0', "(c > '10000000000'::bigint)", '10000000001'],
  ['numeric', '0', '(c > (0)::numeric)', '1'],
  ['numeric', '0', '((c > (0)::numeric) AND (c < (1)::numeric))', '0.5'],
  ['numeric', '0', '((c > 0.5) AND (c < 0.52))', '0.51'],
  ['float8', '0', "((c >= ('-90'::integer)::double precision) AND (c <= (90)::double precision))", '0'],
  ['bool', 'false', 'c', 'true'],
  ['bool', 'false', '(c = true)', 'true'],
  ['date', '1970-01-01', "(c > '2000-01-01'::date)", '2000-01-02'],
  ['date', '1970-01-01', "((c >= '1980-01-01'::date) AND (c < '1990-01-01'::date))", '1980-01-01'],
  ['timestamp', '1970-01-01 00:00:00', "(c >= '2000-01-01 00:00:00'::timestamp without time zone)", '2000-01-01 00:00:00'],
  ['timestamptz', '1970-01-01 00:00:00+00', "(c < '1960-01-01 00:00:00+00'::timestamp with time zone)", '1959-12-31 00:00:00+00'],
])('%s instead of %s under %s: %s', (family, usual, checks, expected) => {
  const of = shape(family, typeof checks === 'string' ? [checks] : checks);
  expect(chosen(of, usual)).toBe(expected);
  expect(plausibilityOf(of)?.verdict(expected)).toBe(true);
});

it('takes the first label that is allowed', () => {
  const labels = ['red', 'green', 'blue'];
  expect(chosen(shape('enum', ["(c <> 'red'::public.colour)"], -1, labels), 'red')).toBe('green');
  expect(chosen(shape('enum', ["(c = ANY (ARRAY['blue'::public.colour]))"], -1, labels), 'red')).toBe('blue');
});

it('takes nothing that the type would refuse', () => {
  expect(chosen(shape('text', ["(c = ANY (ARRAY['much too long'::text, 'short'::text]))"], 4 + 8), '********')).toBe('short');
  expect(chosen(shape('int2', ["(c > '100000'::bigint)"]), '0')).toBe('0');
  expect(chosen(shape('text', ['(length(c) > 100000)']), '[redacted]')).toBe('[redacted]');
});

it.each([
  "(c ~ '^[a-z]+$'::text)",
  "(c ~~ 'x%'::text)",
  '(public.valid(c))',
  '((c)::public.special OPERATOR(public.=) 7)',
  '((c % 2) = 1)',
  "(other = 'x'::text)",
  'not SQL at all (',
  '',
])('leaves alone what it cannot judge: %s', (check) => {
  for (const family of ['text', 'int4'] as const)
    expect(chosen(shape(family, [check]), family === 'text' ? '[redacted]' : '0')).toBe(family === 'text' ? '[redacted]' : '0');
  expect(readCondition(check, 'c', 'text').truth('x')).toBeUndefined();
});

it('what can be judged decides where another CHECK cannot be', () => {
  const of = shape('text', ["(c ~ '^[A-Z]+$'::text)", '(length(c) = 3)']);
  expect(chosen(of, '[redacted]')).toBe('***');
  expect(plausibilityOf(of)?.verdict('***')).toBeUndefined();
});

it('NULL passes, unless a CHECK says that it does not', () => {
  expect(plausibilityOf(shape('int4', ['(c > 0)']))?.verdict(null)).toBe(true);
  expect(plausibilityOf(shape('jsonb', ['(c IS NOT NULL)']))?.verdict(null)).toBe(false);
  expect(plausibilityOf(shape('text', ["((c IS NOT NULL) OR (c = 'x'::text))"]))?.verdict(null)).toBe(true);
  expect(plausibilityOf(shape('text', ['((c IS NOT NULL) AND (length(c) > 1))']))?.verdict(null)).toBe(false);
  expect(plausibilityOf(shape('text', ['(public.valid(c))']))?.verdict(null)).toBeUndefined();
  expect(plausibilityOf(shape('text', []))).toBeUndefined();
});

it('more CHECKs than are read leave a doubt', () => {
  const many = Array.from({ length: 20 }, () => '(c > 0)');
  expect(plausibilityOf(shape('int4', many))?.verdict('1')).toBeUndefined();
  expect(chosen(shape('int4', many), '0')).toBe('1');
});
