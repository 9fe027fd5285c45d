/** The tables of the write suites, and what the subject of most tests may do with them. */
import type { Policy } from './support.ts';

export const SCHEMA = `
CREATE TABLE customers (
  id int PRIMARY KEY,
  email varchar(60) NOT NULL UNIQUE,
  name text,
  phone text,
  ssn text,
  balance numeric(10,2) NOT NULL DEFAULT 0,
  born date,
  doc json,
  tags text[] NOT NULL DEFAULT '{}',
  region text NOT NULL DEFAULT 'eu',
  tenant int NOT NULL DEFAULT 1,
  hidden text DEFAULT 'HIDDEN-DEFAULT'
);
INSERT INTO customers (id, email, name, phone, ssn, balance, born, doc, tags, region, tenant, hidden) VALUES
  (1, 'ada@example.com', 'Ada', '+31 20 111', 'SSN-1', 1234.56, '1980-02-03', '{"k":1}', '{a,b}', 'eu', 1, 'H1'),
  (2, 'bob@example.com', 'Bob', '+31 20 222', 'SSN-2', 2345.67, '1981-03-04', '{"k":2}', '{b}', 'eu', 1, 'H2'),
  (3, 'cyd@example.com', 'Cyd', '+31 20 333', 'SSN-3', 3456.78, '1982-04-05', '{"k":3}', '{}', 'us', 1, 'H3'),
  (8, 'eve@secret.com', 'Eve', '+1 555 888', 'SSN-8', 8888.88, '1988-08-08', '{"k":8}', '{x}', 'us', 2, 'H8'),
  (9, 'fay@secret.com', 'Fay', '99', 'SSN-9', 9999.99, '1989-09-09', '{"k":9}', '{y}', 'us', 2, 'H9');
CREATE TABLE notes (id serial PRIMARY KEY, customer_id int, body text NOT NULL DEFAULT '', copy text, n int NOT NULL DEFAULT 0);
INSERT INTO notes (customer_id, body, n) VALUES (1, 'first', 1), (2, 'second', 2), (3, 'third', 3);
CREATE TABLE intake (id int, email text, extra text);
CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant int NOT NULL, amount numeric NOT NULL, doubled numeric GENERATED ALWAYS AS (amount * 2) STORED) ;
INSERT INTO orders (tenant, amount) VALUES (1, 10), (1, 20), (2, 30);
CREATE TABLE parts (id int, tenant int NOT NULL, v text, PRIMARY KEY (id, tenant)) PARTITION BY LIST (tenant);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
INSERT INTO parts VALUES (1, 1, 'p1'), (2, 1, 'p2'), (3, 2, 'q3');
CREATE TABLE members (tenant int, agent text);
INSERT INTO members VALUES (1, 'writer');
CREATE TABLE guarded (id int PRIMARY KEY, tenant int NOT NULL, v text);
INSERT INTO guarded VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'SECRET-c');
CREATE TABLE stamped (id int PRIMARY KEY, tenant int NOT NULL, v text);
INSERT INTO stamped VALUES (1, 1, 'a');
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v = 'move' THEN NEW.tenant := 2; END IF; RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE dear (id int PRIMARY KEY, tenant int NOT NULL, n int NOT NULL);
INSERT INTO dear VALUES (1, 1, 1), (2, 1, 1), (3, 2, -5);
CREATE FUNCTION is_ours(int) RETURNS boolean LANGUAGE plpgsql STABLE COST 10000 AS $$ BEGIN RETURN $1 = 1; END $$;
CREATE DOMAIN mail AS varchar(30) NOT NULL CHECK (VALUE LIKE '%@%');
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE TABLE odd_types (id int PRIMARY KEY, m mail, e mood, p point, j jsonb, x bytea, u uuid, r int4range, a text[], b bit(3), c char(5), i interval, t timestamptz, o mail[], q jsonpath, w refcursor);
INSERT INTO odd_types VALUES (1, 'real@x.org', 'glad', '(1,2)', '{"s": 1}', '\\x01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '[1,5)', '{s}', B'101', 'abc', '1 day', '2020-01-01', '{a@b}', '$.s', 'real');
CREATE VIEW customer_view AS SELECT id, email, name, region FROM customers WHERE region = 'eu';
CREATE TABLE "Odd Name" ("Id" int PRIMARY KEY, "Mixed Case" text, "select" text);
INSERT INTO "Odd Name" VALUES (1, 'Secret Value', 'x');
`;

