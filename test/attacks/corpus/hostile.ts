/**
 * Classes E and F: what no honest client sends. A bare relay passes it on and PostgreSQL refuses most of it; what must be shown
 * is that Sluice does not read it otherwise, and that nobody else notices.
 */
import * as frontend from '../../support/frontend.ts';

/** F: statements that are cheap to send and dear to read. */
export const BOMBS: readonly (readonly [name: string, sql: string])[] = [
  ['nested comments', `SELECT 1 ${'/*'.repeat(30_000)}${'*/'.repeat(30_000)}`],
  ['unclosed nested comments', `SELECT 1 ${'/*'.repeat(60_000)}`],
  ['a long sum', `SELECT ${'1+'.repeat(20_000)}1`],
  ['a run of operators', `SELECT ${'+'.repeat(20_000)} 1`],
  ['nested parentheses', `SELECT ${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
  ['nested subqueries', `${'SELECT (SELECT '.repeat(3_000)}1${')'.repeat(3_000)}`],
  ['a chain of casts', `SELECT 1${'::int'.repeat(10_000)}`],
  ['a long conjunction', `SELECT 1 WHERE ${'true AND '.repeat(50_000)}true`],
  ['twenty thousand statements', 'SELECT 1;'.repeat(20_000)],
  ['a list of fifty thousand', `SELECT id FROM customers WHERE id IN (${Array.from({ length: 50_000 }, (_, n) => n).join(',')})`],
  ['many joins', `SELECT 1 FROM ${Array.from({ length: 200 }, (_, n) => `customers c${n}`).join(' CROSS JOIN ')}`],
  ['a wide row', `SELECT ${Array.from({ length: 1_700 }, (_, n) => `id AS c${n}`).join(', ')} FROM customers`],
  ['nested arrays', `SELECT ${'ARRAY['.repeat(2_000)}1${']'.repeat(2_000)}`],
  ['a literal of nine megabytes', `SELECT length('${'x'.repeat(9_000_000)}')`],
  // PostgreSQL plans a chain of them in cubic time without looking up; these stay below the policy's statement timeout.
  [
    'many common table expressions',
    `WITH ${Array.from({ length: 150 }, (_, n) => `t${n} AS (SELECT ${n === 0 ? 1 : `* FROM t${n - 1}`})`).join(', ')} SELECT 1`,
  ],
  ['nested case', `SELECT ${'CASE WHEN true THEN '.repeat(3_000)}1${' END'.repeat(3_000)}`],
  ['an unclosed string', `SELECT '${'a'.repeat(200_000)}`],
  ['an unclosed dollar quote', `SELECT $x$${'a'.repeat(200_000)}`],
  ['a deep qualified name', `SELECT ${'a.'.repeat(20_000)}b`],
];

/** Bytes, and the class of the catalogue they stand for. */
export interface Hostile {
  readonly class: string;
  readonly name: string;
  readonly bytes: Buffer;
}

const { bind, copyData, copyDone, execute, flush, message, parse, query, startup, sync } = frontend;
const each = (group: string, name: string, ...bytes: readonly Buffer[]): Hostile => ({
  class: group,
  name,
  bytes: Buffer.concat(bytes),
});
const text = (value: string): Buffer => Buffer.from(value, 'utf8');
const SECRET = 'SELECT iban FROM payroll';

/** After the login. */
export const MALFORMED: readonly Hostile[] = [
  each('E1', 'a second statement behind NUL', message('Q', text(`SELECT 1\0${SECRET}\0`))),
  each('E1', 'NUL inside a literal', message('Q', text(`SELECT '\0', iban FROM payroll\0`))),
  each('E1', 'NUL in a parsed statement', message('P', text(`\0SELECT 1\0${SECRET}\0\0\0`)), sync),
  each('E1', 'only NULs', message('Q', text('\0\0\0\0'))),
  each('E2', 'a query without its NUL', message('Q', text(SECRET))),
  each('E2', 'an empty query message', message('Q')),
  each('E2', 'a parse without its NUL', message('P', text(`\0${SECRET}`)), sync),
  each('E3', 'trailing bytes after a parse', message('P', text('\0SELECT 1\0\0\0extra')), sync),
  each('E3', 'trailing bytes after an execute', message('E', text('\0\0\0\0\0extra')), sync),
  each('E3', 'trailing bytes after a sync', message('S', text(SECRET))),
  each('E3', 'trailing bytes after a close', message('C', text('Sx\0more')), sync),
  each('E4', 'two statements in a parse', parse('', `SELECT 1; ${SECRET}`), sync),
  each('E4', 'two statements in a parse, then run', parse('', `SELECT 1; ${SECRET}`), bind(), execute(), sync),
  each('E4', 'a statement behind an empty one in a parse', parse('', `; ${SECRET}`), bind(), execute(), sync),
  each('E5', 'a length of three', Buffer.from([0x51, 0, 0, 0, 3])),
  each('E5', 'a length of two gigabytes', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff, 0x53])),
  each('E5', 'a negative length', Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])),
  each('E5', 'a length of zero', Buffer.from([0x50, 0, 0, 0, 0])),
  each('E6', 'an unknown message type', message('z', text('hello'))),
  each('E6', 'a server message', message('Z', text('I'))),
  each('E6', 'a password message', message('p', text('secret\0'))),
  each('E6', 'an error of the server’s', message('E', text('SERROR\0C42501\0Mno\0\0'))),
  each('E6', 'a type of zero', message('\0', text(SECRET))),
  each('E10', 'COPY data out of place', copyData(text('x')), copyDone, query('SELECT 1')),
  each('E10', 'a query while copying in', query('COPY scratch (tag) FROM STDIN'), query(SECRET)),
  each('E10', 'a parse while copying in', query('COPY scratch (tag) FROM STDIN'), parse('', SECRET), bind(), execute(), sync),
  each(
    'E10',
    'copying in, then a failure of the client’s',
    query('COPY scratch (tag) FROM STDIN'),
    frontend.copyFail('no'),
    query(SECRET),
  ),
  each(
    'E11',
    'a function call',
    frontend.functionCall(2924, [text('SELECT ssn FROM customers'), text('t'), text('t'), text('')]),
  ),
  each(
    'E11',
    'a function call in a batch',
    parse('', 'SELECT 1'),
    frontend.functionCall(2924, [text(SECRET), text('t'), text('t'), text('')]),
    sync,
  ),
  each('E11', 'a function call that is cut', message('F', Buffer.from([0, 0, 0x0b]))),
  each('E18', 'a bind that lies about its parameters', message('B', Buffer.from([0, 0, 0, 0, 0xff, 0xff]))),
  each(
    'E18',
    'a parameter longer than its message',
    parse('', 'SELECT $1'),
    message('B', Buffer.from([0, 0, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 0x41, 0, 0])),
    sync,
  ),
  each('E18', 'a negative number of formats', message('B', Buffer.from([0, 0, 0xff, 0xff, 0, 0, 0, 0])), sync),
  each(
    'E18',
    'a length of minus two',
    parse('', 'SELECT $1'),
    message('B', Buffer.from([0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe, 0, 0])),
    sync,
  ),
  each('E21', 'a hundred thousand flushes', ...Array.from({ length: 100_000 }, () => flush)),
  each('E21', 'thirty thousand syncs', ...Array.from({ length: 30_000 }, () => sync)),
  each('E21', 'five thousand statements kept', ...Array.from({ length: 5_000 }, (_, n) => parse(`s${n}`, `SELECT ${n}`)), sync),
  each('F', 'invalid UTF-8', message('Q', Buffer.from([0x53, 0x45, 0x4c, 0x45, 0x43, 0x54, 0x20, 0x27, 0xff, 0xfe, 0x27, 0]))),
];

