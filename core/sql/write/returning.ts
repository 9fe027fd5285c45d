/**
 * RETURNING lists. What they show of the target is masked (in-place.ts), `*` is spelled out to the granted columns, names stay
 * as they were. And they carry the check of new rows: the row as stored, after defaults, identity and triggers, must satisfy
 * the row filter. Where the client has a list, the check is folded into its first expression, which keeps its type and name:
 *
 *     RETURNING id        ->   RETURNING (SELECT id WHERE <check>) AS "id"
 *
 * where `<check>` is true or raises (markers.ts). Where it has none, a list is added whose rows the session swallows
 * (StatementPlan.swallowRows); below WITH nobody sees them anyway.
 */
import type { Node, ReturningClause } from '@pgsql/types';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import { deny } from '../../errors/denial.ts';
import type { Analyser, OutputColumns, Scope, ScopeColumn, StatementContext } from '../context.ts';
import { asTag, become, isStar } from '../ast/node.ts';
import { outputName } from '../scope/output-name.ts';
import { type Clauses, type Extent, lost } from './anatomy.ts';
import { raiseExpression } from './markers.ts';
import { returningScope, type StarColumn, starOf, starSources } from './returning-sources.ts';
import type { Splices } from './splices.ts';
import type { Target } from './target.ts';
import { expressionTree, slot } from './template.ts';
import { shown } from './display.ts';

/** A boolean expression that is true or raises SLUICE-304. */
export function checkExpression(target: Target, condition: string): string {
  return `CASE WHEN ${condition} THEN true ELSE ${raiseExpression('new', shown(target.relation))} END`;
}

/** The statement's body, of which only the RETURNING clause matters here. */
export interface ReturningHolder {
  returningClause?: ReturningClause;
}

export interface ReturningPlace {
  readonly clauses: Clauses;
  /** Index of the RETURNING item; -1 without one. */
  readonly from: number;
}

/** What has been analysed of a RETURNING list; `finish` writes it. */
export interface AnalysedReturning {
  readonly columns: OutputColumns;
  /** Writes stars, names and the check. */
  finish(check: string | null): void;
}

interface Item {
  readonly node: Node;
  readonly extent: Extent;
  /** The expression without its alias; null for what yields several columns. */
  readonly expression: Extent | null;
  /** The name to keep by AS when the expression changes; null when the client wrote one. */
  readonly name: string | null;
  readonly changed: boolean;
  /** What a star stands for, where that can be spelled out. */
  readonly star: readonly StarColumn[] | null;
  readonly spellOut: boolean;
}

/** Analyses the list. Only references are edited here; the rest waits until it is known whether a check is needed. */
export function analyseReturning(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  holder: ReturningHolder,
  place: ReturningPlace,
  outer: Scope,
  splices: Splices,
): AnalysedReturning {
  const clause = holder.returningClause;
  const { clauses } = place;
  if (clause?.exprs === undefined || clause.exprs.length === 0) {
    return { columns: [], finish: (check) => addReturning(context, holder, clauses, splices, check) };
  }
  const scope = returningScope(analyser, context, target, clause, outer);
  const parts = clauses.list((clause.options?.length ?? 0) > 0 ? place.from + 3 : place.from + 1, clauses.items.length);
  if (parts.length !== clause.exprs.length) return lost(context, clauses.items[place.from]?.start ?? 0);
  const columns: ScopeColumn[] = [];
  let known = true;
  const items = clause.exprs.map((node, index) => {
    const { item, output } = analyseItem(analyser, context, target, node, clauses, parts[index]!, scope);
    if (output === null) known = false;
    else columns.push(...output);
    return item;
  });
  return { columns: known ? columns : null, finish: (check) => finish(context, clause, items, splices, check) };
}