const VISIBLE = ['id', 'email', 'name', 'phone', 'ssn', 'balance', 'born', 'doc', 'tags', 'region', 'tenant'];

/** customers: masked and filtered; notes and intake: everything; the others as their tests need. */
export const POLICY: Policy = {
  tables: {
    'public.customers': {
      select: VISIBLE,
      insert: VISIBLE,
      update: ['email', 'name', 'phone', 'ssn', 'balance', 'born', 'doc', 'tags', 'region', 'tenant'],
      delete: true,
      masks: {
        email:
          "(CASE WHEN @ IS NULL THEN NULL ELSE ('***' || pg_catalog.right(@::pg_catalog.text, 12)) END)::character varying(60)",
        ssn: '(NULL::pg_catalog.text)',
        balance: '(pg_catalog.round(@ / 1000) * 1000)::numeric(10,2)',
        born: "(pg_catalog.date_trunc('year', @::pg_catalog.timestamp)::pg_catalog.date)",
        doc: `('{"masked":true}'::pg_catalog.json)`,
      },
      filter: '(@tenant OPERATOR(pg_catalog.=) 1)',
    },
    'public.notes': 'all',
    'public.intake': 'all',
    'public.orders': { select: ['*'], insert: ['*'], update: ['*'], delete: true, filter: '(@tenant OPERATOR(pg_catalog.=) 1)' },
    'public.parts': { select: ['*'], insert: ['*'], update: ['*'], delete: true, filter: '(@tenant OPERATOR(pg_catalog.=) 1)' },
    'public.guarded': {
      select: ['*'],
      insert: ['*'],
      update: ['*'],
      delete: true,
      filter: `(@tenant OPERATOR(pg_catalog.=) ANY (SELECT m.tenant FROM public.members AS m WHERE m.agent OPERATOR(pg_catalog.=) 'writer'))`,
    },
    /** A filter that costs more than the client's predicates: PostgreSQL would evaluate it last. */
    'public.dear': { select: ['*'], insert: ['*'], update: ['*'], delete: true, filter: '(public.is_ours(@tenant))' },
    'public.odd_types': {
      select: ['*'],
      update: ['*'],
      insert: ['*'],
      delete: true,
      masks: {
        m: `('masked'::pg_catalog."varchar")`,
        e: `('ok'::public.mood)`,
        p: `('(0,0)'::pg_catalog.point)`,
        j: `('{"masked": true}'::pg_catalog.jsonb)`,
        x: `('\\x00'::pg_catalog.bytea)`,
        u: `('00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)`,
        r: `('empty'::pg_catalog.int4range)`,
        a: `('{}'::pg_catalog.text[])`,
        b: `(B'000'::pg_catalog.bit(3))`,
        c: `('*'::pg_catalog.bpchar(5))`,
        i: `('0'::pg_catalog.interval)`,
        t: `('epoch'::pg_catalog.timestamptz)`,
        o: `('{}'::public.mail[])`,
        q: `('$'::pg_catalog.jsonpath)`,
        w: `('masked'::pg_catalog.refcursor)`,
      },
    },
    'public.stamped': { select: ['*'], insert: ['*'], update: ['*'], delete: true, filter: '(@tenant OPERATOR(pg_catalog.=) 1)' },
    'public.customer_view': {
      select: ['*'],
      insert: ['*'],
      update: ['*'],
      delete: true,
      masks: { email: "('masked'::character varying(60))" },
    },
    'public.Odd Name': {
      select: ['*'],
      insert: ['*'],
      update: ['*'],
      delete: true,
      masks: { 'Mixed Case': "('m'::pg_catalog.text)" },
    },
  },
};
