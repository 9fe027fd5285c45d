/**
 * Guards: SQL wrapped around an expression whose value names an object of the database (an OID, a name, a `reg*` value), so that it
 * yields NULL unless the object is visible to the subject. Catalog functions are strict: NULL in, NULL out, exactly as if the object
 * did not exist.
 *
 * A guard is a prefix and a suffix around the expression's own text. The expression stands once, in the innermost FROM-less SELECT of
 * a scalar subquery: it is evaluated once (a volatile one cannot change its mind between check and use), and no name of ours can
 * capture one of the client's. OFFSET 0 keeps the planner from merging the levels.
 *
 * Values of type reg* print names, and an integer becomes one silently (`COALESCE('pg_class'::regclass, 16400)` prints the name of
 * relation 16400). So no expression of such a type is left in a statement: a cast yields text where it is shown and oid where it is
 * compared; the reader of expressions says which (`RegUse`).
 */
import type { Catalog } from '../../catalog/catalog.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { memoisePair } from '../names/name-context.ts';
import {
  columnsOf,
  constraintCondition,
  oidArray,
  oneOf,
  serverOrOneOf,
  triggerCondition,
  visibleColumn,
  visibleSchemaName,
} from './conditions.ts';
import { visibleTo, type Visible } from './visible.ts';

/** Text to put before and after an expression. The expression ends up parenthesised. */
export interface Wrap {
  readonly prefix: string;
  readonly suffix: string;
}

/** How a reg* value is used: shown (or converted to text), or compared and passed on as an object's number. */
export type RegUse = 'text' | 'oid';

/** What an argument names; `-Name`: given as text and passed on as text. */
export type GuardKind =
  | 'relation'
  | 'complete' // relation none of whose columns are hidden
  | 'rooted' // relation all of whose ancestors are visible
  | 'never' // nothing: the answer is withheld
  | 'measurable' // relation whose size says nothing new
  | 'definition' // view whose definition is visible
  | 'sequence' // sequence that may be advanced
  | 'relationName'
  | 'sequenceName'
  | 'schema'
  | 'type'
  | 'typeName'
  | 'typeOrName' // given as either, passed on as an OID
  | 'schemaName'
  | 'function'
  | 'serverFunction' // its text may be shown
  | 'role'
  | 'database'
  | 'constraint'
  | 'trigger'
  | 'anyObject' // OIDs of relations, types, functions and schemas alike
  | 'server' // objects of the server only
  | 'setting';

const EQ = 'OPERATOR(pg_catalog.=)';
const NUMBER = `OPERATOR(pg_catalog.~) '^[0-9]+$'`;

/** Stands in the aliases of a guard for the place it is put at: two guards that begin at one place are then never the same text. */
const PLACE = '\uE000';

function placed(wrap: Wrap, location: number): Wrap {
  const place = String(location);
  return { prefix: wrap.prefix.replaceAll(PLACE, place), suffix: wrap.suffix.replaceAll(PLACE, place) };
}

/**
 * The wrap for an argument of a catalog function; undefined when nothing is hidden from this subject.
 * @param location number of the call's place in the statement (`placeOf`).
 */
export function argumentGuard(bundle: Bundle, catalog: Catalog, kind: GuardKind, location = 0): Wrap | undefined {
  if (visibleTo(bundle, catalog).all && kind !== 'setting') return undefined;
  return placed(guardsOf(bundle, catalog)[kind], location);
}

/** pg_type.oid of the types whose values print as names, and the kind of object each names. */
export const REG_TYPES: ReadonlyMap<string, { readonly lookup: string | null; readonly kind: GuardKind | null }> = new Map([
  ['regclass', { lookup: 'to_regclass', kind: 'relation' }],
  ['regtype', { lookup: 'to_regtype', kind: 'type' }],
  ['regproc', { lookup: 'to_regproc', kind: 'function' }],
  ['regprocedure', { lookup: 'to_regprocedure', kind: 'function' }],
  ['regnamespace', { lookup: 'to_regnamespace', kind: 'schema' }],
  ['regrole', { lookup: 'to_regrole', kind: 'role' }],
  ['regoper', { lookup: 'to_regoper', kind: 'server' }],
  ['regoperator', { lookup: 'to_regoperator', kind: 'server' }],
  ['regcollation', { lookup: null, kind: null }],
  ['regconfig', { lookup: null, kind: null }],
  ['regdictionary', { lookup: null, kind: null }],
  ['regdatabase', { lookup: null, kind: 'database' }],
]);

/**
 * What a cast to a reg* type becomes: `wrap` goes around the operand of the cast *instead of* the cast, or, with `keepCast`, around the
 * cast itself (a literal that was checked already). `location` is the number of the cast's place. Undefined when nothing is hidden or the type names nothing that is.
 */