function analyseItem(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  node: Node,
  clauses: Clauses,
  part: { readonly from: number; readonly to: number },
  scope: Scope,
): { item: Item; output: OutputColumns } {
  const extent = clauses.extent(part.from, part.to);
  const sources = starSources(node, scope);
  if (sources !== null) {
    context.met.add(asTag(asTag(node, 'ResTarget')?.val, 'ColumnRef')!);
    const star = starOf(context, target, sources, extent.start);
    const { spellOut } = star;
    if (star.columns === null && !sources.some((source) => source.onReference)) analyser.targets(context, [node], scope);
    const output = star.columns?.map((column) => column.column) ?? null;
    return { item: { node, extent, expression: null, name: null, changed: false, star: star.columns, spellOut }, output };
  }
  const body = asTag(node, 'ResTarget');
  const several = isStar(asTag(body?.val, 'A_Indirection')?.indirection?.at(-1));
  const name = body?.name === undefined ? outputName(body?.val) : null;
  const mark = target.log.mark;
  // Names are kept in `finish`, outside the check: with a name, nobody else adds one.
  if (body !== undefined && name !== null && !several) body.name = name;
  const output = analyser.targets(context, [node], scope);
  if (body !== undefined && name !== null) delete body.name;
  const masked = target.log.since(mark).some((entry) => entry.masked);
  // A guard around the whole expression (names/wrap.ts) inserts where the check would.
  const guarded = name !== null && outputName(body?.val) !== name && !masked;
  const changed = masked || guarded;
  const expression =
    several || guarded ? null : body?.name === undefined ? extent : clauses.extent(part.from, aliasStart(clauses, part));
  return {
    item: { node, extent, expression, name, changed, star: null, spellOut: false },
    output: masked ? (output?.map((column) => ({ ...column, masked: true })) ?? null) : output,
  };
}

/** Where `name` or `AS name` begins. */
function aliasStart(clauses: Clauses, part: { readonly from: number; readonly to: number }): number {
  return clauses.items[part.to - 2]?.word === 'as' ? part.to - 2 : part.to - 1;
}

function finish(
  context: StatementContext,
  clause: ReturningClause,
  items: readonly Item[],
  splices: Splices,
  check: string | null,
): void {
  const carrier =
    check === null
      ? undefined
      : (items.find((item) => item.expression !== null) ?? items.find((item) => (item.star?.length ?? 0) > 0));
  if (check !== null && carrier === undefined) {
    deny('SLUICE-603', 'This RETURNING list cannot carry the check of the row filter.', {
      rule: 'floor',
      hint: 'Return at least one named column of the table that is written.',
    });
  }
  clause.exprs = items.flatMap((item) => {
    const carried = item === carrier ? check : null;
    return item.spellOut || (carried !== null && item.expression === null)
      ? writeStar(context, item, carried)
      : [writeItem(context, item, splices, carried)];
  });
}

function writeStar(context: StatementContext, item: Item, check: string | null): Node[] {
  const written = (item.star ?? []).map((column, index) => {
    const sql = index === 0 && check !== null ? withCheck(column.sql, check) : column.sql;
    return { sql, name: column.plain && sql === column.sql ? null : column.column.name };
  });
  context.edit({
    start: item.extent.start,
    end: item.extent.end,
    replacement: written.map(({ sql, name }) => (name === null ? sql : `${sql} AS ${quoteIdentifier(name)}`)).join(', '),
  });
  return written.map(({ sql, name }) => ({
    ResTarget: { ...(name === null ? {} : { name }), val: expressionTree(context, sql) },
  }));
}

function writeItem(context: StatementContext, item: Item, splices: Splices, check: string | null): Node {
  const body = asTag(item.node, 'ResTarget');
  if (body?.val === undefined) return item.node;
  if (check !== null && item.expression !== null) {
    become(body.val, expressionTree(context, withCheck(slot(0), check), [{ ...body.val }]));
    const [before, after] = withCheck('\0', check).split('\0') as [string, string];
    splices.wrap(item.expression, before, after);
  }
  if ((check !== null || item.changed) && item.name !== null) {
    body.name = item.name;
    splices.close(item.extent.end, ` AS ${quoteIdentifier(item.name)}`);
  }
  return item.node;
}

function withCheck(expression: string, check: string): string {
  return `(SELECT ${expression} WHERE ${check})`;
}

function addReturning(
  context: StatementContext,
  holder: ReturningHolder,
  clauses: Clauses,
  splices: Splices,
  check: string | null,
): void {
  if (check === null) return;
  splices.close(clauses.endBefore(-1), ` RETURNING ${check}`);
  holder.returningClause = { exprs: [{ ResTarget: { val: expressionTree(context, check) } }] };
}

/** Whether the statement has a RETURNING list. Compared before and after the analysis: what was added is not for the client. */
export function hasReturning(node: Node): boolean {
  const body = asTag(node, 'UpdateStmt') ?? asTag(node, 'DeleteStmt') ?? asTag(node, 'InsertStmt') ?? asTag(node, 'MergeStmt');
  return (body?.returningClause?.exprs?.length ?? 0) > 0;
}
