/**
 * Type names -> allowed or refused, and casts to types whose values print as names of objects.
 *
 * Every type of the server is allowed, and of user types those that are visible (introspect/visible.ts: types of granted columns, row
 * types of granted relations, types of extensions). A row type of another relation is refused as the relation itself would be: it tells
 * the columns. `reg*` types are allowed where their input is checked: in casts (`checkCast`), never in definitions (column lists of
 * records, temporary tables, JSON_TABLE …), where values arrive unchecked.
 *
 * `%TYPE` stands only in function definitions and is refused. A name in pg_temp is refused: only objects created behind our back
 * live there.
 */
import type { Node, TypeCast, TypeName } from '@pgsql/types';
import type { RelationData, TypeData } from '../../catalog/model.ts';
import { FIRST_USER_OID } from '../../catalog/queries.ts';
import { type DenialDetails, denial, DenialError } from '../../errors/denial.ts';
import { REG_TYPES, regGuard, type RegUse, regValue, type Wrap } from '../introspect/guards.ts';
import { visibleTo } from '../introspect/visible.ts';
import { displayName } from './hints.ts';
import { stringLiteral, typeNameParts } from './literals.ts';
import { type NameContext, placeOf } from './name-context.ts';
import { objectLiteral } from './objects.ts';

/** Spellings of the grammar that are no name in pg_type. */
const ALIASES: Readonly<Record<string, string>> = { bpchar: 'bpchar', char: 'char' };

export interface CheckedType {
  /** Undefined: not known to us (and allowed because nothing is hidden). */
  readonly type?: TypeData;
  readonly array: boolean;
  /** The name of the reg* type it is, or is an array or domain of. */
  readonly reg?: string;
}

/** Where the type name stands: as the target of a cast that is checked with `checkCast`, or anywhere else. */
export type TypePlace = 'cast' | 'definition';

/** @throws DenialError SLUICE-207 */
export function checkType(context: NameContext, typeName: TypeName, place: TypePlace): CheckedType {
  const parts = typeNameParts(typeName.names);
  const located: DenialDetails = typeName.location === undefined ? {} : { location: typeName.location };
  if (parts === undefined || parts.length === 0 || typeName.pct_type === true) return refuseType(['%TYPE'], located);
  const array = (typeName.arrayBounds ?? []).length > 0;
  const all = visibleTo(context.bundle, context.catalog).all;
  const type = findType(context, parts);
  if (type === undefined) {
    if (all) return { array };
    return refuseType(parts, located);
  }
  if (!all && !isVisibleType(context, type)) return refuseType(parts, located);
  if (!all && hasNameColumn(context, type)) return refuseType(parts, located);
  if (!all && hasHiddenColumn(context, type)) return refusePartialRow(parts, located);
  const reg = all ? undefined : regTypeOf(context, type);
  if (reg !== undefined && place === 'definition') {
    throw new DenialError(
      denial('SLUICE-207', `Type ${displayName(...parts)} cannot be declared here.`, {
        hint: 'Its values name objects of the database. Declare the column as text or oid.',
        rule: 'floor',
        ...located,
      }),
    );
  }
  return { type, array: array || type.elementOid !== undefined, ...(reg === undefined ? {} : { reg }) };
}

export interface CheckedCast {
  readonly checked: CheckedType;
  /**
   * Present for casts to reg* types. `replace: true`: the cast itself goes, and its *operand* is put between prefix and suffix;
   * false: the whole cast is put between them.
   */
  readonly wrap?: Wrap & { readonly replace: boolean };
}

/**
 * Every TypeCast node (`x::t`, `CAST(x AS t)`, `t 'x'`).
 * @param use how the value is used: 'oid' where it is compared or passed to a function or cast to a number, else 'text'.
 * @throws DenialError SLUICE-207, SLUICE-201 for a literal that names a relation which is not visible.
 */
export function checkCast(context: NameContext, cast: TypeCast, use: RegUse = 'text'): CheckedCast {
  if (cast.typeName === undefined) throw new DenialError(denial('SLUICE-207', 'A cast without a type is not understood.'));
  const checked = checkType(context, cast.typeName, 'cast');
  if (checked.reg === undefined) return { checked };
  const kind = REG_TYPES.get(checked.reg)?.kind;
  if (kind === undefined || kind === null) return { checked };
  if (checked.type?.kind === 'domain') return refuseDomain(checked, cast);
  if (isNull(cast.arg)) return { checked, wrap: { ...regValue(use), replace: false } };
  const literal = checked.array ? undefined : stringLiteral(cast.arg);
  if (literal !== undefined) {
    const located = literal.location === undefined ? {} : { location: literal.location };
    if (literalIsVisible(context, checked.reg, literal.value, located)) {
      if (literal.location !== undefined) context.pinLiteral(literal.location);
      return { checked, wrap: { ...regValue(use), replace: false } };
    }
  }
  const guard = regGuard(context.bundle, context.catalog, checked.reg, checked.array, use, placeOf(context, cast.location));
  return guard === undefined ? { checked } : { checked, wrap: { ...guard, replace: true } };
}

/** A type of that name can be seen: its name in functional notation is a cast. */
export function isVisibleTypeName(context: NameContext, name: readonly string[]): boolean {
  const type = findType(context, name);
  if (type === undefined) return false;
  return visibleTo(context.bundle, context.catalog).all || isVisibleType(context, type);
}

/**
 * The types a client declares for its parameters in Parse, by OID: the same as it may write in a cast, except that a value of a reg*
 * type (or of a row with such a column) would be looked up, and printed, as a name before any guard sees it. A type that the catalog
 * does not know is refused: its row could be anything.
 * @throws DenialError SLUICE-207
 */
