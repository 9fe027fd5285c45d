/**
 * Class D: nothing protected is shown, but the answer depends on it. Each statement is asked of two databases that differ only
 * in what the policy hides. On the bare relay the answers differ; through Sluice every byte must be the same.
 */
import { infer, read, type Attack } from '../attack.ts';

/**
 * Raises division by zero for a hidden row that exists in the second database only (ids from 820 million), never for a
 * visible one: whoever evaluates it before the row filter tells that the row is there.
 */
const PROBE = '1 / (c.id / 10000000 - 82) <> 5';
/** Looks for one hidden row and raises if it is there: the division is by NULL made zero, whatever the row holds. */
const NULL_PROBE = 'c.id / 1000000 = 821 AND 1 / coalesce(nullif(c.id, c.id), 0) >= 0';
/** The same with a key that may be used before the filter and a column that a guard would have turned into NULL. */
const KEY_PROBE = 'c.id BETWEEN 821000000 AND 821999999 AND 1 / coalesce(length(nullif(c.city, c.city)), 0) >= 0';
/** The value itself in the text of a cast error; the names of visible cities never match. */
const CAST_PROBE = "substring(c.city from '^[b-z]{12}$')::int <> 5";
/** What an honest client computes: as unsafe to PostgreSQL, harmless to everyone. */
const HONEST = '10 / (c.id + 1) <> 5';

/** The places in which PostgreSQL may evaluate an expression before a filter that sits in a subquery. */
const SHAPES: readonly (readonly [name: string, sql: (probe: string) => string])[] = [
  ['where', (probe) => `SELECT c.id FROM customers c WHERE (${probe})`],
  ['inner join on', (probe) => `SELECT c.id FROM products p JOIN customers c ON p.id = c.id AND (${probe})`],
  ['left join on', (probe) => `SELECT p.id, c.city FROM products p LEFT JOIN customers c ON p.id = c.id AND (${probe})`],
  ['right join on', (probe) => `SELECT c.id FROM products p RIGHT JOIN customers c ON p.id = c.id AND (${probe})`],
  ['outer join where', (probe) => `SELECT v.x FROM (VALUES (1), (2)) AS v(x) LEFT JOIN customers c ON true WHERE (${probe})`],
  ['full join', (probe) => `SELECT p.id FROM products p FULL JOIN customers c ON p.id = c.id WHERE (${probe})`],
  ['exists', (probe) => `SELECT p.id FROM products p WHERE EXISTS (SELECT 1 FROM customers c WHERE (${probe}) AND c.id = p.id)`],
  [
    'not exists',
    (probe) => `SELECT p.id FROM products p WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE (${probe}) AND c.id = p.id)`,
  ],
  ['nested target used outside', (probe) => `SELECT d.id FROM (SELECT c.id, (${probe}) AS x FROM customers c) AS d WHERE d.x`],
  ['inlined CTE', (probe) => `WITH d AS (SELECT * FROM customers) SELECT c.id FROM d c WHERE (${probe})`],
  ['distinct subquery', (probe) => `SELECT c.id FROM (SELECT DISTINCT id FROM customers) AS c WHERE (${probe})`],
  ['grouped subquery', (probe) => `SELECT c.id FROM (SELECT id, count(*) FROM customers GROUP BY id) AS c WHERE (${probe})`],
  [
    'union subquery',
    (probe) => `SELECT c.id FROM (SELECT id FROM customers UNION ALL SELECT id FROM products) AS c WHERE (${probe})`,
  ],
  [
    'window subquery',
    (probe) => `SELECT c.id FROM (SELECT id, row_number() OVER (PARTITION BY id) FROM customers) AS c WHERE (${probe})`,
  ],
  ['lateral', (probe) => `SELECT l.x FROM customers c, LATERAL (SELECT (${probe}) AS x) AS l WHERE l.x`],
  ['scalar sublink', (probe) => `SELECT c.id FROM customers c WHERE (SELECT (${probe}))`],
  ['having on a grouped column', (probe) => `SELECT c.id FROM customers c GROUP BY c.id HAVING (${probe})`],
  ['join alias', (probe) => `SELECT c.id FROM (customers AS k JOIN (SELECT 1 AS one) AS o ON true) AS c WHERE (${probe})`],
  ['case', (probe) => `SELECT c.id FROM customers c WHERE CASE WHEN c.id > 0 THEN (${probe}) END`],
  ['for update', (probe) => `SELECT c.id FROM customers c WHERE (${probe}) FOR UPDATE`],
  ['limit', (probe) => `SELECT c.id FROM customers c WHERE (${probe}) ORDER BY c.id LIMIT 50`],
  ['semi join', (probe) => `SELECT p.id FROM products p WHERE p.id IN (SELECT c.id FROM customers c WHERE (${probe}))`],
  ['anti join', (probe) => `SELECT p.id FROM products p LEFT JOIN customers c ON c.id = p.id AND (${probe}) WHERE c.id IS NULL`],
  ['aggregate filter', (probe) => `SELECT count(*) FILTER (WHERE (${probe})) FROM customers c`],
];

