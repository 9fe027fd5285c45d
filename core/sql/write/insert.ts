/**
 * INSERT and ON CONFLICT. A new value is an ordinary write, masked column or not; what is read back is masked. A row filter is
 * the check of the new row, and for DO UPDATE also of the row that is already there, which raises instead of being skipped.
 * https://www.postgresql.org/docs/current/sql-insert.html
 */
import type { InsertStmt, Node, OnConflictClause } from '@pgsql/types';
import type { WriteRule } from '../../policy/bundle.ts';
import { asTag, bodyOf, tagOf } from '../ast/node.ts';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { Analyser, OutputColumns, Scope, ScopeColumn, ScopeSource, StatementContext } from '../context.ts';
import { Clauses } from './anatomy.ts';
import { analyseAssignments } from './assignments.ts';
import { analyseCondition, type Condition, type FilterAction, filterText } from './condition.ts';
import { inPlaceSource } from './in-place.ts';
import { coversAll, implicitColumns } from './insert-columns.ts';
import { MaskWatch } from './mask-watch.ts';
import { raiseExpression } from './markers.ts';
import { analyseReturning, checkExpression } from './returning.ts';
import { Splices } from './splices.ts';
import { assignColumn, openTarget, type Target, writeRule } from './target.ts';
import { expressionTree, slot } from './template.ts';
import { analyseReturningList, analyseSet } from './ungoverned.ts';
import { refuseMaskedValue } from './write-back.ts';
import { shown, shownColumn } from './display.ts';

/** Gives the columns of RETURNING, none without it. `parent`: the scope of the WITH or statement around it. */
export function analyseInsert(analyser: Analyser, context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  const body = bodyOf(node, 'InsertStmt');
  context.writesRows = true;
  const opened = openTarget(context, body.relation!, body, 'Insert');
  const outer = body.withClause === undefined ? parent : analyser.with(context, body.withClause, parent);
  if (opened.kind === 'temporary') return analyseUngovernedInsert(analyser, context, opened.source, body, outer);
  return analyseGoverned(analyser, context, opened.target, body, outer);
}

function analyseGoverned(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  body: InsertStmt,
  outer: Scope | null,
): OutputColumns {
  const clauses = Clauses.after(context, body.relation!);
  const rule = writeRule(context, target, 'Insert', body.relation!.location ?? 0);
  const splices = new Splices();
  const sources = analyseSource(analyser, context, body.selectStmt, outer);
  checkColumns(context, target, rule, body, sources, clauses, splices);
  const conflict = body.onConflictClause;
  const actions: FilterAction[] = ['Insert'];
  const returning = clauses.find('returning');
  const update = conflict === undefined ? null : analyseConflict(analyser, context, target, conflict, outer, splices);
  const scope = analyser.scope(outer, [target.source]);
  const output = analyseReturning(analyser, context, target, body, { clauses, from: returning }, scope, splices);
  const reads: FilterAction[] = target.log.entries.length > 0 ? ['Select'] : [];
  if (update !== null) {
    actions.push('Update');
    writeExistingCheck(context, target, conflict!, update, ['Update', ...reads], splices);
  }
  const filter = filterText(context, target, [...actions, ...reads]);
  output.finish(filter === null ? null : checkExpression(target, filter.text));
  splices.flush(context);
  return output.columns;
}

/** One column that VALUES or SELECT gives. */
interface SourceColumn {
  /** The masked column its value is made from, for messages. */
  readonly masked?: string;
}

/** Null: the number of columns is not known. */
interface InsertSource {
  readonly columns: readonly SourceColumn[] | null;
  /** A masked column was read somewhere in it. */
  readonly anyMasked: string | undefined;
}

