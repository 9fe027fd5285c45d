import { describe, expect, test } from 'vitest';
import type { StatementContext } from '../context.ts';
import type { Edit } from '../plan.ts';
import { EditList } from '../text/edits.ts';
import { createSource } from '../text/source.ts';
import { Splices } from './splices.ts';

function spliced(text: string, work: (splices: Splices) => void, others: readonly Edit[] = []): string {
  const edits = new EditList();
  for (const edit of others) edits.add(edit);
  const splices = new Splices();
  work(splices);
  const source = createSource(Buffer.from(text));
  splices.flush({ source, edit: (edit: Edit) => edits.add(edit) } as unknown as StatementContext);
  // Where the blanks are is of no interest.
  return edits
    .apply(Buffer.from(text), [0, Buffer.byteLength(text)])
    .toString()
    .replaceAll(' ', '');
}

describe('splices', () => {
  test('what is added later encloses what was added before', () => {
    expect(
      spliced('a AND b', (splices) => {
        splices.wrap({ start: 6, end: 7 }, '[', ']');
        splices.wrap({ start: 0, end: 7 }, '(', ')');
      }),
    ).toBe('(aAND[b])');
    expect(
      spliced('a', (splices) => {
        splices.wrap({ start: 0, end: 1 }, '[', ']');
        splices.wrap({ start: 0, end: 1 }, '(', ')');
      }),
    ).toBe('([a])');
  });
  test('what closes at an offset stands before what opens there', () => {
    expect(
      spliced('ab', (splices) => {
        splices.open(1, '(');
        splices.close(1, ')');
      }),
    ).toBe('a)(b');
  });
  test('around a reference that is replaced itself', () => {
    expect(
      spliced('x = email', (splices) => splices.wrap({ start: 4, end: 9 }, '(', ')'), [
        { start: 4, end: 9, replacement: 'mask' },
      ]),
    ).toBe('x=(mask)');
  });
  test('outside of what others insert where the expression begins', () => {
    const qualified = [{ start: 4, end: 4, replacement: 'pg_catalog.' }];
    expect(spliced('x = f(y)', (splices) => splices.wrap({ start: 4, end: 8 }, '(', ')'), qualified)).toBe('x=(pg_catalog.f(y))');
  });
  test('equal texts at one offset are both there', () => {
    expect(
      spliced('a', (splices) => {
        splices.close(1, ')');
        splices.close(1, ')');
      }),
    ).toBe('a))');
  });
});
