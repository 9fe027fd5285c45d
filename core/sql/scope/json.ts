/** SQL/JSON expressions (PostgreSQL 16 and later). None of them is leakproof: a document that does not parse raises an error. */
import type { JsonArgument, JsonBehavior, JsonOutput, JsonValueExpr, Node } from '@pgsql/types';
import { asTag } from '../ast/node.ts';
import type { Scope, StatementContext } from '../context.ts';
import { checkTypeName } from './checks.ts';
import { createScope } from './scope.ts';
import { selectBelow } from '../read/select.ts';

type Walk = (context: StatementContext, node: Node, scope: Scope) => number;

/** True if the node was one of SQL/JSON's and has been walked. */
export function walkJson(context: StatementContext, node: Node, scope: Scope, walk: Walk): boolean {
  const visit = (inner: Node | undefined): void => void (inner !== undefined && walk(context, inner, scope));
  const list = (nodes: readonly Node[] | undefined): void => nodes?.forEach(visit);
  const value = (inner: JsonValueExpr | undefined): void => visit(inner?.raw_expr);
  const output = (inner: JsonOutput | undefined): void => {
    if (inner?.typeName !== undefined) checkTypeName(context, inner.typeName);
  };
  const behaviour = (inner: JsonBehavior | undefined): void => visit(inner?.expr);

  if ('JsonValueExpr' in node) value(node.JsonValueExpr);
  else if ('JsonKeyValue' in node) {
    visit(node.JsonKeyValue.key);
    value(node.JsonKeyValue.value);
  } else if ('JsonArgument' in node) value(node.JsonArgument.val);
  else if ('JsonIsPredicate' in node) visit(node.JsonIsPredicate.expr);
  else if ('JsonParseExpr' in node) {
    value(node.JsonParseExpr.expr);
    output(node.JsonParseExpr.output);
  } else if ('JsonScalarExpr' in node) {
    visit(node.JsonScalarExpr.expr);
    output(node.JsonScalarExpr.output);
  } else if ('JsonSerializeExpr' in node) {
    value(node.JsonSerializeExpr.expr);
    output(node.JsonSerializeExpr.output);
  } else if ('JsonObjectConstructor' in node) {
    list(node.JsonObjectConstructor.exprs);
    output(node.JsonObjectConstructor.output);
  } else if ('JsonArrayConstructor' in node) {
    list(node.JsonArrayConstructor.exprs);
    output(node.JsonArrayConstructor.output);
  } else if ('JsonArrayQueryConstructor' in node) {
    const body = node.JsonArrayQueryConstructor;
    if (body.query !== undefined) selectBelow(context, body.query, createScope(scope, [], { nested: false, nullable: false }));
    output(body.output);
  } else if ('JsonObjectAgg' in node || 'JsonArrayAgg' in node) {
    const body = 'JsonObjectAgg' in node ? node.JsonObjectAgg : node.JsonArrayAgg;
    const argument = body.arg;
    if (argument !== undefined && 'key' in argument) visit(argument.key);
    value(argument !== undefined && 'value' in argument ? argument.value : (argument as JsonValueExpr | undefined));
    const constructor_ = Object.hasOwn(body, 'constructor') ? body.constructor : undefined;
    output(constructor_?.output);
    visit(constructor_?.agg_filter);
    list(constructor_?.agg_order);
    list(constructor_?.over?.partitionClause);
    list(constructor_?.over?.orderClause);
    visit(constructor_?.over?.startOffset);
    visit(constructor_?.over?.endOffset);
  } else if ('JsonFuncExpr' in node) {
    const body = node.JsonFuncExpr;
    value(body.context_item);
    visit(body.pathspec);
    for (const argument of body.passing ?? []) value((asTag(argument, 'JsonArgument') as JsonArgument | undefined)?.val);
    output(body.output);
    behaviour(body.on_empty);
    behaviour(body.on_error);
  } else return false;
  context.frames.unsafe();
  return true;
}
