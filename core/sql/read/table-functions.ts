/** XMLTABLE and JSON_TABLE: their arguments are expressions over what stands before them; their columns are written down. */
import type { JsonTable, JsonTableColumn, Node, RangeTableFunc } from '@pgsql/types';
import { asTag } from '../ast/node.ts';
import type { Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { checkTypeName } from '../scope/checks.ts';
import { walk } from '../scope/expression.ts';
import { apart, madeFrom } from '../scope/made-from.ts';
import { simpleType } from '../scope/safety.ts';
import { at, sitesOf } from '../scope/scope.ts';

/**
 * Runs `visit` with a walker for expressions that stand in FROM; whatever they touch is reached (documents may not parse).
 * Gives a masked column that they read.
 */
function inFrom(
  context: StatementContext,
  level: Scope,
  visit: (expression: (node: Node | undefined) => void) => void,
): string | undefined {
  context.frames.enter();
  context.frames.unsafe();
  const { masked } = apart(context, () =>
    at(level, 'from', () => visit((node) => void (node !== undefined && walk(context, node, level)))),
  );
  context.frames.leave(true, sitesOf(level.sources));
  return masked;
}

export function xmlTable(context: StatementContext, body: RangeTableFunc, level: Scope): ScopeSource {
  const columns: ScopeColumn[] = [];
  const masked = inFrom(context, level, (expression) => {
    expression(body.docexpr);
    expression(body.rowexpr);
    for (const namespace of body.namespaces ?? []) expression(asTag(namespace, 'ResTarget')?.val);
    for (const node of body.columns ?? []) {
      const column = asTag(node, 'RangeTableFuncCol');
      if (column === undefined) continue;
      expression(column.colexpr);
      expression(column.coldefexpr);
      if (column.typeName !== undefined) checkTypeName(context, column.typeName);
      columns.push({ name: column.colname ?? '', typeOid: column.for_ordinality ? 23 : simpleType(context, column.typeName) });
    }
  });
  return {
    name: body.alias?.aliasname ?? 'xmltable',
    kind: 'function',
    ...madeFrom(body.alias?.colnames === undefined ? columns : null, masked),
  };
}

export function jsonTable(context: StatementContext, body: JsonTable, level: Scope): ScopeSource {
  const columns: ScopeColumn[] = [];
  const masked = inFrom(context, level, (expression) => {
    expression(body.context_item?.raw_expr);
    expression(body.pathspec?.string);
    for (const argument of body.passing ?? []) expression(asTag(argument, 'JsonArgument')?.val?.raw_expr);
    expression(body.on_error?.expr);
    for (const node of body.columns ?? []) jsonColumn(context, asTag(node, 'JsonTableColumn'), expression, columns);
  });
  return {
    name: body.alias?.aliasname ?? 'json_table',
    kind: 'function',
    ...madeFrom(body.alias?.colnames === undefined ? columns : null, masked),
  };
}

function jsonColumn(
  context: StatementContext,
  column: JsonTableColumn | undefined,
  expression: (node: Node | undefined) => void,
  columns: ScopeColumn[],
): void {
  if (column === undefined) return;
  expression(column.pathspec?.string);
  expression(column.on_empty?.expr);
  expression(column.on_error?.expr);
  if (column.typeName !== undefined) checkTypeName(context, column.typeName);
  if (column.coltype === 'JTC_NESTED')
    for (const inner of column.columns ?? []) jsonColumn(context, asTag(inner, 'JsonTableColumn'), expression, columns);
  else columns.push({ name: column.name ?? '', typeOid: simpleType(context, column.typeName) });
}
