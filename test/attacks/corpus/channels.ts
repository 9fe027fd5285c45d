/** Classes D6, D8, D9 and D10: nothing is shown but counts, sizes, places and shapes. */
import { infer, read, type Attack } from '../attack.ts';

export const CHANNELS: readonly Attack[] = [
  // D6: how much work there was
  infer('D6', 'rows without columns', 'SELECT FROM customers', { forms: ['simple', 'extended', 'prepared', 'cursor', 'portal'] }),
  infer('D6', 'rows moved over', ['BEGIN', 'DECLARE c SCROLL CURSOR FOR SELECT 1 FROM customers', 'MOVE ALL IN c']),
  infer('D6', 'work by a secret', 'SELECT count(*) FROM generate_series(1, (SELECT ascii(max(ssn)) FROM customers))'),
  infer('D6', 'copied rows', 'COPY (SELECT 1 FROM orders) TO STDOUT'),
  infer('D6', 'lock per row', 'SELECT count(pg_try_advisory_xact_lock(ascii(ssn))) FROM customers', {
    twin: 'SELECT count(pg_try_advisory_xact_lock(id)) FROM products WHERE false',
    twinExpect: 'works',
  }),
  // D8: how much has happened
  infer('D8', 'last place of a row', "SELECT max(split_part(trim(both '()' from ctid::text), ',', 2)::int) FROM tickets", {
    twin: 'SELECT max(id) FROM tickets',
  }),
  infer('D8', 'inserts by function', "SELECT pg_stat_get_tuples_inserted('customers'::regclass)", {
    twin: "SELECT 'customers'::regclass::text",
  }),
  infer('D8', 'live rows by function', "SELECT pg_stat_get_live_tuples('public.orders'::regclass)", {
    twin: "SELECT 'public.orders'::regclass::text",
  }),
  infer('D8', 'estimate of another table', "SELECT reltuples FROM pg_class WHERE oid = 'orders'::regclass", {
    twin: "SELECT relkind FROM pg_class WHERE oid = 'orders'::regclass",
  }),
  infer('D8', 'all statistics of tables', 'SELECT relname, n_tup_ins FROM pg_stat_all_tables ORDER BY relname', {
    twin: "SELECT relname FROM pg_class WHERE relname IN ('articles', 'scratch') ORDER BY relname",
  }),
  // D9: what a mask still tells
  infer('D9', 'equal values', 'SELECT count(*) FROM customers a JOIN customers b ON a.ssn = b.ssn'),
  infer('D9', 'dictionary of hashes', "SELECT count(*) FROM customers WHERE md5(ssn) < '8'"),
  infer('D9', 'order under a partial mask', 'SELECT id, phone FROM customers ORDER BY phone COLLATE "C", id'),
  infer('D9', 'groups of a mask', 'SELECT right(phone, 4), count(*) FROM customers GROUP BY 1'),
  read('D9', 'masked parts put together', 'SELECT left(email, 8) || right(email, 20) FROM customers'),
  // D10: what shape a value has
  infer('D10', 'stored size', 'SELECT pg_column_size(ssn), octet_length(notes) FROM customers', {
    twin: 'SELECT octet_length(ssn), octet_length(notes) FROM customers',
  }),
  infer('D10', 'keys of a document', 'SELECT id, (SELECT count(*) FROM jsonb_object_keys(profile)) FROM customers', {
    twin: 'SELECT id, jsonb_typeof(profile) FROM customers',
  }),
  infer('D10', 'lengths of arrays', 'SELECT sum(cardinality(contact_numbers)) FROM customers'),
];
