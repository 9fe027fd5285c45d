import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './protocol-error.ts';
import { limitNames, type ScrubContext, scrubError, scrubNotice, STRICTEST } from './report-scrub.ts';
import { VALUE_TEMPLATES } from './report-templates.ts';
import type { ReportFields } from './server-messages.ts';
import { errorResponse } from './write.ts';

const CANARY = 'c4n4ry-7f';
const fields = (values: Record<string, string>): ReportFields =>
  new Map(Object.entries({ S: 'ERROR', V: 'ERROR', ...values }).map(([code, value]) => [code, Buffer.from(value)]));
const granted = new Set(['users', 'public.users', 'name', 'u', 'u.name']);
const context = (governed: boolean, more: Partial<ScrubContext> = {}): ScrubContext => ({
  governed,
  visible: {
    name: (text) => granted.has(text),
    relation: (schema, table) => schema === 'public' && table === 'users',
    column: (_schema, _table, column) => column === 'name',
    constraint: (_schema, _table, constraint) => constraint === 'users_name_key',
  },
  mapPosition: (position) => (position > 10 ? position - 10 : undefined),
  ...more,
});

describe('scrubError', () => {
  it('keeps the text of a mistake in the statement, with its hint and its mapped position', () => {
    const report = scrubError(
      fields({
        C: '42703',
        M: 'column u.name does not exist',
        H: 'Perhaps you meant to reference the column "u.ssn".',
        P: '18',
        F: 'x.c',
        L: '1',
        R: 'f',
      }),
      context(true),
    );
    expect(report).toEqual({
      severity: 'ERROR',
      sqlstate: '42703',
      message: 'column u.name does not exist',
      hint: 'Perhaps you meant to reference the column "…".',
      position: 8,
      names: [],
    });
  });

  it.each([
    ['relation "hidden" does not exist', 'relation "…" does not exist'],
    ['relation "users" does not exist', 'relation "users" does not exist'],
    ['permission denied for table hidden', 'permission denied for table …'],
    ['permission denied for table users', 'permission denied for table users'],
    ['column h.ssn does not exist', 'column … does not exist'],
    ['column ssn does not exist', 'column … does not exist'],
    ['function secret_fn(integer, text) does not exist', 'function …(integer, text) does not exist'],
    ['operator does not exist: character varying = integer', 'operator does not exist: character varying = integer'],
    ['column "ssn" of relation "users" does not exist', 'column "…" of relation "users" does not exist'],
    ['column reference "name" is ambiguous', 'column reference "name" is ambiguous'],
    ['relation "we"ird" does not exist', 'relation "…"'],
    ['must be owner of view hidden', 'must be owner of view …'],
    ['invalid reference to some_private_thing', 'invalid reference to …'],
    ['aggregate functions are not allowed in WHERE', 'aggregate functions are not allowed in WHERE'],
    ['window function calls cannot be nested', 'window function calls cannot be nested'],
    ['INSERT has more expressions than target columns', 'INSERT has more expressions than target columns'],
    [
      'column "users.name" must appear in the GROUP BY clause or be used in an aggregate function',
      'column "…" must appear in the GROUP BY clause or be used in an aggregate function',
    ],
  ])('limits the names in %j', (text, expected) => {
    expect(scrubError(fields({ C: '42000', M: text }), context(true)).message).toBe(expected);
  });

  it('never passes a value on, whatever the SQLSTATE and the field', () => {
    const classes = [
      '00',
      '01',
      '02',
      '08',
      '0A',
      '21',
      '22',
      '23',
      '25',
      '28',
      '2B',
      '38',
      '39',
      '3D',
      '40',
      '42',
      '44',
      '53',
      '55',
      '57',
      '58',
      'F0',
      'HV',
      'P0',
      'XX',
      'ZZ',
    ];
    const states = [...classes.flatMap((one) => [`${one}000`, `${one}P01`]), ...Object.keys(VALUE_TEMPLATES)];
    const everything = Object.fromEntries([...'DWqFLRsctdnXYz'].map((code) => [code, `${CANARY} ${code}`]));
    for (const sqlstate of states) {
      for (const governed of [true, false]) {
        const quoted = scrubError(
          fields({ C: sqlstate, M: `bad value "${CANARY}"`, H: `"${CANARY}"`, ...everything }),
          context(governed),
        );
        expect(errorResponse(quoted).includes(CANARY), `${sqlstate} ${governed}`).toBe(
          governed ? false : sqlstate === 'P0001' && false,
        );
      }
      const raised = scrubError(
        fields({ C: sqlstate, M: `plain ${CANARY}`, H: CANARY, W: 'PL/pgSQL function f() line 1 at RAISE' }),
        context(true),
      );
      expect(errorResponse(raised).includes(CANARY), sqlstate).toBe(false);
    }
  });

  it.each([
    ['22P02', 'invalid input syntax for type integer: "c4n4ry-7f"', 'invalid input syntax for type integer'],
    ['22P02', 'invalid input syntax for type hidden_enum: "x"', 'invalid input syntax for a type'],
    ['22P02', 'invalid input value for enum mood: "c4n4ry-7f"', 'invalid input syntax for a type'],
    ['22003', 'value "c4n4ry-7f" is out of range for type integer', 'numeric value out of range'],
    ['22012', 'division by zero', 'division by zero'],
    ['22099', 'c4n4ry-7f', 'a value is not valid for this operation'],
    ['XX000', 'c4n4ry-7f', 'the server had an internal error'],
    ['ZZ999', 'c4n4ry-7f', 'the statement failed; the text of the server is withheld'],
  ])('answers %s %j with its template', (sqlstate, text, expected) => {
    expect(scrubError(fields({ C: sqlstate, M: text }), context(false)).message).toBe(expected);
  });

  it('names the violated constraint where its table and columns are granted', () => {
    const unique = { C: '23505', M: `duplicate ${CANARY}`, D: `Key (name)=(${CANARY}) already exists.`, s: 'public', t: 'users' };
    expect(scrubError(fields({ ...unique, n: 'users_name_key' }), context(true))).toMatchObject({
      message: 'duplicate key value violates unique constraint "users_name_key" of table "users"',
      names: [
        ['s', 'public'],
        ['t', 'users'],
        ['n', 'users_name_key'],
      ],
    });
    expect(scrubError(fields({ ...unique, n: 'users_ssn_key' }), context(true)).message).toBe(
      'duplicate key value violates unique constraint of table "users"',
    );
    expect(scrubError(fields({ ...unique, t: 'hidden', n: 'k' }), context(true))).toMatchObject({
      message: 'duplicate key value violates a unique constraint',
      names: [],
    });
    expect(scrubError(fields({ C: '23502', M: 'x', s: 'public', t: 'users', c: 'ssn' }), context(true)).message).toBe(
      'null value violates a not-null constraint',
    );
  });

  it('shows RAISE text only where nothing governed was touched', () => {
    const raised = fields({ C: 'P0001', M: 'out of stock', W: 'PL/pgSQL function f() line 1 at RAISE', R: 'exec_stmt_raise' });
    expect(scrubError(raised, context(false)).message).toBe('out of stock');
    expect(scrubError(raised, context(true)).message).toBe('a function or trigger raised an exception');
    expect(scrubError(fields({ C: '42501', M: `no ${CANARY}`, R: 'exec_stmt_raise' }), context(true)).message).not.toContain(
      CANARY,
    );
  });

  it.each<[string, Record<string, string>]>([
    ['no SQLSTATE', { M: 'x' }],
    ['a lower-case SQLSTATE', { C: '42p01', M: 'x' }],
    ['a long SQLSTATE', { C: '42P010', M: 'x' }],
    ['no message', { C: '42P01' }],
    ['an unknown severity', { V: 'FEHLER', C: '42P01', M: 'x' }],
    ['the severity of a notice', { V: 'NOTICE', C: '42P01', M: 'x' }],
  ])('takes an error with %s for a protocol violation', (_name, values) => {
    expect(() => scrubError(fields(values), context(true))).toThrow(ProtocolError);
  });

  it('answers a cut report with a template and an unusable position with none', () => {
    const cut = new Map([...fields({ C: '42601', P: '-3' })].filter(([code]) => code !== 'M'));
    expect(scrubError(cut, context(true, { truncated: true }))).toMatchObject({
      sqlstate: '42601',
      message: 'the statement failed; the text of the server is withheld',
    });
    for (const P of ['0', '-3', '1e3', '99999999999', '5'])
      expect(scrubError(fields({ C: '42601', M: 'x', P }), context(true)).position).toBeUndefined();
    expect(scrubError(fields({ C: '42601', M: 'x', P: '11' }), context(true)).position).toBe(1);
  });

  it('shows nothing but class texts when nothing is known of a statement', () => {
    expect(
      scrubError(fields({ V: 'FATAL', C: '57P01', M: 'terminating connection due to administrator command' }), STRICTEST),
    ).toEqual({
      severity: 'FATAL',
      sqlstate: '57P01',
      message: 'terminating connection due to administrator command',
      names: [],
    });
  });
});

