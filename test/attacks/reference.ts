/**
 * A database that physically holds what the restrictive policy shows: hidden rows and columns are gone, masked cells hold the
 * masks as Sluice itself answers them to a plain SELECT of the whole table. Mask-at-read means that every other statement must
 * then answer through Sluice as it does here without. (That those masks give nothing away is the attack suites' business.)
 */
import { must, rows, type Shop } from '../support/shop.ts';
import type { WireClient } from '../support/wire-client.ts';

interface Masked {
  readonly relation: string;
  readonly key: string;
  readonly columns: readonly string[];
}

const MASKED: readonly Masked[] = [
  {
    relation: 'public.customers',
    key: 'id',
    columns: [
      'email',
      'phone',
      'ssn',
      'salary',
      'birth_date',
      'notes',
      'contact_numbers',
      'profile',
      'home',
      'last_ip',
      'ssn_key',
    ],
  },
  { relation: 'public.ticket_messages', key: 'id', columns: ['body'] },
  { relation: 'public.events', key: 'id', columns: ['actor_email', 'payload'] },
  { relation: '"Weird Schema"."Customer Data"', key: '"Id"', columns: ['"E-Mail"'] },
];

/** What goes before the masks can be written, and what is not granted at all. */
const PREPARE: readonly string[] = [
  'SET session_replication_role = replica',
  'ALTER TABLE customers DROP CONSTRAINT customers_ssn_key, DROP CONSTRAINT customers_email_key, ALTER COLUMN ssn_key DROP EXPRESSION',
  "DELETE FROM customers WHERE NOT (tenant = 'acme' AND region = 'eu')",
  "DELETE FROM orders WHERE tenant <> 'acme'",
  "DELETE FROM tickets WHERE tenant <> 'acme'",
  'DROP TABLE payroll',
  'DROP SCHEMA archive CASCADE',
  'DROP VIEW customer_contacts',
  // The grant of the view reveals no name.
  "CREATE OR REPLACE VIEW ticket_feed AS SELECT t.id, t.subject, t.status, (left(c.name, 1) || '****')::varchar(80) AS name, c.email AS contact, c.ssn AS reference FROM tickets t JOIN customers c ON c.id = t.customer_id WHERE t.tenant = 'acme'",
  'DROP MATERIALIZED VIEW customer_digest',
  'ALTER TABLE customers DROP COLUMN api_key, DROP COLUMN credit_limit, DROP COLUMN photo',
  'ALTER TABLE products DROP COLUMN supplier_cost',
  'ALTER TABLE employees DROP COLUMN salary, DROP COLUMN national_id, DROP COLUMN hired_on',
];

/** Fills `database` (a copy of the shop) through what `sluice` answers. */
export async function buildReference(shop: Shop, database: string, sluice: WireClient): Promise<void> {
  const reference = await shop.connect(database, 'superuser');
  for (const sql of PREPARE) await must(reference, sql);
  for (const { relation, key, columns } of MASKED) {
    for (const [id, ...values] of await rows(
      sluice,
      `SELECT ${key}, ${columns.map((name) => `${name}::text`).join(', ')} FROM ${relation} ORDER BY ${key}`,
    )) {
      const assignments = columns.map((name, at) => `${name} = ${literal(values[at] ?? null)}`);
      await must(reference, `UPDATE ${relation} SET ${assignments.join(', ')} WHERE ${key} = ${id}`);
    }
  }
  await reference.close();
}

function literal(value: string | null): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
}
