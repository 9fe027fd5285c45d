/** Joins and sublinks that are led from one index to another. */
import { ID, ORDER, type PlanCase } from '../plan-case.ts';

export const JOINS: readonly PlanCase[] = [
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
];
