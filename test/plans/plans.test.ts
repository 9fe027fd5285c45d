/** The judge of plans: a lost index, a lost order and a lost partition are seen; what a person would not call lost is not. */
import { describe, expect, it } from 'vitest';
import { CASES } from './cases.ts';
import { FACTS, governedText, referenceText } from './plan-case.ts';
import { MODES } from './modes.ts';
import { differenceOf, type PlanNode, shapeOf } from './shape.ts';

const scan = (type: string, index?: string, more: Partial<PlanNode> = {}): PlanNode => ({
  'Node Type': type,
  'Relation Name': 'users',
  ...(index === undefined ? {} : { 'Index Name': index }),
  ...more,
});
const above = (type: string, ...children: readonly PlanNode[]): PlanNode => ({ 'Node Type': type, Plans: children });
const byKey = above('Limit', scan('Index Scan', 'users_pkey'));

describe('plans', () => {
  it.each([
    ['a sequential scan', above('Limit', scan('Seq Scan'))],
    ['another index', above('Limit', scan('Index Scan', 'users_tenant'))],
    ['a bitmap instead of the ordered scan', above('Limit', above('Bitmap Heap Scan', scan('Bitmap Index Scan', 'users_pkey')))],
    ['a sort', above('Limit', above('Sort', scan('Index Scan', 'users_pkey')))],
    ['a second table', above('Nested Loop', scan('Index Scan', 'users_pkey'), scan('Seq Scan'))],
    ['nothing at all', above('Result')],
  ])('differ by %s', (_what, plan) => {
    expect(differenceOf(plan, byKey)).not.toBeNull();
  });

  it('differ by partitions and by the index of ON CONFLICT', () => {
    const append = (removed: number): PlanNode => ({
      'Node Type': 'Append',
      'Subplans Removed': removed,
      Plans: [scan('Seq Scan')],
    });
    expect(differenceOf(append(3), append(11))).toBe('3 partitions removed instead of 11 partitions removed');
    const insert = (index: string): PlanNode => ({ 'Node Type': 'ModifyTable', 'Conflict Arbiter Indexes': [index] });
    expect(differenceOf(insert('a'), insert('b'))).toBe('Conflict a instead of Conflict b');
  });

  it('are the same whatever joins them and wraps them', () => {
    expect(differenceOf(above('Subquery Scan', byKey), byKey)).toBeNull();
    const [a, b] = [scan('Index Scan', 'a'), scan('Index Scan', 'b')];
    expect(differenceOf(above('Hash Join', a, b), above('Nested Loop', b, a))).toBeNull();
    expect(shapeOf(above('Nested Loop', b, a))).toEqual(['Index Scan a', 'Index Scan b']);
  });
});

describe('the statements', () => {
  it('are each named once, and marked for the reference in every mode', () => {
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
    for (const subject of CASES) {
      expect(governedText(subject)).not.toContain('/*');
      expect(referenceText(subject, 'masks', 't7')).toBe(governedText(subject));
      if (!subject.sql.includes('/*')) continue;
      expect(referenceText(subject, 'filter', 't7')).toMatch(/ (?:AND|WHERE) \w+\.tenant = 't7'/);
    }
  });

  it('are excused by facts that are written down', () => {
    for (const subject of CASES)
      for (const mode of MODES)
        for (const generic of [true, false]) {
          const fact = subject.cannot?.(mode, generic);
          if (fact !== undefined) expect(FACTS[fact]).toBeDefined();
        }
  });
});