describe('scrubNotice', () => {
  const notice = (values: Record<string, string>): ReportFields => fields({ V: 'NOTICE', C: '00000', ...values });
  it('is dropped where a governed relation was touched, unless it is about the statement', () => {
    expect(scrubNotice(notice({ M: CANARY }), context(true))).toBeUndefined();
    expect(scrubNotice(notice({ M: CANARY, C: '42P07', W: 'PL/pgSQL' }), context(true))).toBeUndefined();
    expect(
      scrubNotice(notice({ V: 'WARNING', C: '25P01', M: 'there is no transaction in progress' }), context(true))?.message,
    ).toBe('there is no transaction in progress');
    expect(scrubNotice(notice({ C: '42P07', M: 'relation "hidden" already exists, skipping' }), context(true))?.message).toBe(
      'relation "…" already exists, skipping',
    );
  });
  it('loses its detail elsewhere', () => {
    expect(scrubNotice(notice({ M: 'hello', D: CANARY, H: CANARY, W: CANARY }), context(false))).toEqual({
      severity: 'NOTICE',
      sqlstate: '00000',
      message: 'hello',
    });
    expect(() => scrubNotice(notice({ V: 'ERROR', M: 'x' }), context(false))).toThrow(ProtocolError);
  });
});

describe('limitNames', () => {
  it('takes linear time for any text', () => {
    for (const piece of ['a', 'a.', '.', '"', '" ', '_', 'table ', 'permission denied for ', 'column a', '(']) {
      expect(typeof limitNames(piece.repeat(4096), STRICTEST.visible)).toBe('string');
    }
  });

  it.each([
    ['a value of 3.5 is not in 1.0.', 'a value of 3.5 is not in 1.0.'],
    ['see public.users.', 'see ….'],
    ['of secret_code', 'of …'],
  ])('%j', (text, expected) => {
    expect(limitNames(text, STRICTEST.visible)).toBe(expected);
  });

  it('shows no quoted name that is not visible, whatever surrounds it', () => {
    const text = fc.array(fc.constantFrom('a', '"', ' ', '(', ')', ',', '""', ' "', '" ')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(limitNames(`${before}"${CANARY}"${after}`, STRICTEST.visible)).not.toContain(CANARY);
      }),
      { numRuns: 1000 },
    );
  });
});
