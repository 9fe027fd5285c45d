/** Subqueries in expressions: what they read, what they may raise, and where the planner may move them. */
import type { Node, SubLink } from '@pgsql/types';
import { locationOf, namesOf } from '../ast/node.ts';
import type { Scope, StatementContext } from '../context.ts';
import type { RegUse } from '../introspect/guards.ts';
import { selectBelow } from '../read/select.ts';
import { checkOperatorName } from './checks.ts';
import { walkAsNumber } from './expression.ts';
import { apart } from './made-from.ts';
import { safeOperator } from './safety.ts';
import { createScope } from './scope.ts';

const BOOLEAN = 16;
/** They hand on what they select. */
const GIVING: ReadonlySet<SubLink['subLinkType']> = new Set(['EXPR_SUBLINK', 'ARRAY_SUBLINK', 'MULTIEXPR_SUBLINK']);

/** EXISTS and IN bodies may become joins (nested, nullable); scalar and ARRAY ones stay subplans. */
export function walkSubLink(context: StatementContext, body: SubLink, scope: Scope, use: RegUse): number {
  if (body.testexpr !== undefined) {
    context.comparedRow = body.testexpr;
    walkAsNumber(context, body.testexpr, scope);
    // IN has no operator in the text: the server looks for `=` by name all the same, on the client's search path.
    checkOperatorName(context, body.operName ?? [{ String: { sval: '=' } }], locationOf(body));
  }
  const joined =
    body.subLinkType !== 'EXPR_SUBLINK' && body.subLinkType !== 'ARRAY_SUBLINK' && body.subLinkType !== 'MULTIEXPR_SUBLINK';
  const level = createScope(scope, [], joined ? { nested: true, nullable: true } : { nested: false, nullable: false });
  const outer = context.outputUse;
  context.outputUse = body.testexpr !== undefined ? 'oid' : use;
  const { result: columns, masked } = apart(context, () => selectBelow(context, body.subselect!, level));
  context.outputUse = outer;
  // What others select only decides: whether there is a row, or one that compares so.
  if (masked !== undefined && GIVING.has(body.subLinkType)) context.maskedReads.push(masked);
  if (body.subLinkType === 'EXPR_SUBLINK' && !yieldsOneRow(body.subselect)) context.frames.unsafe();
  if (body.testexpr !== undefined) noteComparison(context, body, columns);
  if (body.subLinkType === 'EXPR_SUBLINK') return columns?.length === 1 ? (columns[0]?.typeOid ?? 0) : 0;
  if (body.subLinkType !== 'ARRAY_SUBLINK') return BOOLEAN;
  return columns?.length === 1 ? (columns[0]?.typeOid ?? 0) : 0;
}

/** A second row raises an error, and which rows there are may depend on a hidden row outside. */
function yieldsOneRow(node: Node | undefined): boolean {
  if (node === undefined || !('SelectStmt' in node)) return false;
  const { op, fromClause, valuesLists, groupClause, groupDistinct, targetList, larg } = node.SelectStmt;
  if ((op !== undefined && op !== 'SETOP_NONE') || larg !== undefined || groupClause !== undefined || groupDistinct) return false;
  if (valuesLists !== undefined) return valuesLists.length === 1;
  if (fromClause === undefined) return true;
  const target = targetList?.length === 1 ? targetList[0] : undefined;
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
  if (value === undefined || !('FuncCall' in value) || value.FuncCall.over !== undefined) return false;
  return AGGREGATES.has(namesOf(value.FuncCall.funcname)?.at(-1) ?? '');
}

/** By name; `checkCall` has made sure that the name means pg_catalog's. */
const AGGREGATES: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'bool_and',
  'bool_or',
  'every',
  'array_agg',
  'string_agg',
  'json_agg',
  'jsonb_agg',
]);

/** The hidden `=` of IN and ANY: quiet for the plain types, else it may raise. */
function noteComparison(context: StatementContext, body: SubLink, columns: ReturnType<typeof selectBelow>): void {
  const name = namesOf(body.operName)?.at(-1) ?? '=';
  const type = columns?.length === 1 ? (columns[0]?.typeOid ?? 0) : 0;
  if (!safeOperator(context, name, type, type, undefined)) context.frames.unsafe();
  for (const column of columns ?? []) for (const reach of column.reaches ?? []) context.frames.touch(reach);
}
