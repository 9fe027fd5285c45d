/** Scopes of data-modifying statements, and those whose target is a temporary table: nothing about the target is checked there. */
import type { Node, ReturningClause } from '@pgsql/types';
import { asTag } from '../ast/node.ts';
import type { Analyser, OutputColumns, Scope, ScopeSource, StatementContext } from '../context.ts';

/** The level of UPDATE and DELETE: the target, then what FROM or USING adds; inside it, the target is not visible to FROM. */
export function statementScope(
  analyser: Analyser,
  context: StatementContext,
  target: ScopeSource,
  from: readonly Node[] | undefined,
  outer: Scope | null,
): Scope {
  const sources = from === undefined || from.length === 0 ? [] : analyser.from(context, from, outer).sources;
  return analyser.scope(outer, [target, ...sources]);
}

interface UngovernedBody {
  readonly targetList?: Node[];
  readonly whereClause?: Node;
  readonly returningClause?: ReturningClause;
}

/** UPDATE and DELETE of a temporary table. */
export function analyseUngoverned(
  analyser: Analyser,
  context: StatementContext,
  target: ScopeSource,
  body: UngovernedBody,
  from: readonly Node[] | undefined,
  outer: Scope | null,
): OutputColumns {
  const scope = statementScope(analyser, context, target, from, outer);
  analyseSet(analyser, context, body.targetList, scope);
  if (body.whereClause !== undefined) analyser.expression(context, body.whereClause, scope, 'where');
  return analyseReturningList(analyser, context, target, body.returningClause, scope);
}

export function analyseSet(analyser: Analyser, context: StatementContext, list: readonly Node[] | undefined, scope: Scope): void {
  for (const node of list ?? []) {
    const assignment = asTag(node, 'ResTarget');
    for (const step of assignment?.indirection ?? []) {
      const indices = asTag(step, 'A_Indices');
      for (const bound of [indices?.lidx, indices?.uidx])
        if (bound !== undefined) analyser.expression(context, bound, scope, 'set');
    }
    if (assignment?.val !== undefined) analyser.expression(context, assignment.val, scope, 'set');
  }
}

/** `old` and `new` are versions of the temporary row: they need no rules, only names. */
export function analyseReturningList(
  analyser: Analyser,
  context: StatementContext,
  target: ScopeSource,
  clause: ReturningClause | undefined,
  scope: Scope,
): OutputColumns {
  if (clause?.exprs === undefined) return [];
  const names = new Map(
    (clause.options ?? []).map((node) => [asTag(node, 'ReturningOption')?.option, asTag(node, 'ReturningOption')?.value]),
  );
  const versions = [names.get('RETURNING_OPTION_OLD') ?? 'old', names.get('RETURNING_OPTION_NEW') ?? 'new'];
  const { schema: _, ...rest } = target;
  const sources = versions.map((name) => ({ ...rest, name, columnsVisible: false }));
  const used = new Set(scope.sources.map((source) => source.name));
  const visible = context.catalog.serverMajor < 18 ? [] : sources.filter((source) => !used.has(source.name));
  return analyser.targets(context, clause.exprs, analyser.scope(scope.parent, [...scope.sources, ...visible], scope.ctes));
}
