/** The fuzzers' judges: each is shown something wrong and must say so, and something right and must keep quiet. */
import { describe, expect, it } from 'vitest';
import type { Bundle } from '../../core/policy/bundle.ts';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { clientFrames, SERVER_FRAMES } from '../../core/wire/frame-table.ts';
import { failures } from '../scoreboard/suite.ts';
import { message } from '../support/frontend.ts';
import { bundleOf, compile } from '../support/compile-policy.ts';
import { row } from './board.ts';
import { loop } from './loop.ts';
import { Random } from './random.ts';
import { BYTES, shrink, WORDS } from './shrink.ts';
import { mutateSql } from './sql-mutator.ts';
import type { Failure, Fuzzed, Tally, ThreadTarget } from './target.ts';
import { compare } from './targets/frames.ts';
import { referenceWalk, walkInPieces } from './targets/frames-reference.ts';
import { judge as judgeServer } from './targets/server.ts';
import { judge as judgeStartup } from './targets/startup.ts';
import { type Answer, compareNarrow, compareOpen } from './trio.ts';
import { widerThan } from './wider.ts';
import { mistake, trees, write } from './yaml-tree.ts';

describe('frames', () => {
  const stream = Buffer.concat([
    message('T', Buffer.from([0, 0])),
    message('D', Buffer.alloc(9)),
    message('Z', Buffer.from('I')),
  ]);
  const run = { table: SERVER_FRAMES, stream, fates: 0, rowLimit: undefined };

  it('agree however they are cut', () => {
    const whole = referenceWalk(run);
    expect(whole.delivered).toHaveLength(2);
    for (let at = 0; at <= stream.length; at++)
      expect(compare(whole, walkInPieces({ ...run, cutAt: at }), 'cut')).toBeUndefined();
  });

  it.each([
    ['another fate', { fates: 1 }],
    ['another table', { table: clientFrames(8) }],
    ['a row less', { rowLimit: 0 }],
    ['a byte more', { stream: Buffer.concat([stream, Buffer.from('x')]) }],
    ['another byte', { stream: Buffer.from(stream).fill(1, 12, 13) }],
  ])('do not agree with %s', (_name, change) => {
    expect(compare(referenceWalk(run), walkInPieces({ ...run, ...change, cutAt: 3 }), 'cut')).toBeDefined();
  });
});

describe('what came back of first bytes', () => {
  const fatal = message('E', Buffer.from('SFATAL\0\0'));
  const greeting = Buffer.concat([message('R', Buffer.alloc(4)), message('K', Buffer.alloc(8)), message('Z', Buffer.from('I'))]);
  it.each([
    [Buffer.concat([Buffer.from('N'), fatal]), 'user\0', 'refused', undefined],
    [greeting, 'user\0agent\0', 'session', undefined],
    [greeting, 'GET /', 'session', 'a session without a user'],
    [greeting.subarray(0, 15), 'user\0', 'nothing', 'half a message came back'],
    [Buffer.concat([fatal, greeting]), 'user\0', 'nothing', 'an answer out of order: ERKZ'],
    [Buffer.concat([Buffer.from('N'), message('v', Buffer.alloc(8)), greeting]), 'user\0', 'session', undefined],
    [Buffer.concat([Buffer.from('NN'), greeting]), 'user\0', 'session', undefined],
    [Buffer.concat([message('N', Buffer.alloc(1)), greeting]), 'user\0', 'nothing', 'an answer out of order: NRKZ'],
    [Buffer.concat([Buffer.from('Nv'), greeting]), 'user\0', 'nothing', 'half a message came back'],
    [Buffer.concat([Buffer.from('G'), greeting]), 'user\0', 'nothing', 'half a message came back'],
  ])('%#', (heard, sent, kind, why) => {
    const seen = judgeStartup(Buffer.from(sent), heard);
    expect([seen.kind, seen.why]).toEqual([kind, why]);
  });
});

describe('what a client of a hostile server gets', () => {
  const begun = Buffer.concat([message('R', Buffer.alloc(4)), message('K', Buffer.alloc(8)), message('Z', Buffer.from('I'))]);
  const described = (oid: number): Buffer => {
    const field = Buffer.alloc(18);
    field.writeUInt32BE(oid);
    field.writeInt16BE(2, 4);
    return message('T', Buffer.from([0, 1]), Buffer.from('x\0'), field);
  };
  const judge = (...bytes: readonly Buffer[]) => judgeServer(Buffer.concat([begun, ...bytes]), true, new Set(['7.2']));
  it('is fine', () => expect(judge(described(8)).why).toBeUndefined());
  it.each([
    ['a protected column', described(7)],
    ['a withheld text', message('E', Buffer.from('Mwthhldqzx\0\0'))],
    ['a message of no type', message('\0')],
    ['a status of none', message('Z', Buffer.from('?'))],
    ['no protocol', Buffer.from([0x44, 0, 0, 0, 1])],
  ])('is not: %s', (_name, bytes) => expect(judge(bytes).why).toBeDefined());
});