export function regGuard(
  bundle: Bundle,
  catalog: Catalog,
  type: string,
  array: boolean,
  use: RegUse,
  location = 0,
): Wrap | undefined {
  const entry = REG_TYPES.get(type);
  const visible = visibleTo(bundle, catalog);
  if (visible.all || entry === undefined || entry.kind === null) return undefined;
  const condition = oidCondition(visible, entry.kind);
  const shown = (value: string): string => (use === 'text' ? `${value}::pg_catalog.${type}::pg_catalog.text` : value);
  if (array) {
    const element = numberOrName(entry.lookup, `v${PLACE}.t`);
    const wrap = {
      prefix:
        `ARRAY(SELECT CASE WHEN ${condition(`u${PLACE}.o`)} THEN ${shown(`u${PLACE}.o`)} END ` +
        `FROM (SELECT ${element}, v${PLACE}.n FROM pg_catalog.unnest((`,
      suffix: `)::pg_catalog.text[]) WITH ORDINALITY AS v${PLACE}(t, n) OFFSET 0) AS u${PLACE}(o, n) ORDER BY u${PLACE}.n)`,
    };
    return placed(wrap, location);
  }
  return placed(fromTextOrOid(entry.lookup, shown(`h${PLACE}.o`), condition(`h${PLACE}.o`)), location);
}

/**
 * Around a call whose two arguments together decide whether the comment it gives may be seen (col_description): it passes unless it is
 * the comment of a hidden column. Undefined when no visible relation has hidden columns.
 */
export function commentGuard(bundle: Bundle, catalog: Catalog, location: number): Wrap | undefined {
  const visible = visibleTo(bundle, catalog);
  if (visible.all || visible.partial.size === 0) return undefined;
  return placed(
    {
      prefix: `(SELECT g${PLACE}.t FROM (SELECT (`,
      suffix:
        `) OFFSET 0) AS g${PLACE}(t) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_description k WHERE k.classoid ${EQ} 1259::pg_catalog.oid ` +
        `AND k.objoid ${EQ} ANY (${oidArray(visible.partial.keys())}) AND k.description ${EQ} g${PLACE}.t ` +
        `AND NOT ${visibleColumn(visible, 'k.objoid', 'k.objsubid')}))`,
    },
    location,
  );
}

/** Around a reg* expression that may stay as it is but for its type. */
export function regValue(use: RegUse): Wrap {
  return { prefix: '((', suffix: `)::pg_catalog.${use})` };
}

const guardsOf: (bundle: Bundle, catalog: Catalog) => Readonly<Record<GuardKind, Wrap>> = memoisePair((bundle, catalog) => {
  const visible = visibleTo(bundle, catalog);
  const named = (kind: GuardKind): Wrap =>
    fromTextOrOid('to_regclass', `h${PLACE}.o`, oidCondition(visible, kind)(`h${PLACE}.o`));
  const oid = (kind: GuardKind): Wrap => fromOid(oidCondition(visible, kind)(`h${PLACE}.o`));
  const text = (lookup: string, kind: GuardKind): Wrap => ({
    prefix: `(SELECT g${PLACE}.t FROM (SELECT (`,
    suffix: `)::pg_catalog.text OFFSET 0) AS g${PLACE}(t) WHERE ${oidCondition(visible, kind)(`pg_catalog.${lookup}(g${PLACE}.t)::pg_catalog.oid`)})`,
  });
  return {
    relation: named('relation'),
    complete: named('complete'),
    rooted: named('rooted'),
    never: { prefix: '(SELECT NULL::pg_catalog.oid FROM (SELECT (', suffix: `)) AS g${PLACE}(t))` },
    measurable: named('measurable'),
    definition: named('definition'),
    sequence: named('sequence'),
    relationName: text('to_regclass', 'complete'),
    sequenceName: text('to_regclass', 'sequence'),
    typeName: text('to_regtype', 'type'),
    schema: {
      prefix: `(SELECT s${PLACE}.oid FROM (SELECT (`,
      suffix:
        `)::pg_catalog.text OFFSET 0) AS g${PLACE}(t) JOIN pg_catalog.pg_namespace s${PLACE} ON s${PLACE}.nspname ${EQ} g${PLACE}.t::pg_catalog.name ` +
        `OR (g${PLACE}.t ${NUMBER} AND s${PLACE}.oid::pg_catalog.text ${EQ} g${PLACE}.t) WHERE ${visibleSchemaName(visible, `s${PLACE}.nspname`)})`,
    },
    database: {
      prefix: `(SELECT d${PLACE}.oid FROM (SELECT (`,
      suffix:
        `)::pg_catalog.text OFFSET 0) AS g${PLACE}(t) JOIN pg_catalog.pg_database d${PLACE} ON d${PLACE}.datname ${EQ} g${PLACE}.t::pg_catalog.name ` +
        `OR (g${PLACE}.t ${NUMBER} AND d${PLACE}.oid::pg_catalog.text ${EQ} g${PLACE}.t) WHERE d${PLACE}.datname ${EQ} pg_catalog.current_database())`,
    },
    schemaName: {
      prefix: `(SELECT g${PLACE}.t FROM (SELECT (`,
      suffix: `)::pg_catalog.text OFFSET 0) AS g${PLACE}(t) WHERE ${visibleSchemaName(visible, `g${PLACE}.t`)})`,
    },
    typeOrName: fromTextOrOid('to_regtype', `h${PLACE}.o`, oidCondition(visible, 'type')(`h${PLACE}.o`)),
    type: oid('type'),
    function: oid('function'),
    serverFunction: oid('serverFunction'),
    role: oid('role'),
    constraint: oid('constraint'),
    trigger: oid('trigger'),
    anyObject: oid('anyObject'),
    server: oid('server'),
    setting: {
      prefix: `(SELECT g${PLACE}.t FROM (SELECT (`,
      suffix: `)::pg_catalog.text OFFSET 0) AS g${PLACE}(t) WHERE pg_catalog.lower(g${PLACE}.t) OPERATOR(pg_catalog.!~) '^sluice[.]')`,
    },
  };
});