export function checkParameterTypes(context: NameContext, types: readonly number[]): void {
  if (types.every((type) => PLAIN_PARAMETER_TYPES.has(type)) || visibleTo(context.bundle, context.catalog).all) return;
  const index = types.findIndex((oid) => oid !== 0 && !isParameterType(context, context.catalog.type(oid)));
  if (index < 0) return;
  throw new DenialError(
    denial('SLUICE-207', `Parameter $${index + 1} cannot be declared with this type.`, {
      detail:
        'Its values name objects of the database, or it is not a type of the server, of an extension or of granted columns.',
      hint: 'Declare it as text or oid, or leave its type open, and cast it in the statement.',
      rule: 'floor',
    }),
  );
}

/** Open, bool, bytea, int8, int2, int4, text, json, float4, float8, unknown, varchar, date, timestamp, timestamptz, numeric, uuid, jsonb: nearly all there are. */
const PLAIN_PARAMETER_TYPES: ReadonlySet<number> = new Set([
  0, 16, 17, 20, 21, 23, 25, 114, 700, 701, 705, 1043, 1082, 1114, 1184, 1700, 2950, 3802,
]);

function isParameterType(context: NameContext, type: TypeData | undefined): boolean {
  if (type === undefined || !isVisibleType(context, type)) return false;
  return regTypeOf(context, type) === undefined && !hasNameColumn(context, type) && !hasHiddenColumn(context, type);
}

function findType(context: NameContext, parts: readonly string[]): TypeData | undefined {
  const bare = parts.at(-1) ?? '';
  const name = Object.hasOwn(ALIASES, bare) ? (ALIASES[bare] ?? bare) : bare;
  const named = context.catalog.typesNamed(name);
  if (parts.length > 1) return named.find((type) => type.schema === parts.at(-2));
  for (const schema of context.catalog.searched(context.session.searchPath)) {
    const found = named.find((type) => type.schema === schema);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isVisibleType(context: NameContext, type: TypeData): boolean {
  return type.oid < FIRST_USER_OID || visibleTo(context.bundle, context.catalog).types.has(type.oid);
}

/** The reg* type that this is, or that it is made of. */
function regTypeOf(context: NameContext, type: TypeData): string | undefined {
  if (type.schema === 'pg_catalog' && REG_TYPES.has(type.name)) return type.name;
  const inner = type.baseOid ?? type.elementOid;
  const next = inner === undefined ? undefined : context.catalog.type(inner);
  return next === undefined ? undefined : regTypeOf(context, next);
}

/** A row type with a reg* column, however deep, would turn any number into a name (json_populate_record(NULL::pg_sequences, …)). */
function hasNameColumn(context: NameContext, type: TypeData, depth = 0): boolean {
  if (depth > DEEPEST_ROW) return true;
  const columns = rowOf(context, type)?.columns ?? [];
  return columns.some((column) => {
    const inner = context.catalog.type(column.typeOid);
    if (inner === undefined) return false;
    const reg = regTypeOf(context, inner);
    return (reg !== undefined && typeof REG_TYPES.get(reg)?.kind === 'string') || hasNameColumn(context, inner, depth + 1);
  });
}

/** Rows in rows: deeper than this is refused, and ends a row type that holds an array of itself. */
const DEEPEST_ROW = 4;

/** A row type prints the names of all its columns (row_to_json), those that are not granted included. */
function hasHiddenColumn(context: NameContext, type: TypeData): boolean {
  const row = rowOf(context, type);
  return row !== undefined && visibleTo(context.bundle, context.catalog).partial.has(row.oid);
}

/** The relation whose rows are of this type, or of what it is an array or domain of. */
function rowOf(context: NameContext, type: TypeData): RelationData | undefined {
  if (type.relationOid !== undefined) return context.catalog.relation(type.relationOid);
  const inner = type.baseOid ?? type.elementOid;
  const next = inner === undefined ? undefined : context.catalog.type(inner);
  return next === undefined ? undefined : rowOf(context, next);
}

/** 'pg_class'::regclass and the like: a relation must be visible; what the server brings is known to all. */
function literalIsVisible(context: NameContext, reg: string, value: string, located: DenialDetails): boolean {
  if (reg === 'regclass') return objectLiteral(context, 'relation', value, located).decided;
  return false;
}

function isNull(node: Node | undefined): boolean {
  return node !== undefined && 'A_Const' in node && node.A_Const.isnull === true;
}

function refuseDomain(checked: CheckedType, cast: TypeCast): never {
  throw new DenialError(
    denial('SLUICE-207', `A cast to ${displayName(checked.type?.schema ?? '', checked.type?.name ?? '')} is not granted.`, {
      hint: 'Its values name objects of the database. Cast to its base type instead.',
      ...(cast.location === undefined ? {} : { location: cast.location }),
    }),
  );
}

function refusePartialRow(parts: readonly string[], located: DenialDetails): never {
  throw new DenialError(
    denial('SLUICE-207', `The row type ${displayName(...parts)} cannot be used here: some of its columns are not granted.`, {
      hint: 'List the columns that you need, for example jsonb_to_record(…) AS r(id integer, name text).',
      ...located,
    }),
  );
}

function refuseType(parts: readonly string[], located: DenialDetails): never {
  throw new DenialError(
    denial('SLUICE-207', `Type ${displayName(...parts)} does not exist or is not granted.`, {
      hint: 'Types of the server, of extensions, and of granted columns can be used.',
      ...located,
    }),
  );
}
