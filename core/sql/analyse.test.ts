import { beforeAll, describe, expect, it } from 'vitest';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogData, RelationData } from '../catalog/model.ts';
import type { Bundle, GovernedRelation } from '../policy/bundle.ts';
import { checkCoverage, readingNodes } from './ast/coverage.ts';
import { checkKnownNodes } from './ast/known.ts';
import { createEngine } from './analyse.ts';
import type { SqlEngine } from './engine.ts';
import { createWasmParser, type WasmParser } from './parse/wasm-parser.ts';
import type { StatementPlan } from './plan.ts';
import type { SessionView } from './session-state.ts';

const INT = { typeOid: 23, typmod: -1, type: 'pg_catalog.int4', notNull: false };
const TEXT = { typeOid: 25, typmod: -1, type: 'pg_catalog.text', notNull: false };

const people: RelationData = {
  oid: 20_000,
  schema: 'public',
  name: 'people',
  kind: 'table',
  columns: [
    { attnum: 1, name: 'id', ...INT },
    { attnum: 2, name: 'name', ...TEXT },
    { attnum: 4, name: 'ssn', ...TEXT },
    { attnum: 5, name: 'tenant', ...INT },
  ],
  primaryKey: [1],
  rowTypeOid: 20_002,
};

function catalog(serverVersion = 180_000): Catalog {
  const data: CatalogData = {
    formatVersion: 1,
    serverVersion,
    database: 'app',
    login: 'app',
    schemas: ['pg_catalog', 'information_schema', 'public'],
    defaultSearchPath: ['public'],
    relations: [people],
    types: ['int4', 'text'].map((name, index) => ({
      oid: [23, 25][index]!,
      schema: 'pg_catalog',
      name,
      kind: 'base',
      category: 'N',
    })),
    functions: [],
    operators: [],
    extensions: [],
    powers: [],
  };
  return new Catalog(data);
}

const granted: GovernedRelation = {
  oid: 20_000,
  schema: 'public',
  name: 'people',
  select: {
    columns: [{ attnum: 1 }, { attnum: 2, mask: { kind: 'redact', template: ["'x'::pg_catalog.text"], rule: 'class' } }],
    unrestricted: false,
    open: false,
    rules: ['data/people'],
  },
  actions: [],
  classes: {},
};

const bundle: Bundle = {
  formatVersion: 1,
  version: 'v',
  identity: { namespace: 'ai', serviceAccount: 'agent' },
  database: { namespace: 'data', name: 'app', database: 'app' },
  policies: [],
  mode: 'Enforce',
  masking: 'Enforce',
  relations: [granted],
  createIn: [],
  allowAll: false,
  transparent: false,
  functions: [],
  session: { temporaryTables: false, listen: [], notify: [], advisoryLocks: false },
  guardrails: { requireWhere: false },
  limits: {},
  protectionDeny: [],
  audit: { durability: 'Local', rows: 'None' },
  usesMaskKey: false,
  protectedColumns: ['20000.4'],
};

const session: SessionView = { searchPath: ['public'], prepared: new Map(), cursors: new Map(), temporary: new Map(), epoch: 0 };

