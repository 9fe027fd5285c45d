import { describe, expect, it } from 'vitest';
import type { ColumnFinding } from '../../core/sensitivity/findings.ts';
import { mergeFindings } from './merge-findings.ts';

const finding = (name: ColumnFinding['class'], sampled?: string): ColumnFinding => ({
  ...(name === undefined ? {} : { class: name }),
  ...(sampled === undefined ? {} : { sampled }),
  confidence: 1,
  evidence: [],
});

function merged(ours: ColumnFinding | undefined, theirs: ColumnFinding | undefined): ColumnFinding | undefined {
  const map = (each: ColumnFinding | undefined) => new Map(each === undefined ? [] : [['k', each]]);
  return mergeFindings(map(ours), map(theirs)).get('k');
}

describe('findings of two leaders', () => {
  it.each<[string, ColumnFinding | undefined, ColumnFinding | undefined, ColumnFinding['class']]>([
    ['only ours', finding('pii.email'), undefined, 'pii.email'],
    ['only theirs', undefined, finding('pii.email'), 'pii.email'],
    ['ours says nothing', finding(undefined), finding('pii.email'), 'pii.email'],
    ['theirs says nothing', finding('pii.email'), finding(undefined), 'pii.email'],
    ['ours is worse', finding('secret'), finding('pii.email'), 'secret'],
    ['theirs is worse', finding('pii.email'), finding('secret'), 'secret'],
  ])('%s', (_what, ours, theirs, expected) => {
    expect(merged(ours, theirs)?.class).toBe(expected);
  });

  it('a column that either has looked into has been looked into', () => {
    expect(merged(finding('secret'), finding('secret', 'hash'))?.sampled).toBe('hash');
    expect(merged(finding('secret', 'hash'), finding('secret'))?.sampled).toBe('hash');
  });
});
