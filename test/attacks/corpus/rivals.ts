/** What other proxies were seen to let through (each name says which trick); cases that classes A to E do not have already. */
import { infer, raw, read, write, type Attack } from '../attack.ts';
import * as frontend from '../../support/frontend.ts';

const MASKED = 'SELECT id, ssn, email FROM customers ORDER BY id';

export const RIVALS: readonly Attack[] = [
  read('R', 'alias named like another column', 'SELECT ssn AS order_count, count(*) AS ssn FROM customers GROUP BY 1', {
    twin: 'SELECT city, count(*) AS ssn FROM customers GROUP BY 1',
  }),
  read(
    'R',
    'sum under the name of a masked column',
    'SELECT sum(total) AS ssn, (SELECT max(ssn) FROM customers) AS total FROM orders',
    { twin: 'SELECT sum(total) AS ssn FROM orders' },
  ),
  read('R', 'denied table by unicode escapes', 'SELECT * FROM U&"payro\\006Cl"', { twin: 'SELECT * FROM U&"employee\\0073"' }),
  read('R', 'denied table in a parenthesised join', 'SELECT p.iban FROM (employees e JOIN payroll p ON p.employee_id = e.id)', {
    twin: 'SELECT e.name, t.subject FROM (employees e JOIN tickets t ON t.assignee = e.id)',
  }),
  read(
    'R',
    'denied table behind a CTE of its name elsewhere',
    'SELECT (SELECT count(*) FROM (WITH payroll AS (SELECT 1) SELECT * FROM payroll) x), iban FROM payroll',
    { twin: 'SELECT (SELECT count(*) FROM (WITH payroll AS (SELECT 1) SELECT * FROM payroll) x)' },
  ),
  read(
    'R',
    'denied table in a parenthesised join with an alias',
    'SELECT j.iban FROM (payroll p JOIN employees e ON e.id = p.employee_id) AS j',
    {
      twin: 'SELECT j.subject FROM (tickets t JOIN employees e ON e.id = t.assignee) AS j',
    },
  ),
  read('R', 'carriage return ends a comment', 'SELECT 1 AS one -- \r, iban FROM payroll', {
    twin: 'SELECT 1 AS one -- \r, 2 AS two',
  }),
  read('R', 'carriage return between two comments', 'SELECT name /* a */ -- b\r, ssn -- c\r FROM customers'),
  read('R', 'mixed keyword case and comments', 'sElEcT/**/iban/**/FrOm/**/PayRoll', {
    twin: 'sElEcT/**/name/**/FrOm/**/Employees',
  }),
  read('R', 'statement over eight megabytes', `SELECT ssn FROM customers WHERE id > 0 /* ${'x'.repeat(9_000_000)} */`, {
    twin: `SELECT id, name FROM customers WHERE id > 0 /* ${'x'.repeat(20_000)} */`,
  }),
  raw(
    'read',
    'R',
    'parsed statement over eight megabytes',
    async (client) => {
      const sql = `SELECT iban FROM payroll /* ${'x'.repeat(9_000_000)} */`;
      await client.exchange([frontend.parse('', sql), frontend.bind(), frontend.execute(), frontend.sync]);
    },
    async (client) => {
      const sql = `SELECT name FROM employees /* ${'x'.repeat(20_000)} */`;
      const { error } = await client.exchange([frontend.parse('', sql), frontend.bind(), frontend.execute(), frontend.sync]);
      if (error !== null) throw new Error(`${error['C']}: ${error['M']}`);
    },
  ),
  raw(
    'read',
    'R',
    'second fetch of a cached statement',
    async (client) => {
      await client.exchange([
        frontend.parse('asyncpg', 'SELECT ssn, salary FROM customers'),
        frontend.describe('S', 'asyncpg'),
        frontend.flush,
        frontend.sync,
      ]);
      for (let round = 0; round < 3; round++)
        await client.exchange([frontend.bind({ statement: 'asyncpg', resultFormat: 1 }), frontend.execute(), frontend.sync]);
    },
    async (client) => {
      await client.exchange([
        frontend.parse('asyncpg', MASKED),
        frontend.describe('S', 'asyncpg'),
        frontend.flush,
        frontend.sync,
      ]);
      for (let round = 0; round < 3; round++) {
        const { error } = await client.exchange([frontend.bind({ statement: 'asyncpg' }), frontend.execute(), frontend.sync]);
        if (error !== null) throw new Error(`${error['C']}: ${error['M']}`);
      }
    },
  ),
  read('R', 'aggregated into a notification', ['LISTEN orders', "SELECT pg_notify('orders', (SELECT max(ssn) FROM customers))"], {
    twin: ['LISTEN orders', "NOTIFY orders, 'hello'"],
  }),
  read('R', 'temporary table, then COPY', ['CREATE TEMPORARY TABLE t AS SELECT ssn FROM customers', 'COPY t TO STDOUT'], {
    twin: ['CREATE TEMPORARY TABLE t AS SELECT name FROM customers', 'COPY t TO STDOUT'],
  }),
  read(
    'R',
    'cursor over a function of the row',
    ['BEGIN', 'DECLARE c CURSOR FOR SELECT reverse(to_json(c)::text) FROM customers c', 'FETCH 3 FROM c'],
    { twin: ['BEGIN', 'DECLARE c CURSOR FOR SELECT reverse(name) FROM customers c', 'FETCH 3 FROM c'] },
  ),
  infer('R', 'like inference', "SELECT count(*) FROM customers WHERE ssn LIKE '%b%'"),
  infer(
    'R',
    'md5 dictionary',
    "SELECT id FROM customers WHERE md5(substr(ssn, 1, 1)) IN (SELECT md5(k) FROM (VALUES ('b'), ('c'), ('d'), ('g'), ('h')) AS d(k))",
  ),
  write('R', 'guardrail by a function', "SELECT run_sql('DELETE FROM preferences RETURNING key')", { twin: 'SELECT add_tax(1)' }),
  write('R', 'guardrail by rename', 'ALTER TABLE preferences RENAME TO preferences_old', {
    twin: 'UPDATE preferences SET revision = 3 WHERE customer_id = 1',
  }),
  write('R', 'guardrail by rule', 'CREATE RULE r AS ON UPDATE TO scratch DO INSTEAD DELETE FROM preferences', {
    twin: 'UPDATE preferences SET revision = 3 WHERE customer_id = 2',
  }),
  write('R', 'dollar-quoted DO', 'DO LANGUAGE plpgsql $x$ BEGIN TRUNCATE preferences; END $x$', {
    twin: 'SELECT $x$ BEGIN TRUNCATE preferences; END $x$ AS text',
  }),
];
