/**
 * Statements that are dear to analyse for what they cost to send: each a family that grows with a number, so that the largest
 * one that is still analysed in the event loop can be found. The worst of each kind that anybody thought of.
 */

export interface DearStatement {
  readonly name: string;
  readonly at: (size: number) => string;
}

const list = (count: number, item: (index: number) => string, separator = ', '): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(separator);

/** Over the tables of test/fixtures/shop.sql. */
export const DEAR_STATEMENTS: readonly DearStatement[] = [
  { name: 'IN list of numbers', at: (n) => `SELECT id FROM customers WHERE id IN (${list(n, String)})` },
  { name: 'IN list of strings', at: (n) => `SELECT id FROM customers WHERE name IN (${list(n, (i) => `'n${i}'`)})` },
  {
    name: 'VALUES rows',
    at: (n) => `INSERT INTO order_items (order_id, product_id, quantity) VALUES ${list(n, (i) => `(${i}, ${i}, 1)`)}`,
  },
  { name: 'filtered VALUES rows', at: (n) => `INSERT INTO orders (tenant, total) VALUES ${list(n, (i) => `('acme', ${i})`)}` },
  { name: 'columns of a masked table', at: (n) => `SELECT ${list(n, () => 'email')} FROM customers` },
  { name: 'qualified columns', at: (n) => `SELECT ${list(n, () => 'customers.email')} FROM customers` },
  { name: 'schema-qualified columns', at: (n) => `SELECT ${list(n, () => 'public.customers.email')} FROM customers` },
  { name: 'function calls', at: (n) => `SELECT ${list(n, () => 'lower(email)')} FROM customers` },
  { name: 'functions of everything', at: (n) => `SELECT ${list(n, () => 'abs(id)+length(name)')} FROM customers` },
  { name: 'casts', at: (n) => `SELECT ${list(n, () => 'id::text::varchar')} FROM customers` },
  { name: 'operators', at: (n) => `SELECT id FROM customers WHERE ${list(n, (i) => `email LIKE '${i}'`, ' OR ')}` },
  { name: 'conjuncts', at: (n) => `SELECT id FROM customers WHERE ${list(n, (i) => `id + ${i} > 0`, ' AND ')}` },
  { name: 'unsafe conjuncts', at: (n) => `SELECT id FROM customers WHERE ${list(n, (i) => `email::int = ${i}`, ' AND ')}` },
  { name: 'stars', at: (n) => `SELECT ${list(n, () => '*')} FROM customers` },
  { name: 'star of joins', at: (n) => `SELECT * FROM ${list(n, (i) => `customers c${i}`)}` },
  { name: 'joins', at: (n) => `SELECT 1 FROM customers c ${list(n, (i) => `JOIN customers c${i} ON c${i}.id = c.id`, ' ')}` },
  {
    name: 'outer joins',
    at: (n) => `SELECT 1 FROM customers c ${list(n, (i) => `LEFT JOIN customers c${i} ON c${i}.email = c.email`, ' ')}`,
  },
  { name: 'joins USING', at: (n) => `SELECT 1 FROM customers c ${list(n, (i) => `JOIN customers c${i} USING (id)`, ' ')}` },
  { name: 'natural joins', at: (n) => `SELECT 1 FROM customers c ${list(n, (i) => `NATURAL JOIN customers c${i}`, ' ')}` },
  { name: 'unions', at: (n) => list(n, () => 'SELECT email FROM customers', ' UNION ALL ') },
  { name: 'sublinks', at: (n) => `SELECT ${list(n, () => '(SELECT count(*) FROM customers)')}` },
  {
    name: 'EXISTS',
    at: (n) =>
      `SELECT 1 FROM customers c WHERE ${list(n, (i) => `EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.id > ${i})`, ' AND ')}`,
  },
  { name: 'CTEs', at: (n) => `WITH ${list(n, (i) => `c${i} AS (SELECT * FROM customers)`)} SELECT 1` },
  {
    name: 'CTEs in a chain',
    at: (n) =>
      `WITH c0 AS (SELECT * FROM customers), ${list(n, (i) => `c${i + 1} AS (SELECT * FROM c${i})`)} SELECT * FROM c${n}`,
  },
  {
    name: 'CTEs that join',
    at: (n) =>
      `WITH c0 AS (SELECT id FROM customers), ${list(n, (i) => `c${i + 1} AS (SELECT a.id FROM c${i} a, c${i} b)`)} SELECT * FROM c${n}`,
  },
  { name: 'windows', at: (n) => `SELECT ${list(n, () => 'sum(id) OVER (PARTITION BY email)')} FROM customers` },
  { name: 'GROUP BY', at: (n) => `SELECT 1 FROM customers GROUP BY ${list(n, () => 'email')}` },
  { name: 'ORDER BY', at: (n) => `SELECT 1 FROM customers ORDER BY ${list(n, () => 'email')}` },
  { name: 'grouping sets', at: (n) => `SELECT 1 FROM customers GROUP BY GROUPING SETS (${list(n, () => '(email, name)')})` },
  { name: 'CASE', at: (n) => `SELECT CASE ${list(n, (i) => `WHEN id = ${i} THEN email`, ' ')} END FROM customers` },
  { name: 'arrays', at: (n) => `SELECT ARRAY[${list(n, () => 'email')}] FROM customers` },
  { name: 'rows', at: (n) => `SELECT ${list(n, () => 'ROW(id, email)')} FROM customers` },
  { name: 'whole rows', at: (n) => `SELECT ${list(n, () => 'customers')} FROM customers` },
  { name: 'row_to_json', at: (n) => `SELECT ${list(n, () => 'row_to_json(customers)')} FROM customers` },
  { name: 'JSON paths', at: (n) => `SELECT ${list(n, (i) => `profile->'a'->>'${i}'`)} FROM customers` },
  { name: 'parameters', at: (n) => `SELECT ${list(n, (i) => `$${i + 1}`)}` },
  { name: 'SET list', at: (n) => `UPDATE customers SET phone = ${list(n, () => 'phone', ' || ')} WHERE id = 1` },
  { name: 'write back', at: (n) => `UPDATE customers SET phone = 'x' WHERE ${list(n, (i) => `phone = '${i}'`, ' OR ')}` },
  { name: 'RETURNING', at: (n) => `UPDATE customers SET phone = 'x' WHERE id = 1 RETURNING ${list(n, () => 'email')}` },
  { name: 'DELETE sublinks', at: (n) => `DELETE FROM orders WHERE ${list(n, () => 'id IN (SELECT id FROM orders)', ' OR ')}` },
  {
    name: 'ON CONFLICT',
    at: (n) =>
      `INSERT INTO orders (tenant, total) VALUES ${list(n, () => "('acme', 1)")} ON CONFLICT (id) DO UPDATE SET total = excluded.total`,
  },
  {
    name: 'MERGE',
    at: (n) => `MERGE INTO order_items t USING (VALUES ${list(n, (i) => `(${i})`)}) s(i) ON t.id = s.i WHEN MATCHED THEN DELETE`,
  },
  { name: 'system catalogs', at: (n) => `SELECT 1 FROM ${list(n, (i) => `pg_class c${i}`)}` },
  { name: 'system columns', at: (n) => `SELECT ${list(n, () => 'relname')} FROM pg_class` },
  { name: 'information_schema', at: (n) => `SELECT 1 FROM ${list(n, (i) => `information_schema.columns c${i}`)}` },
  { name: 'catalog functions', at: (n) => `SELECT ${list(n, () => "pg_get_viewdef('order_totals'::regclass)")}` },
  { name: 'regclass', at: (n) => `SELECT ${list(n, () => "'customers'::regclass")}` },
  { name: 'views', at: (n) => `SELECT * FROM ${list(n, (i) => `order_totals v${i}`)}` },
  { name: 'TABLE', at: (n) => list(n, () => 'TABLE customers', ' UNION ') },
  { name: 'nested parentheses', at: (n) => `SELECT ${'('.repeat(n)}1${')'.repeat(n)}` },
  { name: 'nested subqueries', at: (n) => `SELECT ${'(SELECT '.repeat(n)}email FROM customers LIMIT 1${')'.repeat(n)}` },
  { name: 'nested derived tables', at: (n) => `${'SELECT * FROM ('.repeat(n)}SELECT * FROM customers${') x'.repeat(n)}` },
  { name: 'nested functions', at: (n) => `SELECT ${'lower('.repeat(n)}email${')'.repeat(n)} FROM customers` },
  { name: 'a sum', at: (n) => `SELECT ${list(n, () => 'id', ' + ')} FROM customers` },
  { name: 'concatenation', at: (n) => `SELECT ${list(n, () => 'email', ' || ')} FROM customers` },
  { name: 'unknown columns', at: (n) => `SELECT ${list(n, (i) => `nothing${i}`)} FROM customers` },
  { name: 'aliases', at: (n) => `SELECT ${list(n, (i) => `email AS a${i}`)} FROM customers` },
  { name: 'long names', at: (n) => `SELECT ${list(n, () => `"${'n'.repeat(60)}"`)} FROM customers` },
  { name: 'one long literal', at: (n) => `SELECT '${'x'.repeat(n)}' FROM customers` },
  { name: 'a literal with quotes', at: (n) => `SELECT '${"''".repeat(n)}' FROM customers` },
  { name: 'escapes', at: (n) => `SELECT E'${'\\n'.repeat(n)}' FROM customers` },
  { name: 'long comments', at: (n) => `SELECT 1 /*${'x'.repeat(n)}*/ FROM customers` },
  { name: 'many comments', at: (n) => `SELECT ${list(n, () => '/* */')} 1 FROM customers`.replaceAll(',', ' ') },
  { name: 'white space', at: (n) => `SELECT ${' '.repeat(n)} 1 FROM customers` },
  { name: 'a run of operators', at: (n) => `SELECT ${'+'.repeat(n)} 1` },
  { name: 'statements', at: (n) => list(n, () => 'SELECT email FROM customers', '; ') },
  { name: 'statements that write', at: (n) => list(n, (i) => `UPDATE customers SET phone = '${i}' WHERE id = ${i}`, '; ') },
  { name: 'a syntax error at the end', at: (n) => `SELECT ${list(n, String)} FROM FROM` },
  { name: 'prepared', at: (n) => `PREPARE p AS SELECT id FROM customers WHERE id IN (${list(n, String)})` },
  { name: 'explained', at: (n) => `EXPLAIN SELECT id FROM scratch WHERE id IN (${list(n, String)})` },
  { name: 'copied', at: (n) => `COPY (SELECT ${list(n, () => 'email')} FROM customers) TO STDOUT` },
  { name: 'SET search_path', at: (n) => `SET search_path TO ${list(n, (i) => `s${i}`)}` },
];

/** The largest size for which `fits`, by doubling and halving. */
export function largest(fits: (size: number) => boolean, limit = 1 << 21): number {
  let low = 1;
  while (low < limit && fits(low * 2)) low *= 2;
  let high = Math.min(limit, low * 2);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
