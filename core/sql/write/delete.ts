/**
 * DELETE. The row filter joins WHERE.
 * https://www.postgresql.org/docs/current/sql-delete.html
 */
import type { DeleteStmt, Node } from '@pgsql/types';
import { bodyOf } from '../ast/node.ts';
import type { Analyser, OutputColumns, Scope, StatementContext } from '../context.ts';
import { Clauses } from './anatomy.ts';
import { filterText } from './condition.ts';
import { requireWhere } from './guardrails.ts';
import { analyseReturning } from './returning.ts';
import { Splices } from './splices.ts';
import { openTarget, type Target, writeRule } from './target.ts';
import { analyseUngoverned, statementScope } from './ungoverned.ts';
import { analyseWhere, writeWhere } from './where.ts';

/** Gives the columns of RETURNING, none without it. `parent`: the scope of the WITH or statement around it. */
export function analyseDelete(analyser: Analyser, context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  const body = bodyOf(node, 'DeleteStmt');
  context.writesRows = true;
  const opened = openTarget(context, body.relation!, body, 'Delete');
  const outer = body.withClause === undefined ? parent : analyser.with(context, body.withClause, parent);
  if (opened.kind === 'temporary') return analyseUngoverned(analyser, context, opened.source, body, body.usingClause, outer);
  return analyseGoverned(analyser, context, opened.target, body, outer);
}

function analyseGoverned(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  body: DeleteStmt,
  outer: Scope | null,
): OutputColumns {
  const clauses = Clauses.after(context, body.relation!);
  writeRule(context, target, 'Delete', body.relation!.location ?? 0);
  context.facts.write(target.relation, null, 'Delete');
  const scope = statementScope(analyser, context, target.source, body.usingClause, outer);
  const splices = new Splices();
  const place = { clauses, where: clauses.find('where'), returning: clauses.find('returning') };
  const condition = analyseWhere(analyser, context, target, body.whereClause, place, scope);
  requireWhere(context, target.relation, target.log.references, [body.whereClause], 'DELETE from');
  const output = analyseReturning(analyser, context, target, body, { clauses, from: place.returning }, scope, splices);
  const reads = target.log.entries.length > 0;
  const filter = filterText(context, target, reads ? ['Delete', 'Select'] : ['Delete']);
  writeWhere(context, target, body, condition, place, filter, splices);
  output.finish(null);
  splices.flush(context);
  return output.columns;
}