function analyseSource(
  analyser: Analyser,
  context: StatementContext,
  select: Node | undefined,
  outer: Scope | null,
): InsertSource {
  if (select === undefined) return { columns: [], anyMasked: undefined };
  const watch = new MaskWatch(context);
  const body = asTag(select, 'SelectStmt');
  if (
    body?.valuesLists !== undefined &&
    body.withClause === undefined &&
    body.sortClause === undefined &&
    body.limitCount === undefined &&
    body.limitOffset === undefined
  ) {
    context.met.add(body);
    return { columns: analyseValues(analyser, context, body.valuesLists, outer), anyMasked: undefined };
  }
  const columns = analyser.select(context, select, outer);
  return { columns: columns?.map((column) => sourceColumn(column)) ?? null, anyMasked: watch.first };
}

function sourceColumn(column: ScopeColumn): SourceColumn {
  if (column.masked !== true) return {};
  const { origin } = column;
  const own = origin?.relation.columns.find((candidate) => candidate.attnum === origin.attnum);
  return {
    masked:
      own === undefined || origin === undefined
        ? `column behind ${shownColumn(column.name)}`
        : `${shown(origin.relation)}.${shownColumn(own.name)}`,
  };
}

/** VALUES of INSERT may hold DEFAULT; its expressions see no columns but through subqueries. */
function analyseValues(
  analyser: Analyser,
  context: StatementContext,
  lists: readonly Node[],
  outer: Scope | null,
): SourceColumn[] {
  const scope = analyser.scope(outer, []);
  const columns: SourceColumn[] = [];
  for (const list of lists) {
    (asTag(list, 'List')?.items ?? []).forEach((item, index) => {
      const watch = new MaskWatch(context);
      if (tagOf(item) !== 'SetToDefault') analyser.expression(context, item, scope, 'values');
      if (watch.first !== undefined) columns[index] = { masked: watch.first };
      else columns[index] ??= {};
    });
  }
  return columns;
}

/** The column list, or what stands for it: all columns in order, as many as there are values. */
function checkColumns(
  context: StatementContext,
  target: Target,
  rule: WriteRule,
  body: InsertStmt,
  source: InsertSource,
  clauses: Clauses,
  splices: Splices,
): void {
  const location = body.relation?.location ?? 0;
  const named = body.cols?.map((node) => asTag(node, 'ResTarget')) ?? null;
  const names = named?.map((column) => column?.name ?? '') ?? implicitColumns(target, rule, source.columns?.length ?? null);
  if (named === null && names.length === 0) context.facts.write(target.relation, null, 'Insert');
  names.forEach((name, index) => {
    const place = named?.[index]?.location ?? location;
    assignColumn(context, target, rule, 'Insert', name, place);
    const masked = source.columns === null ? source.anyMasked : source.columns[index]?.masked;
    if (masked !== undefined) refuseMaskedValue(context, target, name, masked, place);
  });
  if (named === null && names.length > 0 && !coversAll(target, rule)) {
    splices.open(listPlace(body, clauses), ` (${names.map(quoteIdentifier).join(', ')}) `);
    body.cols = names.map((name) => ({ ResTarget: { name } }));
  }
}

/** Where a column list can be inserted: before OVERRIDING, VALUES, SELECT, WITH, TABLE or a parenthesis. */
function listPlace(body: InsertStmt, clauses: Clauses): number {
  return clauses.items[body.relation?.alias === undefined ? 0 : 2]?.start ?? clauses.endBefore(-1);
}

/** What ON CONFLICT DO UPDATE needs checked. */
interface ConflictUpdate {
  readonly rule: WriteRule;
  readonly condition: Condition | undefined;
  /** Where a WHERE can be added. */
  readonly end: number;
}

function analyseConflict(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  conflict: OnConflictClause,
  outer: Scope | null,
  splices: Splices,
): ConflictUpdate | null {
  analyseArbiter(analyser, context, target, conflict, outer);
  if (conflict.action !== 'ONCONFLICT_UPDATE') return null;
  const clauses = Clauses.from(context, conflict.location ?? 0);
  const rule = writeRule(context, target, 'Update', conflict.location ?? 0);
  const scope = analyser.scope(outer, [target.source, excluded(target)]);
  const set = clauses.need('set');
  const returning = clauses.find('returning', set);
  const where = conflict.whereClause === undefined ? -1 : clauses.need('where', set);
  const end = returning < 0 ? clauses.items.length : returning;
  analyseAssignments(
    analyser,
    context,
    target,
    rule,
    conflict.targetList,
    { clauses, from: set + 1, to: where < 0 ? end : where },
    scope,
    splices,
  );
  const condition =
    conflict.whereClause === undefined
      ? undefined
      : analyseCondition(analyser, context, target, conflict.whereClause, { clauses, from: where + 1, to: end }, scope, 'where');
  return { rule, condition, end: clauses.endBefore(end) };
}

