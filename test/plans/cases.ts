/**
 * Statements whose index a governed plan must keep, with the reference that a person would write: the same statement and the filter.
 * A comment `and u` stands where the reference says ` AND u.tenant = 't7'`, `where u` where it says ` WHERE …`.
 */
import { filters, type Mode, masks } from './modes.ts';

export interface PlanCase {
  readonly name: string;
  readonly sql: string;
  /** Type and literal of `$1`, `$2`, … */
  readonly values?: readonly (readonly [type: string, literal: string])[];
  /** Writes: run inside a transaction that is rolled back. */
  readonly writes?: true;
  /** Why the index cannot be kept there, by a fact that is written down; undefined where it can. */
  readonly cannot?: (mode: Mode, generic: boolean) => Fact | undefined;
}

/** The facts by which an index may be lost. */
export const FACTS = {
  'masked-column': 'a masked column cannot use its index: the value that is compared is the mask',
  'not-total': 'an operator or function that can raise an error on a row sees its columns behind the row filter only',
  'pattern-parameter': 'a pattern that is not known may be broken, and a broken one raises on some rows only',
} as const;
export type Fact = keyof typeof FACTS;

const ID = [['int', '27']] as const;
/** An order of user 267, who is one of the tenant's. */
const ORDER = [['int', '38']] as const;
const hidden = (mode: Mode): Fact | undefined => (masks(mode) ? 'masked-column' : undefined);
const partial = (mode: Mode): Fact | undefined => (filters(mode) ? 'not-total' : undefined);
const pattern = (mode: Mode, generic: boolean): Fact | undefined => (filters(mode) && generic ? 'pattern-parameter' : undefined);

