/**
 * SQL conditions over the visible sets. Written as text with `{column}` for a column of the relation that is filtered, so that the
 * same condition serves a row filter (column references left open) and a guard (columns of an alias).
 *
 * Everything is qualified with pg_catalog, operators too: the texts are spliced into statements that run under the client's
 * search_path.
 */
import { type Catalog, quoteLiteral } from '../../catalog/catalog.ts';
import { FIRST_USER_OID } from '../../catalog/queries.ts';
import type { RelationData } from '../../catalog/model.ts';
import type { SqlTemplate } from '../../policy/bundle.ts';
import type { Visible } from './visible.ts';

const EQ = 'OPERATOR(pg_catalog.=)';
const LT = 'OPERATOR(pg_catalog.<)';

/** `'{1,2}'::pg_catalog.oid[]`, sorted so that equal sets give equal text. */
export function oidArray(oids: Iterable<number>): string {
  return `'{${[...oids].sort((a, b) => a - b).join(',')}}'::pg_catalog.oid[]`;
}

/** Braces inside names are written as escapes: `{column}` must mean a column everywhere in these texts. */
function textArray(values: Iterable<string>): string {
  const elements = [...new Set(values)].sort().map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
  const text = elements.join(',');
  if (!text.includes('{')) return `${quoteLiteral(`{${text}}`)}::pg_catalog.text[]`;
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('{', '\\x7b');
  return `E'{${escaped}}'::pg_catalog.text[]`;
}

/**
 * Membership of an OID in a set. OIDs are handed out in order, so those of one schema lie close together: a set of more than a few is
 * a bit map over their range, an eighth of the array's size and one look-up instead of a list (long lists also raise the planner's
 * estimates until it starts its compiler). Where they lie far apart, an array.
 */
