/**
 * The documents of `queries.ts` -> CatalogData. Pure. Everything the server sent is checked for shape on the way (a server is trusted
 * to answer queries, not to keep our process alive): a document that does not fit is a CatalogError, never a half-built catalog.
 */
import { viewColumns } from './view-origins.ts';
import { createHash } from 'node:crypto';
import type {
  CatalogData,
  ColumnData,
  ExtensionData,
  FunctionData,
  OperatorData,
  RelationData,
  RelationKind,
  TypeData,
  TypeKind,
  WriteFacts,
} from './model.ts';

/** The server's answer is not a description of a schema. `message` is one sentence. */
export class CatalogError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CatalogError';
  }
}

type Row = readonly unknown[];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const RELATION_KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'matview',
  f: 'foreign',
  S: 'sequence',
  c: 'composite',
  i: 'index',
  I: 'index',
};
const TYPE_KINDS: Readonly<Record<string, TypeKind>> = {
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  p: 'pseudo',
  r: 'range',
  m: 'multirange',
};
const FUNCTION_KINDS: Readonly<Record<string, FunctionData['kind']>> = {
  f: 'function',
  p: 'procedure',
  a: 'aggregate',
  w: 'window',
};
const VOLATILITIES: Readonly<Record<string, FunctionData['volatility']>> = { i: 'immutable', s: 'stable', v: 'volatile' };

/** Types that SQL spells with keywords: the grammar resolves these to pg_catalog whatever search_path says. */
const KEYWORD_TYPE =
  /^(?:bigint|bit|boolean|character|double precision|integer|interval|numeric|real|smallint|time|timestamp)(?![a-z0-9_])/;

/**
 * @param rows (kind, document) pairs of CATALOG_QUERY, in any order.
 * @throws CatalogError
 */
export function buildCatalog(rows: Iterable<readonly (string | null)[]>): CatalogData {
  try {
    return build(rows);
  } catch (error) {
    // A value of another type than its place has.
    if (error instanceof TypeError || error instanceof RangeError)
      throw new CatalogError('The server described its schema in a way that does not add up.');
    throw error;
  }
}

function build(rows: Iterable<readonly (string | null)[]>): CatalogData {
  const documents = new Map<string, unknown>();
  for (const [kind, document] of rows) {
    if (typeof kind === 'string') documents.set(kind, parse(kind, document ?? null));
  }
  const session = documents.get('session') as Record<string, unknown> | undefined;
  if (session === undefined || session === null) throw new CatalogError('The server did not answer the catalog query.');
  const schemas = new Map<number, string>();
  for (const row of list(documents, 'schemas')) schemas.set(int(row, 0), text(row, 1));

  const checks = checksByPlace(list(documents, 'checks'));
  const types = buildTypes(list(documents, 'types'), schemas, checks);
  const functions = list(documents, 'functions').map((row) => buildFunction(row, schemas));
  const functionsByOid = new Map(functions.map((entry) => [entry.oid, entry]));
  return {
    formatVersion: 1,
    serverVersion: number(session['serverVersion']),
    database: string(session['database']),
    login: string(session['login']),
    schemas: [...schemas.values()],
    schemaOids: Object.fromEntries([...schemas].map(([oid, name]) => [name, oid])),
    unusableSchemas: list(documents, 'schemas').flatMap((row) => (row[2] === 0 ? [text(row, 1)] : [])),
    defaultSearchPath: strings(session['searchPath']),
    relations: buildRelations(documents, schemas, types.formats, checks),
    types: types.types,
    functions,
    operators: list(documents, 'operators').map((row) => buildOperator(row, schemas, functionsByOid)),
    extensions: list(documents, 'extensions').map(
      (row): ExtensionData => ({ name: text(row, 0), schema: text(row, 1), version: text(row, 2) }),
    ),
    ...(list(documents, 'callers').some((row) => row[0] === 0) ? { hiddenFunctions: true as const } : {}),
    powers: list(documents, 'powers').map(string),
  };
}

/** SHA-256 (hex) over the catalog: two readings of an unchanged schema by the same login agree. */
export function catalogFingerprint(data: CatalogData): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex');
}

