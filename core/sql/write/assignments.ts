/**
 * SET lists: of UPDATE, of ON CONFLICT DO UPDATE, and of MERGE … UPDATE. Each assigned column is checked, each expression
 * analysed, masked values are kept out, and a masked column is wrapped so that its own mask means "unchanged".
 */
import type { Node, ResTarget } from '@pgsql/types';
import type { WriteRule } from '../../policy/bundle.ts';
import type { Analyser, Scope, StatementContext } from '../context.ts';
import { asTag, become, tagOf } from '../ast/node.ts';
import { type Clauses, type Extent, inside, lost } from './anatomy.ts';
import type { Splices } from './splices.ts';
import { MaskWatch } from './mask-watch.ts';
import { appliedMask } from './in-place.ts';
import { assignColumn, type Target } from './target.ts';
import { isOwnColumn, keepIfUnchanged, keepQueryIfUnchanged, refuseMaskedValue, takenMasks, valueFlow } from './write-back.ts';

/** One `column = expression` of the text: where the expression is. */
interface Assignment {
  readonly target: ResTarget;
  /** Every copy of the expression in the tree: `(a, b) = (x, y)` has one list for each column. */
  readonly values: readonly Node[];
  /** Undefined where single expressions cannot be told apart: `(a, b) = (SELECT …)`. */
  readonly extent: Extent | undefined;
}

/** `(a, b) = (SELECT …)`: a copy of the subquery for each column. */
interface AssignedQuery {
  readonly group: readonly ResTarget[];
  readonly sources: readonly Node[];
  readonly extent: Extent;
}

/** Analyses items [from, to) of `clauses`, the list after SET. */
export function analyseAssignments(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  rule: WriteRule,
  list: readonly Node[] | undefined,
  where: { readonly clauses: Clauses; readonly from: number; readonly to: number },
  scope: Scope,
  splices: Splices,
): void {
  const queries: AssignedQuery[] = [];
  for (const assignment of assignments(context, list ?? [], where, queries)) {
    const { name = '', location = 0, indirection } = assignment.target;
    const attnum = assignColumn(context, target, rule, 'Update', name, location);
    for (const step of indirection ?? []) analyseSubscript(analyser, context, step, scope);
    const whole = indirection === undefined || indirection.length === 0;
    assignment.values.forEach((value, copy) => {
      analyseValue(
        analyser,
        context,
        target,
        { attnum: whole ? attnum : undefined, name, location },
        value,
        scope,
        assignment.extent,
        copy === 0 ? splices : null,
      );
    });
  }
  for (const query of queries) keepQuery(context, target, query, splices);
}

/** Masked columns among those that a subquery gives keep their stored values too. */
function keepQuery(context: StatementContext, target: Target, { group, sources, extent }: AssignedQuery, splices: Splices): void {
  const columns = group.map(({ name, indirection }) => {
    const column = target.relation.columns.find((candidate) => candidate.name === name);
    const whole = indirection === undefined || indirection.length === 0;
    return { column, mask: column === undefined || !whole ? undefined : appliedMask(target, column.attnum) };
  });
  if (columns.every(({ mask }) => mask === undefined)) return;
  const kept = keepQueryIfUnchanged(context, target, columns);
  for (const source of sources) {
    const query = asTag(source, 'SubLink')?.subselect;
    if (query !== undefined) become(source, kept.tree(query));
  }
  splices.wrap(extent, kept.before, kept.after);
}

function analyseValue(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  column: { readonly attnum: number | undefined; readonly name: string; readonly location: number },
  value: Node,
  scope: Scope,
  extent: Extent | undefined,
  splices: Splices | null,
): void {
  if (tagOf(value) === 'SetToDefault') return;
  const own =
    column.attnum === undefined ? undefined : target.relation.columns.find((candidate) => candidate.attnum === column.attnum);
  const mask = own === undefined ? undefined : appliedMask(target, own.attnum);
  if (own !== undefined && mask !== undefined && isOwnColumn(target, column.name, value)) {
    context.met.add(asTag(value, 'ColumnRef')!);
    context.facts.read(target.relation, own.name, 'Select');
    return;
  }
  const flow = valueFlow(value);
  const mark = target.log.mark;
  const watch = new MaskWatch(context);
  analyser.expression(context, value, scope, 'set');
  const taken = takenMasks(target.log.since(mark), flow, column.attnum)[0];
  const source =
    taken === undefined ? watch.first : target.relation.columns.find((candidate) => candidate.attnum === taken)?.name;
  if (source !== undefined) refuseMaskedValue(context, target, column.name, source, column.location);
  if (own === undefined || mask === undefined || extent === undefined) return;
  const kept = keepIfUnchanged(context, target, own, mask, { ...value });
  become(value, kept.tree);
  splices?.wrap(extent, kept.before, kept.after);
}

function analyseSubscript(analyser: Analyser, context: StatementContext, step: Node, scope: Scope): void {
  const indices = asTag(step, 'A_Indices');
  for (const bound of [indices?.lidx, indices?.uidx]) if (bound !== undefined) analyser.expression(context, bound, scope, 'set');
}

function assignments(
  context: StatementContext,
  list: readonly Node[],
  where: { readonly clauses: Clauses; readonly from: number; readonly to: number },
  queries: AssignedQuery[],
): Assignment[] {
  const { clauses } = where;
  const targets = list.map((node) => asTag(node, 'ResTarget') ?? lost(context, 0));
  const found: Assignment[] = [];
  let next = 0;
  for (const part of clauses.list(where.from, where.to)) {
    const first = targets[next];
    const equals = clauses.find('=', part.from);
    if (first?.val === undefined || equals < 0 || equals >= part.to) return lost(context, clauses.items[part.from]?.start ?? 0);
    const multiple = asTag(first.val, 'MultiAssignRef');
    if (multiple === undefined) {
      found.push({ target: first, values: [first.val], extent: clauses.extent(equals + 1, part.to) });
      next += 1;
      continue;
    }
    const group = targets.slice(next, next + (multiple.ncolumns ?? 1));
    found.push(...multipleAssignment(context, group, clauses, equals + 1, part.to, queries));
    next += group.length;
  }
  return next === targets.length ? found : lost(context, clauses.items[where.from]?.start ?? 0);
}

/** `(a, b) = (x, y)`, `(a, b) = ROW(x, y)`: one expression a column. Anything else gives all columns at once. */
function multipleAssignment(
  context: StatementContext,
  group: readonly ResTarget[],
  clauses: Clauses,
  from: number,
  to: number,
  queries: AssignedQuery[],
): Assignment[] {
  const sources = group.map((target) => asTag(target.val, 'MultiAssignRef')?.source ?? lost(context, target.location ?? 0));
  const rows = sources.map((source) => asTag(source, 'RowExpr')?.args);
  if (rows.some((row) => row === undefined || row.length !== group.length)) {
    if (sources.every((source) => tagOf(source) === 'SubLink'))
      queries.push({ group, sources, extent: clauses.extent(from, to) });
    return group.map((target, index) => ({ target, values: [sources[index]!], extent: undefined }));
  }
  const list = clauses.items[to - 1];
  if (list?.word !== '(') return lost(context, clauses.items[from]?.start ?? 0);
  const values = inside(context, list);
  const parts = values.list(0, values.items.length);
  if (parts.length !== group.length) return lost(context, list.start);
  return group.map((target, index) => {
    const part = parts[index]!;
    return { target, values: rows.map((row) => row![index]!), extent: values.extent(part.from, part.to) };
  });
}
