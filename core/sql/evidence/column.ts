/**
 * The SQL of the column that carries the rows out: `ROW(…)::text`, written by each type's output function, so that NULL, '' and
 * everything in between stay what they are. It is the first one of RETURNING: its length stands before it in a DataRow, so that it
 * can be cut off a row of any size.
 *
 * The row before an UPDATE: PostgreSQL 18 has OLD. Before that, a subquery in RETURNING still sees the row as it was when the statement began.
 * Whether that is also the version that was overwritten is for the server to say: then its xmax is the xmin of the new one.
 */
import { MATTERING_TRIGGERS } from '../../catalog/queries.ts';
import { family } from './hazards.ts';
import { qualifiedName, quoteIdentifier } from '../../catalog/catalog.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ColumnData, RelationData } from '../../catalog/model.ts';
import type { EvidenceColumn } from './planned.ts';

export interface ColumnRequest {
  readonly catalog: Catalog;
  readonly relation: RelationData;
  /** How the statement refers to the target. */
  readonly name: string;
  readonly form: 'row' | 'update' | 'upsert' | 'merge';
  /** The name of the row before in RETURNING; null: the server has none, or the statement uses its name for something else. */
  readonly old: string | null;
  /** In key order; null: there is none, or not all of it may be read. */
  readonly key: readonly ColumnData[] | null;
  /** Columns of the key may change, or the key is none at times. */
  readonly keyChanges: boolean;
}

export interface WrittenColumn {
  readonly sql: string;
  readonly column: EvidenceColumn;
  /** Rows before are missing although there were some. */
  readonly blind: boolean;
}

/** A row constructor has no more members than a table may have columns. */
const MOST_MEMBERS = 1_600;
/** Of them the text is the same in every session: bool, bytea, name, int8, int2, int4, text, oid, json, bpchar, varchar, numeric, uuid, jsonb. */
const PLAIN_TYPES: ReadonlySet<number> = new Set([16, 17, 19, 20, 21, 23, 25, 26, 114, 1042, 1043, 1700, 2950, 3802]);
const SETTINGS = `pg_catalog.concat(pg_catalog.current_setting('extra_float_digits'), ' ', pg_catalog.current_setting('DateStyle'))`;
const EQUALS = 'OPERATOR(pg_catalog.=)';

/** Undefined: there is no column that may be read. */
export function evidenceColumn(request: ColumnRequest): WrittenColumn | undefined {
  const { relation, name, form, old, key } = request;
  const unreadable = new Set(relation.writes?.unreadable ?? []);
  const keys = new Set(key?.map((column) => column.attnum) ?? []);
  const others = relation.columns.filter((column) => !keys.has(column.attnum) && !unreadable.has(column.attnum));
  const columns = [...(key ?? []), ...others];
  if (columns.length === 0 || columns.length > MOST_MEMBERS) return undefined;
  const names = columns.map((column) => column.name);
  const of = (source: string): string[] => names.map((column) => `${quoteIdentifier(source)}.${quoteIdentifier(column)}`);
  const row = (members: readonly string[]): string => `ROW(${members.join(', ')})::pg_catalog.text`;
  const settings = columns.some((column) => !PLAIN_TYPES.has(column.typeOid)) ? { settings: true as const } : {};
  const watched = family(request.catalog, relation);
  const triggers = watched.reduce((sum, one) => sum + (one.writes?.triggerCount ?? 0), 0);
  const first = [triggerCount(watched.map((one) => one.oid)), ...('settings' in settings ? [SETTINGS] : [])];
  const tags = [...first, ...(form === 'merge' ? ['merge_action()'] : [])];
  const tag = form === 'merge' ? 'merge' : 'none';
  const plain = {
    sql: row([...tags, ...of(name)]),
    column: { tag, triggers, ...settings, columns: names, images: 'row' },
    blind: form !== 'row',
  } as const;
  if (form === 'row' || columns.length * 2 > MOST_MEMBERS) return plain;
  if (old !== null) {
    return {
      sql: row([...tags, ...of(old), ...of(name)]),
      column: { tag, triggers, ...settings, columns: names, images: 'before-and-row' },
      blind: false,
    };
  }
  const looked = form === 'merge' ? undefined : lookup(request, first, of, row);
  return looked === undefined ? plain : { ...looked, column: { ...looked.column, triggers, ...settings, columns: names } };
}

/** The row before, found by its key as the statement's snapshot has it. */
function lookup(
  { catalog, relation, name, form, key, keyChanges }: ColumnRequest,
  first: readonly string[],
  of: (source: string) => string[],
  row: (members: readonly string[]) => string,
): WrittenColumn | undefined {
  if (key === null || key.length === 0 || keyChanges || !key.every((column) => isIndexed(catalog, column))) return undefined;
  // A key holds for one table, not for its children. System columns need the right to read the table as a whole.
  if (relation.writes?.unreadable !== undefined) return undefined;
  const partitioned = relation.kind === 'partitioned';
  if (!partitioned && catalog.children(relation.oid).length > 0) return undefined;
  // Rows that are routed to a partition have no system columns that could be asked for.
  if (partitioned && form === 'upsert') return undefined;
  const before = differing('sluice_before', name);
  const target = quoteIdentifier(name);
  const by = key.map((column) => {
    const own = quoteIdentifier(column.name);
    return `${before}.${own} ${EQUALS} ${target}.${own}`;
  });
  const writer = partitioned ? 'pg_catalog.pg_current_xact_id()::pg_catalog.xid' : `${target}.xmin`;
  const members = [
    ...first,
    ...(form === 'upsert' ? [`${target}.xmax ${EQUALS} '0'::pg_catalog.xid`] : []),
    `${before}.xmax ${EQUALS} ${writer}`,
    ...of(before),
    ...of(name),
  ];
  const from = `(SELECT) AS ${differing('sluice_row', name)} LEFT JOIN ${partitioned ? '' : 'ONLY '}${qualifiedName(relation)} AS ${before}`;
  return {
    sql: `(SELECT ${row(members)} FROM ${from} ON ${by.join(' AND ')} LIMIT 1)`,
    column: { tag: form === 'upsert' ? 'upsert' : 'matched', triggers: 0, columns: [], images: 'before-and-row' },
    blind: false,
  };
}

/** The equality of pg_catalog is the one of the key's index: with any other the whole table would be read for each row. */
function isIndexed(catalog: Catalog, column: ColumnData): boolean {
  let type = catalog.type(column.typeOid);
  while (type?.kind === 'domain' && type.baseOid !== undefined) type = catalog.type(type.baseOid);
  return type !== undefined && (type.schema === 'pg_catalog' || type.kind === 'enum') && type.kind !== 'composite';
}

/**
 * Somebody may have made a trigger since the schema was read: then the statement itself has to tell. Evaluated once; the table is locked against new triggers from before
 * it starts until its transaction ends.
 */
function triggerCount(oids: readonly number[]): string {
  const list = oids.map((oid) => `'${oid}'::pg_catalog.oid`).join(', ');
  return `(SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid OPERATOR(pg_catalog.=) ANY (ARRAY[${list}]) AND ${MATTERING_TRIGGERS})`;
}

function differing(wanted: string, name: string): string {
  return name.startsWith(wanted) ? `${wanted}_${name.length}` : wanted;
}
