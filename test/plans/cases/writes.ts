/** Updates, deletes and inserts by key. */
import { ID, ORDER, type PlanCase } from '../plan-case.ts';

export const WRITES: readonly PlanCase[] = [
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
