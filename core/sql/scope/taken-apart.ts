/**
 * A field of an expression that hands on a whole row: `(SELECT t).id`, `(coalesce(t, u)).id`. Where the row cannot be given its table's type,
 * because not all of its columns are granted or its masks do not fit, it is a record, and the server knows the fields of a record only where
 * it is a plain reference. That is said here, in words that name the way out.
 */
import type { Node, SelectStmt } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag, isStar, locationOf, selectOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';

/** Call it when the expression has been walked. */
export function checkTakenApart(context: StatementContext, expression: Node, steps: readonly Node[] | undefined): void {
  if (context.rowsWithoutType.size === 0 || !(steps ?? []).some((step) => 'String' in step || isStar(step))) return;
  const row = rowIn(context, expression);
  if (row === undefined) return;
  deny('SLUICE-602', 'A field of this row cannot be taken here: not all of its columns are shown as they are.', {
    location: Math.max(0, locationOf(asTag(row, 'ColumnRef') ?? {})),
    hint: 'Name the column itself, as in t.id, instead of a field of the row.',
    rule: 'floor',
  });
}

function rowIn(context: StatementContext, node: Node | undefined): Node | undefined {
  if (node === undefined || context.rowsWithoutType.has(node)) return node;
  for (const part of handedOn(node)) {
    const found = rowIn(context, part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The expressions whose value this one may have, or may hold. */
function handedOn(node: Node): readonly (Node | undefined)[] {
  if ('CoalesceExpr' in node) return node.CoalesceExpr.args ?? [];
  if ('MinMaxExpr' in node) return node.MinMaxExpr.args ?? [];
  if ('A_ArrayExpr' in node) return node.A_ArrayExpr.elements ?? [];
  if ('A_Indirection' in node) return [node.A_Indirection.arg];
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? [node.A_Expr.lexpr] : [];
  if ('SubLink' in node) return outputs(selectOf(node.SubLink.subselect));
  if (!('CaseExpr' in node)) return [];
  return [...(node.CaseExpr.args ?? []).map((arm) => asTag(arm, 'CaseWhen')?.result), node.CaseExpr.defresult];
}

function outputs(select: SelectStmt | undefined): readonly (Node | undefined)[] {
  if (select === undefined) return [];
  const rows = (select.valuesLists ?? []).flatMap((row) => asTag(row, 'List')?.items ?? []);
  const targets = (select.targetList ?? []).map((target) => asTag(target, 'ResTarget')?.val);
  return [...rows, ...targets, ...outputs(select.larg), ...outputs(select.rarg)];
}