/** The proposed row: the client's own values, so nothing of it is masked. */
function excluded(target: Target): ScopeSource {
  const { schema: _, ...options } = target.options;
  return inPlaceSource({ ...options, name: 'excluded', values: 'proposed' });
}

/** Index columns and the index predicate choose an index; they are not evaluated on rows, and a mask there would match no index. */
function analyseArbiter(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  conflict: OnConflictClause,
  outer: Scope | null,
): void {
  const { infer } = conflict;
  if (infer === undefined) return;
  const source = inPlaceSource({ ...target.options, values: 'proposed' });
  const scope = analyser.scope(outer, [source]);
  for (const node of infer.indexElems ?? []) {
    const element = asTag(node, 'IndexElem');
    if (element?.name !== undefined) {
      const column = target.relation.columns.find((candidate) => candidate.name === element.name);
      const location = infer.location ?? 0;
      source.onReference?.({
        context,
        source,
        column:
          column === undefined
            ? { name: element.name }
            : { name: element.name, origin: { relation: target.relation, attnum: column.attnum } },
        node: {} as Node,
        replace: () => undefined,
        range: [location, location],
      });
    }
    if (element?.expr !== undefined) analyser.expression(context, element.expr, scope, 'other');
  }
  if (infer.whereClause !== undefined) analyser.expression(context, infer.whereClause, scope, 'other');
}

/** DO UPDATE of a row outside the filter raises: `WHERE CASE WHEN filter THEN (condition) ELSE <raise> END`. */
function writeExistingCheck(
  context: StatementContext,
  target: Target,
  conflict: OnConflictClause,
  update: ConflictUpdate,
  actions: readonly FilterAction[],
  splices: Splices,
): void {
  const filter = filterText(context, target, actions);
  if (filter === null) return;
  const raise = raiseExpression('old', shown(target.relation));
  const before = `CASE WHEN ${filter.text} THEN (`;
  const after = `) ELSE ${raise} END`;
  if (update.condition !== undefined && conflict.whereClause !== undefined) {
    splices.wrap(update.condition.extent, before, after);
    conflict.whereClause = expressionTree(context, `${before}${slot(0)}${after}`, [conflict.whereClause]);
    return;
  }
  const text = `${before}true${after}`;
  splices.close(update.end, ` WHERE ${text}`);
  conflict.whereClause = expressionTree(context, text);
}

function analyseUngovernedInsert(
  analyser: Analyser,
  context: StatementContext,
  target: ScopeSource,
  body: InsertStmt,
  outer: Scope | null,
): OutputColumns {
  analyseSource(analyser, context, body.selectStmt, outer);
  const scope = analyser.scope(outer, [target]);
  const conflict = body.onConflictClause;
  if (conflict !== undefined) {
    const proposed = { ...target, name: 'excluded', columnsVisible: false };
    const update = analyser.scope(outer, [target, proposed]);
    for (const element of conflict.infer?.indexElems ?? []) {
      const { expr } = asTag(element, 'IndexElem') ?? {};
      if (expr !== undefined) analyser.expression(context, expr, scope, 'other');
    }
    if (conflict.infer?.whereClause !== undefined) analyser.expression(context, conflict.infer.whereClause, scope, 'other');
    analyseSet(analyser, context, conflict.targetList, update);
    if (conflict.whereClause !== undefined) analyser.expression(context, conflict.whereClause, update, 'where');
  }
  return analyseReturningList(analyser, context, target, body.returningClause, scope);
}
