import { describe, expect, test } from 'vitest';
import { raiseExpression, rowFilterDenial } from './markers.ts';

describe('row filter markers', () => {
  test('what the server says about the marker is recognised', () => {
    for (const row of ['new', 'old'] as const) {
      const marker = /'(.*)'/.exec(raiseExpression(row, 'public.customers'))?.[1];
      const denial = rowFilterDenial(`invalid input syntax for type boolean: "${marker}"`);
      expect(denial).toMatchObject({ code: 'SLUICE-304', sqlstate: '42501' });
      expect(denial?.message).toContain('public.customers');
      expect(denial?.message).toContain(row === 'new' ? 'new row' : 'existing row');
    }
  });
  test('a quoted relation name survives', () => {
    expect(rowFilterDenial('invalid input syntax for type boolean: "sluice-row-filter:new:public."Odd "" Name""')?.message).toBe(
      'The new row violates the row filter on public."Odd "" Name".',
    );
  });
  test.each([
    '',
    'invalid input syntax for type boolean: "x"',
    'sluice-row-filter',
    'sluice-row-filter:other:x',
    'column "sluice" does not exist',
  ])('anything else is not ours: %s', (message) => expect(rowFilterDenial(message)).toBeUndefined());
  test('a name cannot break out of the literal', () => {
    expect(raiseExpression('new', `public."it's"`)).toBe(
      `(pg_catalog.concat('sluice-row-filter:new:public."it''s"')::pg_catalog.bool)`,
    );
  });
});
