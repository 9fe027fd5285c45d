/** Names and wildcards as policies write them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tablePattern } from '../../crds/meta.ts';
import { displayName, matchesPattern, parseNamePattern } from './name-pattern.ts';

describe('names as SQL writes them', () => {
  it.each([
    ['public.customers', 'public', 'customers'],
    ['Public.CUSTOMERS', 'public', 'customers'],
    ['"Weird Schema"."Customer Data"', 'Weird Schema', 'Customer Data'],
    ['public."a.b"', 'public', 'a.b'],
    ['"a""b"."*"', 'a"b', '*'],
    ['schémä.täble', 'schémä', 'täble'],
  ])('%s', (text, schema, name) => {
    expect(parseNamePattern(text)).toEqual({ schema, name, any: 'exact' });
  });

  it('wildcards are unquoted stars in their places', () => {
    expect(parseNamePattern('a.*')).toMatchObject({ schema: 'a', any: 'schema' });
    expect(parseNamePattern('*.*')).toMatchObject({ any: 'all' });
    expect(parseNamePattern('*.a')).toBeNull();
    const star = parseNamePattern('public."*"');
    expect(star !== null && matchesPattern(star, 'public', 'x')).toBe(false);
  });

  it.each(['customers', '', '.', 'a.', '.b', 'a.b.c', '"a.b', 'a."b', 'a.b"c"'])('%j is none', (text) => {
    const parsed = parseNamePattern(text);
    const accepted = new RegExp(tablePattern.pattern ?? '').test(text);
    expect(accepted).toBe(false);
    if (text !== 'a.b"c"') expect(parsed).toBeNull();
  });

  it('whatever a name is, writing and reading it again gives the same one, and the schema accepts it', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .filter((text) => !/[\0\r\n]/.test(text) && text.isWellFormed());
    fc.assert(
      fc.property(name, name, (schema, table) => {
        const text = displayName(schema, table);
        expect(new RegExp(tablePattern.pattern ?? '').test(text)).toBe(true);
        expect(parseNamePattern(text)).toEqual({ schema, name: table, any: 'exact' });
      }),
    );
  });
});
