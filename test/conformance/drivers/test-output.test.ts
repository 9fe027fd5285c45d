/** Who is running is read out of the output as it comes, cut anywhere. */
import { describe, expect, it } from 'vitest';
import { ancestry, TestOutput } from './test-output.ts';

const OUTPUT = [
  'before any test',
  '\x16=== RUN   TestA',
  '    a_test.go:1: hello',
  '\x16=== RUN   TestA/sub_one',
  '\x16    --- PASS: TestA/sub_one (0.01s)',
  'TestA again',
  '\x16--- PASS: TestA (0.02s)',
  '\x16=== RUN   TestB',
  '\x16=== PAUSE TestB',
  '\x16=== RUN   TestC',
  'no line feed\x16--- FAIL: TestC (1.50s)',
  '\x16=== CONT  TestB',
  'reason',
  '\x16--- SKIP: TestB (0.00s)',
  '',
].join('\n');

describe('output of a test program', () => {
  it.each([1, 7, 10_000])('is read in pieces of %i', (size) => {
    const current: (string | null)[] = [];
    const output = new TestOutput((name) => current.push(name));
    for (let at = 0; at < OUTPUT.length; at += size) output.feed(OUTPUT.slice(at, at + size));
    expect(output.unfinished).toBeNull();
    output.end('');
    expect([...output.outcomes].map(([name, { status, output: text, seconds }]) => [name, status, text, seconds])).toEqual([
      ['TestA/sub_one', 'pass', '', 0.01],
      ['TestA', 'pass', '    a_test.go:1: hello\nTestA again', 0.02],
      ['TestC', 'fail', 'no line feed', 1.5],
      ['TestB', 'skip', 'reason', 0],
    ]);
    expect(current).toEqual(['TestA', 'TestA/sub_one', 'TestA', null, 'TestB', null, 'TestC', null, 'TestB', null, null]);
  });

  it('that ends within a test fails that test and what is around it', () => {
    const output = new TestOutput(() => undefined);
    output.feed('\x16=== RUN   TestA\n\x16=== RUN   TestA/x\npanic: no');
    output.end('ended with 2');
    expect([...output.outcomes].map(([name, { status }]) => [name, status])).toEqual([
      ['TestA/x', 'fail'],
      ['TestA', 'fail'],
    ]);
    expect(output.outcomes.get('TestA/x')?.output).toBe('panic: no\nended with 2');
  });

  it('names what is around a subtest', () => {
    expect(ancestry('A/b/c')).toEqual(['A/b/c', 'A/b', 'A']);
  });
});
