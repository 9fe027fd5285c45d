/**
 * SELECT in every position: plain, VALUES, set operations, as derived table, CTE, sublink. The walk follows the order in
 * which PostgreSQL resolves names (WITH, FROM, then the expressions) and leaves the replacing of relations to the end.
 */
import type { Node, ResTarget, SelectStmt, SortBy } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import { asTag, namesOf, tagOf } from '../ast/node.ts';
import type { ExpressionPlace, OutputColumns, Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { isConstant } from '../scope/constants.ts';
import { walkWindow } from '../scope/call.ts';
import { walk, walkAt } from '../scope/expression.ts';
import { apart } from '../scope/made-from.ts';
import { UNKNOWN_TYPE } from '../scope/safety.ts';
import { at, createScope, sitesOf } from '../scope/scope.ts';
import { walkTargets } from '../scope/targets.ts';
import { walkPredicate } from './predicate.ts';
import { distinctReaches } from './site.ts';
import { fromItems } from './from.ts';
import { repairGroupBy } from './group-by.ts';
import { lockRows } from './locking.ts';
import { withClause } from './with.ts';
import { outputName } from '../scope/output-name.ts';

/** A query whose level's options (nested, nullable) are those of `parent`. */
export function selectBelow(context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  const body = asTag(node, 'SelectStmt');
  if (body !== undefined) return selectStatement(context, body, parent);
  return context.analyser.query(context, node, parent);
}

export function selectStatement(context: StatementContext, body: SelectStmt, parent: Scope | null): OutputColumns {
  context.met.add(body);
  // Where nothing is governed the server may say itself that INTO cannot stand here.
  if (body.intoClause !== undefined && !context.bundle.transparent) {
    deny('SLUICE-206', 'SELECT INTO is possible only as a statement of its own.', {
      rule: 'floor',
      hint: 'Use CREATE TEMPORARY TABLE … AS where the policy grants it.',
    });
  }
  const outer = body.withClause === undefined ? parent : withClause(context, body.withClause, parent);
  if (body.op !== undefined && body.op !== 'SETOP_NONE') return setOperation(context, body, outer);
  if (body.valuesLists !== undefined) return values(context, body, outer);
  return plain(context, body, outer);
}

function plain(context: StatementContext, body: SelectStmt, parent: Scope | null): OutputColumns {
  // Nothing from above is evaluated below a LIMIT, so what such a level computes sees rows that passed its filters only.
  const scope = fromItems(context, body.fromClause, parent, isLimited(body) ? { nested: false } : {});
  const columns = walkTargets(context, body.targetList, scope);
  apart(context, () => walkRest(context, body, scope));
  return columns;
}

/** Everything that decides which rows there are, and in which order. */
function walkRest(context: StatementContext, body: SelectStmt, scope: Scope): void {
  if (body.whereClause !== undefined) walkPredicate(context, body.whereClause, scope, 'where', null);
  const outputs = outputNames(body.targetList);
  for (const item of body.groupClause ?? []) walkGroupItem(context, item, scope, outputs);
  if (body.havingClause !== undefined) walkPredicate(context, body.havingClause, scope, 'having', null);
  for (const window of body.windowClause ?? []) {
    if ('WindowDef' in window) at(scope, 'order', () => walkWindow(context, window.WindowDef, scope));
  }
  for (const item of body.distinctClause ?? []) if (tagOf(item) !== undefined) walkOutputOrInput(context, item, scope, outputs);
  sortAndLimit(context, body, scope, outputs);
  repairGroupBy(context, body, scope);
  lockRows(context, body, scope);
}

/** LIMIT ALL and LIMIT NULL are none. */
function isLimited({ limitCount, limitOffset }: SelectStmt): boolean {
  return [limitCount, limitOffset].some((node) => node !== undefined && asTag(node, 'A_Const')?.isnull !== true);
}

function sortAndLimit(context: StatementContext, body: SelectStmt, scope: Scope, outputs: ReadonlySet<string>): void {
  apart(context, () => {
    for (const item of body.sortClause ?? []) walkSortItem(context, item, scope, outputs);
    limit(context, body.limitCount, scope);
    limit(context, body.limitOffset, scope);
  });
}

function limit(context: StatementContext, node: Node | undefined, scope: Scope): void {
  if (node === undefined) return;
  walkAt(context, node, scope, 'limit');
  // A negative number raises an error, and it may come from a row outside.
  if (!isConstant(node)) context.frames.unsafe();
}

function walkSortItem(context: StatementContext, item: Node, scope: Scope, outputs: ReadonlySet<string>): void {
  const sort: SortBy | undefined = asTag(item, 'SortBy');
  if (sort === undefined) walkAt(context, item, scope, 'order');
  else if (sort.node !== undefined && isOutput(context, sort.node, outputs)) return;
  else walkAt(context, item, scope, 'order');
}

/** DISTINCT ON and ORDER BY: a bare name is an output column first. A bare number is one too, so its value is pinned. */
function walkOutputOrInput(context: StatementContext, item: Node, scope: Scope, outputs: ReadonlySet<string>): void {
  if (!isOutput(context, item, outputs)) walkAt(context, item, scope, 'order');
}

function isOutput(context: StatementContext, node: Node, outputs: ReadonlySet<string>): boolean {
  const constant = asTag(node, 'A_Const');
  if (constant !== undefined) {
    context.pinLiteral(constant.location ?? 0);
    return true;
  }
  const reference = asTag(node, 'ColumnRef');
  const names = namesOf(reference?.fields);
  if (reference === undefined || names?.length !== 1 || !outputs.has(names[0]!)) return false;
  context.met.add(reference);
  return true;
}

/** GROUP BY: a bare name is an input column first, then an output column. */
function walkGroupItem(context: StatementContext, item: Node, scope: Scope, outputs: ReadonlySet<string>): void {
  const constant = asTag(item, 'A_Const');
  if (constant !== undefined) {
    context.pinLiteral(constant.location ?? 0);
    return;
  }
  const set = asTag(item, 'GroupingSet');
  if (set !== undefined) for (const inner of set.content ?? []) walkGroupItem(context, inner, scope, outputs);
  else at(scope, 'group', () => groupReference(context, item, scope, outputs));
}

function groupReference(context: StatementContext, item: Node, scope: Scope, outputs: ReadonlySet<string>): void {
  const name = namesOf(asTag(item, 'ColumnRef')?.fields);
  const isInput = (source: ScopeSource): boolean =>
    source.columns === null || source.columns.some((column) => column.name === name?.[0] && !column.ungranted);
  if (scope.sources.some(isInput) || !isOutput(context, item, outputs)) walk(context, item, scope);
}

/** Names that ORDER BY may mean: those of AS, and those PostgreSQL figures. */
function outputNames(list: readonly Node[] | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const item of list ?? []) {
    const target: ResTarget | undefined = asTag(item, 'ResTarget');
    if (target !== undefined) names.add(target.name ?? outputName(target.val));
  }
  return names;
}

