/** One row or a few, by key, by another index, by list. */
import { hidden, ID, ORDER, type PlanCase } from '../plan-case.ts';

export const KEYS: readonly PlanCase[] = [
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
];
