/** Findings only grow, survive a file, and hold nothing that would surprise a name. */
import { describe, expect, it } from 'vitest';
import type { ColumnFacts, TableFacts } from './facts.ts';
import {
  columnKey,
  effective,
  factsHash,
  findingOf,
  type Findings,
  FindingsError,
  grow,
  NO_FINDINGS,
  parseFindings,
  printFindings,
} from './findings.ts';
import type { Verdict } from './verdict.ts';

const column = (name: string, more: Partial<ColumnFacts> = {}): ColumnFacts => ({
  attnum: 1,
  name,
  kind: 'text',
  type: 'text',
  array: false,
  notNull: false,
  primaryKey: false,
  unique: false,
  checks: [],
  ...more,
});
const table = (of: ColumnFacts, name = 't'): TableFacts => ({
  oid: 1,
  schema: 'public',
  name,
  kind: 'table',
  estimatedRows: -1,
  pages: 0,
  columns: [of],
});
const verdict = (name: Verdict['class'], provisional = false): Verdict => ({
  oid: 1,
  attnum: 1,
  ...(name === undefined ? {} : { class: name }),
  confidence: 0.9,
  evidence: [{ rule: 'value.test', ratio: 0.5 }],
  provisional,
});
const classAfter = (...names: Verdict['class'][]): string | undefined => {
  const x = column('x');
  let findings: Findings = NO_FINDINGS;
  for (const name of names) findings = grow(findings, [table(x)], [verdict(name)]);
  return findingOf(findings, table(x), x)?.class;
};

describe('findings', () => {
  it('grow: a later look adds a class or a more severe one and takes none away', () => {
    expect(classAfter('pii.email')).toBe('pii.email');
    expect(classAfter('pii.email', undefined)).toBe('pii.email');
    expect(classAfter(undefined, 'pii.email')).toBe('pii.email');
    expect(classAfter('pii.email', 'secret', 'pii.name')).toBe('secret');
  });

  it('keep the evidence of the class that stands', () => {
    const x = column('x');
    const first = grow(NO_FINDINGS, [table(x)], [verdict('secret')]);
    const second = grow(first, [table(x)], [{ ...verdict('pii.email'), evidence: [{ rule: 'other' }] }]);
    expect(findingOf(second, table(x), x)).toMatchObject({ class: 'secret', evidence: [{ rule: 'value.test' }] });
  });

  it('are not made from precautions', () => {
    expect(grow(NO_FINDINGS, [table(column('x'))], [verdict('pii.free-text', true)]).size).toBe(0);
  });

  it('survive a file, whatever things are called', () => {
    for (const name of ['x', '__proto__', 'constructor', 'a"b\n', '']) {
      const x = column(name);
      const findings = grow(NO_FINDINGS, [table(x, name)], [verdict('pii.email')]);
      expect(parseFindings(printFindings(findings))).toEqual(findings);
    }
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"formatVersion":2,"columns":[]}',
    '{"formatVersion":1,"columns":[["a"]]}',
    '{"formatVersion":1,"columns":[["a","b","c",1]]}',
  ])('of a file that is none of ours are refused: %j', (text) => {
    expect(() => parseFindings(text)).toThrow(FindingsError);
  });

  it('of a newer release count as the most severe', () => {
    const text = '{"formatVersion":1,"columns":[["public","t","x",{"class":"pii.iris","confidence":1,"evidence":[]}]]}';
    expect(parseFindings(text).get(columnKey('public', 't', 'x'))?.class).toBe('secret');
  });
});

describe('what counts now', () => {
  const x = column('x');
  it('before a look: the precaution', () => {
    expect(effective(undefined, table(x), x, verdict('pii.free-text', true))).toBe('pii.free-text');
  });
  it('after a look that found nothing: nothing, also after a restart', () => {
    const found = { sampled: factsHash(table(x), x), confidence: 1, evidence: [] };
    expect(effective(found, table(x), x, verdict(undefined))).toBeUndefined();
    expect(effective(found, table(x), x, verdict('pii.free-text', true))).toBeUndefined();
  });
  it('a column that changed is a new one, but what was found in it stays', () => {
    const found = { sampled: 'other', confidence: 1, evidence: [] };
    expect(effective(found, table(x), x, verdict('pii.free-text', true))).toBe('pii.free-text');
    expect(effective({ ...found, class: 'secret' }, table(x), x, verdict('pii.free-text', true))).toBe('secret');
    expect(effective({ ...found, class: 'secret' }, table(x), x, verdict(undefined))).toBe('secret');
  });
  it('the hash follows what a column is, and which: one that was dropped and made again is another', () => {
    const hash = (more: Partial<ColumnFacts>, oid = 1): string => {
      const of = column('x', more);
      return factsHash({ ...table(of), oid }, of);
    };
    expect(hash({})).toBe(factsHash(table(x), x));
    for (const other of [hash({ attnum: 9 }), hash({}, 2), hash({ type: 'varchar(3)' })]) expect(other).not.toBe(hash({}));
  });
});
