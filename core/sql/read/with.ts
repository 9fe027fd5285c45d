/**
 * WITH. Without RECURSIVE a query sees the names before its own; with it the whole list is visible in every query, forward
 * references included. A CTE's body may be inlined, so its target list counts as nested.
 */
import type { CommonTableExpr, Node, SelectStmt, WithClause } from '@pgsql/types';
import { asTag, namesOf, stringOf } from '../ast/node.ts';
import type { CteSource, OutputColumns, Scope, ScopeColumn, StatementContext } from '../context.ts';
import { walkAt } from '../scope/expression.ts';
import { outputName } from '../scope/output-name.ts';
import { createScope } from '../scope/scope.ts';
import { selectBelow } from './select.ts';

/** Analyses the list and gives a scope with its names. */
export function withClause(context: StatementContext, clause: WithClause, parent: Scope | null): Scope {
  const ctes = new Map<string, CteSource>();
  const scope = createScope(parent, [], { ctes });
  const list = (clause.ctes ?? []).map((node) => asTag(node, 'CommonTableExpr')).filter((cte) => cte !== undefined);
  if (clause.recursive)
    for (const cte of list) ctes.set(cte.ctename ?? '', { name: cte.ctename ?? '', columns: foreseenColumns(cte) });
  for (const cte of list) {
    const before = context.sites.length;
    const level = createScope(scope, [], { nested: true, nullable: false });
    const columns = rename(selectBelow(context, cte.ctequery!, level), cte);
    walkCycle(context, cte, scope);
    ctes.set(cte.ctename ?? '', {
      name: cte.ctename ?? '',
      columns: withSearchColumns(columns, cte),
      sites: context.sites.slice(before),
    });
  }
  return scope;
}

function rename(columns: OutputColumns, cte: CommonTableExpr): OutputColumns {
  const names = namesOf(cte.aliascolnames) ?? [];
  return columns?.map((column, index) => (index < names.length ? { ...column, name: names[index]! } : column)) ?? null;
}

/** What a recursive name shows before its query has been walked: names only, from its list or its first arm. */
function foreseenColumns(cte: CommonTableExpr): OutputColumns {
  const names = namesOf(cte.aliascolnames) ?? [];
  let select: SelectStmt | undefined = asTag(cte.ctequery, 'SelectStmt');
  while (select?.larg !== undefined) select = select.larg;
  const targets = select?.targetList?.map((node) => asTag(node, 'ResTarget'));
  if (targets === undefined || targets.some((target) => target === undefined || isExpansion(target.val))) return null;
  const columns: ScopeColumn[] = targets.map((target, index) => ({
    name: names[index] ?? target?.name ?? outputName(target?.val),
  }));
  return withSearchColumns(columns, cte);
}

function isExpansion(node: Node | undefined): boolean {
  const fields = asTag(node, 'ColumnRef')?.fields ?? asTag(node, 'A_Indirection')?.indirection;
  const last = fields?.at(-1);
  return last !== undefined && stringOf(last) === undefined && 'A_Star' in last;
}

/** SEARCH and CYCLE add columns at the end. */
function withSearchColumns(columns: OutputColumns, cte: CommonTableExpr): OutputColumns {
  const added = [cte.search_clause?.search_seq_column, cte.cycle_clause?.cycle_mark_column, cte.cycle_clause?.cycle_path_column];
  return columns === null ? null : [...columns, ...added.filter((name) => name !== undefined).map((name) => ({ name }))];
}

function walkCycle(context: StatementContext, cte: CommonTableExpr, scope: Scope): void {
  const clause = cte.cycle_clause;
  if (clause === undefined) return;
  for (const value of [clause.cycle_mark_value, clause.cycle_mark_default])
    if (value !== undefined) walkAt(context, value, scope, 'other');
}