describe('three answers', () => {
  const fine: Answer = { sqlstate: null, code: null, message: '', tag: 'SELECT 1', leaked: undefined, lost: false };
  const error = (sqlstate: string, code: string | null = null): Answer => ({ ...fine, sqlstate, code, tag: null });
  it.each([
    [fine, fine, 'same'],
    [error('42P01'), error('42P01'), 'same'],
    [fine, { ...fine, tag: 'SELECT 2' }, 'object'],
    [fine, error('42P01'), 'object'],
    [error('57014'), fine, 'unstable'],
    [fine, error('42501', 'SLUICE-204'), 'floor'],
    [fine, error('42501', 'SLUICE-201'), 'object'],
    [fine, error('21000'), 'object'],
  ])('with everything granted %#', (direct, open, expected) => {
    const seen = compareOpen('SELECT 1', direct, open, ({ code }) => code === 'SLUICE-204');
    expect(typeof seen === 'object' ? 'object' : seen).toBe(expected);
  });
  it('of a sample: another one each time', () => {
    const seen = (direct: Answer, open: Answer) => compareOpen('SELECT FROM t TABLESAMPLE system (9)', direct, open, () => false);
    expect(seen(fine, error('21000'))).toBe('unstable');
    expect(seen(error('23505'), fine)).toBe('unstable');
    expect(seen(fine, error('42804'))).toBeTypeOf('object');
    expect(seen(error('42804'), error('21000'))).toBeTypeOf('object');
  });
  it('of rows with a member that has no type', async () => {
    const parser = await createWasmParser();
    const untyped = { ...error('42883'), message: 'could not identify a comparison function for type unknown' };
    const seen = (sql: string, narrow: Answer = untyped) => {
      const parsed = parser.parse(sql);
      return compareNarrow(sql, fine, narrow, () => (parsed.ok ? (parsed.tree.stmts ?? []) : []));
    };
    expect(seen("SELECT max((ssn, 'x')) FROM customers")).toBe('same');
    expect(seen('SELECT max(ROW(ssn, NULL)) FROM customers')).toBe('same');
    expect(seen("SELECT max((ssn, 'x'::text)) FROM customers WHERE name = 'x'")).toBeTypeOf('object');
    expect(seen('SELECT max(c) FROM customers c')).toBeTypeOf('object');
    const json = { ...untyped, message: 'could not identify an equality operator for type json' };
    expect(seen("SELECT DISTINCT (ssn, 'x') FROM customers", json)).toBeTypeOf('object');
  });
  it.each([
    ['SELECT 1', fine, error('42501', 'SLUICE-201'), 'denied'],
    ['SELECT 1', fine, error('0A000', 'SLUICE-105'), 'object'],
    ['SELECT 1', fine, error('XX000', 'SLUICE-707'), 'object'],
    ['SELECT 1', fine, error('22012'), 'same'],
    ['SELECT 1', fine, error('42804'), 'object'],
    ["SELECT 'x'::regclass", fine, error('42804'), 'denied'],
    ['SELECT 1', error('42601'), error('42601'), 'same'],
    ['SELECT 1', fine, { ...fine, lost: true }, 'object'],
  ])('restricted %#', (sql, direct, narrow, expected) => {
    const seen = compareNarrow(sql, direct, narrow, () => []);
    expect(typeof seen === 'object' ? 'object' : seen).toBe(expected);
  });
});

describe('wider', () => {
  const base = `grants:
  - {tables: [public.customers], actions: [Select], columns: [id, email], masks: [{columns: [email], mask: {redact: {}}}], rowFilter: "id > 3"}
limits: {maxRows: 10}
guardrails: {requireWhere: true, maxAffectedRows: 3}`;
  const of = (text: string): Bundle => bundleOf(compile({ p: text }));
  it('says nothing of the same, and of less', () => {
    expect(widerThan(of(base), of(base))).toBeUndefined();
    expect(widerThan(of(base), of(base.replace('columns: [id, email]', 'columns: [email]')))).toBeUndefined();
    expect(widerThan(of(base), of(base.replace('maxRows: 10', 'maxRows: 9')))).toBeUndefined();
  });
  it.each([
    ['a column', 'columns: [id, email]', 'columns: [id, email, name]'],
    ['no mask', 'masks: [{columns: [email], mask: {redact: {}}}], ', ''],
    ['another mask', 'redact: {}', 'partial: {keepLast: 4}'],
    ['no filter', ', rowFilter: "id > 3"', ''],
    ['another filter', 'id > 3', 'id > 2'],
    ['an action', '[Select]', '[Select, Delete]'],
    [
      'a table',
      '[public.customers], actions: [Select], columns: [id, email]',
      '["*.*"], actions: [Select], columns: [id, email]',
    ],
    ['more rows', 'maxRows: 10', 'maxRows: 11'],
    ['no limit', '{maxRows: 10}', '{}'],
    ['no WHERE', 'requireWhere: true', 'requireWhere: false'],
    ['more affected rows', 'maxAffectedRows: 3', 'maxAffectedRows: 30'],
    ['observing', 'grants:', 'mode: Observe\ngrants:'],
    ['functions', 'grants:', 'functions: ["*"]\ngrants:'],
    ['locks', 'grants:', 'session: {advisoryLocks: true}\ngrants:'],
  ])('says %s', (_name, from, to) => {
    expect(base).toContain(from);
    const changed = compile({ p: base.replace(from, to).replace('["*.*"]', '["public.*"]') });
    expect(changed.bundle === undefined ? 'not in force' : widerThan(of(base), changed.bundle)).toBeDefined();
  });
});

