/** Classes B2 to B12, what catalogs, statistics and text-taking functions tell besides functions.ts; C11 to C13. */
import { infer, read, write, type Attack } from '../attack.ts';

const MASKED = 'SELECT id, ssn, email FROM customers ORDER BY id';
const UPDATE = "UPDATE scratch SET value = 'fine' WHERE id = 1";

export const CATALOGS: readonly Attack[] = [
  read('B2', 'ts_stat with weights', "SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', iban) FROM payroll', 'abcd')", {
    twin: "SELECT to_tsvector('simple', name) FROM employees",
  }),
  read(
    'B2',
    'ts_rewrite of an ungranted table',
    "SELECT ts_rewrite('a & b', 'SELECT ''b''::tsquery, iban::tsquery FROM payroll')",
    {
      twin: "SELECT ts_rewrite('a & b', 'b', 'c')",
    },
  ),
  read(
    'B2',
    'ts_stat in an expression',
    "SELECT (SELECT max(word) FROM ts_stat('SELECT to_tsvector(''simple'', ssn) FROM customers'))",
    {
      twin: 'SELECT (SELECT max(name) FROM employees)',
    },
  ),
  // B6: what other sessions run
  read('B6', 'backend activity by number', 'SELECT pg_stat_get_backend_activity(b) FROM pg_stat_get_backend_idset() AS b', {
    twin: 'SELECT pid > 0 FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  }),
  read('B6', 'pg_stat_get_activity', 'SELECT query FROM pg_stat_get_activity(NULL)', {
    twin: 'SELECT usename IS NOT NULL FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  }),
  read('B6', 'activity beside locks', 'SELECT a.query FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid', {
    twin: 'SELECT count(*) >= 0 FROM pg_locks WHERE pid = pg_backend_pid()',
  }),
  read(
    'B6',
    'activity in a whole row',
    "SELECT to_jsonb(a) ->> 'query' FROM pg_stat_activity a WHERE a.query LIKE '%other-session%'",
    {
      twin: 'SELECT count(*) FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    },
  ),
  // B7: large objects
  read(
    'B7',
    'pg_largeobject',
    ["SELECT lo_from_bytea(424243, (SELECT string_agg(ssn, ',')::bytea FROM customers))", 'SELECT data FROM pg_largeobject'],
    { dirty: true, twin: MASKED },
  ),
  read(
    'B7',
    'large object through a descriptor',
    [
      'BEGIN',
      'SELECT lo_from_bytea(424244, (SELECT max(iban)::bytea FROM payroll))',
      'SELECT loread(lo_open(424244, 262144), 100)',
    ],
    { dirty: true, twin: MASKED },
  ),
  read(
    'B7',
    'large object of each row',
    ['SELECT lo_from_bytea(900000 + id, ssn::bytea) FROM customers WHERE id < 10', 'SELECT lo_get(900003)'],
    { dirty: true, twin: MASKED },
  ),
  // B9: the write-ahead log
  read('B9', 'logical messages in a transaction', "SELECT pg_logical_emit_message(true, 'x', ssn), ssn FROM customers", {
    twin: MASKED,
  }),
  read(
    'B9',
    'logical message of bytes',
    "SELECT iban FROM payroll WHERE pg_logical_emit_message(false, 'x', iban::bytea) IS NOT NULL",
    {
      twin: 'SELECT name FROM employees WHERE name IS NOT NULL',
    },
  ),
  write('B9', 'publication of all tables', 'CREATE PUBLICATION mine FOR ALL TABLES', { twin: UPDATE }),
  // B10: snapshots and tuple versions
  read(
    'B10',
    'exported snapshot in a transaction',
    ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT pg_export_snapshot(), iban FROM payroll'],
    {
      twin: ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT name FROM employees'],
    },
  ),
  read('B10', 'latest version of a row', "SELECT iban FROM payroll WHERE ctid = currtid2('payroll', '(0,1)')", {
    twin: 'SELECT name FROM employees WHERE id = 1',
  }),
  infer(
    'B10',
    'versions of hidden rows',
    'SELECT count(*) FROM customers WHERE pg_visible_in_snapshot(xmin::text::xid8, pg_current_snapshot())',
    {
      twin: 'SELECT count(*) FROM customers',
    },
  ),
  // B12: functions that hand a value on
  read('B12', 'notification of each row', ['LISTEN spill', "SELECT pg_notify('spill', ssn) FROM customers"], {
    twin: ['LISTEN orders', "SELECT pg_notify('orders', 'y')"],
  }),
  read(
    'B12',
    'setting in a condition',
    ["SELECT 1 FROM customers WHERE set_config('my.stash', ssn, false) IS NULL", 'SHOW my.stash'],
    {
      twin: ["SELECT set_config('application_name', 'me2', false)", 'SHOW application_name'],
    },
  ),
  read(
    'B12',
    'name of the session',
    ["SELECT set_config('application_name', max(ssn), false) FROM customers", 'SHOW application_name'],
    {
      twin: ["SELECT set_config('application_name', 'me3', false)", "SELECT current_setting('application_name')"],
    },
  ),
  // C11: LISTEN and NOTIFY, on a channel that is granted
  read('C11', 'granted channel, masked value', ['LISTEN orders', "SELECT pg_notify('orders', max(email)) FROM customers"], {
    twin: ['LISTEN orders', "SELECT pg_notify('orders', 'plain')"],
  }),
  read('C11', 'granted channel, ungranted table', ['LISTEN orders', "SELECT pg_notify('orders', iban) FROM payroll"], {
    twin: ['LISTEN orders', "SELECT pg_notify('orders', name) FROM employees"],
  }),
  read(
    'C11',
    'notification at COMMIT',
    ['LISTEN orders', 'BEGIN', "SELECT pg_notify('orders', note) FROM orders WHERE tenant <> 'acme'", 'COMMIT'],
    {
      twin: ['LISTEN orders', 'BEGIN', "NOTIFY orders, 'done'", 'COMMIT'],
    },
  ),
  // C12: copies of a definition
  write('C12', 'table like another', 'CREATE TABLE public.mine (LIKE customers INCLUDING ALL)', { twin: UPDATE }),
  write('C12', 'table that inherits', 'CREATE TABLE public.mine () INHERITS (payroll)', { twin: UPDATE }),
  write(
    'C12',
    'partition of one',
    "CREATE TABLE public.mine PARTITION OF events FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
    {
      twin: UPDATE,
    },
  ),
  write('C12', 'table of a type', 'CREATE TABLE public.mine OF address', { twin: UPDATE }),
  // C13: what a session leaves for whoever has it next
  read(
    'C13',
    'temporary table after a partial DISCARD',
    ['CREATE TEMPORARY TABLE taken AS SELECT ssn FROM customers', 'DISCARD PLANS', 'TABLE taken'],
    {
      twin: ['CREATE TEMPORARY TABLE taken AS SELECT name FROM employees', 'DISCARD PLANS', 'SELECT name FROM taken'],
    },
  ),
  read(
    'C13',
    'held cursor after a partial DISCARD',
    ['DECLARE h CURSOR WITH HOLD FOR SELECT iban FROM payroll', 'DISCARD SEQUENCES', 'FETCH ALL FROM h'],
    {
      twin: ['DECLARE h CURSOR WITH HOLD FOR SELECT name FROM employees', 'DISCARD SEQUENCES', 'FETCH ALL FROM h'],
    },
  ),
  read('C13', 'prepared statement after RESET ALL', ['PREPARE kept AS SELECT ssn FROM customers', 'RESET ALL', 'EXECUTE kept'], {
    twin: ['PREPARE kept AS SELECT id, ssn FROM customers', 'RESET ALL', 'EXECUTE kept'],
  }),
];