export const CASES: readonly PlanCase[] = [
  // Keys
  { name: 'key', sql: 'SELECT * FROM users u WHERE u.id = $1 /*and u*/', values: ID },
  { name: 'key, no alias', sql: 'SELECT id, name, email FROM public.users WHERE users.id = $1 /*and users*/', values: ID },
  { name: 'key of another integer type', sql: 'SELECT name FROM users u WHERE u.big = $1 /*and u*/', values: ID },
  {
    name: 'uuid',
    sql: 'SELECT id FROM users u WHERE u.external = $1 /*and u*/',
    values: [['uuid', "'00000000-0000-0000-0000-000000000000'"]],
  },
  {
    name: 'unique text',
    sql: 'SELECT id FROM users u WHERE u.email = $1 /*and u*/',
    values: [['text', "'user27@example.com'"]],
    cannot: hidden,
  },
  { name: 'citext', sql: 'SELECT id FROM users u WHERE u.handle = $1 /*and u*/', values: [['citext', "'handle27'"]] },
  { name: 'enum', sql: "SELECT id FROM users u WHERE u.status = 'void' /*and u*/" },
  { name: 'numeric', sql: 'SELECT id FROM users u WHERE u.salary = $1 /*and u*/', values: [['numeric', '26.5']], cannot: hidden },
  { name: 'expression index', sql: 'SELECT id FROM users u WHERE lower(u.name) = $1 /*and u*/', values: [['text', "'name x'"]] },
  {
    name: 'json expression index',
    sql: "SELECT id FROM users u WHERE u.data ->> 'plan' = $1 /*and u*/",
    values: [['text', "'27'"]],
  },
  {
    name: 'key and an unsafe predicate',
    sql: "SELECT id FROM users u WHERE u.id = $1 AND u.name || 'x' <> '' /*and u*/",
    values: ID,
  },
  { name: 'key and a cast', sql: 'SELECT id FROM users u WHERE u.id = $1 AND u.name::bytea IS NOT NULL /*and u*/', values: ID },
  { name: 'key and a division', sql: 'SELECT id FROM users u WHERE u.id = $1 AND 10 / (u.big + 1) >= 0 /*and u*/', values: ID },
  { name: 'key, locked', sql: 'SELECT id, name FROM users u WHERE u.id = $1 /*and u*/ FOR UPDATE', values: ID },
  {
    name: 'key in a view-like subquery',
    sql: 'SELECT s.id FROM (SELECT id, name || $2 AS label FROM users u /*where u*/) s WHERE s.id = $1',
    values: [...ID, ['text', "'x'"]],
  },
  {
    name: 'key in a WITH',
    sql: 'WITH s AS (SELECT id, name FROM users u /*where u*/) SELECT * FROM s WHERE id = $1',
    values: ID,
  },
  { name: 'key or key', sql: 'SELECT id FROM users u WHERE (u.id = $1 OR u.id = $2) /*and u*/', values: [...ID, ['int', '47']] },
  { name: 'key and no rows', sql: 'SELECT name FROM users u WHERE u.id = $1 AND u.id IS NOT NULL /*and u*/', values: ID },
  // Lists
  { name: 'IN list', sql: 'SELECT id, name FROM users u WHERE u.id IN ($1, $2, 67) /*and u*/', values: [...ID, ['int', '47']] },
  {
    name: '= ANY (array)',
    sql: 'SELECT id, name FROM users u WHERE u.id = ANY ($1) /*and u*/',
    values: [['int[]', "'{27,47,67}'"]],
  },
  {
    name: '= ANY (ARRAY[…])',
    sql: 'SELECT id, name FROM users u WHERE u.id = ANY (ARRAY[$1, $2]) /*and u*/',
    values: [...ID, ['int', '47']],
  },
  {
    name: 'IN list of uuids',
    sql: 'SELECT id FROM users u WHERE u.external IN ($1, $2) /*and u*/',
    values: [
      ['uuid', "'00000000-0000-0000-0000-000000000000'"],
      ['uuid', "'00000000-0000-0000-0000-000000000001'"],
    ],
  },
  { name: 'IN (VALUES)', sql: 'SELECT id FROM users u WHERE u.id IN (VALUES ($1::int), (47)) /*and u*/', values: ID },
  {
    name: 'IN (SELECT by key)',
    sql: 'SELECT u.id FROM users u WHERE u.id IN (SELECT o.user_id FROM orders o WHERE o.id = $1 /*and o*/) /*and u*/',
    values: ORDER,
  },
  {
    name: 'EXISTS by key',
    sql: 'SELECT o.id FROM orders o WHERE o.id = $1 AND EXISTS (SELECT 1 FROM users u WHERE u.id = o.user_id /*and u*/) /*and o*/',
    values: ORDER,
  },
  // Joins
  {
    name: 'join by key',
    sql: 'SELECT o.id, u.name, u.email FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1 /*and u*/ /*and o*/',
    values: ORDER,
  },
  {
    name: 'join to many',
    sql: 'SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1 /*and u*/ /*and o*/',
    values: ID,
  },
  {
    name: 'join USING-like list',
    sql: 'SELECT u.id, o.id FROM users u, orders o WHERE u.id = o.user_id AND u.id IN ($1, 47) /*and u*/ /*and o*/',
    values: ID,
  },
  {
    name: 'outer join by key',
    sql: 'SELECT u.name, o.total FROM users u LEFT JOIN orders o ON o.user_id = u.id /*and o*/ WHERE u.id = $1 /*and u*/',
    values: ID,
  },
  {
    name: 'outer join, nullable key',
    sql: 'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON u.id = o.user_id /*and u*/ WHERE o.id = $1 /*and o*/',
    values: ORDER,
  },
  {
    name: 'outer join, unsafe on the nullable side, key given',
    sql: 'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON u.id = $2 AND length(u.name || u.name) > 3 /*and u*/ WHERE o.id = $1 /*and o*/',
    values: [...ORDER, ['int', '27']],
  },
  {
    name: 'outer join, unsafe in the targets',
    sql: "SELECT o.id, u.name || '!' FROM orders o LEFT JOIN users u ON u.id = o.user_id /*and u*/ WHERE o.id = $1 /*and o*/",
    values: ORDER,
  },
  {
    name: 'lateral top rows',
    sql: 'SELECT u.id, l.id FROM users u CROSS JOIN LATERAL (SELECT o.id FROM orders o WHERE o.user_id = u.id /*and o*/ ORDER BY o.id LIMIT 3) l WHERE u.id = $1 /*and u*/',
    values: ID,
  },
  {
    name: 'join of a few by list',
    sql: 'SELECT o.id, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id BETWEEN $1 AND $2 /*and u*/ /*and o*/',
    values: [...ID, ['int', '60']],
  },
  {
    name: 'scalar sublink',
    sql: 'SELECT o.id, (SELECT u.name FROM users u WHERE u.id = o.user_id /*and u*/) FROM orders o WHERE o.id = $1 /*and o*/',
    values: ORDER,
  },
  {
    name: 'three tables',
    sql: 'SELECT u.name FROM orders o JOIN users u ON u.id = o.user_id JOIN users v ON v.id = u.id WHERE o.id = $1 /*and u*/ /*and o*/ /*and v*/',
    values: ORDER,
  },
  // Pages, order, ranges
  { name: 'order by key, limit', sql: 'SELECT id, name FROM users u /*where u*/ ORDER BY u.id LIMIT 10' },
  { name: 'order by key desc, offset', sql: 'SELECT id, name FROM users u /*where u*/ ORDER BY u.id DESC LIMIT 10 OFFSET 20' },
  { name: 'order by two columns', sql: 'SELECT id, created FROM users u /*where u*/ ORDER BY u.created, u.id LIMIT 10' },
  { name: 'order by masked column', sql: 'SELECT id FROM users u /*where u*/ ORDER BY u.salary LIMIT 10', cannot: hidden },
  {
    name: 'keyset, one column',
    sql: 'SELECT id, name FROM users u WHERE u.id > $1 /*and u*/ ORDER BY u.id LIMIT 10',
    values: ID,
  },
  {
    name: 'keyset, row comparison',
    sql: 'SELECT id, created FROM users u WHERE (u.created, u.id) > ($1, $2) /*and u*/ ORDER BY u.created, u.id LIMIT 10',
    values: [
      ['timestamptz', "'2024-02-01 00:00+00'"],
      ['int', '50'],
    ],
  },
  {
    name: 'keyset, written out',
    sql: 'SELECT id FROM users u WHERE u.created >= $1 AND (u.created > $1 OR u.id > $2) /*and u*/ ORDER BY u.created, u.id LIMIT 10',
    values: [
      ['timestamptz', "'2024-02-01 00:00+00'"],
      ['int', '50'],
    ],
  },
  {
    name: 'range',
    sql: 'SELECT id FROM users u WHERE u.created >= $1 AND u.created < $2 /*and u*/',
    values: [
      ['timestamptz', "'2024-01-02 00:00+00'"],
      ['timestamptz', "'2024-01-02 01:00+00'"],
    ],
  },
  {
    name: 'BETWEEN',
    sql: 'SELECT id FROM users u WHERE u.created BETWEEN $1 AND $2 /*and u*/',
    values: [
      ['timestamptz', "'2024-01-02 00:00+00'"],
      ['timestamptz', "'2024-01-02 01:00+00'"],
    ],
  },
  { name: 'since an interval ago', sql: "SELECT id FROM users u WHERE u.created > now() + interval '1000 days' /*and u*/" },
  {
    name: 'range and an unsafe predicate',
    sql: "SELECT id FROM users u WHERE u.created >= $1 AND u.created < $2 AND substring(u.name from 1 for 3) = 'nam' /*and u*/",
    values: [
      ['timestamptz', "'2024-01-02 00:00+00'"],
      ['timestamptz', "'2024-01-02 01:00+00'"],
    ],
  },
  { name: 'daterange contains', sql: 'SELECT id FROM users u WHERE u.valid @> $1 /*and u*/', values: [['date', "'2010-05-05'"]] },
  {
    name: 'daterange overlaps',
    sql: 'SELECT id FROM users u WHERE u.valid && $1 /*and u*/',
    values: [['daterange', "'[2010-05-05,2010-05-06)'"]],
  },
  {
    name: 'network contains',
    sql: 'SELECT id FROM users u WHERE u.address << $1 /*and u*/',
    values: [['inet', "'10.0.1.0/28'"]],
  },
  // Documents and text
  {
    name: 'full text',
    sql: "SELECT id FROM users u WHERE u.bio @@ to_tsquery('simple', $1) /*and u*/",
    values: [['text', "'word27'"]],
  },
  {
    name: 'full text, plain query',
    sql: "SELECT id FROM users u WHERE u.bio @@ plainto_tsquery('simple', $1) /*and u*/",
    values: [['text', "'word27'"]],
  },
  {
    name: 'full text, web query',
    sql: "SELECT id FROM users u WHERE u.bio @@ websearch_to_tsquery('simple', $1) /*and u*/",
    values: [['text', "'word27'"]],
  },
  { name: 'full text, constant', sql: "SELECT id FROM users u WHERE u.bio @@ 'word27'::tsquery /*and u*/" },
  {
    name: 'full text, ranked',
    sql: "SELECT id, ts_rank(u.bio, q) FROM users u, to_tsquery('simple', $1) q WHERE u.bio @@ q /*and u*/ ORDER BY ts_rank(u.bio, q) DESC LIMIT 5",
    values: [['text', "'word27'"]],
  },
  { name: 'jsonb contains', sql: 'SELECT id FROM users u WHERE u.data @> $1 /*and u*/', values: [['jsonb', `'{"plan": 27}'`]] },
  { name: 'jsonb contains, cast', sql: `SELECT id FROM users u WHERE u.data @> '{"plan": 27}'::jsonb /*and u*/` },
  { name: 'jsonb key', sql: "SELECT id FROM users u WHERE u.data ? 'missing' /*and u*/" },
  { name: 'jsonb path', sql: "SELECT id FROM users u WHERE u.data @? '$.plan ? (@ == 27)' /*and u*/" },
  { name: 'array contains', sql: 'SELECT id FROM users u WHERE u.tags @> $1 /*and u*/', values: [['text[]', "'{tag27}'"]] },
  {
    name: 'array contains ARRAY[…]',
    sql: 'SELECT id FROM users u WHERE u.tags @> ARRAY[$1] /*and u*/',
    values: [['text', "'tag27'"]],
  },
  { name: 'array overlaps', sql: 'SELECT id FROM users u WHERE u.tags && $1 /*and u*/', values: [['text[]', "'{tag27,tag28}'"]] },
  { name: 'trigram LIKE', sql: "SELECT id FROM users u WHERE u.name LIKE '%abcde%' /*and u*/" },
  { name: 'trigram ILIKE', sql: "SELECT id FROM users u WHERE u.name ILIKE '%ABCDE%' /*and u*/" },
  { name: 'trigram expression', sql: "SELECT id FROM users u WHERE u.name ~ 'abcdef' /*and u*/" },
  {
    name: 'trigram LIKE, parameter',
    sql: 'SELECT id FROM users u WHERE u.name LIKE $1 /*and u*/',
    values: [['text', "'%abcde%'"]],
    cannot: pattern,
  },
  { name: 'prefix LIKE', sql: "SELECT id FROM users u WHERE u.name LIKE 'name abcd%' /*and u*/" },
  { name: 'starts_with', sql: "SELECT id FROM users u WHERE u.name ^@ 'name abcd' /*and u*/" },
  {
    name: 'similarity',
    sql: 'SELECT id FROM users u WHERE u.name % $1 /*and u*/',
    values: [['text', "'name c4ca4238a0b923820dcc509a6f75849b'"]],
  },
  {
    name: 'a function that can fail',
    sql: "SELECT id FROM users u WHERE to_tsvector('simple', u.name) @@ to_tsquery('simple', $1) /*and u*/",
    values: [['text', "'abc'"]],
    cannot: partial,
  },
  // Aggregates
  { name: 'greatest key', sql: 'SELECT max(u.id) FROM users u /*where u*/' },
  { name: 'count', sql: 'SELECT count(*) FROM users u WHERE u.id BETWEEN $1 AND $2 /*and u*/', values: [...ID, ['int', '99']] },
  { name: 'count of few', sql: "SELECT count(*) FROM users u WHERE u.status = 'void' /*and u*/" },
  {
    name: 'groups of a range',
    sql: 'SELECT u.status, count(*) FROM users u WHERE u.id < $1 /*and u*/ GROUP BY u.status',
    values: ID,
  },
  {
    name: 'groups by key',
    sql: 'SELECT u.id, u.name, count(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id /*and o*/ WHERE u.id IN ($1, 47) /*and u*/ GROUP BY u.id',
    values: ID,
  },
  { name: 'distinct of a range', sql: 'SELECT DISTINCT u.status FROM users u WHERE u.id < $1 /*and u*/', values: ID },
  { name: 'index only', sql: 'SELECT u.id FROM users u WHERE u.id < $1 /*and u*/', values: ID },
  // Partitions
  { name: 'one partition', sql: 'SELECT id FROM events e WHERE e.day = $1 /*and e*/', values: [['date', "'2024-03-05'"]] },
  {
    name: 'partitions of a range',
    sql: 'SELECT id FROM events e WHERE e.day >= $1 AND e.day < $2 /*and e*/',
    values: [
      ['date', "'2024-03-30'"],
      ['date', "'2024-04-02'"],
    ],
  },
  {
    name: 'partition and key',
    sql: 'SELECT kind FROM events e WHERE e.id = $1 AND e.day = $2 /*and e*/',
    values: [
      ['bigint', '427'],
      ['date', "'2024-03-02'"],
    ],
  },
  {
    name: 'partition and an unsafe predicate',
    sql: "SELECT id FROM events e WHERE e.day = $1 AND e.kind || 'x' <> '' /*and e*/",
    values: [['date', "'2024-03-05'"]],
  },
  // Writes
  { name: 'update by key', sql: "UPDATE users SET name = 'x' WHERE id = $1 /*and users*/", values: ID, writes: true },
  {
    name: 'update of a masked column',
    sql: 'UPDATE users SET email = $2 WHERE id = $1 /*and users*/',
    values: [...ID, ['text', "'new@example.com'"]],
    writes: true,
  },
  {
    name: 'update by key, returning',
    sql: "UPDATE users u SET name = 'x' WHERE u.id = $1 /*and u*/ RETURNING u.id, u.email",
    values: ID,
    writes: true,
  },
  {
    name: 'update by key and an unsafe predicate',
    sql: "UPDATE users SET name = 'x' WHERE id = $1 AND name || 'x' <> '' /*and users*/",
    values: ID,
    writes: true,
  },
  {
    name: 'update from',
    sql: "UPDATE users u SET name = 'x' FROM orders o WHERE o.user_id = u.id AND o.id = $1 /*and u*/ /*and o*/",
    values: ORDER,
    writes: true,
  },
  {
    name: 'update by list of keys',
    sql: "UPDATE users SET name = 'x' WHERE id IN ($1, 47, 67) /*and users*/",
    values: ID,
    writes: true,
  },
  {
    name: 'update by keys of a subquery',
    sql: "UPDATE users SET name = 'x' WHERE id IN (SELECT o.user_id FROM orders o WHERE o.id = $1 /*and o*/) /*and users*/",
    values: ORDER,
    writes: true,
  },
  { name: 'delete by key', sql: 'DELETE FROM orders WHERE id = $1 /*and orders*/', values: ORDER, writes: true },
  {
    name: 'delete using',
    sql: 'DELETE FROM orders o USING users u WHERE u.id = o.user_id AND u.id = $1 /*and u*/ /*and o*/',
    values: ID,
    writes: true,
  },
  {
    name: 'delete in one partition',
    sql: 'DELETE FROM events WHERE id = $1 AND day = $2 /*and events*/',
    values: [
      ['bigint', '427'],
      ['date', "'2024-03-02'"],
    ],
    writes: true,
  },
  {
    name: 'insert on conflict',
    sql: "INSERT INTO orders (id, user_id, tenant, total, placed) VALUES ($1, 1, 't7', 1, now()) ON CONFLICT (id) DO UPDATE SET total = excluded.total /*where orders*/",
    values: ORDER,
    writes: true,
  },
  {
    name: 'insert on conflict do nothing',
    sql: "INSERT INTO orders (id, user_id, tenant, total, placed) VALUES ($1, 1, 't7', 1, now()) ON CONFLICT DO NOTHING",
    values: ORDER,
    writes: true,
  },
];

/** The statement as the client sends it: the reference's marks gone. */
export function governedText({ sql }: PlanCase): string {
  return sql.replace(MARK, '');
}

/** As a person would write it who knows the filter. */
export function referenceText({ sql }: PlanCase, mode: Mode, tenant: string): string {
  return sql.replace(MARK, (_mark, word: string, name: string) =>
    filters(mode) ? ` ${word.toUpperCase()} ${name}.tenant = '${tenant}'` : '',
  );
}

const MARK = / ?\/\*(and|where) (\w+)\*\//g;
