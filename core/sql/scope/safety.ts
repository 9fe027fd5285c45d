/**
 * May evaluating this on a row that the filter hides tell anything? Leakproof operators by the live catalog, and a short
 * reviewed list of operators and functions that neither raise errors that depend on their arguments nor have effects
 * ("quiet"). Types are followed only as far as columns, constants and parameters go; what is not known is unsafe.
 */
import type { FuncCall, Node, TypeName } from '@pgsql/types';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Bundle, SqlTemplate } from '../../policy/bundle.ts';
import { namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { memoise } from '../names/name-context.ts';
import { isConstant } from './constants.ts';
import { arrayOf, normalType, operatorsMeant, TEXT, UNKNOWN_TYPE } from './operator-choice.ts';
import { isQuiet } from './quiet-operators.ts';

export { UNKNOWN_TYPE } from './operator-choice.ts';

const PATTERN_OPERATORS: ReadonlySet<string> = new Set(['~~', '!~~', '~~*', '!~~*', '~', '!~', '~*', '!~*']);

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
  if (left === UNKNOWN_TYPE && right === UNKNOWN_TYPE) return true;
  if (PATTERN_OPERATORS.has(name)) return takesPattern(context, left, right) && isPlainPattern(context, name, pattern);
  return verdictOf(context.catalog, name, left, right).safe;
}

/** The type that it gives; 0 where that is not known. */
export function operatorResult(catalog: Catalog, name: string, left: number | undefined, right: number): number {
  return left === undefined || left <= 0 || right <= 0 ? 0 : verdictOf(catalog, name, left, right).result;
}

interface OperatorVerdict {
  readonly safe: boolean;
  readonly result: number;
}

/** By operator and operand types, once per catalog. */
const verdictsOf: (catalog: Catalog) => Map<string, OperatorVerdict> = memoise(() => new Map());

function verdictOf(catalog: Catalog, name: string, left: number, right: number): OperatorVerdict {
  const known = verdictsOf(catalog);
  const key = `${name} ${left} ${right}`;
  let verdict = known.get(key);
  if (verdict === undefined) known.set(key, (verdict = judge(catalog, name, left, right)));
  return verdict;
}

function judge(catalog: Catalog, name: string, left: number, right: number): OperatorVerdict {
  const { operators, lossy } = operatorsMeant(catalog, name, left, right);
  const first = operators[0]?.result ?? 0;
  const plain = operators.every(({ result }) => result === first) && catalog.type(first)?.kind !== 'pseudo';
  return {
    safe:
      !lossy &&
      operators.length > 0 &&
      operators.every((operator) => operator.leakproof || isQuiet(catalog, operator, left, right)),
    result: plain ? first : 0,
  };
}

function takesPattern(context: StatementContext, left: number, right: number): boolean {
  const type = normalType(context.catalog, left === UNKNOWN_TYPE ? right : left);
  return type === TEXT || type === 19 || type === 1042;
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

/** The type that a plain name means where only one has that name, or the array of it; 0 for anything else. */
export function simpleType(context: StatementContext, type: TypeName | undefined): number {
  if (type === undefined || type.setof) return 0;
  const names = namesOf(type.names) ?? [];
  const name = names.at(-1) ?? '';
  const found = context.catalog.typesNamed(name).filter((candidate) => names.length === 1 || candidate.schema === names[0]);
  if (found.length !== 1) return 0;
  return (type.arrayBounds?.length ?? 0) > 0 ? arrayOf(context.catalog, found[0]!.oid) : found[0]!.oid;
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

/**
 * Dear functions (procost 100) that may raise, but that depend on no row when their arguments are constants: a scan evaluates the
 * cheaper row filter first, an index scan evaluates them once before any row, so what they raise says nothing about rows.
 */
const QUERY_FUNCTIONS: ReadonlySet<string> = new Set([
  'to_tsquery',
  'plainto_tsquery',
  'phraseto_tsquery',
  'websearch_to_tsquery',
]);
const DEAR = 100;

/** A bound for what the dearest row filter costs, in operators and list elements; one that queries has none. */
const dearestFilter = memoise((bundle: Bundle): number => {
  const filters = [...bundle.relations, ...(bundle.effective ?? [])].flatMap(({ select }) => select?.filter ?? []);
  return Math.max(0, ...filters.map(({ template, hasSublink }) => (hasSublink ? DEAR : pieces(template))));
});

function pieces(template: SqlTemplate): number {
  return template.reduce<number>(
    (sum, part) => sum + (typeof part === 'string' ? (part.match(/OPERATOR|[,(]|::/g)?.length ?? 0) : 0),
    0,
  );
}

/** Only where the name can mean nothing but pg_catalog's function, or a reviewed extension's of that name. */
export function safeCall(context: StatementContext, call: FuncCall): boolean {
  const name = namesOf(call.funcname)?.at(-1) ?? '';
  if (QUERY_FUNCTIONS.has(name)) {
    if (!(call.args ?? []).every(isConstant) || dearestFilter(context.bundle) * 2 > DEAR) return false;
  } else if (!QUIET_FUNCTIONS.has(name)) return false;
  return context.catalog.functionsNamed(name).every((entry) => entry.schema === 'pg_catalog' || entry.extension !== undefined);
}