const NARROW = /subquery|grouped column/;

const MATRIX: readonly Attack[] = SHAPES.flatMap(([name, sql]) => {
  const options = { twin: sql(HONEST), forms: ['simple', 'extended', 'prepared', 'cursor'] } as const;
  return [
    infer('D7', `division by zero, ${name}`, sql(PROBE), options),
    infer('D7', `error on null, ${name}`, sql(NULL_PROBE), options),
    // The narrow shapes have no other column than id.
    ...(NARROW.test(name)
      ? []
      : [
          infer('D7', `error on null by key, ${name}`, sql(KEY_PROBE), options),
          read('D3', `cast error of a hidden row, ${name}`, sql(CAST_PROBE), options),
        ]),
  ];
});

/** A sequence that may be moved counts how often a condition was evaluated; free operators change the order of conditions. */
const COUNTED: readonly Attack[] = (
  [
    ['where', "SELECT c.id FROM customers c WHERE nextval('scratch_id_seq') > 0"],
    [
      'outer join',
      "SELECT count(*) FROM (VALUES (1), (2)) AS p(id) LEFT JOIN customers c ON c.id >= p.id AND nextval('scratch_id_seq') > 0",
    ],
    ['nullable side', "SELECT v.n FROM (VALUES (1)) AS v(n) LEFT JOIN customers c ON nextval('scratch_id_seq') > 0"],
    [
      'not in',
      "SELECT p.id FROM products p WHERE p.id NOT IN (SELECT c.id FROM customers c WHERE nextval('scratch_id_seq') > 0)",
    ],
    ['target of a subquery', "SELECT c.id FROM (SELECT *, nextval('scratch_id_seq') AS n FROM customers) AS c WHERE c.n > 0"],
    ['case', "SELECT c.id FROM customers c WHERE CASE WHEN nextval('scratch_id_seq') > 0 THEN c.ssn > 'a' END"],
    ['aggregate', "SELECT count(nextval('scratch_id_seq')) FROM orders"],
  ] as const
).flatMap(([name, sql]) =>
  ['0.0025', '0'].map((cost) => {
    const steps = [
      `SET cpu_operator_cost = ${cost}`,
      "SELECT setval('scratch_id_seq', 5000)",
      sql,
      "SELECT currval('scratch_id_seq')",
    ];
    return infer('D7', `evaluations counted, ${name}, operators cost ${cost}`, steps, { twinExpect: 'works', dirty: true });
  }),
);

