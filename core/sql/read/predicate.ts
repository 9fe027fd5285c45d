/**
 * Predicates, conjunct by conjunct: each is a frame of its own, because PostgreSQL orders and places conjuncts freely but
 * evaluates one as a whole. A conjunct that compares one unmasked column of a replaced relation with constants by a
 * safe operator is remembered, so that a fence need not cost the index.
 */
import type { Node } from '@pgsql/types';
import { asTag, namesOf } from '../ast/node.ts';
import type { ExpressionPlace, Scope, StatementContext } from '../context.ts';
import { isConstant } from '../scope/constants.ts';
import { walkAt } from '../scope/expression.ts';
import { resolveFields } from '../scope/reference.ts';
import { sitesOf } from '../scope/scope.ts';
import type { Region } from './site.ts';

/** `region`: where in FROM the predicate holds; null for WHERE, which holds where no outer join makes rows. */
export function walkPredicate(
  context: StatementContext,
  node: Node,
  scope: Scope,
  place: ExpressionPlace,
  region: Region | null,
): void {
  const level = sitesOf(scope.sources);
  const pending = [node];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const and = asTag(item, 'BoolExpr');
    if (and?.boolop === 'AND_EXPR') {
      for (let index = (and.args?.length ?? 0) - 1; index >= 0; index -= 1) pending.push(and.args![index]!);
      continue;
    }
    context.frames.enter();
    walkAt(context, item, scope, place);
    const safe = !context.frames.unsafeSoFar;
    context.frames.leave(true, level);
    if (safe && place !== 'having') remember(context, item, scope, region);
  }
}

/** Only what has a filter may be fenced, so only there a copy can be needed. */
function remember(context: StatementContext, node: Node, scope: Scope, region: Region | null): void {
  const operand = comparedColumn(node);
  const reference = asTag(operand, 'ColumnRef');
  const names = namesOf(reference?.fields);
  if (reference === undefined || names === undefined) return;
  const found = resolveFields(context, scope, names, reference);
  if (found.kind !== 'column' || found.scope !== scope) return;
  const site = found.column.behind?.source.site ?? found.source.site;
  const column = found.column.behind?.column ?? found.column;
  if (site?.rule.filter === undefined || column.origin === undefined) return;
  if (site.region !== region && !(region === null && site.region.id === 0)) return;
  const rule = site.rule.columns.find((candidate) => candidate.attnum === column.origin?.attnum);
  if (rule === undefined || rule.mask !== undefined) return;
  site.conjuncts.push({ attnum: rule.attnum, node });
}

/** The column in `column op constant`, `column IN (constants)`, `column = ANY (constant)`, `column IS [NOT] NULL`, BETWEEN. */
function comparedColumn(node: Node): Node | undefined {
  if ('NullTest' in node) return node.NullTest.arg;
  if (!('A_Expr' in node)) return undefined;
  const { kind, lexpr, rexpr } = node.A_Expr;
  if (kind === 'AEXPR_OP' || kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_BETWEEN')
    return isConstant(rexpr) ? lexpr : undefined;
  return undefined;
}
