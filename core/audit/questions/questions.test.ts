import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from '../chain.ts';
import type { AuditEntry } from '../record.ts';
import type { StoredLine } from '../store.ts';
import { denials } from './denials.ts';
import { firstAccesses } from './first-accesses.ts';
import { unusedGrants } from './grants.ts';
import { inClear } from './in-clear.ts';
import { listStatements } from './list-statements.ts';
import { type Answer, Groups, type Question, TooManyError } from './question.ts';
import { readers } from './readers.ts';
import { readRecord, timeOfLine } from './reading.ts';
import { identifier, isRelation, parseRelationName, splitColumn } from './relation-name.ts';
import { type Statement, StatementReader } from './statements.ts';
import { who } from './who.ts';

const time = (second: number): string => `2026-11-01T00:00:${String(second).padStart(2, '0')}.000000Z`;

interface Entry {
  readonly second: number;
  readonly entry: AuditEntry;
}

function chainOf(name: string, serviceAccount: string, entries: readonly Entry[]): readonly StoredLine[] {
  const chain = new Chain();
  const start = {
    type: 'chain-start',
    chain: name,
    product: 'test',
    identity: { namespace: 'ai', serviceAccount },
    database: { namespace: 'data', name: 'shop' },
  } as const;
  const lines = [chain.seal(start, time(0)), ...entries.map(({ second, entry }) => chain.seal(entry, time(second)))];
  return lines.map((line, seq) => ({ chain: name, seq, line: line.trimEnd() }));
}

function intent(statement: string, more: Partial<Extract<AuditEntry, { type: 'intent' }>> = {}): AuditEntry {
  return {
    type: 'intent',
    session: 's',
    statement,
    policies: ['data/p@1'],
    bundle: 'b',
    mode: 'Enforce',
    decision: 'allow',
    kind: 'select',
    fingerprint: 'f',
    text: 'select',
    reads: [{ relation: 'public.t', columns: ['a'] }],
    writes: [],
    masks: {},
    filters: {},
    ...more,
  };
}

const outcome = (statement: string, rows = 1): AuditEntry => ({ type: 'outcome', session: 's', statement, result: 'ok', rows });

function ask(question: Question, lines: readonly StoredLine[]): readonly Answer[] {
  const answers: Answer[] = [];
  const reader = new StatementReader({
    statement: (statement) => answers.push(...question.statement(statement)),
    other: (record) => answers.push(...(question.other?.(record) ?? [])),
  });
  for (const line of lines) reader.line(line);
  reader.end();
  return [...answers, ...question.end()];
}

describe('reading records', () => {
  it('takes any JSON for what it is, and never throws', () => {
    const questions = (): readonly Question[] => [
      who({}),
      listStatements({}),
      denials({}, { observed: true }),
      inClear({}),
      readers({}),
      firstAccesses({}),
      unusedGrants({}, []),
    ];
    const header = fc.record({
      v: fc.constant(1),
      seq: fc.nat(),
      time: fc.constant(time(1)),
      prev: fc.constant(''),
      type: fc.constantFrom(
        'intent',
        'outcome',
        'chain-start',
        'session-start',
        'admin',
        'event',
        'countersignature',
        '__proto__',
      ),
      statement: fc.constantFrom('1', '2'),
    });
    const names = [
      'reads',
      'writes',
      'masks',
      'clear',
      'policies',
      'observed',
      'identity',
      'evidence',
      'returned',
      'decision',
      'rows',
    ];
    const fields = fc.dictionary(fc.constantFrom(...names, '__proto__'), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(fc.tuple(header, fields)), (records) => {
        const lines = records.map(([known, more], seq) => ({ chain: 'c', seq, line: JSON.stringify({ ...more, ...known }) }));
        for (const question of questions()) ask(question, lines);
      }),
    );
  });

  it('refuses what is no record, or of another format', () => {
    for (const line of ['', 'null', '[]', '{"v":2,"seq":0,"time":"t","prev":"","type":"intent"}', '{"v":1}'])
      expect(readRecord(line)).toBeUndefined();
    expect(readRecord('{"v":1,"seq":0,"time":"t","prev":"","type":"constructor"}')?.type).toBe('other');
    expect(timeOfLine(chainOf('c', 'a', [])[0]!.line)).toBe(time(0));
  });
});

