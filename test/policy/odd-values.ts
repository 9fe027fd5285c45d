/** One column for every type that masks must know, with the values most likely to upset an expression. */
export interface OddColumn {
  readonly type: string;
  readonly collate?: string;
  readonly values: readonly string[];
  /** Values that are equal to some constant of ours, so that seeing them says nothing. */
  readonly visible?: readonly string[];
}

export const SCHEMA = `
  CREATE EXTENSION IF NOT EXISTS citext;
  CREATE EXTENSION IF NOT EXISTS hstore;
  CREATE EXTENSION IF NOT EXISTS ltree;
  CREATE SCHEMA odd;
  CREATE SCHEMA evil;
  CREATE COLLATION odd.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TYPE odd.colour AS ENUM ('red', 'green', 'it''s "blue"');
  CREATE DOMAIN odd.postcode AS text CHECK (VALUE ~ '^[0-9]{5}$');
  CREATE DOMAIN odd.code AS varchar(10) NOT NULL CHECK (length(VALUE) > 3);
  CREATE DOMAIN odd.plain AS varchar(12);
  CREATE DOMAIN odd.positive AS integer CHECK (VALUE > 0);
  CREATE DOMAIN odd.amount AS numeric(6,2) CHECK (VALUE >= 0);
  CREATE DOMAIN odd.price AS numeric(6,2);
  CREATE DOMAIN odd.letters AS varchar(3) CHECK (VALUE ~ '^[a-z]+$');
  CREATE DOMAIN odd.fixed AS char(3);
  CREATE DOMAIN odd.blinded AS text COLLATE odd.blind;
  CREATE DOMAIN odd.nested AS odd.positive NOT NULL;
  CREATE TYPE odd.pair AS (a int, b text);
  CREATE TYPE odd.strict AS (c odd.plain, d odd.colour);
  -- Traps for names that are not qualified: a client may put this schema first.
  CREATE TYPE evil.uuid AS (x int);
  CREATE TYPE evil.text AS (x int);
  CREATE FUNCTION evil.left(text, int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'evil' $$;
  CREATE FUNCTION evil.cat(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE AS $$ SELECT 'evil'::pg_catalog.text $$;
  CREATE OPERATOR evil.|| (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = evil.cat);
  CREATE FUNCTION evil.less(pg_catalog.int8, pg_catalog.int8) RETURNS pg_catalog.int8 LANGUAGE sql IMMUTABLE AS $$ SELECT 666::pg_catalog.int8 $$;
  CREATE OPERATOR evil.- (LEFTARG = pg_catalog.int8, RIGHTARG = pg_catalog.int8, FUNCTION = evil.less);
`;

const TEXTS = [
  'a',
  'ab',
  'abcd',
  'abcde',
  '+49 30 1234567',
  'jane.doe@example.com',
  '@',
  '@@',
  'a@',
  '@b',
  "it's",
  'back\\slash\\',
  'ünïcödé 😀😀',
  ' x ',
  '%_',
  '\t\n',
];
const atMost = (values: readonly string[], length: number): string[] => values.filter((value) => [...value].length <= length);