describe('the loop', () => {
  it('finds what is planted, makes it small, and says when it throws', async () => {
    const fuzzed: Fuzzed = {
      seeds: [Buffer.from('aaaa')],
      draw: (random, pick) => Buffer.concat([pick(), random.bytes(2)]).subarray(0, 12),
      check: (input) => {
        if (input.includes(0x42)) return 'there is a B';
        if (input.includes(0x43)) throw new TypeError('there is a C');
        return undefined;
      },
      figures: () => ({}),
    };
    const target: ThreadTarget = { name: 't', extension: 'bin', pieces: BYTES, slowest: 100, prepare: async () => fuzzed };
    const found: Failure[] = [];
    const { executions } = await loop({
      target,
      fuzzed,
      coverage: undefined,
      kept: [],
      seed: 3,
      duration: 300,
      about: () => {},
      failed: (failure) => void found.push(failure),
      progress: () => {},
    });
    expect(executions).toBeGreaterThan(1000);
    expect(found.find(({ why }) => why === 'there is a B')?.input.toString()).toBe('B');
    expect(found.find(({ why }) => why.startsWith('threw TypeError: there is a C'))?.input.toString()).toBe('C');
  });

  it('one failure fails the row, whatever the share', () => {
    const tally: Tally = { executions: 1_000_000, failures: [], leaks: [], deaths: 0, figures: {} };
    const board = (more: Partial<Tally>) =>
      row({ name: 'x', what: 'x', seed: 1, tallies: [{ ...tally, ...more }], floors: {}, unstable: 0 });
    expect(failures(board({}), {})).toEqual([]);
    expect(failures(board({ failures: [{ why: 'w', input: Buffer.from('x') }] }), {})).toHaveLength(1);
    const refused = (column: string) => ({
      why: `SELECT 1; restricted: 42803 column "${column}" must appear in the GROUP BY clause or be used in an aggregate function`,
      input: Buffer.from('x'),
    });
    const plans = { 'whole-row-beside-group-by-key': 'written down' };
    expect(failures(board({ failures: [refused('p.*')] }), plans)).toEqual([]);
    expect(failures(board({ failures: [refused('p.ctid')] }), plans)).toHaveLength(1);
    expect(failures(board({ leaks: ['l'] }), {})).toHaveLength(1);
    expect(failures(board({ deaths: 1 }), {})).toHaveLength(1);
  });
});

describe('draws', () => {
  it('are the same for the same seed and spread over the range', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 1_000 }, () => random.below(10));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    for (let value = 0; value < 10; value++) expect(draw(1).filter((each) => each === value).length).toBeGreaterThan(60);
  });

  it('change statements and policies nearly always', () => {
    const random = new Random(1);
    const sql = "SELECT id, (SELECT 1) FROM customers WHERE name = 'x' ORDER BY id";
    const changed = Array.from({ length: 200 }, () => mutateSql(sql, 'UPDATE t SET a = (1)', random)).filter(
      (each) => each !== sql,
    );
    expect(changed.length).toBeGreaterThan(170);
    const policy = 'kind: Database\nspec: {a: 1, b: [{c: d}]}\n';
    const wrong = Array.from({ length: 100 }, () => {
      const documents = trees(policy);
      mistake(documents, random);
      return write(documents);
    });
    expect(wrong.filter((each) => each !== write(trees(policy))).length).toBeGreaterThan(80);
  });

  it('are mistakes: never another number, truth value or name that fits in the same place', () => {
    const random = new Random(1);
    const policy = 'kind: Database\nspec: {a: true, b: 5, c: name, d: {redact: {}}}\n';
    const drawn = Array.from({ length: 5_000 }, () => {
      const documents = trees(policy);
      mistake(documents, random);
      return write(documents);
    });
    const fits =
      /^\{"kind": "Database", "spec": \{"a": (?:true|false), "b": (?:\d{1,3}|0[xo]\w+), "c": "\w+", "d": \{"(?:redact|nullify)": \{\}\}\}\}\n$/;
    expect(new Set(drawn.filter((each) => fits.test(each)))).toEqual(new Set([write(trees(policy))]));
    for (const wrong of ['"b": -1', '"b": "true"', '"b": !!set {a}', '"a": 0x10', '"c": 0,', '"d": !!set {a}', '"d": 0'])
      expect(drawn.some((each) => each.includes(wrong))).toBe(true);
  });

  it('shrink to what matters', async () => {
    const needed = (candidate: Buffer): boolean => /SELECT.*\bx\b/s.test(candidate.toString());
    const small = await shrink(Buffer.from('WITH a AS (SELECT 1) SELECT y, x FROM z WHERE true'), WORDS, needed);
    expect(small.toString()).toBe('SELECTx'.replace('x', ' x'));
  });
});
