/** The WHERE of UPDATE and DELETE: analysed as a condition, and joined by the row filter. */
import type { Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { tagOf } from '../ast/node.ts';
import type { Analyser, Scope, StatementContext } from '../context.ts';
import type { Clauses } from './anatomy.ts';
import { analyseCondition, type Condition, type FilterText, guardCondition, scanFilter } from './condition.ts';
import type { Splices } from './splices.ts';
import type { Target } from './target.ts';
import { expressionTree } from './template.ts';
import { shown } from './display.ts';

export interface WherePlace {
  readonly clauses: Clauses;
  /** Item indexes; -1 where there is no such clause. */
  readonly where: number;
  readonly returning: number;
}

/** Undefined: no WHERE, or WHERE CURRENT OF. */
export function analyseWhere(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  node: Node | undefined,
  place: WherePlace,
  scope: Scope,
): Condition | undefined {
  if (node === undefined) return undefined;
  if (tagOf(node) === 'CurrentOfExpr') {
    analyser.expression(context, node, scope, 'where');
    return undefined;
  }
  const { clauses } = place;
  const where = place.where < 0 ? clauses.need('where') : place.where;
  return analyseCondition(
    analyser,
    context,
    target,
    node,
    { clauses, from: where + 1, to: place.returning < 0 ? clauses.items.length : place.returning },
    scope,
    'where',
  );
}

/** Joins the filter to the WHERE there is, or writes one. */
export function writeWhere(
  context: StatementContext,
  target: Target,
  holder: { whereClause?: Node },
  condition: Condition | undefined,
  place: WherePlace,
  filter: FilterText | null,
  splices: Splices,
): void {
  if (filter === null) return;
  if (condition !== undefined) {
    holder.whereClause = guardCondition(context, splices, condition, filter);
    return;
  }
  if (holder.whereClause !== undefined) {
    deny('SLUICE-603', `WHERE CURRENT OF cannot be combined with the row filter on ${shown(target.relation)}.`, {
      rule: target.grant.update?.rules[0] ?? target.grant.delete?.rules[0] ?? 'masking',
      hint: 'Name the row by its key: WHERE id = ….',
    });
  }
  const { clauses, returning } = place;
  const end = clauses.endBefore(returning);
  const text = scanFilter(filter);
  splices.close(end, ` WHERE ${text}`);
  holder.whereClause = expressionTree(context, text);
}
