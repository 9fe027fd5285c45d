/**
 * The shop of test/fixtures on a real server: one database a variant ('a' and 'b' differ in every secret and in the number of
 * hidden rows, in nothing that restrictive.yaml lets through), the list of canaries in it, and cheap copies for tests that
 * destroy things. The owner is an ordinary role; the attack suites log in as the superuser instead, the worst case.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startLocalPostgres, type LocalPostgres } from './postgres.ts';
import { WireClient } from './wire-client.ts';

export const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
export const restrictivePolicy = `${fixtures}restrictive.yaml`;
export const allowAllPolicy = `${fixtures}allow-all.yaml`;
/** Whom the two policies are for. */
export const restrictedIdentity = 'ai-agents/support-agent';
export const allowAllIdentity = 'ai-agents/admin-agent';

export type Variant = 'a' | 'b';
/** Who logs in upstream: the owner of the schema (no superuser), or the superuser. */
export type Login = 'owner' | 'superuser';

/** A value that must never reach the client, and the cell it stands in. */
export interface Canary {
  /** The whole cell as text. */
  readonly value: string;
  /** `schema.table.column`. */
  readonly column: string;
  readonly type: 'text' | 'number' | 'date' | 'uuid' | 'bytea' | 'inet';
}

export interface Shop {
  readonly server: LocalPostgres;
  /** Name of the variant's database. */
  database(variant: Variant): string;
  /** Connection string for Sluice or a driver. */
  url(database: string, login?: Login): string;
  /** Logs in to the server itself. */
  connect(database: string, login?: Login): Promise<WireClient>;
  /** Everything in the variant's database that restrictive.yaml hides. */
  canaries(variant: Variant): Promise<readonly Canary[]>;
  /** A copy of a database with the same OIDs; the source must have no connections. Replaces one of that name. */
  copy(source: string, target: string): Promise<void>;
  drop(database: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Two servers, each with one variant in a database of the same name. Both are filled by the same steps from a fresh cluster, so
 * that OIDs and transaction ids agree and answers can be compared byte by byte.
 */
export async function startTwinShops(major: 15 | 18): Promise<{ readonly a: Shop; readonly b: Shop; stop(): Promise<void> }> {
  const options: ShopOptions = { name: () => 'shop', settings: { autovacuum: 'off' } };
  const a = await startShop(major, ['a'], options);
  const b = await startShop(major, ['b'], options);
  return { a, b, stop: async () => void (await Promise.all([a.stop(), b.stop()])) };
}

/** Contrib modules whose functions the attacks try, and those that ordinary applications use. */
const EXTENSIONS = [
  'citext',
  'hstore',
  'pg_trgm',
  'unaccent',
  'pgcrypto',
  '"uuid-ossp"',
  'tablefunc',
  'dblink',
  'xml2',
  'fuzzystrmatch',
];

export interface ShopOptions {
  /** Name of the variant's database; `shop_a`, `shop_b` by default. */
  readonly name?: (variant: Variant) => string;
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startShop(
  major: 15 | 18,
  variants: readonly Variant[] = ['a', 'b'],
  options: ShopOptions = {},
): Promise<Shop> {
  const name = options.name ?? ((variant: Variant) => `shop_${variant}`);
  const server = await startLocalPostgres({ major, ...(options.settings === undefined ? {} : { settings: options.settings }) });
  const password = server.password;
  try {
    const admin = await WireClient.connect({ port: server.port, user: 'postgres', database: 'postgres', password });
    await must(admin, "CREATE ROLE shop_app LOGIN PASSWORD 'app'");
    const script = await readFile(`${fixtures}shop.sql`, 'utf8');
    for (const variant of variants) {
      await must(admin, `CREATE DATABASE ${name(variant)} OWNER shop_app`);
      const inside = await WireClient.connect({ port: server.port, user: 'postgres', database: name(variant), password });
      await must(inside, 'ALTER SCHEMA public OWNER TO shop_app');
      for (const extension of EXTENSIONS) await must(inside, `CREATE EXTENSION ${extension}`);
      await inside.close();
      const owner = await WireClient.connect({
        port: server.port,
        user: 'shop_app',
        database: name(variant),
        password: 'app',
      });
      await must(owner, `SET shop.secret = '${variant}'`);
      await must(owner, script);
      await owner.close();
    }
    return shopOn(server, admin, name);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function shopOn(server: LocalPostgres, admin: WireClient, name: (variant: Variant) => string): Shop {
  const connect = (database: string, login: Login = 'owner'): Promise<WireClient> =>
    WireClient.connect({
      port: server.port,
      database,
      ...(login === 'owner' ? { user: 'shop_app', password: 'app' } : { user: 'postgres', password: server.password }),
    });
  return {
    server,
    database: name,
    url: (database, login = 'owner') => (login === 'owner' ? server.url(database, 'shop_app', 'app') : server.url(database)),
    connect,
    canaries: async (variant) => {
      const client = await connect(name(variant), 'superuser');
      try {
        return await readCanaries(client);
      } finally {
        await client.close();
      }
    },
    copy: async (source, target) => {
      await must(admin, `DROP DATABASE IF EXISTS ${target} WITH (FORCE)`);
      await must(admin, `CREATE DATABASE ${target} TEMPLATE ${source} STRATEGY file_copy`);
    },
    drop: (database) => must(admin, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
    stop: async () => {
      await admin.close();
      await server.stop();
    },
  };
}

/** Runs it and throws what the server said if it failed. */
export async function must(client: WireClient, sql: string): Promise<void> {
  const { error } = await client.query(sql);
  if (error !== null) throw new Error(`${error['C']}: ${error['M']} ${error['D'] ?? ''} in: ${sql.slice(0, 200)}`);
}

/** Rows of one statement as text. */
export async function rows(client: WireClient, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const { error, results } = await client.query(sql);
  if (error !== null) throw new Error(`${error['C']}: ${error['M']} in: ${sql.slice(0, 200)}`);
  return (results[0]?.rows ?? []).map((row) => row.map((value) => value?.toString('utf8') ?? null));
}

const VISIBLE = "tenant = 'acme' AND region = 'eu'";
/** The twelve-letter token inside a longer cell, so that it is found however the rest is cut. */
const token = (expression: string): string => `substring(${expression} from '[bcdghjkmnpqrtvwz]{12}')`;

/** Which cells are protected, as SQL that yields them: [relation, column, type, expression, condition]. */
const PROTECTED: readonly (readonly [
  relation: string,
  column: string,
  type: Canary['type'],
  expression: string,
  where?: string,
])[] = [
  ...(['ssn', 'phone', 'email', 'notes'] as const).map((name) => ['public.customers', name, 'text', token(name)] as const),
  ['public.customers', 'contact_numbers', 'text', 'unnest(contact_numbers)'],
  ['public.customers', 'profile', 'text', token("profile ->> 'ssn'")],
  ['public.customers', 'profile', 'text', token("profile #>> '{nested,pin}'")],
  ['public.customers', 'home', 'text', '(home).street'],
  ['public.customers', 'salary', 'number', 'salary::text'],
  ['public.customers', 'birth_date', 'date', 'birth_date::text'],
  ['public.customers', 'last_ip', 'inet', 'host(last_ip)'],
  ['public.customers', 'api_key', 'uuid', 'api_key::text'],
  ['public.customers', 'credit_limit', 'number', 'credit_limit::text'],
  ['public.customers', 'photo', 'bytea', "convert_from(photo, 'UTF8')"],
  ...(['name', 'city'] as const).map((name) => ['public.customers', name, 'text', name, `NOT (${VISIBLE})`] as const),
  ['public.customers', 'id', 'number', 'id::text', `NOT (${VISIBLE})`],
  ['public.customers', 'tenant', 'text', 'tenant', "tenant <> 'acme'"],
  ['public.customers', 'region', 'text', 'region', "region <> 'eu'"],
  ['public.customers', 'tags', 'text', 'unnest(tags)', `NOT (${VISIBLE})`],
  ['public.vip_customers', 'perk', 'text', 'perk'],
  ['public.products', 'supplier_cost', 'number', 'supplier_cost::text'],
  ...(['tenant', 'note'] as const).map((name) => ['public.orders', name, 'text', name, "tenant <> 'acme'"] as const),
  ...(['id', 'total', 'customer_id'] as const).map(
    (name) => ['public.orders', name, 'number', `${name}::text`, "tenant <> 'acme'"] as const,
  ),
  ['public.orders', 'metadata', 'text', "metadata ->> 'channel'", "tenant <> 'acme'"],
  ['public.employees', 'salary', 'number', 'salary::text'],
  ['public.employees', 'national_id', 'text', 'national_id'],
  ['public.payroll', 'gross', 'number', 'gross::text'],
  ['public.payroll', 'iban', 'text', 'iban'],
  ...(['tenant', 'subject'] as const).map((name) => ['public.tickets', name, 'text', name, "tenant <> 'acme'"] as const),
  ['public.tickets', 'id', 'number', 'id::text', "tenant <> 'acme'"],
  ['public.ticket_messages', 'body', 'text', token('body')],
  ['public.events', 'actor_email', 'text', token('actor_email')],
  ['public.events', 'payload', 'text', "payload ->> 'session'"],
  ['archive.customers', 'name', 'text', 'name'],
  ['archive.customers', 'ssn', 'text', 'ssn'],
  ['archive.products', 'sku', 'text', 'sku'],
  ['"Weird Schema"."Customer Data"', 'E-Mail', 'text', token('"E-Mail"')],
];

async function readCanaries(client: WireClient): Promise<readonly Canary[]> {
  const found = new Map<string, Canary>();
  for (const [relation, column, type, expression, where] of PROTECTED) {
    const values = await rows(
      client,
      `SELECT v FROM (SELECT ${expression} AS v FROM ${relation} WHERE ${where ?? 'true'}) AS cells WHERE v IS NOT NULL`,
    );
    if (values.length === 0) throw new Error(`no protected cells in ${relation}.${column}`);
    for (const [value] of values)
      if (value !== null && value !== undefined) found.set(`${type}:${value}`, { value, column: `${relation}.${column}`, type });
  }
  return [...found.values()];
}