const LOGIN: readonly (readonly [string, string])[] = [
  ['user', 'agent'],
  ['database', 'shop'],
];

/** First bytes of a connection. */
export const OPENINGS: readonly Hostile[] = [
  each('E5', 'a startup packet of no length', Buffer.from([0, 0, 0, 0])),
  each('E5', 'a huge startup packet', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])),
  each('E12', 'replication of a database', startup([...LOGIN, ['replication', 'database']])),
  each('E12', 'physical replication', startup([...LOGIN, ['replication', 'true']])),
  each('E12', 'replication in upper case', startup([...LOGIN, ['replication', 'ON']])),
  each('E13', 'options that cannot be read', startup([...LOGIN, ['options', '-c']])),
  each('E14', 'the user given twice', startup([...LOGIN, ['user', 'postgres']])),
  each('E14', 'the database given twice', startup([...LOGIN, ['database', 'postgres']])),
  each('E14', 'an unterminated parameter', Buffer.from([0, 0, 0, 13, 0, 3, 0, 0]), text('user\0')),
  each('E14', 'protocol 2', startup([['user', 'agent']], 131072)),
  each('E14', 'protocol 4', startup(LOGIN, 262144)),
  each('E14', 'a packet of eleven thousand bytes', startup([...LOGIN, ['application_name', 'x'.repeat(11_000)]])),
  each('E15', 'direct TLS', Buffer.from('16030100c8010000c40303', 'hex')),
  each('E15', 'plain text behind an SSLRequest', frontend.sslRequest, startup(LOGIN)),
  each('E15', 'plain text behind a GSSENCRequest', frontend.gssEncRequest, startup(LOGIN)),
  each('E15', 'two SSLRequests at once', frontend.sslRequest, frontend.sslRequest, startup(LOGIN)),
  each('E16', 'a cancel request for someone else', frontend.cancelRequest(1, Buffer.from([1, 2, 3, 4]))),
  each('E16', 'a cancel request with a long key', frontend.cancelRequest(1, Buffer.alloc(300, 7))),
  each('E16', 'a cancel request without a key', frontend.cancelRequest(1, Buffer.alloc(0))),
  each(
    'E23',
    'a SASL message before the startup packet',
    message('p', text('SCRAM-SHA-256\0'), Buffer.from([0x7f, 0xff, 0xff, 0xff])),
  ),
  each('F', 'HTTP', text('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
];
