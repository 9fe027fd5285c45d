/**
 * UPDATE. The row filter joins WHERE, SET is evaluated for rows that passed it, and the new row must satisfy it too.
 * https://www.postgresql.org/docs/current/sql-update.html
 */
import type { Node, UpdateStmt } from '@pgsql/types';
import type { Analyser, OutputColumns, Scope, StatementContext } from '../context.ts';
import { bodyOf } from '../ast/node.ts';
import { Clauses } from './anatomy.ts';
import { analyseAssignments } from './assignments.ts';
import { filterText } from './condition.ts';
import { requireWhere } from './guardrails.ts';
import { analyseReturning, checkExpression } from './returning.ts';
import { Splices } from './splices.ts';
import { openTarget, type Target, writeRule } from './target.ts';
import { analyseUngoverned, statementScope } from './ungoverned.ts';
import { analyseWhere, writeWhere } from './where.ts';

/** Gives the columns of RETURNING, none without it. `parent`: the scope of the WITH or statement around it. */
export function analyseUpdate(analyser: Analyser, context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  const body = bodyOf(node, 'UpdateStmt');
  context.writesRows = true;
  const relation = body.relation!;
  const opened = openTarget(context, relation, body, 'Update');
  const outer = body.withClause === undefined ? parent : analyser.with(context, body.withClause, parent);
  if (opened.kind === 'temporary') return analyseUngoverned(analyser, context, opened.source, body, body.fromClause, outer);
  return analyseGoverned(analyser, context, opened.target, body, outer);
}

function analyseGoverned(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  body: UpdateStmt,
  outer: Scope | null,
): OutputColumns {
  const clauses = Clauses.after(context, body.relation!);
  const rule = writeRule(context, target, 'Update', body.relation!.location ?? 0);
  const scope = statementScope(analyser, context, target.source, body.fromClause, outer);
  const splices = new Splices();
  const set = clauses.need('set');
  const where = clauses.find('where', set);
  const returning = clauses.find('returning', set);
  const condition = analyseWhere(analyser, context, target, body.whereClause, { clauses, where, returning }, scope);
  requireWhere(context, target.relation, target.log.references, [body.whereClause], 'UPDATE of');
  const setEnd = Math.min(...[endOfSet(clauses, set), where, returning].filter((index) => index >= 0), clauses.items.length);
  analyseAssignments(analyser, context, target, rule, body.targetList, { clauses, from: set + 1, to: setEnd }, scope, splices);
  const output = analyseReturning(analyser, context, target, body, { clauses, from: returning }, scope, splices);
  const reads = target.log.entries.length > 0;
  const filter = filterText(context, target, reads ? ['Update', 'Select'] : ['Update']);
  writeWhere(context, target, body, condition, { clauses, where, returning }, filter, splices);
  output.finish(filter === null ? null : checkExpression(target, filter.text));
  splices.flush(context);
  return output.columns;
}

/** FROM, unless it belongs to `IS DISTINCT FROM`. */
function endOfSet(clauses: Clauses, set: number): number {
  for (let index = clauses.find('from', set); index >= 0; index = clauses.find('from', index + 1)) {
    if (clauses.items[index - 1]?.word !== 'distinct') return index;
  }
  return -1;
}
