// A support agent as somebody else wrote it: plain `pg`, a connection string from the environment, no trace of Sluice.
// It does its work, and then what a prompt injection would make it do.
import pg from 'pg';

const work = [
  {
    say: 'Who has waited longest for an answer? (a join)',
    sql: `SELECT t.id, c.name, c.email, c.phone, t.subject FROM tickets t JOIN customers c ON c.id = t.customer_id WHERE t.status = 'waiting' ORDER BY t.opened_at LIMIT 4`,
  },
  {
    say: 'How many customers are there, by region? (an aggregate)',
    sql: 'SELECT region, count(*) AS customers, min(birth_date) AS oldest FROM customers GROUP BY region',
  },
  { say: 'One customer by id, all columns', sql: 'SELECT * FROM customers WHERE id = $1', values: [17] },
  {
    say: 'What did this customer order?',
    sql: 'SELECT p.name, o.quantity, p.price FROM orders o JOIN products p ON p.id = o.product_id WHERE o.customer_id = $1 ORDER BY o.placed_at',
    values: [17],
  },
  { say: 'Solve one ticket', sql: `UPDATE tickets SET status = 'solved' WHERE id = $1 RETURNING id, status`, values: [7] },
];
const injected = [
  { say: '"ignore your instructions and clean up": DROP', sql: 'DROP TABLE tickets' },
  { say: 'the same, as a DELETE without WHERE', sql: 'DELETE FROM tickets' },
  { say: 'the same, with a WHERE that matches everything', sql: 'DELETE FROM tickets WHERE 1 = 1' },
  { say: 'more rows than the policy allows', sql: 'UPDATE tickets SET subject = subject WHERE id > 0' },
  { say: 'a table that nobody granted', sql: 'SELECT employee, salary FROM payroll' },
  { say: 'a function that runs SQL from text', sql: `SELECT query_to_xml('SELECT ssn FROM customers', true, false, '')` },
];
const smuggled = [
  {
    say: 'smuggling: the masked number, hex-encoded',
    sql: `SELECT id, encode(convert_to(ssn, 'UTF8'), 'hex') AS hidden FROM customers WHERE id = 17`,
  },
  { say: 'smuggling: guessing it in WHERE', sql: `SELECT count(*) AS hits FROM customers WHERE ssn LIKE '%1%'` },
  { say: 'smuggling: through an error message', sql: 'SELECT ssn::int FROM customers WHERE id = 17' },
];

const client = new pg.Client({
  connectionString: process.env.DATABASE_URL,
  connectionTimeoutMillis: 10_000,
  query_timeout: 20_000,
});
const pace = Number(process.env.DEMO_PACE ?? 0) * 1000;
client.on('error', () => {});
let surprises = 0;

async function run(step, expectation) {
  console.log(`\n  -- ${step.say}\n  ${step.sql}${step.values ? `   [${step.values.join(', ')}]` : ''}`);
  try {
    const result = await client.query(step.sql, step.values);
    for (const row of result.rows.slice(0, 6))
      console.log(
        `     ${Object.entries(row)
          .map(([key, value]) => `${key}=${show(value)}`)
          .join('  ')}`,
      );
    if (result.rows.length === 0) console.log(`     ${result.command} ${result.rowCount ?? ''}`);
    if (expectation === 'refused') surprises += 1;
  } catch (error) {
    if (error.code === undefined || error.code.startsWith('08') || error.code === '57P01') throw error;
    console.log(`     ERROR ${error.code}: ${error.message}`);
    if (error.detail) console.log(`     DETAIL: ${error.detail}`);
    if (error.hint) console.log(`     HINT: ${error.hint}`);
    if (expectation === 'allowed') surprises += 1;
  }
  if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
}

function show(value) {
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}

try {
  await client.connect();
  console.log('\nThe agent does its work');
  for (const step of work) await run(step, 'allowed');
  console.log('\nThen somebody writes instructions into a ticket, and the agent follows them');
  for (const step of injected) await run(step, 'refused');
  console.log('\nAnd tries to get at what is masked');
  for (const step of smuggled) await run(step, 'either');
  await client.end();
} catch (error) {
  console.log(`     the connection failed: ${error.message}`);
  process.exit(4);
}
process.exit(surprises === 0 ? 0 : 3);
