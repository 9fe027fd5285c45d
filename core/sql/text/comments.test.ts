import { describe, expect, it } from 'vitest';
import { createWasmParser } from '../parse/wasm-parser.ts';
import { blankComments } from './comments.ts';
import { tokenize } from './lexer.ts';

const blank = (sql: string): string => blankComments(Buffer.from(sql)).toString();

describe('blankComments', () => {
  it('leaves texts without comments as they are', () => {
    const bytes = Buffer.from('SELECT \'--\', "/*", $$ -- $$, 1 - -1, a/b*c');
    expect(blankComments(bytes)).toEqual(bytes);
    const plain = Buffer.from('SELECT 1');
    expect(blankComments(plain)).toBe(plain);
  });

  it('keeps every byte offset', () => {
    const sql = "SELECT /* ü /* in */ */ a -- 'x'\n, 'b' /**/ FROM t --";
    expect(Buffer.byteLength(blank(sql))).toBe(Buffer.byteLength(sql));
    expect(blank(sql)).not.toMatch(/--|\/\*/);
    const places = (text: string): unknown => tokenize(Buffer.from(text)).map((token) => [token.start, token.end, token.value]);
    expect(places(blank(sql))).toEqual(places(sql));
  });

  it('never makes one literal of two that a comment keeps apart', () => {
    // https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS: only white space with a line end continues a literal.
    for (const sql of ["SELECT 'a'\n/**/'b'", "SELECT 'a'\n \n/* c */ 'b'", "SELECT ''\n /**/'''"]) {
      expect(tokenize(Buffer.from(blank(sql))).length, sql).toBe(tokenize(Buffer.from(sql)).length);
    }
    expect(blank("SELECT 'a' -- c\n'b'")).toBe("SELECT 'a' -- c\n'b'");
  });

  it('lets the grammar look ahead across comments as the server does', async () => {
    const parser = await createWasmParser();
    for (const sql of [
      'SELECT 1 WHERE 1 NOT /**/ IN (2)',
      "SELECT 1 WHERE 'a' NOT -- c\n LIKE 'b'",
      'SELECT * FROM t ORDER BY a NULLS /**/ FIRST',
      'SELECT * FROM f() WITH /**/ ORDINALITY',
      "SELECT '10:00'::time WITH /**/ TIME ZONE",
    ]) {
      expect(parser.parse(blank(sql)).ok, sql).toBe(true);
    }
  });
});
