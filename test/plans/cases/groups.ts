/** Aggregates, groups and partitions. */
import { ID, type PlanCase } from '../plan-case.ts';

export const GROUPS: readonly PlanCase[] = [
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
];