describe('statements', () => {
  it('are the same however records of different chains are mixed', () => {
    const chains = ['one', 'two', 'three'].map((name) =>
      chainOf(name, name, [
        { second: 1, entry: intent('1') },
        { second: 2, entry: intent('2', { reads: [{ relation: 'public.u', columns: ['b'] }] }) },
        { second: 3, entry: outcome('2', 5) },
        { second: 4, entry: outcome('1', 7) },
      ]),
    );
    const expected = ask(who({}), chains.flat());
    expect(expected).toHaveLength(6);
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 30 }), (order) => {
        const waiting = chains.map((lines) => [...lines]);
        const mixed = order.flatMap((index) => waiting[index]!.splice(0, 1));
        expect(ask(who({}), [...mixed, ...waiting.flat()])).toEqual(expected);
      }),
    );
  });

  it('of an interrupted chain have no outcome, and no more than a bound are held', () => {
    const lines = chainOf(
      'c',
      'a',
      [1, 2, 3].map((second) => ({ second, entry: intent(String(second)) })),
    );
    const seen: Statement[] = [];
    const reader = new StatementReader({ statement: (statement) => seen.push(statement) }, new Map(), 2);
    for (const line of lines) reader.line(line);
    expect(seen.map(({ intent: { statement } }) => statement)).toEqual(['1', '2']);
    reader.end();
    expect(seen).toHaveLength(3);
    expect(seen.every((statement) => statement.outcome === undefined)).toBe(true);
    expect(reader.counts.unpaired).toBe(2);
  });

  it('are held in bounded memory, however large a writer makes them', () => {
    let longest = 0;
    let given = 0;
    const reader = new StatementReader({
      statement: ({ intent: { text, reads } }) => {
        given += 1;
        longest = Math.max(longest, text.length, reads[0]!.relation.length);
      },
    });
    const huge = 'x'.repeat(512 * 1024);
    const template = new Chain().seal(intent('NAME', { text: huge, reads: [{ relation: huge, columns: [huge] }] }), time(1));
    for (let n = 0; n < 100; n += 1) reader.line({ chain: 'c', seq: n, line: template.replace('NAME', String(n)) });
    expect(given).toBeGreaterThan(0);
    expect(reader.counts.unpaired).toBe(given);
    expect(longest).toBeLessThan(10_000);
  });

  it('belong to whom the store has verified, whatever the chain says of itself', () => {
    const lines = chainOf('c', 'liar', [{ second: 1, entry: intent('1') }]);
    const answers: Answer[] = [];
    const question = listStatements({});
    const owner = { identity: { namespace: 'ai', serviceAccount: 'real' }, database: 'data/shop', kind: 'sidecar' } as const;
    const reader = new StatementReader(
      { statement: (statement) => answers.push(...question.statement(statement)) },
      new Map([['c', owner]]),
    );
    for (const line of lines) reader.line(line);
    reader.end();
    expect(answers).toMatchObject([{ subject: 'ai/real' }]);
  });
});

describe('questions', () => {
  it('tell first accesses from what had been seen, whatever the order of reading', () => {
    const early = chainOf('a', 'x', [{ second: 1, entry: intent('1') }]);
    const late = chainOf('b', 'x', [
      { second: 20, entry: intent('1', { reads: [{ relation: 'public.t', columns: ['a', 'b'] }] }) },
      { second: 21, entry: intent('2', { reads: [{ relation: 'public.t', columns: ['b'] }] }) },
    ]);
    const selection = { from: time(10) };
    const expected = [{ time: time(20), relation: 'public.t', columns: ['b'] }];
    expect(ask(firstAccesses(selection), [...early, ...late])).toMatchObject(expected);
    expect(ask(firstAccesses(selection), [...late, ...early])).toMatchObject(expected);
    expect(ask(firstAccesses(selection, { since: time(5) }), [...early, ...late])).toMatchObject([{ columns: ['a', 'b'] }]);
  });

  it('count what Observe let through apart', () => {
    const lines = chainOf('c', 'a', [
      { second: 1, entry: intent('1', { decision: 'deny', code: 'SLUICE-201', rule: 'grants' }) },
      { second: 2, entry: intent('2', { mode: 'Observe', observed: ['SLUICE-202', 'SLUICE-202'] }) },
    ]);
    expect(ask(denials({}), lines)).toMatchObject([{ decision: 'deny', code: 'SLUICE-201' }]);
    expect(ask(denials({}, { observed: true }), lines)).toMatchObject([
      { decision: 'deny' },
      { decision: 'observed', code: 'SLUICE-202', statements: 1 },
    ]);
  });

  it('say why a column was in clear', () => {
    const clear = { 'public."T.x"."a.b"': 'pii.email' };
    const lines = chainOf('c', 'a', [
      { second: 1, entry: intent('1', { clear }) },
      { second: 2, entry: intent('2', { clear, mode: 'Observe' }) },
      { second: 3, entry: intent('3', { clear, kind: 'explain' }) },
    ]);
    const row = { relation: 'public."T.x"', column: 'a.b', class: 'pii.email', statements: 1 };
    expect(ask(inClear({}), lines)).toMatchObject([
      { ...row, why: 'observed' },
      { ...row, why: 'revealed' },
    ]);
  });

  it('stop when there is more than they may hold', () => {
    const groups = new Groups<number>('things', 2);
    groups.of(['a'], () => 1);
    groups.of(['b'], () => 1);
    expect(groups.of(['a'], () => 2)).toBe(1);
    expect(() => groups.of(['c'], () => 1)).toThrow(TooManyError);
  });
});

describe('names of relations', () => {
  it('are read as SQL reads them and spelled as records spell them', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        (schema, name, column) => {
          const relation = `${identifier(schema)}.${identifier(name)}`;
          expect(parseRelationName(relation)).toEqual({ schema, name });
          expect(isRelation({ schema, name }, relation)).toBe(true);
          expect(isRelation({ name }, relation)).toBe(true);
          expect(splitColumn(`${relation}.${identifier(column)}`)).toEqual({ relation, column });
        },
      ),
    );
    expect(parseRelationName('Public.Customers')).toEqual({ schema: 'public', name: 'customers' });
    for (const wrong of ['', '.', 'a.', '.b', 'a.b.c', '"a', 'a"b']) expect(parseRelationName(wrong)).toBeUndefined();
  });
});