/** The expression is a number or a name; `lookup` finds a name without raising an error for one that does not exist. */
function fromTextOrOid(lookup: string | null, result: string, condition: string): Wrap {
  return {
    prefix: `(SELECT ${result} FROM (SELECT ${numberOrName(lookup, `g${PLACE}.t`)} FROM (SELECT (`,
    suffix: `)::pg_catalog.text OFFSET 0) AS g${PLACE}(t) OFFSET 0) AS h${PLACE}(o) WHERE ${condition})`,
  };
}

function numberOrName(lookup: string | null, text: string): string {
  const named = lookup === null ? 'NULL' : `pg_catalog.${lookup}(${text})::pg_catalog.oid`;
  return `CASE WHEN ${text} ${NUMBER} THEN ${text}::pg_catalog.oid ELSE ${named} END`;
}

/**
 * A name that stands where a reg* value is compared with it: the value is an OID by now, so the name must become one, too, and NULL
 * where it is hidden, as where there is none. Undefined when reg* values are left as they are.
 */
export function regName(bundle: Bundle, catalog: Catalog, type: string, location: number): Wrap | undefined {
  return typeof REG_TYPES.get(type)?.lookup === 'string' ? regGuard(bundle, catalog, type, false, 'oid', location) : undefined;
}

function fromOid(condition: string): Wrap {
  return {
    prefix: `(SELECT h${PLACE}.o FROM (SELECT (`,
    suffix: `)::pg_catalog.oid OFFSET 0) AS h${PLACE}(o) WHERE ${condition})`,
  };
}

function oidCondition(visible: Visible, kind: GuardKind): (value: string) => string {
  const among = (oids: Iterable<number>) => (value: string) => serverOrOneOf(value, oids);
  switch (kind) {
    case 'relation':
    case 'relationName':
      return among(visible.relations);
    case 'complete':
      return among(new Set([...visible.relations].filter((oid) => !visible.partial.has(oid))));
    case 'rooted':
      return among(visible.rooted);
    case 'measurable':
      return among(visible.measurable);
    case 'definition':
      return among(visible.definitions);
    case 'sequence':
    case 'sequenceName':
      return (value) => oneOf(value, visible.sequences);
    case 'type':
    case 'typeName':
      return among(visible.types);
    case 'function':
      return among(visible.functions);
    case 'schema':
      return among(visible.schemaOids);
    case 'anyObject':
      return among(new Set([...visible.relations, ...visible.types, ...visible.functions, ...visible.schemaOids]));
    case 'role':
      return (value) =>
        `((${value} OPERATOR(pg_catalog.<) 16384 AND ${value} OPERATOR(pg_catalog.<>) 10::pg_catalog.oid) OR ${value} ${EQ} ` +
        `(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname ${EQ} current_user))`;
    case 'constraint':
      return (value) => existsIn('pg_constraint', 'k', constraintCondition(visible), value);
    case 'trigger':
      return (value) => existsIn('pg_trigger', 'k', triggerCondition(visible), value);
    default:
      return among([]);
  }
}

function existsIn(catalog: string, alias: string, condition: string, value: string): string {
  return `EXISTS (SELECT FROM pg_catalog.${catalog} ${alias} WHERE ${alias}.oid ${EQ} ${value} AND ${columnsOf(alias, condition)})`;
}