function values(context: StatementContext, body: SelectStmt, parent: Scope | null): OutputColumns {
  const scope = createScope(parent, []);
  let width = 0;
  const masked = new Set<number>();
  const types: number[] = [];
  for (const row of body.valuesLists ?? []) {
    const items = asTag(row, 'List')?.items ?? [];
    width = Math.max(width, items.length);
    at(scope, 'values', () => {
      items.forEach((item, index) => {
        const before = context.maskedReads.length;
        context.regUse = context.outputUse;
        const type = walk(context, item, scope) || -1;
        types[index] =
          types[index] === undefined || types[index] === UNKNOWN_TYPE
            ? type
            : type === UNKNOWN_TYPE || type === types[index]
              ? types[index]
              : -1;
        if (context.maskedReads.length > before) masked.add(index);
      });
    });
  }
  sortAndLimit(context, body, scope, new Set(Array.from({ length: width }, (_, index) => `column${index + 1}`)));
  return Array.from({ length: width }, (_, index) => ({
    name: `column${index + 1}`,
    ...plainType(types[index]),
    ...(masked.has(index) ? { masked: true } : {}),
  }));
}

/** The rows of VALUES agree on a type; strings and untyped parameters become text. */
function plainType(type: number | undefined): Pick<ScopeColumn, 'typeOid'> {
  if (type === undefined || type <= 0) return {};
  return { typeOid: type === UNKNOWN_TYPE ? 25 : type };
}

/** Arms are levels of their own; ORDER BY may use output names only, so nothing else is resolved here. */
function setOperation(context: StatementContext, body: SelectStmt, parent: Scope | null): OutputColumns {
  const level = createScope(parent, []);
  const left = selectStatement(context, body.larg!, level);
  const right = selectStatement(context, body.rarg!, level);
  const columns = left === null ? null : left.map((column, index) => mergeArms(column, right?.[index]));
  sortAndLimit(context, body, level, new Set((columns ?? []).map((column) => column.name)));
  lockRows(context, body, level);
  return columns;
}

/** A column of a set operation depends on both arms and is no plain column of a relation any more. */
function mergeArms(left: ScopeColumn, right: ScopeColumn | undefined): ScopeColumn {
  const reaches = distinctReaches([...(left.reaches ?? []), ...(right?.reaches ?? [])]);
  const typeOid = left.typeOid !== undefined && left.typeOid === right?.typeOid ? left.typeOid : undefined;
  const masked = left.masked || right?.masked;
  return {
    name: left.name,
    ...(typeOid === undefined ? {} : { typeOid }),
    ...(reaches.length === 0 ? {} : { reaches }),
    ...(masked ? { masked: true } : {}),
  };
}

/** For write/ and utility/: an expression at a place of a level, as a predicate where the place makes it one. */
export function walkExpression(context: StatementContext, node: Node, scope: Scope, place: ExpressionPlace): void {
  if (place === 'where' || place === 'join' || place === 'having') walkPredicate(context, node, scope, place, null);
  else if (place === 'from') {
    context.frames.enter();
    walkAt(context, node, scope, place);
    context.frames.leave(true, sitesOf(scope.sources));
  } else walkAt(context, node, scope, place);
}