export const INFERENCE: readonly Attack[] = [
  // D1: predicates, order, grouping, aggregates
  infer('D1', 'like prefix', "SELECT id FROM customers WHERE ssn LIKE 'b%' OR ssn LIKE 'c%' OR ssn LIKE 'd%'"),
  infer('D1', 'range', "SELECT count(*) FROM customers WHERE ssn < 'k'"),
  infer('D1', 'between', "SELECT id FROM customers WHERE ssn BETWEEN 'b' AND 'm'"),
  infer('D1', 'regular expression', "SELECT id FROM customers WHERE ssn ~ '^[b-h]'"),
  infer('D1', 'similar to', "SELECT id FROM customers WHERE ssn SIMILAR TO '[b-h]%'"),
  infer('D1', 'position', "SELECT id, position('k' IN ssn) FROM customers"),
  infer('D1', 'character code', 'SELECT id, ascii(ssn) FROM customers'),
  infer('D1', 'substring', 'SELECT id, substr(ssn, 1, 1) FROM customers'),
  infer('D1', 'order by', 'SELECT id FROM customers ORDER BY ssn, id'),
  infer('D1', 'order by limit', 'SELECT name FROM customers ORDER BY email, id LIMIT 1'),
  infer('D1', 'order by expression', 'SELECT id FROM customers ORDER BY md5(ssn), id'),
  infer('D1', 'rank', 'SELECT id, rank() OVER (ORDER BY ssn) FROM customers'),
  infer('D1', 'dense rank of salary', 'SELECT id, dense_rank() OVER (ORDER BY salary, id) FROM customers'),
  infer('D1', 'ntile', 'SELECT id, ntile(4) OVER (ORDER BY phone) FROM customers', {
    twin: 'SELECT id, ntile(4) OVER (ORDER BY id) FROM customers',
  }),
  infer('D1', 'hash', 'SELECT id, hashtext(ssn) FROM customers', { twin: 'SELECT id, md5(ssn) FROM customers' }),
  infer('D1', 'sum', 'SELECT sum(salary) FROM customers'),
  infer('D1', 'average', 'SELECT avg(salary), stddev(salary) FROM customers'),
  infer('D1', 'salary comparison', 'SELECT a.id, b.id FROM customers a JOIN customers b ON a.salary > b.salary AND a.id <> b.id'),
  infer('D1', 'salary bucket', 'SELECT id, width_bucket(salary, 0, 200000, 4000) FROM customers'),
  infer('D1', 'salary modulo', 'SELECT id FROM customers WHERE salary % 2 < 1'),
  infer('D1', 'birth month', 'SELECT id, extract(month FROM birth_date) FROM customers'),
  infer('D1', 'age in days', "SELECT id, date '2026-01-01' - birth_date FROM customers"),
  infer(
    'D1',
    'join to a dictionary',
    "SELECT c.id, d.k FROM customers c JOIN (VALUES ('b'), ('c'), ('d'), ('g'), ('h'), ('j')) AS d(k) ON substr(c.ssn, 1, 1) = d.k",
  ),
  infer('D1', 'case as an oracle', "SELECT id, CASE WHEN ssn > 'k' THEN 'high' ELSE 'low' END FROM customers"),
  infer('D1', 'group by a part', 'SELECT substr(ssn, 1, 1), count(*) FROM customers GROUP BY 1'),
  infer('D1', 'having', "SELECT city FROM customers GROUP BY city HAVING min(ssn) < 'd'"),
  infer('D1', 'distinct count of parts', 'SELECT count(DISTINCT substr(ssn, 1, 1)) FROM customers'),
  infer('D1', 'similarity', "SELECT id, similarity(ssn, 'bcdghjkm') FROM customers WHERE similarity(ssn, 'bcd') >= 0", {
    twin: "SELECT id, similarity(name, 'ada') FROM customers",
  }),
  infer('D1', 'levenshtein', "SELECT id, levenshtein(ssn, 'bcdghjkmnpqr') FROM customers", {
    twin: 'SELECT id, length(name) FROM customers',
  }),
  infer('D1', 'array position', "SELECT id, array_position(string_to_array(ssn, NULL), 'k') FROM customers"),
  infer('D1', 'translate', "SELECT id, translate(ssn, 'bcdghjkm', '') FROM customers"),
  infer('D1', 'overlay', "SELECT id, overlay(ssn PLACING '' FROM 2 FOR 20) FROM customers"),
  infer('D1', 'split_part', "SELECT id, split_part(ssn, 'k', 1) FROM customers"),
  infer('D1', 'bit string', 'SELECT id, get_bit(ssn::bytea, 3), get_byte(ssn::bytea, 0) FROM customers'),
  infer('D1', 'trailing letter', 'SELECT id, right(email, 13) FROM customers', {
    twin: 'SELECT id, right(phone, 4) FROM customers',
  }),
  infer('D1', 'jsonb containment', `SELECT id FROM customers WHERE (profile ->> 'ssn') < 'k'`),
  infer('D1', 'jsonb path predicate', `SELECT id FROM customers WHERE profile @? '$ ? (@.ssn < "k")'`),
  infer('D1', 'array element order', 'SELECT id FROM customers ORDER BY contact_numbers, id'),
  infer('D1', 'composite order', 'SELECT id FROM customers ORDER BY home, id'),
  infer('D1', 'address order', 'SELECT id FROM customers ORDER BY last_ip, id'),
  infer('D1', 'row comparison', 'SELECT a.id, b.id FROM customers a, customers b WHERE (a.ssn, a.id) < (b.ssn, b.id)'),
  infer('D1', 'whole-row order', 'SELECT c.id FROM (SELECT ssn, id FROM customers) c ORDER BY c'),
  infer(
    'D1',
    'limit by a secret',
    'SELECT id FROM products ORDER BY id LIMIT (SELECT greatest(ascii(ssn) - 97, 0) FROM customers WHERE id = 1)',
  ),
  infer(
    'D1',
    'offset by a secret',
    'SELECT id FROM products ORDER BY id OFFSET (SELECT greatest(ascii(ssn) - 97, 0) FROM customers WHERE id = 2)',
  ),
  infer('D1', 'generate_series by a secret', 'SELECT count(*) FROM customers c, generate_series(1, ascii(c.ssn)) AS g'),
  infer(
    'D1',
    'lateral by a secret',
    'SELECT p.id FROM products p, LATERAL (SELECT 1 FROM customers c WHERE ascii(c.ssn) - 97 = p.id) AS l',
  ),
  infer('D1', 'ungranted column as a predicate', 'SELECT id FROM customers WHERE credit_limit < 145000000', {
    twin: 'SELECT id FROM customers WHERE id < 4',
  }),
  infer('D1', 'ungranted column as order', 'SELECT id FROM products ORDER BY supplier_cost', {
    twin: 'SELECT id FROM products ORDER BY price',
  }),
  infer(
    'D1',
    'ungranted table as a predicate',
    "SELECT count(*) FROM employees WHERE id IN (SELECT employee_id FROM payroll WHERE iban < 'r')",
    { twin: 'SELECT count(*) FROM employees WHERE id IN (SELECT assignee FROM tickets)' },
  ),
  infer(
    'D1',
    'ungranted table in exists',
    "SELECT EXISTS (SELECT 1 FROM payroll WHERE gross > 3050000 AND employee_id < 3), (SELECT count(*) FROM payroll WHERE iban < 'h')",
    { twin: 'SELECT EXISTS (SELECT 1 FROM employees WHERE id = 3)' },
  ),
  // hidden rows
  infer('D11', 'count', 'SELECT count(*) FROM customers'),
  infer('D11', 'count of orders', 'SELECT count(*), max(id) FROM orders'),
  infer('D11', 'exists', 'SELECT EXISTS (SELECT 1 FROM customers WHERE id > 820000000)'),
  infer('D11', 'max id', 'SELECT max(id / 1000) FROM customers'),
  infer(
    'D11',
    'left join null',
    'SELECT o.n, c.id IS NULL FROM generate_series(819, 822) AS o(n) LEFT JOIN customers c ON c.id / 1000000 = o.n',
  ),
  infer('D11', 'foreign key join', 'SELECT count(*) FROM orders LEFT JOIN customers c ON c.id = customer_id'),
  infer('D11', 'skip locked', 'SELECT count(*) FROM (SELECT id FROM customers FOR UPDATE SKIP LOCKED) AS x', {
    twin: 'SELECT count(*) FROM (SELECT id FROM tickets FOR UPDATE SKIP LOCKED) AS x',
  }),
  infer('D11', 'tablesample', 'SELECT count(*) FROM customers TABLESAMPLE bernoulli (100) REPEATABLE (1)'),
  infer('D11', 'offset walk', 'SELECT 1 FROM customers OFFSET 20', { twin: 'SELECT id FROM customers ORDER BY id OFFSET 3' }),
  infer('D11', 'two counts', "SELECT count(*), count(*) FILTER (WHERE tenant = 'acme') FROM customers"),
  infer('D11', 'grouping of hidden rows', 'SELECT tier, count(*) FROM customers GROUP BY tier ORDER BY 1'),
  // D2: predicates of writes
  infer('D2', 'update by a masked predicate', "UPDATE customers SET city = city WHERE ssn < 'k' AND id < 5", {
    twin: "UPDATE customers SET city = 'Rome' WHERE id < 5",
  }),
  infer('D2', 'update hidden rows count', 'UPDATE tickets SET priority = priority WHERE id > 810000000', {
    twin: 'UPDATE tickets SET priority = 1 WHERE id < 4',
  }),
  infer(
    'D2',
    'delete using a masked predicate',
    "DELETE FROM scratch USING customers c WHERE c.id = scratch.id AND c.ssn < 'k' AND c.id < 5",
    { twin: 'DELETE FROM scratch USING customers c WHERE c.id = scratch.id AND c.id < 4' },
  ),
  infer(
    'D2',
    'merge on a masked predicate',
    "MERGE INTO scratch s USING customers c ON c.id = s.id AND c.ssn < 'k' AND c.id < 5 WHEN MATCHED THEN UPDATE SET tag = 'hit'",
    { twin: "MERGE INTO scratch s USING customers c ON c.id = s.id AND c.id < 4 WHEN MATCHED THEN UPDATE SET tag = 'hit'" },
  ),
  infer(
    'D2',
    'upsert where',
    "INSERT INTO preferences (customer_id, key) SELECT n, 'theme' FROM generate_series(1, 5) AS n ON CONFLICT (customer_id, key) DO UPDATE SET revision = 9 WHERE (SELECT ssn FROM customers c WHERE c.id = preferences.customer_id) < 'k'",
    {
      twin: "INSERT INTO preferences (customer_id, key) VALUES (1, 'theme') ON CONFLICT (customer_id, key) DO UPDATE SET revision = 9 WHERE preferences.revision < 5",
    },
  ),
  infer(
    'D2',
    'set from a masked expression',
    'UPDATE scratch SET number = ascii((SELECT ssn FROM customers WHERE id = 1)) WHERE id = 1 RETURNING number',
    { twin: 'UPDATE scratch SET number = length((SELECT name FROM customers WHERE id = 1)) WHERE id = 1 RETURNING number' },
  ),
  infer(
    'D2',
    'update with a probing predicate',
    'UPDATE customers c SET city = city WHERE 1 / (c.id / 10000000 - 82) <> 5 AND c.id > 500',
    { twin: "UPDATE customers c SET city = 'Rome' WHERE c.id / 2 = 1" },
  ),
  infer('D2', 'delete with a probing predicate', 'DELETE FROM orders c WHERE 1 / (c.id / 1000000 - 816) <> 5 AND c.id > 500', {
    twin: 'DELETE FROM order_items WHERE order_id / 2 = 1',
  }),
  infer('D2', 'update masked by itself', "UPDATE customers SET city = 'x' WHERE id < 6 AND email < 'uk'", {
    twin: "UPDATE customers SET city = 'x' WHERE id = 3 AND name < 'zz'",
  }),
  // D3: errors that carry a value
  read('D3', 'cast to int', 'SELECT ssn::int FROM customers', { twin: 'SELECT id::text FROM customers' }),
  read('D3', 'cast to date', 'SELECT ssn::date FROM customers', { twin: "SELECT '2026-01-01'::date" }),
  read('D3', 'cast to json', "SELECT ('{' || ssn)::json FROM customers", {
    twin: `SELECT ('{"a":' || id || '}')::json FROM customers`,
  }),
  read('D3', 'cast to enum', 'SELECT ssn::tier FROM customers', { twin: 'SELECT tier::text FROM customers' }),
  read('D3', 'cast to uuid', 'SELECT ssn::uuid FROM customers', { twin: "SELECT '0b8f9a52-1c34-4b6e-9b6f-6f8f2f3a4d5e'::uuid" }),
  read('D3', 'cast to inet', 'SELECT phone::inet FROM customers', { twin: "SELECT '10.0.0.1'::inet" }),
  read('D3', 'cast to numeric of the ungranted', 'SELECT iban::numeric FROM payroll', {
    twin: 'SELECT price::int FROM products',
  }),
  read('D3', 'cast to regclass', 'SELECT ssn::regclass FROM customers', { twin: "SELECT 'public.customers'::regclass::text" }),
  read('D3', 'xmlparse', "SELECT xmlparse(DOCUMENT '<' || ssn) FROM customers", { twin: 'SELECT id, ssn FROM customers' }),
  read('D3', 'interval', 'SELECT ssn::interval FROM customers', { twin: "SELECT interval '1 day'" }),
  read('D3', 'pg_input_error_info', "SELECT (pg_input_error_info(ssn, 'integer')).message FROM customers", {
    since: 18,
    twin: 'SELECT 1',
  }),
  read('D3', 'error in a joined predicate', 'SELECT t.id FROM tickets t JOIN customers c ON c.ssn::int = t.id', {
    twin: 'SELECT t.id FROM tickets t JOIN customers c ON c.id = t.customer_id',
  }),
  read('D3', 'jsonb to boolean', "SELECT (profile ->> 'ssn')::boolean FROM customers", {
    twin: "SELECT ('true'::jsonb)::boolean",
  }),
  // D4: constraints that quote rows
  read('D4', 'duplicate key', 'UPDATE customers SET email = (SELECT email FROM customers WHERE id = 2) WHERE id = 1', {
    twin: "UPDATE customers SET city = 'Rome' WHERE id = 1",
  }),
  read('D4', 'check prints the row', "UPDATE customers SET notes = repeat('x', 500) WHERE id = 1", {
    twin: "UPDATE customers SET notes = 'called back' WHERE id = 1",
  }),
  read('D4', 'not null prints the row', 'UPDATE customers SET name = NULL WHERE id = 1', {
    twin: "UPDATE customers SET name = 'Ada' WHERE id = 1",
  }),
  read('D4', 'foreign key', 'DELETE FROM customers WHERE id > 810000000', { twin: "UPDATE orders SET note = 'x' WHERE id = 3" }),
  // D5: notices
  read('D5', 'trigger raises a notice', "UPDATE orders SET note = 'seen' WHERE id = 3", {
    twin: "UPDATE tickets SET status = 'closed' WHERE id = 3",
  }),
  read('D5', 'trigger raises an exception', "UPDATE customers SET notes = 'forbidden' WHERE id = 3", {
    twin: "UPDATE customers SET notes = 'fine' WHERE id = 3",
  }),
  read('D5', 'notice function', 'SELECT leak(ssn) FROM customers', { twin: 'SELECT add_tax(5)' }),
  read('D5', 'notice function on hidden rows', 'SELECT id FROM customers WHERE leak(city)', {
    twin: "SELECT id FROM customers WHERE city LIKE 'B%'",
  }),
  // D10: what a masked value's type and length tell
  infer('D10', 'length', 'SELECT id, length(city), octet_length(tenant) FROM customers', {
    twin: 'SELECT id, length(ssn), pg_typeof(ssn)::text FROM customers',
  }),
  infer('D10', 'null-ness of ungranted columns', 'SELECT count(credit_limit), count(*) FROM customers', {
    twin: 'SELECT count(city), count(*) FROM customers',
  }),
  ...MATRIX,
  ...COUNTED,
];
