/**
 * Constants, and which of them are harmless in a predicate. "Evaluated once" is not enough: a cast that PostgreSQL cannot do at
 * plan time (`'x'::text::timestamptz`, `$1::text::int` in a generic plan) runs for each row that the conjuncts before it let
 * through, hidden rows included, and raises its error only then: `id = 2 AND at = 'x'::text::timestamptz` tells whether a hidden
 * row 2 exists.
 */
import type { Node } from '@pgsql/types';
import { namesOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { UNKNOWN_TYPE } from './safety.ts';

/** A constant or a parameter, possibly cast, negated or in a list: the same for all rows. */
export function isConstant(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ('A_Const' in node || 'ParamRef' in node) return true;
  if ('TypeCast' in node) return isConstant(node.TypeCast.arg);
  if ('CollateClause' in node) return isConstant(node.CollateClause.arg);
  if ('List' in node) return (node.List.items ?? []).every(isConstant);
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).every(isConstant);
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_OP' && node.A_Expr.lexpr === undefined)
    return isConstant(node.A_Expr.rexpr);
  return false;
}

/** What a cast may be put on without ever raising while rows are read: literals, converted by the parser, and parameters that take the cast's type. */
export function isQuietOperand(context: StatementContext, node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ('A_Const' in node) return true;
  if ('ParamRef' in node) {
    return (
      context.parametersKnown &&
      (context.request.parameterTypes[(node.ParamRef.number ?? 0) - 1] || UNKNOWN_TYPE) === UNKNOWN_TYPE
    );
  }
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).every((element) => isQuietOperand(context, element));
  return false;
}

const NOW: ReadonlySet<string> = new Set(['now', 'transaction_timestamp', 'statement_timestamp']);
/** Far from every limit of the date and time types. */
const SMALL_INTERVAL = /^\d{1,4} ?(?:second|minute|min|hour|day|week|month|mon)s?$/i;

/** `now() - interval '7 days'` and the like: arithmetic that cannot overflow. The interval's text decides, so it is pinned. */
export function isRecentTime(context: StatementContext, node: Node): boolean {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP') return false;
  const name = namesOf(node.A_Expr.name);
  if (name?.length !== 1 || (name[0] !== '-' && name[0] !== '+')) return false;
  return isNow(context, node.A_Expr.lexpr) && isSmallInterval(context, node.A_Expr.rexpr);
}

function isNow(context: StatementContext, node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ('SQLValueFunction' in node)
    return /^SVFOP_(?:CURRENT_DATE|CURRENT_TIMESTAMP|LOCALTIMESTAMP)$/.test(node.SQLValueFunction.op ?? '');
  if (!('FuncCall' in node) || (node.FuncCall.args?.length ?? 0) > 0) return false;
  const name = namesOf(node.FuncCall.funcname)?.at(-1) ?? '';
  return NOW.has(name) && context.catalog.functionsNamed(name).every((entry) => entry.schema === 'pg_catalog');
}

function isSmallInterval(context: StatementContext, node: Node | undefined): boolean {
  if (node === undefined || !('TypeCast' in node) || node.TypeCast.typeName?.typmods !== undefined) return false;
  const type = namesOf(node.TypeCast.typeName?.names);
  const literal = node.TypeCast.arg !== undefined && 'A_Const' in node.TypeCast.arg ? node.TypeCast.arg.A_Const : undefined;
  if (type?.join('.') !== 'pg_catalog.interval' || literal?.sval === undefined) return false;
  context.pinLiteral(literal.location ?? 0);
  return SMALL_INTERVAL.test(literal.sval.sval ?? '');
}
