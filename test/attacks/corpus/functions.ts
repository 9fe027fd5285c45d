/** Class B: reading without naming, through functions that take text, catalogs that keep values, and encodings of the value. */
import { infer, raw, read, type Attack } from '../attack.ts';
import * as frontend from '../../support/frontend.ts';

const MASKED = 'SELECT id, ssn, email FROM customers ORDER BY id';

export const FUNCTIONS: readonly Attack[] = [
  read('B1', 'query_to_xml', "SELECT query_to_xml('SELECT ssn FROM customers', true, true, '')", { twin: MASKED }),
  read('B1', 'query_to_xml_and_xmlschema', "SELECT query_to_xml_and_xmlschema('SELECT ssn FROM customers', true, true, '')", {
    twin: MASKED,
  }),
  read('B1', 'table_to_xml', "SELECT table_to_xml('customers', true, false, '')", { twin: MASKED }),
  read('B1', 'table_to_xml of an ungranted table', "SELECT table_to_xml('payroll'::regclass, true, false, '')", {
    twin: "SELECT 'employees'::regclass::text",
  }),
  read('B1', 'schema_to_xml', "SELECT schema_to_xml('public', true, false, '')", { twin: MASKED }),
  read('B1', 'database_to_xml', "SELECT database_to_xml(true, false, '')", { twin: MASKED }),
  read(
    'B1',
    'cursor_to_xml',
    ['BEGIN', 'DECLARE c CURSOR FOR SELECT 1', 'CLOSE c', "SELECT query_to_xml('TABLE payroll', true, false, '')"],
    { twin: ['BEGIN', 'DECLARE c CURSOR FOR SELECT id, ssn FROM customers', 'FETCH ALL FROM c'] },
  ),
  read('B1', 'by qualified name', "SELECT pg_catalog.query_to_xml('SELECT iban FROM payroll', true, true, '')", {
    twin: "SELECT pg_catalog.upper('x')",
  }),
  read('B1', 'in FROM', "SELECT * FROM query_to_xml('SELECT iban FROM payroll', true, true, '')", {
    twin: 'SELECT * FROM generate_series(1, 3)',
  }),
  read(
    'B1',
    'in ORDER BY with a cast error',
    "SELECT 1 ORDER BY query_to_xml('SELECT iban FROM payroll LIMIT 1', true, true, '')::text::int",
    { twin: 'SELECT id FROM customers ORDER BY lower(name)' },
  ),
  read('B2', 'ts_stat', "SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', ssn) FROM customers')", {
    twin: "SELECT to_tsvector('simple', name) FROM customers",
  }),
  read('B2', 'ts_rewrite', "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ssn::tsquery FROM customers WHERE id = 1')", {
    twin: "SELECT to_tsquery('simple', 'a & b')",
  }),
  read('B3', 'crosstab', "SELECT * FROM crosstab('SELECT id, 1, ssn FROM customers ORDER BY 1, 2') AS t(id int, s text)", {
    twin: 'SELECT id, max(ssn) FROM customers GROUP BY id',
  }),
  read(
    'B3',
    'connectby',
    "SELECT * FROM connectby('payroll', 'iban', 'iban', (SELECT min(iban) FROM payroll), 0) AS t(a text, b text, level int)",
    { twin: 'SELECT id, manager_id FROM employees' },
  ),
  read(
    'B3',
    'xpath_table',
    "SELECT * FROM xpath_table('id', '''<a>'' || ssn || ''</a>''', 'customers', '/a', 'true') AS t(id int, s text)",
    { twin: MASKED },
  ),
  read(
    'B4',
    'DO with a notice',
    "DO $$ DECLARE s text; BEGIN EXECUTE 'sel' || 'ect ssn from customers limit 1' INTO s; RAISE NOTICE '%', s; END $$",
    { twin: MASKED },
  ),
  read('B4', 'DO with an exception', "DO $$ BEGIN RAISE EXCEPTION '%', (SELECT max(iban) FROM payroll); END $$", {
    twin: 'SELECT 1',
  }),
  read(
    'B4',
    'own function',
    [
      "CREATE FUNCTION public.mine() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn FROM customers'",
      'SELECT * FROM public.mine()',
    ],
    { twin: 'SELECT ticket_summary(1)' },
  ),
  read(
    'B4',
    'own temporary function',
    [
      "CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn FROM customers'",
      'SELECT * FROM pg_temp.mine()',
    ],
    { twin: 'SELECT ticket_summary(1)' },
  ),
  read(
    'B4',
    'trigger on a temporary table',
    [
      'CREATE TEMPORARY TABLE t (a int)',
      "CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT max(ssn) FROM customers); RETURN NEW; END $$",
      'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.tell()',
      'INSERT INTO t VALUES (1)',
    ],
    { twin: ['CREATE TEMPORARY TABLE t (a int)', 'INSERT INTO t VALUES (1) RETURNING a'], twinShape: 'script' },
  ),
  read('B4', 'dynamic SQL helper', "SELECT run_sql('SELECT string_agg(ssn, '','') FROM customers')", {
    twin: 'SELECT add_tax(1)',
  }),
  read('B4', 'refcursor', ['BEGIN', 'SELECT open_customers()', 'FETCH ALL FROM leaky_cursor'], {
    twin: ['BEGIN', 'DECLARE own CURSOR FOR SELECT id, ssn FROM customers', 'FETCH ALL FROM own'],
  }),
  read('B4', 'refcursor in one message', ['BEGIN; SELECT open_customers(); FETCH ALL FROM leaky_cursor; COMMIT'], {
    twin: 'BEGIN; DECLARE own CURSOR FOR SELECT id, ssn FROM customers; FETCH ALL FROM own; COMMIT',
    twinShape: 'utility',
    twinExpect: 'works',
  }),
  raw(
    'read',
    'B4',
    'refcursor run as a portal',
    async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT open_customers()');
      await client.exchange([frontend.execute('leaky_cursor'), frontend.sync]);
    },
    async (client) => {
      await must(client, 'BEGIN');
      await must(client, 'DECLARE own CURSOR FOR SELECT id, ssn FROM customers');
      await client.exchange([frontend.execute('own'), frontend.sync]);
    },
  ),
  read('B4', 'noisy function in WHERE', 'SELECT id FROM customers WHERE leak(ssn)', {
    twin: "SELECT id FROM customers WHERE starts_with(name, 'A')",
  }),
  read('B4', 'noisy operator', "SELECT id FROM customers WHERE ssn === 'x'", {
    twin: "SELECT id FROM customers WHERE name = 'Ada Vega'",
  }),
  read('B4', 'noisy operator by qualified name', "SELECT id FROM customers WHERE ssn OPERATOR(public.===) 'x'", {
    twin: "SELECT id FROM customers WHERE name OPERATOR(pg_catalog.=) 'Ada Vega'",
  }),
  read('B5', 'pg_stats', "SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'payroll'", {
    twin: "SELECT count(*) FROM pg_class WHERE relname = 'employees'",
  }),
  read(
    'B5',
    'pg_stats of a masked column',
    "SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'customers' AND attname = 'ssn'",
    { twin: "SELECT attname FROM pg_attribute WHERE attrelid = 'public.customers'::regclass AND attname = 'ssn'" },
  ),
  read('B5', 'pg_statistic', 'SELECT stavalues1::text, stavalues2::text FROM pg_statistic', {
    twin: "SELECT relname FROM pg_class WHERE relname = 'customers'",
  }),
  read('B6', 'pg_stat_activity of another session', "SELECT query FROM pg_stat_activity WHERE query LIKE '%other-session%'", {
    twin: 'SELECT pid FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    twinExpect: 'works',
  }),
  read(
    'B7',
    'large object as a stash',
    ["SELECT lo_from_bytea(424242, (SELECT string_agg(ssn, ',')::bytea FROM customers))", 'SELECT lo_get(424242)'],
    { dirty: true, twin: MASKED },
  ),
  read(
    'B8',
    'constraint definition names',
    "SELECT prosrc FROM pg_proc WHERE proname = 'nothing' UNION ALL SELECT max(ssn) FROM customers",
    { twin: "SELECT relname FROM pg_class WHERE relname = 'tickets'" },
  ),
  infer('B8', 'relation size', "SELECT pg_relation_size('payroll'), (SELECT count(*) FROM customers)", {
    twin: 'SELECT count(*) FROM customers',
  }),
  infer('B8', 'row estimate', "SELECT reltuples FROM pg_class WHERE relname = 'customers'", {
    twin: "SELECT relkind FROM pg_class WHERE relname = 'customers'",
  }),
  infer('B8', 'live rows', "SELECT n_live_tup, n_tup_ins FROM pg_stat_user_tables WHERE relname = 'customers'", {
    twin: "SELECT relname FROM pg_class WHERE relname = 'customers'",
  }),
  infer(
    'B8',
    'pg_stats distinct values',
    "SELECT n_distinct, correlation FROM pg_stats WHERE tablename = 'customers' AND attname IN ('ssn', 'tenant', 'region')",
    { twin: "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.customers'::regclass AND attname IN ('ssn', 'email')" },
  ),
  read(
    'B9',
    'logical message is written',
    "SELECT pg_logical_emit_message(false, 'x', (SELECT max(ssn) FROM customers)), (SELECT max(ssn) FROM customers)",
    { twin: MASKED },
  ),
  read('B10', 'exported snapshot beside a read', 'SELECT pg_export_snapshot(), max(iban) FROM payroll', {
    twin: 'SELECT txid_current() > 0',
    twinExpect: 'works',
  }),
  // B11: COPY
  read('B11', 'COPY table', 'COPY customers TO STDOUT', { twin: 'COPY (SELECT id, ssn FROM customers ORDER BY id) TO STDOUT' }),
  read('B11', 'COPY columns', 'COPY customers (id, ssn) TO STDOUT', { twin: 'COPY ticket_messages (id, body) TO STDOUT' }),
  read('B11', 'COPY csv with header', 'COPY customers (id, email) TO STDOUT WITH (FORMAT csv, HEADER)', {
    twin: 'COPY ticket_messages (id, body) TO STDOUT WITH (FORMAT csv, HEADER)',
  }),
  read('B11', 'COPY binary', 'COPY customers (id, ssn) TO STDOUT WITH (FORMAT binary)', {
    twin: 'COPY ticket_messages (id, body) TO STDOUT WITH (FORMAT binary)',
  }),
  read('B11', 'COPY query', 'COPY (SELECT ssn FROM customers) TO STDOUT'),
  read('B11', 'COPY values query', 'COPY (VALUES ((SELECT max(iban) FROM payroll))) TO STDOUT', {
    twin: 'COPY (VALUES ((SELECT max(name) FROM employees))) TO STDOUT',
  }),
  read('B11', 'COPY ungranted', 'COPY payroll TO STDOUT', { twin: 'COPY order_items TO STDOUT' }),
  read('B11', 'COPY whole rows', 'COPY (SELECT c::text FROM customers c) TO STDOUT', {
    twin: 'COPY (SELECT c.city FROM customers c) TO STDOUT',
  }),
  read('B11', 'COPY with returning', 'COPY (UPDATE customers SET city = city WHERE id = 1 RETURNING ssn) TO STDOUT', {
    twin: "COPY (UPDATE customers SET city = 'Rome' WHERE id = 1 RETURNING id, city) TO STDOUT",
  }),
  read('B11', 'COPY to a program and back', ["COPY customers TO PROGRAM 'cat > taken.txt'", "SELECT pg_read_file('taken.txt')"], {
    twin: MASKED,
  }),
  read(
    'B11',
    'server file',
    [
      "COPY (SELECT max(iban) FROM payroll) TO PROGRAM 'cat > one.txt'",
      "SELECT encode(pg_read_binary_file('one.txt'), 'escape')",
    ],
    { twin: MASKED },
  ),
  read('B12', 'notify to oneself', ['LISTEN spill', "SELECT pg_notify('spill', (SELECT max(ssn) FROM customers))"], {
    twin: ['LISTEN orders', "SELECT pg_notify('orders', 'x')"],
  }),
  read(
    'B12',
    'setting as a stash',
    ["SELECT set_config('my.stash', (SELECT string_agg(ssn, ',') FROM customers), false)", 'SHOW my.stash'],
    { twin: ["SELECT set_config('application_name', 'me', false)", 'SHOW application_name'] },
  ),
  // B13: the value in disguise
  read('B13', 'bytea', 'SELECT ssn::bytea FROM customers'),
  read('B13', 'bytea escape', ["SET bytea_output = 'escape'", "SELECT ('\\x00' || ssn::bytea)::bytea FROM customers"], {
    twin: ["SET bytea_output = 'escape'", 'SELECT id FROM customers'],
  }),
  read('B13', 'hex', "SELECT encode(ssn::bytea, 'hex') FROM customers"),
  read('B13', 'base64', "SELECT encode(ssn::bytea, 'base64') FROM customers"),
  read('B13', 'base64 shifted', "SELECT encode(('x' || ssn)::bytea, 'base64') FROM customers"),
  read('B13', 'base64 long', "SELECT encode((repeat('.', 53) || email || phone)::bytea, 'base64') FROM customers"),
  read('B13', 'reverse', 'SELECT reverse(ssn) FROM customers'),
  read('B13', 'upper', 'SELECT upper(ssn), initcap(email) FROM customers'),
  read('B13', 'substr halves', 'SELECT substr(ssn, 7), substr(ssn, 1, 6) FROM customers', {
    twin: 'SELECT substr(name, 1, 3), substr(ssn, 1, 2) FROM customers',
  }),
  read('B13', 'letters', 'SELECT string_to_table(ssn, NULL) FROM customers'),
  read('B13', 'character codes', 'SELECT ascii(string_to_table(ssn, NULL)) FROM customers'),
  read('B13', 'regexp_split', "SELECT regexp_split_to_table(ssn, '') FROM customers", {
    twin: "SELECT regexp_split_to_table(name, ' ') FROM customers",
  }),
  read('B13', 'regexp_matches', "SELECT (regexp_matches(ssn, '.{6}', 'g'))[1] FROM customers", {
    twin: "SELECT regexp_replace(name, ' .*', '') FROM customers",
  }),
  read(
    'B13',
    'translate rot13',
    "SELECT translate(ssn, 'abcdefghijklmnopqrstuvwxyz', 'nopqrstuvwxyzabcdefghijklm') FROM customers",
  ),
  read('B13', 'lpad', "SELECT lpad(ssn, 40, '*') FROM customers"),
  read('B13', 'md5', 'SELECT md5(ssn) FROM customers'),
  read('B13', 'sha256', 'SELECT sha256(ssn::bytea) FROM customers'),
  read('B13', 'digest of pgcrypto', "SELECT digest(ssn, 'md5') FROM customers", { twin: 'SELECT md5(name) FROM customers' }),
  read('B13', 'quote_literal', 'SELECT quote_literal(ssn), quote_ident(email) FROM customers'),
  read('B13', 'json string', 'SELECT to_json(ssn), to_jsonb(phone) FROM customers'),
  read('B13', 'array', 'SELECT ARRAY[ssn, phone] FROM customers'),
  read('B13', 'xml', 'SELECT xmlelement(name x, ssn) FROM customers', { twin: MASKED }),
  read('B13', 'tsvector', "SELECT to_tsvector('simple', ssn) FROM customers"),
  read('B13', 'trigrams', 'SELECT show_trgm(ssn), ssn FROM customers', { twin: 'SELECT show_trgm(name) FROM customers' }),
  read('B13', 'format with width', "SELECT format('%30s|%-20s', ssn, phone) FROM customers"),
  read('B13', 'salary cast', 'SELECT salary::text, salary::float8, (salary * 100)::bigint FROM customers'),
  read('B13', 'salary to_char', "SELECT to_char(salary, 'FM999999999.99') FROM customers"),
  read('B13', 'birth date parts', "SELECT to_char(birth_date, 'YYYYMMDD') FROM customers"),
  read('B13', 'birth date epoch', 'SELECT extract(epoch FROM birth_date)::bigint FROM customers'),
  read('B13', 'birth date timestamp', 'SELECT birth_date::timestamp::text FROM customers'),
  read('B13', 'inet text', 'SELECT host(last_ip), last_ip FROM customers'),
  // B14: the same values out of aggregates and windows
  read(
    'B14',
    'pairs of a document beside a write',
    "UPDATE scratch SET number = 0 WHERE id = 1 RETURNING (SELECT string_agg(key || '=' || value, ',' ORDER BY key) FROM jsonb_each_text((SELECT profile FROM customers WHERE id = 1)))",
  ),
  read('B14', 'string_agg', "SELECT string_agg(ssn, ',') FROM customers"),
  read('B14', 'min and max', 'SELECT min(ssn), max(email) FROM customers'),
  read('B14', 'mode', 'SELECT mode() WITHIN GROUP (ORDER BY ssn) FROM customers'),
  read('B14', 'percentile_disc', 'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn) FROM customers'),
  read('B14', 'first_value', 'SELECT first_value(ssn) OVER (ORDER BY id) FROM customers'),
  read('B14', 'lag', 'SELECT lag(email) OVER (ORDER BY id) FROM customers'),
  read('B14', 'array_agg element', 'SELECT (array_agg(ssn ORDER BY id))[1] FROM customers'),
  read('B14', 'filter', 'SELECT max(ssn) FILTER (WHERE id = 3) FROM customers'),
  read('B14', 'sum of one salary', 'SELECT id, sum(salary) FROM customers GROUP BY id'),
  read('B14', 'distinct on', 'SELECT DISTINCT ON (city) city, ssn FROM customers ORDER BY city, id'),
  read('B14', 'group by the column', 'SELECT ssn, count(*) FROM customers GROUP BY ssn'),
  read('B14', 'grouping sets', 'SELECT city, max(ssn) FROM customers GROUP BY GROUPING SETS ((city), ())'),
  raw(
    'read',
    'E11',
    'fastpath query_to_xml',
    async (client) => {
      const { results } = await client.query(
        "SELECT 'pg_catalog.query_to_xml(text,boolean,boolean,text)'::regprocedure::oid::int",
      );
      const oid = Number(results[0]?.rows[0]?.[0]?.toString() ?? 2924);
      await client.exchange([
        frontend.functionCall(oid || 2924, [
          Buffer.from('SELECT ssn FROM customers'),
          Buffer.from('t'),
          Buffer.from('t'),
          Buffer.from(''),
        ]),
      ]);
    },
    async (client) => void (await must(client, MASKED)),
  ),
];

async function must(client: Parameters<Extract<Attack['steps'], (client: never) => unknown>>[0], sql: string): Promise<void> {
  const { error } = await client.query(sql);
  if (error !== null) throw new Error(`${error['C']}: ${error['M']}`);
}