describe('analyse', () => {
  let parser: WasmParser;
  let engine: SqlEngine;

  beforeAll(async () => {
    parser = await createWasmParser();
    engine = createEngine({ catalog: catalog(), bundle, parser, salt: '1' });
  });

  function analyse(sql: string, protocol: 'simple' | 'extended' = 'simple', on: SqlEngine = engine): readonly StatementPlan[] {
    return on.analyse({ sql: Buffer.from(sql), protocol, parameterTypes: [] }, session);
  }

  it('gives one plan a statement, each with its own range, text and edits', () => {
    const sql = 'SELECT 1;  /* ü */ SELECT name FROM people ;SELECT id FROM people WHERE id = 2';
    const plans = analyse(sql);
    expect(plans.map((plan) => plan.decision)).toEqual(['allow', 'allow', 'allow']);
    expect(plans[0]).toMatchObject({
      text: 'SELECT 1',
      rewritten: false,
      range: [0, 8],
      returnsRows: true,
      touchesGoverned: false,
    });
    const bytes = Buffer.from(sql);
    expect(bytes.toString('utf8', ...plans[1]!.range)).toBe('SELECT name FROM people ');
    expect(plans[1]!.text).toBe(
      'SELECT name FROM (SELECT \'x\'::pg_catalog.text AS "name" FROM "public"."people" AS "people") AS "people" ',
    );
    const [edit] = plans[1]!.edits;
    expect(bytes.toString('utf8', edit!.start, edit!.end)).toBe('people');
    expect(plans[2]!.text).toContain('SELECT "people"."id" FROM');
    expect(plans[2]!.touchesGoverned).toBe(true);
  });

  it('answers an empty query with no plan', () => {
    expect(analyse('')).toEqual([]);
    expect(analyse(' ; ;-- nothing\n')).toEqual([]);
  });

  it('refuses several statements in one Parse', () => {
    expect(analyse('SELECT 1; SELECT 2', 'extended')[0]?.denial).toMatchObject({ code: 'SLUICE-101', sqlstate: '42601' });
  });

  it('reports a syntax error where it is', () => {
    const [plan] = analyse("SELECT 'ü' FROMM people x");
    expect(plan).toMatchObject({
      decision: 'deny',
      denial: { code: 'SLUICE-101', sqlstate: '42601' },
      cacheable: false,
      text: '',
    });
    expect(plan?.denial?.message).toContain('syntax error');
  });

  it('describes denied statements for the audit without literals', () => {
    const [plan] = analyse("SELECT ssn FROM people WHERE name = 'secret-1'");
    expect(plan).toMatchObject({ decision: 'deny', denial: { code: 'SLUICE-202' }, effect: { kind: 'none' } });
    expect(plan?.normalised).not.toContain('secret-1');
    expect(plan?.fingerprint).toBe(analyse("select  ssn from people where name='secret-2'")[0]?.fingerprint);
    expect(plan?.denial?.location).toBe(7);
  });

  it('denies what the server would read as something else', () => {
    const old = createEngine({ catalog: catalog(150_000), bundle, parser, salt: '1' });
    const newer = analyse(`SELECT json_value('{"a":1}', '$.a')`, 'simple', old)[0];
    expect(newer?.denial).toMatchObject({ code: 'SLUICE-103', sqlstate: '0A000' });
    expect(analyse(`SELECT json_value('{"a":1}', '$.a')`)[0]?.denial).toBeUndefined();
    expect(analyse('SELECT json_array(1, 2 RETURNING text)', 'simple', old)[0]?.denial?.code).toBe('SLUICE-103');
  });

  it('survives what is nested too deeply', () => {
    const sql = `SELECT ${'('.repeat(1_500)}1${')'.repeat(1_500)}`;
    expect(['allow', 'deny']).toContain(analyse(sql)[0]?.decision);
    const sum = `SELECT ${'1+'.repeat(1_900)}1`;
    const [plan] = analyse(sum);
    if (plan?.decision === 'deny') expect(plan.denial?.code).toBe('SLUICE-104');
    expect(analyse('SELECT 1')[0]?.decision).toBe('allow');
  });

  it('pins the literals that decide something', () => {
    expect(analyse('SELECT id, name FROM people ORDER BY 2')[0]?.pinned).toEqual([37]);
    expect(analyse('SELECT id FROM people WHERE id = 2')[0]?.pinned).toEqual([]);
  });

  it('takes other columns than the granted ones for not existing, whoever else has one of that name', () => {
    for (const sql of [
      'SELECT ssn FROM people',
      'SELECT people.ssn FROM people',
      'SELECT (people).ssn FROM people',
      'SELECT (SELECT ssn FROM people) FROM (SELECT 1 AS ssn) s',
      'SELECT * FROM people ORDER BY ssn',
      'SELECT 1 FROM people GROUP BY tenant',
      'SELECT app.public.people.ssn FROM people',
    ]) {
      const [plan] = analyse(sql);
      // A field of a row is looked up by the server, in the columns that the subquery shows.
      if (plan?.decision === 'allow') expect(plan.text).not.toContain('"ssn"');
      else expect(plan?.denial?.code, sql).toBe('SLUICE-202');
    }
  });

  it('denies a reference to another database', () => {
    expect(analyse('SELECT other.public.people.id FROM people')[0]?.denial?.code).toBe('SLUICE-102');
    expect(analyse('SELECT id FROM other.public.people')[0]?.denial?.code).toBe('SLUICE-201');
  });
});

describe('default deny over the tree', () => {
  it('knows every node of ordinary statements and no node of analysed queries', () => {
    expect(() => checkKnownNodes({ SelectStmt: { targetList: [{ ResTarget: { val: { Var: {} } } }] } }, 18)).toThrow(/Var/);
    expect(() => checkKnownNodes({ SelectStmt: { newField: { UnheardOf: {} } } }, 18)).toThrow(/UnheardOf/);
    expect(() => checkKnownNodes({ XmlSerialize: { indent: true } }, 15)).toThrow(/PostgreSQL 16/);
    expect(() => checkKnownNodes({ XmlSerialize: { indent: true } }, 16)).not.toThrow();
  });

  it('refuses a tree too deep to walk', () => {
    let node: object = { A_Const: {} };
    for (let depth = 0; depth < 3_000; depth += 1) node = { A_Indirection: { arg: node } };
    expect(() => checkKnownNodes(node, 18)).toThrow(/nested too deeply/);
  });

  it('misses nothing that reads', () => {
    const hidden = { ColumnRef: { fields: [], location: 9 } };
    const tree = {
      SelectStmt: {
        op: 'SETOP_NONE',
        someNewField: [{ List: { items: [hidden] } }],
        lockingClause: [{ LockingClause: { lockedRels: [{ RangeVar: {} }] } }],
      },
    };
    const found = readingNodes(tree);
    expect(found).toContain(hidden.ColumnRef);
    expect(found).toHaveLength(2);
    expect(() => checkCoverage(found, new Set([tree.SelectStmt]))).toThrow(/does not understand/);
    expect(() => checkCoverage(found, new Set<object>([tree.SelectStmt, hidden.ColumnRef]))).not.toThrow();
  });
});
