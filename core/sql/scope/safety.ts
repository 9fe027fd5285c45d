/**
 * May evaluating this on a row that the filter hides tell anything? Leakproof operators by the live catalog, and a short
 * reviewed list of operators and functions that neither raise errors that depend on their arguments nor have effects
 * ("quiet"). Types are followed only as far as columns, constants and parameters go; what is not known is unsafe.
 */
import type { FuncCall, Node, TypeName } from '@pgsql/types';
import type { Catalog } from '../../catalog/catalog.ts';
import type { OperatorData } from '../../catalog/model.ts';
import { namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { memoise } from '../names/name-context.ts';

/** The pseudo-type of string constants and untyped parameters. */
export const UNKNOWN_TYPE = 705;

/** Reviewed: total functions of their arguments. Pattern operators only with a constant pattern (see below). */
const QUIET_OPERATORS: ReadonlySet<string> = new Set([
  '@@',
  '@>',
  '<@',
  '&&',
  '?',
  '?|',
  '?&',
  '->',
  '->>',
  '<->',
  '<=>',
  '<#>',
  '<+>',
]);
/** Of those, the ones of pg_catalog; the rest are distances of vectors and trigrams. */
const SERVER_QUIET: ReadonlySet<string> = new Set(['@@', '@>', '<@', '&&', '?', '?|', '?&', '->', '->>']);
const PATTERN_OPERATORS: ReadonlySet<string> = new Set(['~~', '!~~', '~~*', '!~~*', '~', '!~', '~*', '!~*']);
/** numeric, jsonb: their comparisons are total although the catalog does not call them leakproof. */
const QUIET_COMPARED: ReadonlySet<number> = new Set([1700, 3802]);
const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

/** Widening order of the numeric types: an operator without an exact match takes the wider side's. */
const NUMERIC_ORDER: readonly number[] = [21, 23, 20, 1700, 700, 701];
/** oid and its aliases. */
const OID_ALIASES: ReadonlySet<number> = new Set([24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191]);

function normal(catalog: Catalog, type: number): number {
  let oid = type;
  for (let hops = 0; hops < 8; hops += 1) {
    const base = catalog.type(oid)?.baseOid;
    if (base === undefined || base === 0) break;
    oid = base;
  }
  if (oid === 1043) return 25;
  return OID_ALIASES.has(oid) ? 26 : oid;
}

/**
 * Whether `left name right` is safe to evaluate early. `left` undefined: prefix operator. `pattern`: the right operand, which
 * LIKE and regular expressions need to be a constant without a backslash (a broken pattern raises only for some rows).
 */
export function safeOperator(
  context: StatementContext,
  name: string,
  left: number | undefined,
  right: number,
  pattern: Node | undefined,
): boolean {
  if (left === undefined || left === 0 || right === 0 || left === -1 || right === -1) return false;
  const catalog = context.catalog;
  let [a, b] = [normal(catalog, left), normal(catalog, right)];
  if (a === UNKNOWN_TYPE) a = b;
  if (b === UNKNOWN_TYPE) b = a;
  if (a === UNKNOWN_TYPE) return true;
  if (PATTERN_OPERATORS.has(name)) return (a === 25 || a === 19 || a === 1042) && isPlainPattern(context, name, pattern);
  const known = verdictsOf(catalog);
  const key = `${name} ${a} ${b}`;
  let verdict = known.get(key);
  if (verdict === undefined) known.set(key, (verdict = isSafeOn(catalog, name, a, b)));
  return verdict;
}

/** By operator and operand types, once per catalog. */
const verdictsOf: (catalog: Catalog) => Map<string, boolean> = memoise(() => new Map());

function isSafeOn(catalog: Catalog, name: string, a: number, b: number): boolean {
  let exact = exactOperators(catalog, name, a, b);
  if (exact.length === 0 && NUMERIC_ORDER.includes(a) && NUMERIC_ORDER.includes(b)) {
    // A numeric too large for a double raises when it is converted.
    const [low, high] = [
      Math.min(NUMERIC_ORDER.indexOf(a), NUMERIC_ORDER.indexOf(b)),
      Math.max(NUMERIC_ORDER.indexOf(a), NUMERIC_ORDER.indexOf(b)),
    ];
    if (NUMERIC_ORDER[low] === 1700 && high > low) return false;
    const wider = NUMERIC_ORDER[Math.max(NUMERIC_ORDER.indexOf(a), NUMERIC_ORDER.indexOf(b))]!;
    exact = exactOperators(catalog, name, wider, wider);
  }
  return exact.length > 0 && exact.every((operator) => operator.leakproof || isQuiet(operator));
}

function exactOperators(catalog: Catalog, name: string, left: number, right: number): readonly OperatorData[] {
  return catalog.operatorsNamed(name).filter((operator) => operator.left === left && operator.right === right);
}

function isQuiet(operator: OperatorData): boolean {
  if (operator.schema !== 'pg_catalog' && operator.extension === undefined) return false;
  // Distances of geometric types may overflow; `text @@ text` reads its right side as a query.
  const computes = operator.schema === 'pg_catalog' ? SERVER_QUIET : QUIET_OPERATORS;
  if (computes.has(operator.name) && !(operator.name === '@@' && operator.right === 25)) return true;
  return COMPARISONS.has(operator.name) && operator.left === operator.right && QUIET_COMPARED.has(operator.left);
}

/** A constant pattern that is certainly valid: LIKE without backslash, a regular expression of the simplest kind. Its value decides, so it is pinned. */
const SIMPLE_EXPRESSION = /^(?:\^\([\w |.-]*\)\$|\^?[\w |.-]*\$?)$/;

function isPlainPattern(context: StatementContext, name: string, node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ('TypeCast' in node) return isPlainPattern(context, name, node.TypeCast.arg);
  if ('CollateClause' in node) return isPlainPattern(context, name, node.CollateClause.arg);
  if (!('A_Const' in node) || node.A_Const.sval === undefined) return false;
  context.pinLiteral(node.A_Const.location ?? 0);
  const text = node.A_Const.sval.sval ?? '';
  return name.startsWith('~~') || name.startsWith('!~~') ? !text.includes('\\') : SIMPLE_EXPRESSION.test(text);
}

/** Types written plainly in pg_catalog; 0 for anything else. */
export function simpleType(context: StatementContext, type: TypeName | undefined): number {
  if (type === undefined || type.setof || (type.arrayBounds?.length ?? 0) > 0) return 0;
  const names = namesOf(type.names) ?? [];
  const name = names.at(-1) ?? '';
  const found = context.catalog.typesNamed(name).filter((candidate) => names.length === 1 || candidate.schema === names[0]);
  return found.length === 1 ? found[0]!.oid : 0;
}

/** Reviewed functions of pg_catalog that are total and without effect. */
const QUIET_FUNCTIONS: ReadonlySet<string> = new Set([
  ...[
    'lower',
    'upper',
    'initcap',
    'length',
    'char_length',
    'character_length',
    'octet_length',
    'btrim',
    'ltrim',
    'rtrim',
    'reverse',
  ],
  ...[
    'now',
    'transaction_timestamp',
    'statement_timestamp',
    'current_schema',
    'current_database',
    'array_length',
    'cardinality',
    'jsonb_typeof',
  ],
  ...[
    'pg_table_is_visible',
    'pg_type_is_visible',
    'pg_function_is_visible',
    'pg_operator_is_visible',
    'format_type',
    'pg_get_userbyid',
  ],
]);

/** Only where the name can mean nothing but pg_catalog's function, or a reviewed extension's of that name. */
export function safeCall(context: StatementContext, call: FuncCall): boolean {
  const name = namesOf(call.funcname)?.at(-1) ?? '';
  if (!QUIET_FUNCTIONS.has(name)) return false;
  return context.catalog.functionsNamed(name).every((entry) => entry.schema === 'pg_catalog' || entry.extension !== undefined);
}
