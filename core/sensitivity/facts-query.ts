/**
 * What detection needs beyond the catalog (core/catalog): comments, foreign keys and sizes. One simple Query, one
 * round trip, one snapshot, as core/catalog/queries.ts; pg_stats is never read, since it holds values.
 *
 * Sources: System Catalogs, https://www.postgresql.org/docs/current/catalogs.html
 */
import { CatalogError } from '../catalog/build.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ColumnData, RelationData, TypeData } from '../catalog/model.ts';
import { FIRST_USER_OID } from '../catalog/queries.ts';
import { userRelations } from '../policy/user-relations.ts';
import type { ColumnFacts, TableFacts, ValueKind } from './facts.ts';

const DOCUMENTS = [
  `SELECT 'sizes' AS kind, (
  SELECT json_agg(json_build_array(oid::int8, reltuples::float8, relpages)) FROM pg_class
  WHERE oid >= ${FIRST_USER_OID} AND relkind IN ('r', 'p', 'm', 'f'))::text AS document`,
  `SELECT 'comments', (
  SELECT json_agg(json_build_array(objoid::int8, objsubid, left(description, 2000))) FROM pg_description
  WHERE classoid = 'pg_class'::regclass AND objoid >= ${FIRST_USER_OID})::text`,
  `SELECT 'keys', (
  SELECT json_agg(json_build_array(conrelid::int8, conkey[1], confrelid::int8, confkey[1]) ORDER BY oid) FROM pg_constraint
  WHERE contype = 'f' AND cardinality(conkey) = 1)::text`,
];

/** Rows of (kind, document). */
export const FACTS_QUERY = [
  'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  `SET LOCAL search_path = pg_catalog; SET LOCAL jit = off; SET LOCAL statement_timeout = '30s'`,
  DOCUMENTS.join('\nUNION ALL\n'),
  'COMMIT',
].join(';\n');

/** As if the server had answered that there is nothing to say: for names and types alone. */
export const EMPTY_FACTS: readonly (readonly (string | null)[])[] = ['sizes', 'comments', 'keys'].map((kind) => [kind, null]);

type Row = readonly unknown[];
type Key = `${number}.${number}`;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Every table, view, materialized view and foreign table of users, partitions aside (their columns are read through the parent).
 * @throws CatalogError when the answer is not what the query asks for.
 */
export function buildFacts(catalog: Catalog, rows: Iterable<readonly (string | null)[]>): readonly TableFacts[] {
  const documents = new Map<string, readonly Row[]>();
  for (const [kind, document] of rows) if (typeof kind === 'string') documents.set(kind, parse(document));
  if (documents.size < DOCUMENTS.length) throw new CatalogError('The server did not answer the query about columns.');
  const sizes = new Map(documents.get('sizes')!.map((row) => [int(row[0]), row]));
  const comments = new Map(documents.get('comments')!.map((row) => [key(row[0], row[1]), text(row[2])]));
  const keys = new Map(
    documents.get('keys')!.map((row) => [key(row[0], row[1]), [int(row[2]), int(row[3])] as readonly [number, number]]),
  );
  return userRelations(catalog).flatMap((relation) => {
    const { kind } = relation;
    if (relation.isPartition === true || kind === 'sequence' || kind === 'composite' || kind === 'index') return [];
    const comment = comments.get(`${relation.oid}.0`);
    const [, estimated, pages] = sizes.get(relation.oid) ?? [];
    return {
      oid: relation.oid,
      schema: relation.schema,
      name: relation.name,
      kind,
      ...(comment === undefined ? {} : { comment }),
      estimatedRows: typeof estimated === 'number' ? estimated : -1,
      pages: typeof pages === 'number' ? pages : 0,
      columns: relation.columns.map((column): ColumnFacts => {
        const at: Key = `${relation.oid}.${column.attnum}`;
        const facts: Mutable<ColumnFacts> = columnFacts(catalog, relation, column);
        const [said, points] = [comments.get(at), keys.get(at)];
        if (said !== undefined) facts.comment = said;
        if (points !== undefined) facts.references = points;
        return facts;
      }),
    };
  });
}

function columnFacts(catalog: Catalog, relation: RelationData, column: ColumnData): ColumnFacts {
  const declared = catalog.type(column.typeOid);
  let type = declared;
  let array = false;
  // The bound is only there so that a lying catalog cannot hang us.
  for (let hops = 0; hops < 32 && type !== undefined; hops += 1) {
    const isArray = type.category === 'A' && type.elementOid !== undefined && type.elementOid !== 0;
    const inner = type.kind === 'domain' ? type.baseOid : isArray ? type.elementOid : undefined;
    if (inner === undefined) break;
    array ||= isArray;
    type = catalog.type(inner);
  }
  const { primaryKey } = relation;
  const limit = /^(?:character varying|character)\((\d+)\)/.exec(column.type)?.[1];
  const alone = (list: readonly number[] | undefined): boolean => list?.length === 1 && list[0] === column.attnum;
  return {
    attnum: column.attnum,
    name: column.name,
    kind: valueKind(type),
    type: column.type.replace(/^pg_catalog\./, ''),
    ...(declared?.kind === 'domain' ? { domain: declared.name } : {}),
    array,
    ...(limit === undefined ? {} : { maxLength: Number(limit) }),
    ...(type?.labels === undefined ? {} : { labels: type.labels }),
    notNull: column.notNull,
    primaryKey: primaryKey?.includes(column.attnum) === true,
    unique: alone(primaryKey) || relation.uniqueKeys?.some(alone) === true,
    checks: [...(column.checks ?? []), ...domains(catalog, column).flatMap((domain) => domain.checks ?? [])],
  };
}

function domains(catalog: Catalog, column: ColumnData): readonly TypeData[] {
  const found: TypeData[] = [];
  let type = catalog.type(column.typeOid);
  for (let hops = 0; hops < 32 && type?.kind === 'domain'; hops += 1) {
    found.push(type);
    type = type.baseOid === undefined ? undefined : catalog.type(type.baseOid);
  }
  return found;
}

const KINDS: Readonly<Record<string, ValueKind>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  citext: 'text',
  hstore: 'text',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'decimal',
  float4: 'decimal',
  float8: 'decimal',
  money: 'money',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  time: 'time',
  timetz: 'time',
  uuid: 'uuid',
  bytea: 'bytes',
  json: 'json',
  jsonb: 'json',
  inet: 'inet',
  cidr: 'inet',
  macaddr: 'macaddr',
  macaddr8: 'macaddr',
  point: 'point',
  geometry: 'geometry',
  geography: 'geometry',
  xml: 'xml',
  tsvector: 'tsvector',
  vector: 'vector',
  halfvec: 'vector',
  sparsevec: 'vector',
};

function valueKind(type: TypeData | undefined): ValueKind {
  if (type?.kind === 'enum' || type?.kind === 'composite') return type.kind;
  if (type === undefined || type.kind !== 'base') return 'other';
  return Object.hasOwn(KINDS, type.name) ? KINDS[type.name]! : 'other';
}

function parse(document: string | null | undefined): readonly Row[] {
  if (document === null || document === undefined) return [];
  try {
    const value: unknown = JSON.parse(document);
    if (Array.isArray(value) && value.every((row) => Array.isArray(row))) return value as readonly Row[];
  } catch {
    // Said below.
  }
  throw new CatalogError('The server described its columns in a way that does not add up.');
}

function int(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new CatalogError('The server described its columns in a way that does not add up.');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function key(oid: unknown, attnum: unknown): Key {
  return `${int(oid)}.${int(attnum)}`;
}
