import { describe, expect, test } from 'vitest';
import { DenialError } from '../../errors/denial.ts';
import type { StatementContext } from '../context.ts';
import { createSource } from '../text/source.ts';
import { Clauses, inside } from './anatomy.ts';

function contextOf(sql: string): StatementContext {
  const bytes = Buffer.from(sql);
  return { source: createSource(bytes), range: [0, bytes.length] } as unknown as StatementContext;
}

function words(sql: string, target: string): string[] {
  return Clauses.after(contextOf(sql), { location: Buffer.byteLength(sql.slice(0, sql.indexOf(target))) }).items.map(
    (item) => item.word,
  );
}

describe('the anatomy of a statement', () => {
  test('groups, CASE and the end of the statement', () => {
    expect(words('UPDATE t SET a = CASE WHEN x THEN (1) END, b = (2) WHERE c; SELECT 1', 't')).toEqual([
      ...['set', 'a', '=', 'case', ',', 'b', '=', '(', 'where', 'c'],
    ]);
  });
  test('a statement in parentheses ends with them', () => {
    expect(words('WITH w AS (DELETE FROM t WHERE a RETURNING b) SELECT c FROM w WHERE d', 't WHERE a')).toEqual([
      'where',
      'a',
      'returning',
      'b',
    ]);
  });
  test('keywords after a dot, after AS and in quotes are names', () => {
    expect(words('UPDATE t SET a = t.where, "where" = 1 RETURNING b AS where, c', 't')).toEqual([
      ...['set', 'a', '=', 't', '.', '', ',', '', '=', '', 'returning', 'b', 'as', '', ',', 'c'],
    ]);
  });
  test('ONLY with parentheses, qualified and commented names, multi-byte text', () => {
    for (const [sql, target] of [
      ['DELETE FROM ONLY (t) WHERE a', 't) '],
      ['DELETE FROM é /* ( */ . "t)" WHERE a', 'é'],
      ["DELETE FROM t -- ' )\n WHERE a", 't -- '],
    ] as const) {
      expect(words(sql, target).filter((word) => word !== '*')).toEqual(['where', 'a']);
    }
  });
  test('nested CASE, strings and dollar quotes hide their keywords', () => {
    expect(
      words(`UPDATE t SET a = CASE WHEN b THEN CASE c WHEN 1 THEN 2 END END || 'where' || $$ returning $$ WHERE d`, 't'),
    ).toEqual([...['set', 'a', '=', 'case', '||', '', '||', '', 'where', 'd']]);
  });
  test('lists split at their own commas', () => {
    const context = contextOf('INSERT INTO t VALUES (a, f(b, c), ARRAY[d, e])');
    const clauses = Clauses.after(context, { location: 12 });
    const group = inside(context, clauses.items[clauses.need('(')]!);
    const parts = group.list(0, group.items.length).map(({ from, to }) => {
      const { start, end } = group.extent(from, to);
      return context.source.slice(start, end);
    });
    expect(parts).toEqual(['a', 'f(b, c)', 'ARRAY[d, e]']);
  });
  test('a clause that is not there denies', () => {
    const clauses = Clauses.after(contextOf('DELETE FROM t'), { location: 12 });
    expect(() => clauses.need('where')).toThrow(DenialError);
    expect(clauses.endBefore(-1)).toBe(13);
  });
});
