/**
 * The catalogue of ways around a proxy like this one, and where each is tried: in the corpus (every protocol form that fits), in
 * the hostile input, at login, or in a test elsewhere that is named here. coverage.test.ts fails when a row has too few.
 */
import { CORPUS } from './corpus/index.ts';
import { BOMBS, MALFORMED, OPENINGS } from './corpus/hostile.ts';
import { STARTUP } from './corpus/protocol.ts';

export interface Row {
  readonly id: string;
  readonly what: string;
  /** Instances by their label, `CLASS name`; default: those of the class. */
  readonly labels?: RegExp;
  /** Tests elsewhere: file -> beginnings of their titles. */
  readonly elsewhere?: Readonly<Record<string, readonly string[]>>;
  /** How many instances there must be. */
  readonly least: number;
}

const SOME = 3;
const row = (id: string, what: string, least = SOME): Row => ({ id, what, least });

export const CLASSES: readonly Row[] = [
  row('A1', 'one relation under every name', 10),
  row('A2', 'the whole row', 10),
  row('A3', 'fields of the row, functional notation', 5),
  row('A4', 'alias lists', 5),
  row('A5', 'NATURAL and USING'),
  row('A6', 'spellings', 5),
  row('A7', 'shadows in pg_temp and by search_path'),
  row('A8', 'common table expressions', 5),
  row('A9', 'partitions and children'),
  row('A10', 'views'),
  row('A11', 'row types and functions over them'),
  row('A12', 'system columns, CURRENT OF'),
  row('A13', 'inside JSON, arrays and composites', 5),
  row('A14', 'renamed, derived and generated columns'),
  {
    id: 'A15',
    what: 'a schema that changes behind the proxy',
    elsewhere: {
      'test/attacks/stale-schema.test.ts': [
        'a column that was added',
        'a column that was added, in a statement prepared before',
        'a table that was added',
        'a partition that was attached',
      ],
    },
    least: SOME,
  },
  row('B1', 'query_to_xml and its kin', 5),
  row('B2', 'ts_stat, ts_rewrite'),
  row('B3', 'functions of extensions that take text'),
  row('B4', 'DO, own functions, triggers, dynamic SQL', 5),
  row('B5', 'statistics of columns'),
  row('B6', 'what other sessions run'),
  row('B7', 'large objects'),
  row('B8', 'definitions, sizes, estimates'),
  row('B9', 'logical decoding and the log'),
  row('B10', 'snapshots and tuple versions'),
  row('B11', 'COPY TO', 5),
  row('B12', 'functions with effects'),
  row('B13', 'the value in disguise', 10),
  row('B14', 'the value out of aggregates and windows', 5),
  row('C1', 'several statements'),
  row('C2', 'comments and quoting', 5),
  row('C3', 'writes that read', 5),
  row('C4', 'copies', 5),
  row('C5', 'RETURNING', 5),
  row('C6', 'prepared statements in two languages'),
  row('C7', 'cursors and portals', 5),
  row('C8', 'EXPLAIN'),
  row('C9', 'utility statements', 20),
  row('C10', 'roles and settings'),
  row('C11', 'LISTEN and NOTIFY'),
  row('C12', 'copies of a definition'),
  row('C13', 'what a session leaves'),
  row('C14', 'every clause that takes an expression', 10),
  row('D1', 'conditions, order, groups, aggregates', 20),
  row('D2', 'conditions of writes', 5),
  row('D3', 'errors that carry a value', 10),
  row('D4', 'constraints that quote rows'),
  row('D5', 'notices'),
  row('D6', 'how much work there was'),
  row('D7', 'what is evaluated before a filter', 20),
  row('D8', 'how much has happened'),
  row('D9', 'what a mask still tells'),
  row('D10', 'what shape a value has'),
  row('D11', 'hidden rows', 5),
  row('E1', 'NUL in a statement'),
  row('E2', 'a statement without its end'),
  row('E3', 'trailing bytes'),
  row('E4', 'several statements in a Parse'),
  row('E5', 'lengths that lie'),
  row('E6', 'unknown messages'),
  row('E7', 'skipping until Sync'),
  row('E8', 'names of statements that failed'),
  row('E9', 'unnamed statements and portals'),
  row('E10', 'messages while copying in'),
  row('E11', 'FunctionCall'),
  row('E12', 'replication'),
  row('E13', 'options and settings at login'),
  row('E14', 'malformed startup packets'),
  row('E15', 'plain text behind a request for encryption'),
  row('E16', 'cancel requests of others'),
  {
    id: 'E17',
    what: 'weaker authentication',
    elsewhere: {
      'sidecar/upstream/connect.test.ts': ['says what is wrong: %s'],
      'sidecar/upstream/lying-server.test.ts': ['that answers with %s is refused'],
      'sidecar/upstream/broken-line.test.ts': ['never lets a changed byte of the authentication pass'],
    },
    least: SOME,
  },
  row('E18', 'formats, types and lengths of parameters'),
  row('E19', 'portals that wait'),
  {
    id: 'E20',
    what: 'prepared before the policy changed',
    elsewhere: {
      'test/session/enforcing.test.ts': [
        'is prepared again when the policy changes, without the client noticing',
        'is denied at Bind when the new policy denies it, and works again after',
        'a portal whose statement changed meaning cannot go on',
        'what was opened or prepared under an older policy cannot go on under a new one',
        'a policy that changes while PREPARE runs does not adopt what the old one allowed',
      ],
    },
    least: SOME,
  },
  row('E21', 'floods and cuts'),
  {
    id: 'E22',
    what: 'a server that lies',
    elsewhere: {
      'sidecar/upstream/lying-server.test.ts': [
        'that answers with %s is refused',
        'that answers the TLS request with %s is refused',
      ],
      'test/session/lifecycle.test.ts': [
        'a server that does not follow the protocol ends the session',
        'a pinned setting that changes ends the session',
      ],
    },
    least: SOME,
  },
  {
    id: 'E23',
    what: 'malformed SCRAM',
    elsewhere: {
      'sidecar/upstream/scram.test.ts': ['refuses %s', 'refuses a server that cannot sign'],
      'sidecar/upstream/broken-line.test.ts': ['fails with a code wherever the line is cut'],
    },
    least: SOME,
  },
  {
    id: 'E24',
    what: 'past the proxy',
    elsewhere: {
      'test/attacks/hostile-input.test.ts': [
        'E24 the server itself does not take the agent, with or without a password',
        'E24 what the sidecar listens on is loopback alone',
      ],
      'sidecar/upstream/connect.test.ts': ['takes no password where none is configured, and misses one where it is needed'],
    },
    least: SOME,
  },
  row('F', 'statements that are dear to read', 10),
];

