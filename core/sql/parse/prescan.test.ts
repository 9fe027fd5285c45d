import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HARD_BOUNDS, INLINE_BOUNDS, measureStatement, prescan } from './prescan.ts';

const path = (sql: string): string => prescan(Buffer.from(sql)).path;
const codeOf = (sql: Buffer): string | undefined => {
  const result = prescan(sql);
  return result.path === 'refused' ? result.denial.code : undefined;
};
const depth = (sql: string): number => measureStatement(Buffer.from(sql)).depth;

describe('prescan', () => {
  it('lets ordinary statements through in place', () => {
    expect(path('SELECT 1')).toBe('inline');
    expect(path(`SELECT ${Array.from({ length: 250 }, (_, index) => `t.column_${index}`).join(', ')} FROM t`)).toBe('inline');
    expect(path(`SELECT * FROM t WHERE id IN (${Array.from({ length: 500 }, (_, index) => index).join(', ')})`)).toBe('inline');
    expect(path(`SELECT * FROM t WHERE ${Array.from({ length: 250 }, (_, index) => `a${index} = ${index}`).join(' AND ')}`)).toBe(
      'inline',
    );
    const between = 'x BETWEEN 1 AND 2';
    expect(path(`SELECT * FROM t WHERE ${Array.from({ length: 150 }, () => between).join(' AND ')}`)).toBe('inline');
    expect(
      path(`SELECT CASE ${Array.from({ length: 150 }, (_, index) => `WHEN x = ${index} THEN 'v${index}'`).join(' ')} END FROM t`),
    ).toBe('inline');
    expect(path(`SELECT '${'x'.repeat(60_000)}'`)).toBe('inline');
  });

  it('sends large ones to the worker and refuses enormous ones', () => {
    const rows = (count: number): string => `INSERT INTO t VALUES ${Array.from({ length: count }, () => '(1, 2, 3)').join(', ')}`;
    expect(path(rows(140))).toBe('inline');
    expect(path(rows(2_000))).toBe('worker');
    expect(path(rows(10_000))).toBe('worker');
    expect(codeOf(Buffer.from(rows(15_000)))).toBe('SLUICE-104');
    expect(codeOf(Buffer.alloc(HARD_BOUNDS.bytes + 1, 'a'))).toBe('SLUICE-104');
  });

  it('refuses zero bytes and text that is not UTF-8', () => {
    expect(codeOf(Buffer.from('SELECT 1\0; DROP TABLE x'))).toBe('SLUICE-501');
    expect(codeOf(Buffer.from([0x53, 0xff]))).toBe('SLUICE-106');
    expect(codeOf(Buffer.from([0xc0, 0x80]))).toBe('SLUICE-106');
    expect(codeOf(Buffer.from([0xed, 0xa0, 0x80]))).toBe('SLUICE-106');
  });

  const BOMBS: readonly (readonly [string, string])[] = [
    ['sum', `SELECT ${'1+'.repeat(5_000)}1`],
    ['casts', `SELECT 1${'::int'.repeat(5_000)}`],
    ['negations', `SELECT ${'NOT '.repeat(5_000)}true`],
    ['signs', `SELECT ${'- '.repeat(5_000)}1`],
    ['unions', `SELECT 1,2${' UNION SELECT 1,2'.repeat(2_000)}`],
    ['joins', `SELECT 1 FROM a${' JOIN b ON x = 1 AND y = 2'.repeat(2_000)}`],
    ['parentheses', `SELECT ${'('.repeat(3_000)}1${')'.repeat(3_000)}`],
    ['subqueries', `SELECT ${'(SELECT '.repeat(2_000)}1${')'.repeat(2_000)}`],
    ['calls', `SELECT ${'f(1,'.repeat(2_000)}1${')'.repeat(2_000)}`],
    ['arrays', `SELECT ${'ARRAY['.repeat(2_000)}1${']'.repeat(2_000)}`],
    ['cases', `SELECT ${'CASE WHEN a AND b THEN '.repeat(2_000)}1${' END'.repeat(2_000)}`],
    ['tests', `SELECT 1${' IS NULL'.repeat(3_000)}`],
    ['collations', `SELECT a${' COLLATE "C"'.repeat(3_000)}`],
    ['negated ranges', `SELECT ${'NOT 1 BETWEEN 1 AND '.repeat(2_000)}1`],
    ['derived tables', `SELECT * FROM ${'(SELECT * FROM '.repeat(2_000)}a${') x'.repeat(2_000)}`],
    ['common tables', `${'WITH a AS ('.repeat(2_000)}SELECT 1${') SELECT 1'.repeat(2_000)}`],
    ['subscripts', `SELECT a${'[1'.repeat(2_000)}${']'.repeat(2_000)}`],
    ['comments', `SELECT ${'/*'.repeat(300)}${'*/'.repeat(300)} 1`],
    ['operators', `SELECT ${'+'.repeat(5_000)} 1`],
    ['operators in comments', `SELECT ${'/**/'.repeat(2_000)} 1`],
    ['statements', 'SELECT 1;'.repeat(500)],
  ];

  it.each(BOMBS)('refuses a bomb made of %s', (_, sql) => {
    expect(codeOf(Buffer.from(sql))).toBe('SLUICE-104');
  });

  it('is not fooled by what looks like an end or a beginning inside literals, names and comments', () => {
    const bomb = '('.repeat(1_200);
    const close = ')'.repeat(1_200);
    for (const [before, after] of [
      ["')))' ", ''],
      ['")))" ', ''],
      ['/* ))) */ ', ''],
      ['$x$ ))) $x$ ', ''],
      ["E'\\')))' ", ''],
      ['-- )))\n', ''],
    ] as const) {
      expect(codeOf(Buffer.from(`SELECT ${before}${bomb}1${close}${after}`))).toBe('SLUICE-104');
    }
    expect(path(`SELECT '${bomb}', "${bomb}", $$${bomb}$$, E'\\'${bomb}' -- ${bomb}\n /* ${bomb} */`)).toBe('inline');
    expect(path(`SELECT 'a' -- '\n, ${Array.from({ length: 500 }, () => '1').join(', ')} /* ' */`)).toBe('inline');
  });

  it('counts depth, not length', () => {
    expect(depth('SELECT 1, 2, 3, 4')).toBe(depth('SELECT 1, 2'));
    expect(depth('SELECT ((1))')).toBeGreaterThan(depth('SELECT (1)'));
    expect(depth('SELECT a AND b AND c AND d AND e')).toBe(depth('SELECT a AND b'));
  });

  it('never throws and stays within its bounds for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), (text) => {
        const measure = measureStatement(Buffer.from(text));
        expect(measure.depth).toBeGreaterThanOrEqual(0);
        expect(measure.depth).toBeLessThanOrEqual(INLINE_BOUNDS.bytes);
      }),
    );
  });
});
