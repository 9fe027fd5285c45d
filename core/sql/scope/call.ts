/** Function calls: the check of the name, arguments at their place (aggregates see filtered rows only), windows, functional notation. */
import type { ColumnRef, FuncCall, Node, WindowDef } from '@pgsql/types';
import { namesOf } from '../ast/node.ts';
import type { Scope, StatementContext } from '../context.ts';
import type { RegUse } from '../introspect/guards.ts';
import { checkedCall } from './checks.ts';
import { walk, walkAsNumber, walkList } from './expression.ts';
import { noteColumn, noteRow } from './reads.ts';
import { rowArgument } from './reference.ts';
import { safeCall } from './safety.ts';
import { at } from './scope.ts';

/** Gives the return type's OID, 0 when it is not known. */
export function walkCall(context: StatementContext, body: FuncCall, scope: Scope, node: Node, use: RegUse): number {
  const name = body.funcname?.length === 1 ? namesOf(body.funcname)?.[0] : undefined;
  if (name !== undefined && body.args?.length === 1 && functionalColumn(context, body, scope, node, name)) return 0;
  const quiet = safeCall(context, body);
  const argument = PRINTING.has(namesOf(body.funcname)?.at(-1) ?? '') ? walk : walkAsNumber;
  const call = checkedCall(context, node, body, use, (facts) => {
    if (!facts.quiet && !quiet) context.frames.unsafe(facts.volatile);
    const types: number[] = [];
    const inside = (): void => {
      for (const item of body.args ?? []) types.push(argument(context, item, scope));
      walkList(context, body.agg_order, scope);
      if (body.agg_filter !== undefined) walk(context, body.agg_filter, scope);
    };
    if (facts.aggregate && body.over === undefined) at(scope, 'aggregate', inside);
    else inside();
    return types;
  });
  if (body.over !== undefined) walkWindow(context, body.over, scope);
  return call.returnType;
}

/** Functions that print their arguments: a reg* value is meant as a name there. */
const PRINTING: ReadonlySet<string> = new Set([
  ...[
    'format',
    'concat',
    'concat_ws',
    'quote_ident',
    'quote_literal',
    'to_json',
    'to_jsonb',
    'row_to_json',
    'string_agg',
    'array_agg',
    'array_to_string',
    'json_object_agg',
    'jsonb_object_agg',
    'split_part',
  ],
  ...[
    'json_agg',
    'jsonb_agg',
    'json_build_object',
    'jsonb_build_object',
    'json_build_array',
    'jsonb_build_array',
    'upper',
    'lower',
    'replace',
  ],
]);

/** `column(row)`: PostgreSQL reads it as `row.column` when no function fits, so an in-place source must hear of it. */
function functionalColumn(context: StatementContext, body: FuncCall, scope: Scope, node: Node, name: string): boolean {
  const argument = body.args![0]!;
  const source = rowArgument(context, argument, scope);
  if (source === undefined) return false;
  const reference: ColumnRef = (argument as { ColumnRef: ColumnRef }).ColumnRef;
  const column = source.columns?.find((candidate) => candidate.name === name && !candidate.ungranted);
  if (source.onReference !== undefined) {
    noteRow(context, source, scope, node, reference);
    return false;
  }
  if (column === undefined || context.catalog.functionsNamed(name).length > 0) return false;
  noteColumn(context, node, reference, scope, source, column);
  noteRow(context, source, scope, argument, reference);
  context.met.add(reference);
  return true;
}

export function walkWindow(context: StatementContext, window: WindowDef, scope: Scope): void {
  walkList(context, window.partitionClause, scope);
  walkList(context, window.orderClause, scope);
  if (window.startOffset !== undefined) walk(context, window.startOffset, scope);
  if (window.endOffset !== undefined) walk(context, window.endOffset, scope);
}