const rival = (what: string, labels: RegExp, least = SOME): Row => ({ id: `R ${what}`, what, labels, least });

/** What other proxies were seen to let through or to break. */
export const FAILURES: readonly Row[] = [
  rival('the value encoded', /^B13 (bytea|hex|base64|reverse|substr|translate|letters|regexp|character)/, 8),
  rival('every COPY TO STDOUT', /^B11 COPY|^R temporary table, then COPY/, 8),
  rival('error text', /^D3 /, 10),
  rival('notices', /^D5 |^B4 (DO|noisy)/, 5),
  rival('payload of NOTIFY', /^C11 |notif/),
  rival('large objects', /^B7 /),
  rival('the same in a cursor', /^C7 |cursor/i, 5),
  rival('the same in a created table', /^C4 (create|select into|temporary)|^R temporary/),
  rival('the same in a view', /^A10 /),
  rival('the same in RETURNING', /^C5 /, 5),
  rival('the same in set_config', /^B12 (setting|name of)|path by set_config/),
  rival('the same behind another statement', /^C1 |behind a harmless/),
  rival('inference by LIKE and hashes', /^D1 (like|hash)|^D9 dictionary|^R (like|md5)/),
  rival('described once, executed again', /^R second fetch|^C6 |^E9 /),
  rival('one portal described, another executed', /^C7 describe one|^E19 /),
  rival('denied table by Unicode escapes', /unicode escapes/, 3),
  rival('denied table in a parenthesised join', /parenthesised join|^A1 comma join/),
  rival('denied table behind a CTE of its name', /^A8 .*CTE|behind a CTE/),
  rival('DO and dynamic SQL', /^B4 D|dynamic|DO$|do with/),
  rival('query_to_xml', /^B1 |query_to_xml/, 5),
  rival('a function body', /^B4 own|^A11 /),
  rival('ts_stat', /^B2 ts_stat/),
  rival('refcursors', /refcursor/),
  rival('a carriage return that ends a comment', /carriage return/),
  rival('guardrails around DELETE', /^R guardrail|^G1 |^C9 (do |call|create rule|alter table rename)/, 8),
  rival('standard_conforming_strings', /standard_conforming_strings|quoting changed/),
  rival('statements over eight megabytes', /over eight megabytes|nine megabytes/),
  rival('FunctionCall', /^E11 /),
  rival('direct TLS', /direct TLS|^E15 /),
  {
    id: 'R huge cells',
    what: 'huge cells',
    elsewhere: { 'test/attacks/hostile-input.test.ts': ['R a cell of %i megabytes arrives whole'] },
    least: 1,
  },
  rival('false alarms by name', /^R (alias named|sum under)|^A4 (output alias|alias of an allowed|derived alias)/),
  {
    id: 'R audit under load',
    what: 'audit under load',
    elsewhere: {
      'test/session/enforcing.test.ts': [
        'has an intent before and an outcome after each execution',
        'waits for a journal that takes its time, in order',
      ],
      'test/cli/audit-full.test.ts': [''],
    },
    least: SOME,
  },
  {
    id: 'R denials that close the connection',
    what: 'denials that close the connection',
    elsewhere: {
      'test/session/enforcing.test.ts': [
        'outside a transaction: one error, ReadyForQuery idle, the session lives',
        'can be undone with a savepoint',
        'rolls back what its series did before',
      ],
    },
    least: SOME,
  },
  rival('masks by output name', /^A4 /, 5),
  rival('patterns that mind the case', /mixed|upper case|comments between/),
];

/** Labels of everything that is tried here. */
export function labels(): readonly string[] {
  return [
    ...[...CORPUS, ...STARTUP, ...MALFORMED, ...OPENINGS].map((each) => `${each.class} ${each.name}`),
    ...BOMBS.map(([name]) => `F ${name}`),
  ];
}
