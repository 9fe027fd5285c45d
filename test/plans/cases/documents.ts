/** Full text, documents, arrays and patterns. */
import { partial, pattern, type PlanCase } from '../plan-case.ts';

export const DOCUMENTS: readonly PlanCase[] = [
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
];
