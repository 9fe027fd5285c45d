import { expect, test } from 'vitest';
import { asColumns, printable } from './table.ts';

test('columns line up, and what stands in them cannot speak to the terminal', () => {
  const rows = [
    ['A', 'B'],
    ['long', 'x'],
    ['\u001b[2J', '\u202e'],
  ];
  expect(asColumns(rows)).toBe('A          B\nlong       x\n\\u001b[2J  \\u202e\n');
});

test('letters of all languages stay', () => {
  expect(printable('Müller 北京 naïve\n')).toBe('Müller 北京 naïve\\u000a');
});
