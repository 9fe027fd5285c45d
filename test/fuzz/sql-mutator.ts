/**
 * Mutations of statements: tokens left out, doubled, exchanged, taken from another statement; bracketed parts grafted from one into another.
 * It has a lexer of its own, rough on purpose: it must not share the product's mistakes.
 */
import type { Random } from './random.ts';

const TOKEN =
  /(?:[uU]&|[eEbBxXnN])?'(?:[^']|'')*'|(?:[uU]&)?"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|\s+|[\p{L}_][\p{L}\p{N}_$]*|\$?[\d][\d.]*(?:[eE][+-]?\d+)?|::|[-+*/<>=~!@#%^&|`?]+|[\s\S]/gu;

const WORDS = [
  'SELECT',
  'FROM',
  'WHERE',
  'AND',
  'OR',
  'NOT',
  'IN',
  'AS',
  'ON',
  'JOIN',
  'LEFT',
  'LATERAL',
  'UNION',
  'ALL',
  'DISTINCT',
  'WITH',
  'ORDINALITY',
  'RECURSIVE',
  'GROUP BY',
  'ORDER BY',
  'LIMIT',
  'OFFSET',
  'FETCH FIRST',
  'ROWS',
  'ONLY',
  'FOR UPDATE',
  'USING',
  'NATURAL',
  'VALUES',
  'ROW',
  'ARRAY',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'NULL',
  'DEFAULT',
  'RETURNING',
  'SET',
  'INTO',
  'EXISTS',
  'ANY',
  'OVER',
  'FILTER',
  'WITHIN GROUP',
  'WINDOW',
  'PARTITION BY',
  'COLLATE',
  'AT TIME ZONE',
  'IS',
  'LIKE',
  'BETWEEN',
  'CAST',
  'TABLESAMPLE',
  'GROUPING SETS',
  'CUBE',
  'EXCEPT',
  'customers',
  'orders',
  'products',
  'tickets',
  'public',
  'id',
  'name',
  'email',
  'phone',
  'ssn',
  'tenant',
  'salary',
  'c',
  'o',
  '*',
  '.',
  ',',
  '(',
  ')',
  '()',
  '[1]',
  '::text',
  '::regclass',
  '=',
  '1',
  "'x'",
  'NULL',
  '$1',
  ';',
  '--x\n',
  '/**/',
  "E'\\''",
  'U&"\\0061"',
  '$$x$$',
  '1e5',
  '0x1',
  'ctid',
  'tableoid',
  'c.*',
  '(c).*',
  'count(*)',
  'now()',
  'pg_catalog.',
];

export function tokens(sql: string): string[] {
  return sql.match(TOKEN) ?? [];
}

export function mutateSql(sql: string, other: string, random: Random): string {
  let list = tokens(sql);
  const changes = random.once(3) ? random.between(2, 5) : 1;
  for (let change = 0; change < changes; change++) list = once(list, other, random);
  return list.join('').slice(0, 8_000);
}

function once(list: string[], other: string, random: Random): string[] {
  const at = random.below(list.length);
  const second = random.below(list.length);
  const kind = random.below(10);
  if (list.length === 0 || kind === 0) return [...list.slice(0, at), ` ${random.pick(WORDS)} `, ...list.slice(at)];
  if (kind === 1) return [...list.slice(0, at), ...list.slice(at + random.between(1, 3))];
  if (kind === 2) return [...list.slice(0, at), ...list.slice(at, at + random.between(1, 6)), ' ', ...list.slice(at)];
  if (kind === 3) {
    const swapped = [...list];
    swapped[at] = list[second]!;
    swapped[second] = list[at]!;
    return swapped;
  }
  if (kind === 4) {
    const theirs = tokens(other);
    return theirs.length === 0 ? list : list.with(at, random.pick(theirs));
  }
  if (kind === 5) return list.with(at, random.pick(WORDS));
  if (kind === 6) return graft(list, bracketed(tokens(other), random), random);
  if (kind === 7) return graft(list, bracketed(list, random), random);
  if (kind === 8) return wrap(list, at, second, random);
  // A piece of the other one, of any length.
  const theirs = tokens(other);
  const from = random.below(theirs.length + 1);
  return [
    ...list.slice(0, at),
    ' ',
    ...theirs.slice(from, from + random.between(1, 20)),
    ' ',
    ...list.slice(at + random.below(4)),
  ];
}

/** A bracketed part of the list, brackets included; empty where there is none. */
function bracketed(list: readonly string[], random: Random): readonly string[] {
  const spans = bracketSpans(list);
  if (spans.length === 0) return [];
  const [start, end] = random.pick(spans);
  return list.slice(start, end);
}

function bracketSpans(list: readonly string[]): readonly (readonly [number, number])[] {
  const open: number[] = [];
  const spans: (readonly [number, number])[] = [];
  for (const [index, token] of list.entries()) {
    if (token === '(') open.push(index);
    else if (token === ')') {
      const start = open.pop();
      if (start !== undefined) spans.push([start, index + 1]);
    }
  }
  return spans;
}

/** Puts it in the place of a bracketed part, or of a word. */
function graft(list: readonly string[], part: readonly string[], random: Random): string[] {
  const spans = bracketSpans(list);
  if (spans.length > 0 && random.once(2)) {
    const [start, end] = random.pick(spans);
    return [...list.slice(0, start), ...part, ...list.slice(end)];
  }
  const at = random.below(list.length);
  return [...list.slice(0, at), ...part, ...list.slice(at + 1)];
}

const WRAPPERS: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['(SELECT ', ')'],
  ['EXISTS (SELECT ', ')'],
  ['coalesce(', ')'],
  ['CASE WHEN true THEN ', ' END'],
  ['ARRAY[', ']'],
  ['ROW(', ')'],
  ['(', ')::text'],
  ['row_to_json(', ')'],
  ['WITH w AS (', ') SELECT * FROM w'],
  ['SELECT * FROM (', ') AS q'],
  ['EXPLAIN ', ''],
  ['(', ') IS NULL'],
  ['CAST(', ' AS text)'],
  ['LATERAL (', ')'],
  ['max(', ')'],
  ['length(', '::text)'],
  ["format('%s', ", ')'],
  ['COPY (', ') TO STDOUT'],
];

function wrap(list: readonly string[], a: number, b: number, random: Random): string[] {
  const whole = random.once(4);
  const from = whole ? 0 : Math.min(a, b);
  const to = whole ? list.length : Math.max(a, b) + 1;
  const [before, after] = random.pick(WRAPPERS);
  return [...list.slice(0, from), before, ...list.slice(from, to), after, ...list.slice(to)];
}
