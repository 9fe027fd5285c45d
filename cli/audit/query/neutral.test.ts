import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvField, htmlText, markdownText, neutralJson } from './neutral.ts';
import { answerWriter } from './output.ts';
import { period } from './period.ts';

const HOSTILE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '=cmd|x',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    ' =1',
    '"=1',
    '\u001b[2J',
    '\u009b2J',
    '\u202eabc',
    '\u{e0041}',
    '<script>',
    '|',
    '`',
    '\r\n=1',
    '＝1',
  ),
);
const HARMFUL = /[\p{Cc}\p{Cf}]/u;

async function written(format: 'table' | 'wide' | 'json' | 'csv', text: string): Promise<string> {
  const out = new PassThrough();
  const writer = answerWriter(format, [{ key: 'a', title: 'A' }], out);
  await writer.write({ a: text });
  await writer.write({ a: [text, text] });
  await writer.end();
  return String(out.read());
}

describe('what attackers wrote', () => {
  it('moves no cursor in any format', async () => {
    await fc.assert(
      fc.asyncProperty(HOSTILE, async (text) => {
        for (const format of ['table', 'wide', 'json'] as const)
          expect((await written(format, text)).replaceAll('\n', '')).not.toMatch(HARMFUL);
        expect((await written('csv', text)).replaceAll('\r\n', '')).not.toMatch(HARMFUL);
      }),
    );
  });

  it('is no formula, and one field of one line', () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        const field = csvField(text);
        const value = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
        expect(/^[\s'"]*[=+\-@＝＋－＠]/.test(value) ? value[0] : "'").toBe("'");
        expect(field).toMatch(/^(?:"(?:[^"]|"")*"|[^",\r\n]*)$/);
      }),
    );
    expect(csvField(-1)).toBe('-1');
    expect(csvField('=1+1')).toBe(`"'=1+1"`);
  });

  it('is the same value in JSON', () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        expect(JSON.parse(neutralJson({ text }))).toEqual({ text });
      }),
    );
  });

  it('is text in HTML and Markdown', () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        expect(htmlText(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
        expect(markdownText(text)).not.toMatch(/[<>\n\r]|(?<!\\)(?:\\\\)*[|`[\]*_]/);
      }),
    );
    expect(markdownText('see https://evil.example/?a@b')).not.toMatch(/:\/\/|@/);
  });
});

describe('periods', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  it('compare with records as text', () => {
    expect(period({ last: '24h' }, now)).toEqual({ from: '2026-11-28T12:00:00.000000Z' });
    expect(period({ from: '2026-11-01', to: '2026-11-01T08:00:00+02:00' }, now)).toEqual({
      from: '2026-11-01T00:00:00.000000Z',
      to: '2026-11-01T06:00:00.000000Z',
    });
    expect(period({ from: '2026-11-01 08:00' }, now)).toEqual({ from: '2026-11-01T08:00:00.000000Z' });
  });

  it('are refused where they mean nothing', () => {
    for (const wrong of [
      { from: 'x' },
      { from: '1' },
      { last: '1y' },
      { last: '1h', from: '2026-01-01' },
      { from: '2026-02-01', to: '2026-01-01' },
    ])
      expect(() => period(wrong, now)).toThrow();
  });
});