function buildRelations(
  documents: ReadonlyMap<string, unknown>,
  schemas: ReadonlyMap<number, string>,
  formats: Formats,
  checks: Checks,
): RelationData[] {
  const byOid = new Map<number, Mutable<RelationData>>();
  for (const row of list(documents, 'relations')) {
    const oid = int(row, 0);
    const flags = text(row, 5);
    const relation: Mutable<RelationData> = {
      oid,
      schema: schemaOf(schemas, int(row, 1)),
      name: text(row, 2),
      kind: known(RELATION_KINDS, text(row, 3), 'relation kind'),
      columns:
        row[7] === null || row[7] === undefined
          ? []
          : rowsOf(row[7]).map((column) => buildColumn(column, formats, checks.get(`${oid}.${int(column, 0)}`))),
      rowTypeOid: int(row, 4),
    };
    if (flags.includes('p')) relation.isPartition = true;
    if (flags.includes('r')) relation.rowSecurity = true;
    if (flags.includes('o')) relation.ownerIsLogin = true;
    if (typeof row[6] === 'string') relation.extension = row[6];
    byOid.set(oid, relation);
  }
  for (const row of list(documents, 'indexes')) addIndex(byOid, row);
  for (const row of list(documents, 'inheritance')) push(byOid.get(int(row, 0)), 'parents', int(row, 1));
  for (const row of list(documents, 'views')) push(byOid.get(int(row, 0)), 'dependsOn', [int(row, 1), int(row, 2)] as const);
  for (const row of list(documents, 'viewrules')) {
    const view = byOid.get(int(row, 0));
    if (view === undefined) continue;
    const { origins, sources } = viewColumns(text(row, 1));
    view.columnOrigins = origins;
    if (Object.keys(sources).length > 0) view.columnSources = sources;
  }
  for (const row of list(documents, 'generated')) {
    const relation = byOid.get(int(row, 0));
    if (relation === undefined) continue;
    const from: Record<number, readonly number[]> = { ...relation.generatedFrom };
    from[int(row, 1)] = [...(from[int(row, 1)] ?? []), int(row, 2)];
    relation.generatedFrom = from;
  }
  addWriteFacts(documents, byOid);
  for (const row of list(documents, 'owned')) {
    const sequence = byOid.get(int(row, 0));
    if (sequence !== undefined) sequence.ownedBy = [int(row, 1), int(row, 2)];
  }
  return [...byOid.values()];
}

function addIndex(byOid: ReadonlyMap<number, Mutable<RelationData>>, row: Row): void {
  const index = byOid.get(int(row, 0));
  const table = byOid.get(int(row, 1));
  const flags = text(row, 2);
  const all = numbers(text(row, 4));
  const key = all.slice(0, int(row, 3));
  const used = row[5] === null || row[5] === undefined ? [] : (row[5] as readonly unknown[]).map(number);
  if (index !== undefined) {
    index.indexOf = int(row, 1);
    const columns = new Set([...all.filter((attnum) => attnum !== 0), ...used]);
    index.indexColumns = [...columns].sort((a, b) => a - b);
  }
  if (table === undefined || flags.includes('x') || flags.includes('i')) return;
  if (flags.includes('p')) {
    table.primaryKey = key;
    if (flags.includes('d')) table.keyDeferrable = true;
  } else if (flags.includes('u') && !flags.includes('d')) push(table, 'uniqueKeys', key);
}

function addWriteFacts(documents: ReadonlyMap<string, unknown>, byOid: ReadonlyMap<number, Mutable<RelationData>>): void {
  const change = (row: Row, facts: (known: WriteFacts) => WriteFacts): void => {
    const relation = byOid.get(int(row, 0));
    if (relation !== undefined) relation.writes = { ...relation.writes, ...facts(relation.writes ?? {}) };
  };
  for (const row of list(documents, 'triggers')) {
    const type = int(row, 1);
    change(row, ({ triggers = 0, triggerCount = 0 }) => ({
      ...(type === 0 ? {} : { triggers: triggers | type }),
      triggerCount: triggerCount + 1,
    }));
  }
  for (const row of list(documents, 'rules')) change(row, ({ rules = '' }) => ({ rules: rules + text(row, 1) }));
  for (const row of list(documents, 'cascades')) {
    const keys = rowsOf(row[2]).map(number);
    change(row, ({ cascadesOnUpdate = [] }) => ({
      ...(int(row, 1) === 1 ? { cascadesOnDelete: true as const } : {}),
      ...(keys.length === 0 ? {} : { cascadesOnUpdate: [...new Set([...cascadesOnUpdate, ...keys])].sort((a, b) => a - b) }),
    }));
  }
  for (const row of list(documents, 'callers')) change(row, () => ({ callsFunctions: true }));
  for (const row of list(documents, 'privileges')) {
    change(row, () => ({
      ...(int(row, 1) === 1 ? { rowSecurity: true as const } : {}),
      ...(int(row, 2) === 1 ? {} : { unreadable: row[3] === null ? [] : rowsOf(row[3]).map(number) }),
    }));
  }
}

