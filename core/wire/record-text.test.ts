import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leadingFields, parseRecord } from './record-text.ts';

/** As record_out writes it. */
function write(fields: readonly (string | null)[]): string {
  const written = fields.map((field) => {
    if (field === null) return '';
    if (field !== '' && !/["\\(),\s]/.test(field)) return field;
    return `"${field.replace(/["\\]/g, '$&$&')}"`;
  });
  return `(${written.join(',')})`;
}

const field = fc.option(fc.oneof(fc.string(), fc.constantFrom('', ' ', '"', '\\', ',', '(', ')', '""', 'a\\"b', 'ä\u{1f600}')), {
  nil: null,
});
const fields = fc.array(field, { minLength: 1, maxLength: 6 });

describe('the text of a row', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fields, (values) => {
        expect(parseRecord(write(values))).toEqual(values);
      }),
    );
  });

  it('takes backslashes as rows that people write have them', () => {
    expect(parseRecord('("a\\"b","\\\\",c"d "e)')).toEqual(['a"b', '\\', 'cd e']);
  });

  it('is no row when a part of it is missing', () => {
    fc.assert(
      fc.property(fields, fc.nat(), (values, cut) => {
        const text = write(values);
        const head = text.slice(0, cut % text.length);
        expect(parseRecord(head)).toBeUndefined();
        // What has ended with a comma is whole.
        const whole = leadingFields(head);
        expect(values.slice(0, whole.length)).toEqual(whole);
      }),
    );
    expect(parseRecord('(a)b')).toBeUndefined();
    expect(parseRecord('')).toBeUndefined();
  });
});