export const ODD_VALUES: Readonly<Record<string, OddColumn>> = {
  plain_text: { type: 'text', values: [...TEXTS, '', 'x'.repeat(5000)] },
  text_c: { type: 'text', collate: 'pg_catalog."C"', values: TEXTS },
  text_blind: { type: 'text', collate: 'odd.blind', values: TEXTS },
  varchar_40: { type: 'varchar(40)', values: TEXTS },
  varchar_3: { type: 'varchar(3)', values: atMost(TEXTS, 3) },
  varchar_1: { type: 'varchar(1)', values: atMost(TEXTS, 1) },
  varchar_blind: { type: 'varchar(20)', collate: 'odd.blind', values: atMost(TEXTS, 20) },
  char_20: { type: 'char(20)', values: atMost(TEXTS, 20).filter((value) => value.trim() === value) },
  char_2: { type: 'char(2)', values: ['a', 'ab', '@'] },
  internal_char: { type: '"char"', values: ['a', 'z'] },
  name: { type: 'name', values: atMost(TEXTS, 30) },
  citext: { type: 'citext', values: TEXTS },
  int2: { type: 'int2', values: ['1', '-32768', '32767'], visible: ['0'] },
  int4: { type: 'int4', values: ['1', '-2147483648', '2147483647'] },
  int8: { type: 'int8', values: ['1', '-9223372036854775808', '9223372036854775807'] },
  numeric: {
    type: 'numeric',
    values: ['1', '-1.50', '99999999999999999999999999.99', 'NaN', 'Infinity', '-Infinity', `1e400`, '1e-300'],
  },
  numeric_10_2: { type: 'numeric(10,2)', values: ['1.50', '-99999999.99', '99999999.99', 'NaN'] },
  numeric_2_0: { type: 'numeric(2,0)', values: ['99', '-99', '1'] },
  numeric_20_2: { type: 'numeric(20,2)', values: ['999999999999999999.99', '-999999999999999999.99'] },
  numeric_2_4: { type: 'numeric(2,4)', values: ['0.0099', '-0.0099'] },
  numeric_2_neg: { type: 'numeric(2,-3)', values: ['99000', '-99000'] },
  float4: { type: 'float4', values: ['1.5', '3.4028235e38', '-3.4028235e38', '1e-40', 'NaN', 'Infinity', '-Infinity'] },
  float8: {
    type: 'float8',
    values: ['1.5', '1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', 'NaN', 'Infinity', '-Infinity'],
  },
  money: { type: 'money', values: ['1.50', '-92233720368547758.08', '92233720368547758.07'] },
  bool: { type: 'boolean', values: ['true', 'false'], visible: ['true', 'false'] },
  date: { type: 'date', values: ['2001-02-03', '4713-01-02 BC', '5874897-12-31', '0001-12-31 BC', 'infinity', '-infinity'] },
  timestamp: { type: 'timestamp', values: ['2001-02-03 04:05:06.789', '4713-01-02 BC', '294276-12-31', 'infinity', '-infinity'] },
  timestamp_0: { type: 'timestamp(0)', values: ['2001-02-03 04:05:06'] },
  timestamptz: {
    type: 'timestamptz',
    values: ['2001-12-31 23:05:06+00', '4713-01-02 BC', '294276-12-31', 'infinity', '-infinity'],
  },
  timestamptz_3: { type: 'timestamptz(3)', values: ['2001-02-03 04:05:06.789+00'] },
  time: { type: 'time', values: ['04:05:06.789', '24:00:00'] },
  timetz: { type: 'timetz', values: ['04:05:06.789+15:59', '24:00:00-15:59'] },
  interval: { type: 'interval', values: ['1 day', '-178000000 years', '178000000 years'] },
  interval_day: { type: 'interval day to second(2)', values: ['1 day 02:03:04.05'] },
  uuid: { type: 'uuid', values: ['0f8fad5b-d9cb-469f-a165-70867728950e', 'ffffffff-ffff-ffff-ffff-ffffffffffff'] },
  inet: { type: 'inet', values: ['10.1.2.3', '10.1.2.3/8', '::1', 'fe80::1/64'] },
  cidr: { type: 'cidr', values: ['10.0.0.0/8', '::/0'] },
  macaddr: { type: 'macaddr', values: ['08:00:2b:01:02:03'] },
  macaddr8: { type: 'macaddr8', values: ['08:00:2b:01:02:03:04:05'] },
  json: { type: 'json', values: ['{"a": 1}', '[]', 'null', '"x\\\\y"', '1'] },
  jsonb: { type: 'jsonb', values: ['{"a": 1}', '[]', 'null', '"x\\\\y"', '1'] },
  bytea: { type: 'bytea', values: ['\\x00ff5c27', '\\x', '\\x5c5c5c'] },
  bit_4: { type: 'bit(4)', values: ['1010'] },
  varbit: { type: 'varbit(8)', values: ['1', '10101010'] },
  tsvector: { type: 'tsvector', values: ["'fat':2 'cat':3"] },
  tsquery: { type: 'tsquery', values: ["'fat' & 'cat'"] },
  point: { type: 'point', values: ['(1,2)', '(NaN,Infinity)'] },
  lseg: { type: 'lseg', values: ['[(1,2),(3,4)]'] },
  path: { type: 'path', values: ['[(1,2),(3,4)]', '((1,2),(3,4))'] },
  box: { type: 'box', values: ['(3,4),(1,2)'] },
  polygon: { type: 'polygon', values: ['((1,2),(3,4),(5,6))'] },
  line: { type: 'line', values: ['{1,2,3}'] },
  circle: { type: 'circle', values: ['<(1,2),3>'] },
  text_array: { type: 'text[]', values: ['{a,b}', '{NULL}', '{{a,b},{c,d}}'] },
  varchar_array: { type: 'varchar(5)[]', values: ['{a,b}'] },
  int_array: { type: 'int4[]', values: ['{1,2}'] },
  uuid_array: { type: 'uuid[]', values: ['{0f8fad5b-d9cb-469f-a165-70867728950e}'] },
  range: { type: 'int4range', values: ['[1,5)'] },
  tstzrange: { type: 'tstzrange', values: ['["2001-01-01 00:00:00+00",)'] },
  multirange: { type: 'int4multirange', values: ['{[1,5),[7,9)}'] },
  enumeration: { type: 'odd.colour', values: ['green', `it's "blue"`], visible: ['green'] },
  domain_checked: { type: 'odd.postcode', values: ['12345'] },
  domain_strict: { type: 'odd.code', values: ['abcd', 'abcdefghij'] },
  domain_plain: { type: 'odd.plain', values: ['abcd', 'abcdefghijkl'] },
  domain_number: { type: 'odd.positive', values: ['1', '2147483647'], visible: ['1'] },
  domain_amount: { type: 'odd.amount', values: ['0.01', '9999.99'] },
  domain_price: { type: 'odd.price', values: ['-9999.99', '9999.99'] },
  domain_letters: { type: 'odd.letters', values: ['a', 'abc'] },
  domain_fixed: { type: 'odd.fixed', values: ['a', 'abc'] },
  domain_blind: { type: 'odd.blinded', values: TEXTS },
  domain_nested: { type: 'odd.nested', values: ['1', '2147483647'], visible: ['1'] },
  composite: { type: 'odd.pair', values: ['(1,secret)', '(,)'], visible: ['(,)'] },
  composite_strict: { type: 'odd.strict', values: ['(abc,green)'] },
  hstore: { type: 'hstore', values: ['"a"=>"1"'] },
  ltree: { type: 'ltree', values: ['Top.Science'] },
  pg_lsn: { type: 'pg_lsn', values: ['16/B374D848'] },
  oid: { type: 'oid', values: ['4294967295'] },
};