export function oneOf(expression: string, oids: Iterable<number>): string {
  const sorted = [...new Set(oids)].sort((a, b) => a - b);
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return 'false';
  const bytes = ((high - low) >> 3) + 1;
  if (sorted.length < 16 || bytes > sorted.length * 4) return `${expression} ${EQ} ANY (${oidArray(sorted)})`;
  const map = new Uint8Array(bytes);
  for (const oid of sorted) map[(oid - low) >> 3] = (map[(oid - low) >> 3] ?? 0) | (1 << ((oid - low) & 7));
  const hex = Array.from(map, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const offset = `${expression}::pg_catalog.int8 OPERATOR(pg_catalog.-) ${low}::pg_catalog.int8`;
  return (
    `CASE WHEN ${expression} OPERATOR(pg_catalog.>=) ${low}::pg_catalog.oid AND ${expression} OPERATOR(pg_catalog.<=) ${high}::pg_catalog.oid ` +
    `THEN pg_catalog.get_bit(pg_catalog.decode('${hex}', 'hex'), ${offset}) ${EQ} 1 ELSE false END`
  );
}

/** Made by initdb (or zero: no object), or one of these. */
export function serverOrOneOf(expression: string, oids: Iterable<number>): string {
  const server = `${expression} ${LT} ${FIRST_USER_OID}`;
  const list = [...oids].filter((oid) => oid >= FIRST_USER_OID);
  return list.length === 0 ? `(${server})` : `(${server} OR ${oneOf(expression, list)})`;
}

/** More than a relation can have columns (MaxHeapAttributeNumber is 1600). */
const KEY_FACTOR = 2048;

/** A column of a visible relation: `oid` and `attnum` are expressions. attnum 0 is the relation, system columns are negative. */
export function visibleColumn(visible: Visible, oid: string, attnum: string): string {
  const whole = [...visible.relations].filter((entry) => !visible.partial.has(entry));
  if (visible.partial.size === 0) return serverOrOneOf(oid, whole);
  const keys = [...visible.partial].flatMap(([table, attnums]) => attnums.map((entry) => table * KEY_FACTOR + entry));
  const key = `(${oid}::pg_catalog.int8 OPERATOR(pg_catalog.*) ${KEY_FACTOR} OPERATOR(pg_catalog.+) ${attnum}::pg_catalog.int8)`;
  const shown = `(${attnum} ${LT} 1 OR ${key} ${EQ} ANY ('{${keys.sort((a, b) => a - b).join(',')}}'::pg_catalog.int8[]))`;
  return `(${serverOrOneOf(oid, whole)} OR (${oneOf(oid, visible.partial.keys())} AND ${shown}))`;
}

/** All attnums of an array expression are visible columns of the relation. NULL (none recorded) only passes for complete relations. */
function visibleKey(visible: Visible, oid: string, key: string): string {
  const parts = [serverOrOneOf(oid, visible.complete)];
  for (const [table, attnums] of visible.partial) {
    if (attnums.length > 0) {
      parts.push(
        `(${oid} ${EQ} ${table}::pg_catalog.oid AND ${key} OPERATOR(pg_catalog.<@) '{${attnums.join(',')}}'::pg_catalog.int2[])`,
      );
    }
  }
  return `(${parts.join(' OR ')})`;
}

/** Rows of pg_constraint: every column and relation that the constraint names is visible. */
export function constraintCondition(visible: Visible): string {
  return [
    serverOrOneOf('{contypid}', visible.types),
    visibleKey(visible, '{conrelid}', '{conkey}'),
    visibleKey(visible, '{confrelid}', '{confkey}'),
  ].join(' AND ');
}

/** Rows of pg_trigger: its table is visible whole, and so are its function and the other table of a foreign key. */
export function triggerCondition(visible: Visible): string {
  return [
    serverOrOneOf('{tgrelid}', visible.complete),
    serverOrOneOf('{tgconstrrelid}', visible.complete),
    serverOrOneOf('{tgfoid}', visible.functions),
  ].join(' AND ');
}

/** The catalogs whose objects pg_depend and pg_description can show: their fixed OIDs. */
const CLASS = {
  type: 1247,
  attribute: 1249,
  proc: 1255,
  class: 1259,
  namespace: 2615,
  extension: 3079,
  cast: 2605,
  language: 2612,
} as const;

/** (class OID, object OID) names something visible. */
export function visibleObject(visible: Visible, classid: string, objid: string): string {
  const when = (catalog: number, oids: Iterable<number>): string => `WHEN ${catalog} THEN ${oneOf(objid, oids)}`;
  return (
    `(${objid} ${LT} ${FIRST_USER_OID} OR CASE ${classid}::pg_catalog.int8 ${when(CLASS.class, visible.relations)} ` +
    `${when(CLASS.type, visible.types)} ${when(CLASS.proc, visible.functions)} ${when(CLASS.namespace, visible.schemaOids)} ` +
    `WHEN ${CLASS.extension} THEN true ELSE false END)`
  );
}

/** A comment's object is visible, and so is its column. */
export function visibleComment(visible: Visible): string {
  const column = `({classoid} ${EQ} ${CLASS.class}::pg_catalog.oid AND ${visibleColumn(visible, '{objoid}', '{objsubid}')})`;
  return `(${visibleObject(visible, '{classoid}', '{objoid}')} AND ({objsubid} ${EQ} 0 OR ${column}))`;
}

const SYSTEM = `('pg_catalog', 'information_schema')`;

function isSystem(schema: string): string {
  return `{${schema}}::pg_catalog.text IN ${SYSTEM}`;
}

/** Lengths (in characters, as the server counts) keep ('a.b', 'c') and ('a', 'b.c') apart. */
function key(...parts: readonly string[]): string {
  return parts.map((part) => `${[...part].length}/${part}`).join('/');
}

function keyExpression(...columns: readonly string[]): string {
  const parts = columns.map((column) => `pg_catalog.length({${column}}::pg_catalog.text), '/', {${column}}`);
  return `pg_catalog.concat(${parts.join(`, '/', `)})`;
}

function oneOfKeys(keys: Iterable<string>, ...columns: readonly string[]): string {
  return `${keyExpression(...columns)} ${EQ} ANY (${textArray(keys)})`;
}

function names(catalog: Catalog, oids: Iterable<number>): string[] {
  return [...oids].flatMap((oid) => {
    const relation = catalog.relation(oid);
    return relation === undefined ? [] : [key(relation.schema, relation.name)];
  });
}

/** A relation given by schema and name columns. */
export function namedRelation(catalog: Catalog, oids: Iterable<number>, schema: string, name: string): string {
  return `(${isSystem(schema)} OR ${oneOfKeys(names(catalog, oids), schema, name)})`;
}

/** A column given by schema, table and column name columns. */
export function namedColumn(catalog: Catalog, visible: Visible, schema: string, table: string, column: string): string {
  const partial = [...visible.partial].flatMap(([oid, attnums]) => {
    const relation = catalog.relation(oid);
    if (relation === undefined) return [];
    return relation.columns
      .filter((entry) => attnums.includes(entry.attnum))
      .map((entry) => key(relation.schema, relation.name, entry.name));
  });
  const parts = [isSystem(schema), oneOfKeys(names(catalog, visible.complete), schema, table)];
  if (partial.length > 0) parts.push(oneOfKeys(partial, schema, table, column));
  return `(${parts.join(' OR ')})`;
}

/** Columns whose default is withheld, by name. */
export function hiddenDefaultColumn(catalog: Catalog, visible: Visible, schema: string, table: string, column: string): string {
  const keys = visible.hiddenDefaults.flatMap(([oid, attnum]) => {
    const relation = catalog.relation(oid);
    const entry = relation === undefined ? undefined : catalog.column(relation, attnum);
    return relation === undefined || entry === undefined ? [] : [key(relation.schema, relation.name, entry.name)];
  });
  return oneOfKeys(keys, schema, table, column);
}

/** A type given by schema and name columns. */
export function namedType(catalog: Catalog, visible: Visible, schema: string, name: string): string {
  const keys = [...visible.types].flatMap((oid) => {
    const type = catalog.type(oid);
    return type === undefined ? [] : [key(type.schema, type.name)];
  });
  return `(${isSystem(schema)} OR ${oneOfKeys(keys, schema, name)})`;
}

/** A function given by schema and name, or by information_schema's specific name (name and OID). */
export function namedFunction(catalog: Catalog, visible: Visible, schema: string, name: string, specific = false): string {
  const keys = [...visible.functions].flatMap((oid) => {
    const entry = catalog.function(oid);
    return entry === undefined ? [] : [key(entry.schema, specific ? `${entry.name}_${oid}`.slice(0, 63) : entry.name)];
  });
  return `(${isSystem(schema)} OR ${oneOfKeys(keys, schema, name)})`;
}

/** A schema's name: what the server brings, and those with something visible in them. */
export function visibleSchemaName(visible: Visible, expression: string): string {
  return `(${expression}::pg_catalog.text OPERATOR(pg_catalog.~) '^(pg_|information_schema$)' OR ${expression}::pg_catalog.text ${EQ} ANY (${textArray(visible.schemas)}))`;
}

/** A constraint given by schema and name: one of that name is visible in pg_constraint. */
export function namedConstraint(visible: Visible, schema: string, name: string): string {
  return (
    `EXISTS (SELECT FROM pg_catalog.pg_constraint sluice_k JOIN pg_catalog.pg_namespace sluice_n ON sluice_n.oid ${EQ} sluice_k.connamespace ` +
    `WHERE sluice_n.nspname ${EQ} {${schema}} AND sluice_k.conname ${EQ} {${name}} AND ${columnsOf('sluice_k', constraintCondition(visible))})`
  );
}

/** `{column}` -> `alias."column"`. */
export function columnsOf(alias: string, condition: string): string {
  return condition.replace(/\{([a-z_]+)\}/g, (_match, column: string) => `${alias}."${column}"`);
}

/** `{column}` -> the relation's attnum. Throws on a column the relation does not have: a rule that does not fit is a bug. */
export function templateOf(relation: RelationData, condition: string): SqlTemplate {
  const template: (string | number)[] = [];
  let rest = 0;
  for (const match of condition.matchAll(/\{([a-z_]+)\}/g)) {
    const column = relation.columns.find((entry) => entry.name === match[1]);
    if (column === undefined) throw new Error(`${relation.schema}.${relation.name} has no column ${match[1]}`);
    template.push(condition.slice(rest, match.index), column.attnum);
    rest = match.index + match[0].length;
  }
  template.push(condition.slice(rest));
  return template.filter((part) => part !== '');
}