/** Expressions by `table.attnum`, and by `0.domain`. */
type Checks = ReadonlyMap<string, readonly string[]>;

function checksByPlace(rows: readonly Row[]): Checks {
  const checks = new Map<string, string[]>();
  for (const row of rows) {
    const place = `${int(row, 0)}.${int(row, 1)}`;
    const found = checks.get(place);
    if (found === undefined) checks.set(place, [text(row, 2)]);
    else found.push(text(row, 2));
  }
  return checks;
}

function buildColumn(row: Row, formats: Formats, checks: readonly string[] | undefined): ColumnData {
  const typeOid = int(row, 2);
  const typmod = int(row, 3);
  const flags = text(row, 5);
  const column: Mutable<ColumnData> = {
    attnum: int(row, 0),
    name: text(row, 1),
    typeOid,
    typmod,
    type: typeof row[4] === 'string' ? formats.qualify(typeOid, row[4]) : formats.plain(typeOid),
    notNull: flags.includes('n'),
  };
  if (flags.includes('d')) column.hasDefault = true;
  if (flags.includes('s')) column.generated = 's';
  if (flags.includes('v')) column.generated = 'v';
  if (flags.includes('a')) column.identity = 'a';
  if (flags.includes('b')) column.identity = 'd';
  if (typeof row[6] === 'string') column.collation = row[6];
  if (checks !== undefined) column.checks = checks;
  return column;
}

interface Formats {
  /** The spelling of a server type without typmod. */
  plain(typeOid: number): string;
  /** `formatted` made independent of search_path. */
  qualify(typeOid: number, formatted: string): string;
}

/**
 * format_type() leaves pg_catalog names bare, and a search_path that names pg_catalog late lets another schema's type win:
 * whatever is not spelled by a keyword gets its schema.
 */
function buildTypes(
  rows: readonly Row[],
  schemas: ReadonlyMap<number, string>,
  checks: Checks,
): { types: TypeData[]; formats: Formats } {
  const plain = new Map<number, string>();
  const types = rows.map((row): TypeData => {
    const oid = int(row, 0);
    const type: Mutable<TypeData> = {
      oid,
      schema: schemaOf(schemas, int(row, 1)),
      name: text(row, 2),
      kind: known(TYPE_KINDS, text(row, 3), 'type kind'),
      category: text(row, 4),
    };
    if (int(row, 5) !== 0) type.baseOid = int(row, 5);
    if (int(row, 6) !== 0) type.elementOid = int(row, 6);
    if (int(row, 7) !== 0) type.relationOid = int(row, 7);
    if (Array.isArray(row[8])) type.labels = row[8].map(string);
    if (type.kind === 'domain' && row[9] === 1) type.domainNotNull = true;
    if (typeof row[10] === 'number') type.domainChecks = row[10];
    const expressions = checks.get(`0.${oid}`);
    if (expressions !== undefined) type.checks = expressions;
    if (typeof row[11] === 'string') type.extension = row[11];
    if (typeof row[12] === 'string') plain.set(oid, row[12]);
    return type;
  });
  const byOid = new Map(types.map((type) => [type.oid, type]));
  const qualify = (typeOid: number, formatted: string): string => {
    const type = byOid.get(typeOid);
    const named = type?.elementOid === undefined ? type : byOid.get(type.elementOid);
    if (named?.schema !== 'pg_catalog' || KEYWORD_TYPE.test(formatted) || formatted.startsWith('pg_catalog.')) return formatted;
    return `pg_catalog.${formatted}`;
  };
  rows.forEach((row, index) => {
    const type: Mutable<TypeData> | undefined = types[index];
    if (type?.baseOid !== undefined && typeof row[13] === 'string') type.baseType = qualify(type.baseOid, row[13]);
  });
  return {
    types,
    formats: {
      plain: (typeOid) => {
        const found = plain.get(typeOid);
        if (found === undefined) throw new CatalogError(`The server named a column type, ${typeOid}, that it did not list.`);
        return qualify(typeOid, found);
      },
      qualify,
    },
  };
}

