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

/** Made by initdb (or zero: no object), or one of these. */
export function serverOrOneOf(expression: string, oids: Iterable<number>): string {
  const server = `${expression} ${LT} ${FIRST_USER_OID}`;
  const list = [...oids].filter((oid) => oid >= FIRST_USER_OID);
  return list.length === 0 ? `(${server})` : `(${server} OR ${expression} ${EQ} ANY (${oidArray(list)}))`;
}

/** A column of a visible relation: `oid` and `attnum` are expressions. `whole` is what holds for attnum 0 and system columns. */
export function visibleColumn(visible: Visible, oid: string, attnum: string): string {
  const parts = [serverOrOneOf(oid, visible.complete)];
  const others = [...visible.relations].filter((entry) => !visible.complete.has(entry) && !visible.partial.has(entry));
  if (others.length > 0) parts.push(`${oid} ${EQ} ANY (${oidArray(others)})`);
  for (const [table, attnums] of visible.partial) {
    const shown =
      attnums.length === 0
        ? `${attnum} ${LT} 1`
        : `(${attnum} ${LT} 1 OR ${attnum} ${EQ} ANY ('{${attnums.join(',')}}'::pg_catalog.int2[]))`;
    parts.push(`(${oid} ${EQ} ${table}::pg_catalog.oid AND ${shown})`);
  }
  return `(${parts.join(' OR ')})`;
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
  const when = (catalog: number, oids: Iterable<number>): string => `WHEN ${catalog} THEN ${objid} ${EQ} ANY (${oidArray(oids)})`;
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
