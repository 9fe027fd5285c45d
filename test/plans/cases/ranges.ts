/** Pages, order and ranges. */
import { hidden, ID, type PlanCase } from '../plan-case.ts';

export const RANGES: readonly PlanCase[] = [
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
];