function buildFunction(row: Row, schemas: ReadonlyMap<number, string>): FunctionData {
  const flags = text(row, 8);
  const language = text(row, 9);
  const entry: Mutable<FunctionData> = {
    oid: int(row, 0),
    schema: schemaOf(schemas, int(row, 1)),
    name: text(row, 2),
    kind: known(FUNCTION_KINDS, text(row, 3), 'function kind'),
    argumentTypes: numbers(text(row, 4)),
    defaults: int(row, 5),
    variadic: flags.includes('v'),
    returnType: int(row, 6),
    returnsSet: flags.includes('s'),
    volatility: known(VOLATILITIES, text(row, 7), 'volatility'),
    leakproof: flags.includes('l'),
    securityDefiner: flags.includes('d'),
    language: language === 'internal' || language === 'c' || language === 'sql' ? language : 'other',
  };
  if (typeof row[10] === 'string') entry.extension = row[10];
  return entry;
}

function buildOperator(
  row: Row,
  schemas: ReadonlyMap<number, string>,
  functions: ReadonlyMap<number, FunctionData>,
): OperatorData {
  const implementation = functions.get(int(row, 6));
  const entry: Mutable<OperatorData> = {
    oid: int(row, 0),
    schema: schemaOf(schemas, int(row, 1)),
    name: text(row, 2),
    left: int(row, 3),
    right: int(row, 4),
    result: int(row, 5),
    functionOid: int(row, 6),
    leakproof: implementation?.leakproof ?? false,
    volatility: implementation?.volatility ?? 'volatile',
  };
  if (typeof row[7] === 'string') entry.extension = row[7];
  return entry;
}

function parse(kind: string, document: string | null): unknown {
  if (document === null) return null;
  try {
    return JSON.parse(document);
  } catch {
    throw new CatalogError(`The server's description of its ${kind} is not JSON.`);
  }
}

function list(documents: ReadonlyMap<string, unknown>, kind: string): readonly Row[] {
  if (!documents.has(kind)) throw new CatalogError(`The server did not describe its ${kind}.`);
  const value = documents.get(kind);
  if (value === null) return [];
  return rowsOf(value);
}

function rowsOf(value: unknown): readonly Row[] {
  if (!Array.isArray(value)) throw new CatalogError('The server described its schema in a form that is not known.');
  return value as readonly Row[];
}

function schemaOf(schemas: ReadonlyMap<number, string>, oid: number): string {
  const name = schemas.get(oid);
  if (name === undefined) throw new CatalogError(`The server named a schema, ${oid}, that it did not list.`);
  return name;
}

function known<T>(table: Readonly<Record<string, T>>, letter: string, what: string): T {
  const value = Object.hasOwn(table, letter) ? table[letter] : undefined;
  if (value === undefined)
    throw new CatalogError(`The server has a ${what} ${JSON.stringify(letter)} that this version does not know.`);
  return value;
}

function int(row: Row, index: number): number {
  return number(row[index]);
}

function text(row: Row, index: number): string {
  return string(row[index]);
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new CatalogError('The server sent a schema with a number that is none.');
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new CatalogError('The server sent a schema with a name that is none.');
  return value;
}

function strings(value: unknown): readonly string[] {
  return rowsOf(value).map(string);
}

function numbers(text: string): readonly number[] {
  return text === '' ? [] : text.split(' ').map(Number);
}

type ListField = 'parents' | 'dependsOn' | 'uniqueKeys';

function push<K extends ListField>(
  relation: Mutable<RelationData> | undefined,
  field: K,
  value: NonNullable<RelationData[K]>[number],
): void {
  if (relation === undefined) return;
  const values = (relation[field] ?? []) as readonly unknown[];
  relation[field] = [...values, value] as unknown as Mutable<RelationData>[K];
}
