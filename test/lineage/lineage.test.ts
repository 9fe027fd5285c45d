/** The oracle's own parts: what it takes out of statements and rule trees, and that it fails when it should. */
import { describe, expect, it } from 'vitest';
import { createWasmParser } from '../../core/sql/parse/wasm-parser.ts';
import { smallCatalog } from '../support/small-catalog.ts';
import { engineFor, planOf } from '../support/sql-core.ts';
import { disagreement, judge, unmasked } from './judge.ts';
import { type Lineage, lineageOf, parseNodeTree } from './node-tree.ts';
import { changesNames, selectsIn } from './selects.ts';

const parser = await createWasmParser();
const catalog = smallCatalog([{ name: 'public.a', columns: ['id integer!', 'one text', 'two text'] }]);
const plain = engineFor(catalog, parser, { tables: { 'public.a': {} } });
const OID = 16_000;

function lineage(parts: Partial<{ [Key in keyof Lineage]: Iterable<unknown> }>): Lineage {
  const set = (key: keyof Lineage) => new Set(parts[key] ?? []) as never;
  return { relations: set('relations'), columns: set('columns'), wholeRows: set('wholeRows'), rowColumns: set('rowColumns') };
}

describe('the verdict', () => {
  const sql = 'SELECT one FROM a';
  const server = lineage({ relations: [OID], columns: [`${OID}.2`] });
  it.each([
    ['same', sql, server],
    ['superset', 'SELECT one, two FROM a', server],
    ['missing', 'SELECT id FROM a', server],
    ['missing', sql, lineage({ relations: [OID, 1_259], columns: [`${OID}.2`] })],
    ['missing', sql, lineage({ relations: [OID], wholeRows: [OID] })],
    ['missing', sql, lineage({ relations: [OID], rowColumns: [`${OID}.2`, `${OID}.3`] })],
    ['same', 'SELECT a FROM a', lineage({ relations: [OID], wholeRows: [OID] })],
    ['same', 'SELECT ctid FROM a', lineage({ relations: [OID], columns: [`${OID}.-1`] })],
    ['denied', 'SELECT one FROM b', server],
  ])('is %s for %s', (kind, statement, read) => {
    expect(judge(planOf(plain, statement), read, catalog).kind).toBe(kind);
  });

  it('finds every column that is read in spite of its mask', () => {
    const governed = new Set([OID]);
    expect(unmasked(server, governed)).toEqual([`${OID}.2`]);
    expect(unmasked(lineage({ relations: [OID], wholeRows: [OID] }), governed)).toEqual([`${OID}.*`]);
    expect(unmasked(lineage({ relations: [OID], columns: [`${OID}.-1`, '1259.1'] }), governed)).toEqual([]);
  });

  it('does not trust itself where pg_depend and the rule differ', () => {
    expect(disagreement(server, new Set([`${OID}.2`]))).toEqual([]);
    expect(disagreement(server, new Set())).toEqual([`${OID}.2`]);
    expect(disagreement(server, new Set([`${OID}.2`, `${OID}.3`]))).toEqual([`${OID}.3`]);
  });
});

describe('the rule tree', () => {
  const entry = (text: string): string => `{RTE :alias <> :eref {ALIAS :aliasname a\\ b\\}} ${text}}`;
  const variable = (varno: number, attnum: number, up = 0): string =>
    `{VAR :varno ${varno} :varattno ${attnum} :varlevelsup ${up} :location 7}`;
  const query = (rtable: string, rest: string): string => `({QUERY :commandType 1 :rtable (${rtable}) ${rest}})`;

  it('follows Vars through levels and joins', () => {
    const join = entry(`:rtekind 2 :jointype 0 :joinaliasvars (${variable(1, 1)} ${variable(2, 4)})`);
    const rtable = [entry(':rtekind 0 :relid 10'), entry(':rtekind 0 :relid 20'), join].join(' ');
    const inner = query(entry(':rtekind 0 :relid 30'), `:targetList (${variable(1, 5)} ${variable(3, 2, 1)})`).slice(1, -1);
    const read = lineageOf(query(rtable, `:targetList (${variable(1, 0)} {SUBLINK :subselect ${inner}})`), 99);
    expect([...read.relations]).toEqual([10, 20, 30]);
    expect([...read.columns]).toEqual(['30.5', '20.4']);
    expect([...read.wholeRows]).toEqual([10]);
  });

  it('takes the whole row of a join apart, and leaves the view itself out', () => {
    const join = entry(`:rtekind 2 :joinaliasvars (${variable(1, 1)} ${variable(1, 2)})`);
    const read = lineageOf(
      query(`${entry(':rtekind 0 :relid 10')} ${join} ${entry(':rtekind 0 :relid 99')}`, variable(2, 0)),
      99,
    );
    expect([...read.rowColumns]).toEqual(['10.1', '10.2']);
    expect([...read.relations]).toEqual([10]);
  });

  it('reads values of several words', () => {
    expect(parseNodeTree('{CONST :constvalue 4 [ 1 0 ] :x (b 1)}')).toMatchObject({ tag: 'CONST' });
  });
});

describe('the SELECTs of a statement', () => {
  it.each([
    ['SELECT 1 FROM a;', ['SELECT 1 FROM a']],
    [
      'INSERT INTO b (x) WITH w AS (SELECT * FROM a) SELECT * FROM w ON CONFLICT DO NOTHING',
      ['WITH w AS (SELECT * FROM a) SELECT * FROM w'],
    ],
    ['CREATE TABLE b AS SELECT * FROM a WITH NO DATA', ['SELECT * FROM a']],
    ['CREATE VIEW b AS SELECT * FROM a WITH CHECK OPTION', ['SELECT * FROM a']],
    ['DECLARE c CURSOR WITH HOLD FOR (SELECT x FROM a)', ['(SELECT x FROM a)']],
    ['EXPLAIN (COSTS OFF) SELECT x FROM a', ['SELECT x FROM a']],
    ['EXPLAIN CREATE TABLE b AS TABLE a', ['TABLE a']],
    ['COPY (SELECT ")" FROM a) TO STDOUT', ['SELECT ")" FROM a']],
    ['PREPARE p (int, numeric(3, 1)) AS SELECT $1, $2 FROM a', ['SELECT (NULL::int), (NULL::numeric(3, 1)) FROM a']],
    ['SELECT 1; VALUES (1); SELECT x INTO b FROM a; UPDATE a SET x = 1', []],
  ])('%s', (sql, wanted) => {
    expect(selectsIn(parser, sql).map(({ text }) => text)).toEqual(wanted);
  });

  it('knows what may change names', () => {
    for (const sql of ['CREATE TABLE x ()', 'SET search_path = x', 'ROLLBACK', 'SELECT 1 INTO x', 'RESET ALL'])
      expect(changesNames(parser, sql), sql).toBe(true);
    for (const sql of ['SELECT 1', 'BEGIN', 'SET work_mem = 1', 'INSERT INTO x VALUES (1)', 'SET'])
      expect(changesNames(parser, sql), sql).toBe(false);
  });
});
