/** Operators that the server looks up by name although the text does not write them: checked like those that stand there. */
import { beforeAll, describe, expect, it } from 'vitest';
import { smallCatalog } from '../../../test/support/small-catalog.ts';
import { emptySession, engineFor, planOf } from '../../../test/support/sql-core.ts';
import { Catalog } from '../../catalog/catalog.ts';
import type { OperatorData } from '../../catalog/model.ts';
import { createWasmParser, type WasmParser } from '../parse/wasm-parser.ts';

const COMPARISONS = ['=', '<', '>', '<=', '>='];

/** A catalog in which schema `app` has an operator of its own that nobody granted. */
function catalogWith(name: string): Catalog {
  const { data } = smallCatalog([{ name: 'public.notes', columns: ['id integer', 'body text'] }]);
  const text = { left: 25, right: 25, result: 16, volatility: 'immutable' as const };
  const operators: OperatorData[] = [
    ...COMPARISONS.map((each, index) => ({
      ...text,
      ...{ oid: 600 + index, schema: 'pg_catalog', name: each, functionOid: 0, leakproof: true },
    })),
    { ...text, oid: 20_001, schema: 'app', name, functionOid: 20_000, leakproof: false },
  ];
  return new Catalog({ ...data, operators, schemas: [...data.schemas, 'app'] });
}

describe('operators that are not written', () => {
  let parser: WasmParser;

  beforeAll(async () => {
    parser = await createWasmParser();
  });

  function codeOf(sql: string, operator: string, path: readonly string[]): string | undefined {
    const engine = engineFor(catalogWith(operator), parser, { tables: { 'public.notes': {} } });
    return planOf(engine, sql, [], { ...emptySession, searchPath: path }).denial?.code;
  }

  it.each([
    ['=', "SELECT 1 FROM notes WHERE body IN (SELECT 'x'::text)"],
    ['=', "SELECT 1 FROM notes WHERE body NOT IN (SELECT 'x'::text)"],
    ['=', "SELECT 1 FROM notes WHERE (body, id) IN (SELECT 'x'::text, 1)"],
    ['=', "SELECT 1 FROM notes WHERE body IN ('x', 'y')"],
    ['=', "SELECT CASE body WHEN 'x' THEN 1 END FROM notes"],
    ['=', 'SELECT 1 FROM notes AS a JOIN notes AS b USING (body)'],
    ['=', 'SELECT 1 FROM notes AS a NATURAL JOIN notes AS b'],
    ['=', "SELECT NULLIF(body, 'x') FROM notes"],
    ['>=', "SELECT 1 FROM notes WHERE body BETWEEN 'a' AND 'b'"],
    ['<=', "SELECT 1 FROM notes WHERE body BETWEEN SYMMETRIC 'a' AND 'b'"],
    ['<', "SELECT 1 FROM notes WHERE body NOT BETWEEN 'a' AND 'b'"],
    ['>', "SELECT 1 FROM notes WHERE body NOT BETWEEN SYMMETRIC 'a' AND 'b'"],
  ])('%s in %s', (operator, sql) => {
    expect(codeOf(sql, operator, ['app', 'public'])).toBe('SLUICE-208');
    expect(codeOf(sql, operator, ['public'])).toBeUndefined();
  });
});
