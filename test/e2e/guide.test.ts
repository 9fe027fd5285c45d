import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { difference, stepsOf } from './guide.ts';

describe('the commands of a guide', () => {
  it('are those of its console blocks, with their continuation, their here-documents and what they print', () => {
    const text = [
      'Prose, and `$ not a command`.',
      '```console',
      '$ first --one \\',
      '    --two',
      'it printed this',
      '',
      'and this',
      '$ second <<EOF',
      '$ part of the document',
      'EOF',
      '```',
      '```sh',
      '$ of another kind',
      '```',
      '```console',
      '$ third',
      '```',
    ].join('\n');
    expect(stepsOf(text)).toEqual([
      { line: 3, command: 'first --one \\\n    --two', output: ['it printed this', '', 'and this'] },
      { line: 8, command: 'second <<EOF\n$ part of the document\nEOF', output: [] },
      { line: 16, command: 'third', output: [] },
    ]);
  });

  it('must begin with a dollar sign', () => {
    expect(() => stepsOf('```console\nkubectl get pods\n```')).toThrow('line 2');
  });

  it('a here-document must end', () => {
    expect(() => stepsOf('```console\n$ cat <<EOF\nx\n```')).toThrow('does not end with EOF');
  });

  it.each([
    [['NAME   AGE', 'shop-…  …s'], 'NAME      AGE\nshop-5b67b4bd7-sz2hz   12s\n'],
    [['a', '…', 'z'], 'a\nb\nc\nz\n'],
    [['a', '…', 'z'], 'a\nz\n'],
    [['a', '…'], 'a\nb\n'],
    [['a', '…'], 'a\n'],
    [[], 'whatever'],
    [['name | email', '-----+------', '(1 row)'], ' name  |  email \n-------+-----------\n\n(1 row)\n'],
  ])('%j stands for what was printed', (shown, printed) => expect(difference(shown, printed)).toBeUndefined());

  it.each([
    [['a'], 'b\n'],
    [['a'], 'a\nb\n'],
    [['a', 'b'], 'a\n'],
    [['a'], ''],
    [['a.c'], 'abc\n'],
    [['a', '…', 'z'], 'a\nb\n'],
  ])('%j does not stand for what was printed', (shown, printed) =>
    expect(difference(shown, printed)).toContain('the guide says'),
  );

  it('of the guide that the suite runs can be read', () => {
    const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'getting-started.md'), 'utf8');
    expect(stepsOf(guide).length).toBeGreaterThan(10);
  });
});
