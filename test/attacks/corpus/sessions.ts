/** Class C, what a session keeps: prepared statements, cursors and portals in their two languages, plans, roles and settings. */
import { infer, raw, read, type Attack } from '../attack.ts';
import * as frontend from '../../support/frontend.ts';
import type { WireClient } from '../../support/wire-client.ts';

const MASKED = 'SELECT id, ssn, email FROM customers ORDER BY id';

/** Throws what the server said, so that a twin that does not work fails. */
async function ok(exchange: ReturnType<WireClient['exchange']>): Promise<void> {
  const { error } = await exchange;
  if (error !== null) throw new Error(`${error['C']}: ${error['M']}`);
}

export const SESSIONS: readonly Attack[] = [
  // C6: prepared statements, two languages, one namespace
  read('C6', 'prepare with parameters', ['PREPARE q (int) AS SELECT ssn FROM customers WHERE id = $1', 'EXECUTE q(1)'], {
    twin: ['PREPARE q (int) AS SELECT name, ssn FROM customers WHERE id = $1', 'EXECUTE q(1)'],
  }),
  raw(
    'read',
    'C6',
    'protocol statement run by SQL EXECUTE',
    async (client) => {
      await client.exchange([frontend.parse('s1', 'SELECT ssn FROM customers'), frontend.sync]);
      await client.query('EXECUTE s1');
    },
    async (client) => {
      await ok(client.exchange([frontend.parse('s1', MASKED), frontend.sync]));
      await ok(client.query('EXECUTE s1'));
    },
  ),
  raw(
    'read',
    'C6',
    'SQL statement run by Bind',
    async (client) => {
      await client.query('PREPARE s2 AS SELECT ssn FROM customers');
      await client.exchange([frontend.bind({ statement: 's2' }), frontend.execute(), frontend.sync]);
    },
    async (client) => {
      await ok(client.query(`PREPARE s2 AS ${MASKED}`));
      await ok(client.exchange([frontend.bind({ statement: 's2' }), frontend.execute(), frontend.sync]));
    },
  ),
  raw(
    'read',
    'C6',
    'statement that a later policy check would miss',
    async (client) => {
      await client.exchange([frontend.parse('s3', 'SELECT iban FROM payroll'), frontend.describe('S', 's3'), frontend.sync]);
      await client.exchange([
        frontend.bind({ statement: 's3', resultFormat: 1 }),
        frontend.execute('', 1),
        frontend.execute(),
        frontend.sync,
      ]);
    },
    async (client) => {
      await ok(
        client.exchange([frontend.parse('s3', 'SELECT name FROM employees'), frontend.describe('S', 's3'), frontend.sync]),
      );
      await ok(
        client.exchange([
          frontend.bind({ statement: 's3', resultFormat: 1 }),
          frontend.execute('', 1),
          frontend.execute(),
          frontend.sync,
        ]),
      );
    },
  ),
  // C7: cursors and portals, one namespace too
  raw(
    'read',
    'C7',
    'SQL cursor run as a portal',
    async (client) => {
      await client.query('BEGIN');
      await client.query('DECLARE c1 CURSOR FOR SELECT ssn FROM customers');
      await client.exchange([frontend.execute('c1'), frontend.sync]);
    },
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(client.query(`DECLARE c1 CURSOR FOR ${MASKED}`));
      await ok(client.query('FETCH ALL FROM c1'));
    },
  ),
  raw(
    'read',
    'C7',
    'portal fetched by SQL',
    async (client) => {
      await client.query('BEGIN');
      await client.exchange([
        frontend.parse('', 'SELECT iban FROM payroll'),
        frontend.bind({ portal: 'p1' }),
        frontend.execute('p1', 1),
        frontend.sync,
      ]);
      await client.query('FETCH ALL FROM p1');
    },
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(
        client.exchange([
          frontend.parse('', MASKED),
          frontend.bind({ portal: 'p1' }),
          frontend.execute('p1', 1),
          frontend.execute('p1'),
          frontend.sync,
        ]),
      );
    },
  ),
  raw(
    'read',
    'C7',
    'describe one portal, execute another',
    async (client) => {
      await client.query('BEGIN');
      await client.exchange([
        frontend.parse('harmless', 'SELECT name FROM customers'),
        frontend.parse('harmful', 'SELECT ssn FROM customers'),
        frontend.bind({ portal: 'a', statement: 'harmless' }),
        frontend.bind({ portal: 'b', statement: 'harmful' }),
        frontend.describe('P', 'a'),
        frontend.execute('b'),
        frontend.sync,
      ]);
    },
    async (client) => {
      await ok(client.query('BEGIN'));
      await ok(
        client.exchange([
          frontend.parse('x', MASKED),
          frontend.parse('y', 'SELECT name FROM customers'),
          frontend.bind({ portal: 'a', statement: 'x' }),
          frontend.bind({ portal: 'b', statement: 'y' }),
          frontend.describe('P', 'a'),
          frontend.execute('b'),
          frontend.sync,
        ]),
      );
    },
  ),
  read('C7', 'cursor with hold', ['DECLARE h CURSOR WITH HOLD FOR SELECT ssn FROM customers', 'FETCH ALL FROM h'], {
    twin: ['DECLARE h CURSOR WITH HOLD FOR SELECT id, ssn FROM customers', 'FETCH ALL FROM h'],
  }),
  read(
    'C7',
    'scroll cursor backwards',
    ['BEGIN', 'DECLARE s SCROLL CURSOR FOR SELECT ssn FROM customers', 'MOVE LAST IN s', 'FETCH BACKWARD ALL FROM s'],
    {
      twin: ['BEGIN', 'DECLARE s SCROLL CURSOR FOR SELECT id, ssn FROM customers', 'MOVE LAST IN s', 'FETCH BACKWARD ALL FROM s'],
    },
  ),
  read('C7', 'binary cursor', ['BEGIN', 'DECLARE b BINARY CURSOR FOR SELECT ssn FROM customers', 'FETCH ALL FROM b'], {
    twin: ['BEGIN', 'DECLARE b BINARY CURSOR FOR SELECT name FROM customers', 'FETCH ALL FROM b'],
  }),
  // C8: EXPLAIN tells how many rows there are
  infer(
    'C8',
    'explain analyze of an ungranted table',
    "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT * FROM payroll WHERE iban < 'r'",
    { twin: 'EXPLAIN (COSTS OFF) SELECT * FROM preferences' },
  ),
  infer(
    'C8',
    'explain analyze counts hidden rows',
    'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT * FROM customers',
    { twin: 'EXPLAIN (COSTS OFF) SELECT * FROM scratch' },
  ),
  infer('C8', 'explain estimates', "EXPLAIN SELECT * FROM customers WHERE ssn < 'k'", {
    twin: 'EXPLAIN (COSTS OFF) SELECT * FROM articles WHERE id = 1',
  }),
  // C10: another role
  read('C10', 'set role', ['SET ROLE shop_app', 'SELECT iban FROM payroll'], {
    twin: ["SET application_name = 'agent'", 'SELECT name FROM employees'],
  }),
  read('C10', 'session authorization', ['SET SESSION AUTHORIZATION shop_app', 'SELECT iban FROM payroll'], {
    twin: ["SET TIME ZONE 'UTC'", 'SELECT name FROM employees'],
  }),
  read('C10', 'row_security off', ['SET row_security = off', 'SELECT tenant, note FROM orders'], {
    twin: ["SET statement_timeout = '4s'", 'SELECT tenant, note FROM orders'],
  }),
  read(
    'C10',
    'debug output',
    [
      'SET client_min_messages = log',
      'SET debug_print_parse = on',
      'SELECT name FROM customers, payroll WHERE iban = (SELECT max(iban) FROM payroll)',
      'SELECT max(iban) FROM payroll',
    ],
    { twin: ['SET client_min_messages = notice', 'SELECT max(name) FROM employees'] },
  ),
];
