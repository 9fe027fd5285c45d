/**
 * WITH. Without RECURSIVE a query sees the names before its own; with it the whole list is visible in every query, forward
 * references included. A CTE's body may be inlined, so its target list counts as nested.
 */
import type { CommonTableExpr, Node, SelectStmt, WithClause } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag, namesOf, stringOf } from '../ast/node.ts';
import type { CteSource, OutputColumns, Scope, ScopeColumn, StatementContext } from '../context.ts';
import { walkAt } from '../scope/expression.ts';
import { apart } from '../scope/made-from.ts';
import { outputName } from '../scope/output-name.ts';
import { createScope } from '../scope/scope.ts';
import { selectBelow } from './select.ts';
import { siteMark, sitesSince } from './site.ts';

/** Analyses the list and gives a scope with its names. */
export function withClause(context: StatementContext, clause: WithClause, parent: Scope | null): Scope {
  const ctes = new Map<string, CteSource>();
  const scope = createScope(parent, [], { ctes });
  const written = (clause.ctes ?? []).map((node) => asTag(node, 'CommonTableExpr')).filter((cte) => cte !== undefined);
  const list = clause.recursive ? inOrderOfUse(context, written) : written;
  if (clause.recursive)
    for (const cte of list) ctes.set(cte.ctename ?? '', { name: cte.ctename ?? '', columns: foreseenColumns(cte) });
  for (const cte of list) {
    const mark = siteMark(context);
    const level = createScope(scope, [], { nested: true, nullable: false });
    const { result: columns, masked } = apart(context, () => {
      const given = rename(selectBelow(context, cte.ctequery!, level), cte);
      walkCycle(context, cte, scope);
      return given;
    });
    ctes.set(cte.ctename ?? '', {
      name: cte.ctename ?? '',
      columns: withSearchColumns(columns, cte),
      sites: sitesSince(context, mark),
      ...(columns === null && masked !== undefined ? { masked } : {}),
    });
  }
  return scope;
}

/**
 * With RECURSIVE a query may use a later one. What it does with that one's columns must be known of its relations, so the
 * list is walked in order of use; queries that use each other in a circle are refused by the server as well.
 */
function inOrderOfUse(context: StatementContext, list: readonly CommonTableExpr[]): readonly CommonTableExpr[] {
  const byName = new Map(list.map((cte) => [cte.ctename ?? '', cte]));
  const ordered: CommonTableExpr[] = [];
  const state = new Map<CommonTableExpr, 'open' | 'done'>();
  const visit = (cte: CommonTableExpr): void => {
    if (state.get(cte) === 'done') return;
    if (state.get(cte) === 'open') {
      if (context.bundle.transparent) return;
      deny('SLUICE-602', 'WITH queries that use each other cannot be analysed.', {
        rule: 'floor',
        hint: 'Put each query before those that use it.',
      });
    }
    state.set(cte, 'open');
    for (const name of namesUsed(cte.ctequery)) {
      const used = byName.get(name);
      if (used !== undefined && used !== cte) visit(used);
    }
    state.set(cte, 'done');
    ordered.push(cte);
  };
  for (const cte of list) visit(cte);
  return ordered;
}

/** Unqualified relation names anywhere in a query. */
function namesUsed(query: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const pending: unknown[] = [query];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key];
      if (typeof inner !== 'object' || inner === null) continue;
      const { relname, schemaname } = inner as { relname?: unknown; schemaname?: unknown };
      if (key === 'RangeVar' && typeof relname === 'string' && schemaname === undefined) names.add(relname);
      pending.push(inner);
    }
  }
  return names;
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
