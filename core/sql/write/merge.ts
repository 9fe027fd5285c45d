/**
 * MERGE. Rows of the target outside the filter count as not there, as with PostgreSQL's own row security: the filter joins ON,
 * and the condition of every WHEN NOT MATCHED BY SOURCE. An action whose own filter a matched row does not satisfy raises. New
 * rows are checked in RETURNING, which MERGE has since PostgreSQL 17: before that, a filtered table is refused.
 * https://www.postgresql.org/docs/current/sql-merge.html
 */
import type { MergeStmt, MergeWhenClause, Node } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import type { WriteRule } from '../../policy/bundle.ts';
import { asTag, bodyOf, tagOf } from '../ast/node.ts';
import { quoteIdentifier } from '../../catalog/catalog.ts';
import type { Analyser, OutputColumns, Scope, StatementContext } from '../context.ts';
import { Clauses, lost } from './anatomy.ts';
import { analyseAssignments } from './assignments.ts';
import { analyseCondition, type Condition, type FilterAction, filterText, guardCondition } from './condition.ts';
import { requireWhere } from './guardrails.ts';
import { coversAll, implicitColumns } from './insert-columns.ts';
import { MaskWatch } from './mask-watch.ts';
import { raiseExpression } from './markers.ts';
import { analyseReturning, checkExpression } from './returning.ts';
import { Splices } from './splices.ts';
import { assignColumn, openTarget, type Target, type WriteAction, writeRule } from './target.ts';
import { expressionTree, slot } from './template.ts';
import { analyseReturningList, analyseSet } from './ungoverned.ts';
import { refuseMaskedValue } from './write-back.ts';
import { shown } from './display.ts';

/** Gives the columns of RETURNING, none without it. `parent`: the scope of the WITH or statement around it. */
export function analyseMerge(analyser: Analyser, context: StatementContext, node: Node, parent: Scope | null): OutputColumns {
  const body = bodyOf(node, 'MergeStmt');
  context.writesRows = true;
  const actions = new Set(whenClauses(body).flatMap((clause) => actionOf(clause) ?? []));
  const opened = openTarget(context, body.relation!, body, [...actions][0] ?? 'Update');
  const outer = body.withClause === undefined ? parent : analyser.with(context, body.withClause, parent);
  const source = analyser.from(context, [body.sourceRelation!], outer);
  const target = opened.kind === 'temporary' ? opened.source : opened.target.source;
  const scopes: Scopes = {
    both: analyser.scope(outer, [target, ...source.sources]),
    source: analyser.scope(outer, source.sources),
    target: analyser.scope(outer, [target]),
    returning: analyser.scope(outer, [...source.sources, target]),
  };
  if (opened.kind === 'temporary') {
    analyseUngovernedMerge(analyser, context, body, scopes);
    return analyseReturningList(analyser, context, opened.source, body.returningClause, scopes.returning);
  }
  return analyseGoverned(analyser, context, opened.target, body, scopes);
}

/** What can be seen where. */
interface Scopes {
  readonly both: Scope;
  readonly source: Scope;
  readonly target: Scope;
  readonly returning: Scope;
}

/** One WHEN clause: its tree, its items [from, to), its condition once analysed. */
interface When {
  readonly clause: MergeWhenClause;
  readonly from: number;
  readonly thenAt: number;
  readonly to: number;
  readonly action: WriteAction | null;
  readonly rule: WriteRule | null;
  readonly condition: Condition | undefined;
}

function analyseGoverned(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  body: MergeStmt,
  scopes: Scopes,
): OutputColumns {
  const clauses = Clauses.after(context, body.relation!);
  const splices = new Splices();
  const firstWhen = clauses.need('when');
  const on = lastBefore(clauses, 'on', firstWhen);
  const join = analyseCondition(
    analyser,
    context,
    target,
    body.joinCondition!,
    { clauses, from: on + 1, to: firstWhen },
    scopes.both,
    'where',
  );
  const returning = clauses.find('returning', firstWhen);
  if (returning >= 0) needs17(context, 'MERGE … RETURNING', clauses.items[returning]?.start ?? 0);
  const whens = splitWhens(context, body, clauses, firstWhen, returning < 0 ? clauses.items.length : returning).map((when) =>
    analyseWhen(analyser, context, target, body, clauses, when, scopes, splices),
  );
  const output = analyseReturning(analyser, context, target, body, { clauses, from: returning }, scopes.returning, splices);
  const filter = filterText(context, target, ['Select']);
  for (const when of whens) writeWhen(context, target, when, clauses, splices);
  if (filter !== null) body.joinCondition = guardCondition(context, splices, join, filter);
  output.finish(newRowCheck(context, target, whens));
  splices.flush(context);
  return output.columns;
}

function whenClauses(body: MergeStmt): MergeWhenClause[] {
  return (body.mergeWhenClauses ?? []).flatMap((node) => asTag(node, 'MergeWhenClause') ?? []);
}

function actionOf(clause: MergeWhenClause): WriteAction | null {
  switch (clause.commandType) {
    case 'CMD_INSERT':
      return 'Insert';
    case 'CMD_UPDATE':
      return 'Update';
    case 'CMD_DELETE':
      return 'Delete';
    default:
      return null;
  }
}

/** The source may be a join with ON clauses of its own; the last one before WHEN is MERGE's. */
function lastBefore(clauses: Clauses, word: string, before: number): number {
  let found = clauses.need(word);
  for (let index = clauses.find(word, found + 1); index >= 0 && index < before; index = clauses.find(word, index + 1))
    found = index;
  return found;
}

function needs17(context: StatementContext, what: string, location: number): void {
  const { serverMajor } = context.catalog;
  if (serverMajor >= 17) return;
  deny('SLUICE-103', `${what} needs PostgreSQL 17; the server is version ${serverMajor}.`, { location, rule: 'floor' });
}

type Placed = Pick<When, 'clause' | 'from' | 'thenAt' | 'to'>;

function splitWhens(context: StatementContext, body: MergeStmt, clauses: Clauses, first: number, end: number): Placed[] {
  const starts: number[] = [];
  for (let index = first; index >= 0 && index < end; index = clauses.find('when', index + 1)) starts.push(index);
  const trees = whenClauses(body);
  if (trees.length !== starts.length) return lost(context, clauses.items[first]?.start ?? 0);
  return trees.map((clause, index) => {
    const from = starts[index]!;
    return { clause, from, thenAt: clauses.need('then', from), to: starts[index + 1] ?? end };
  });
}

function analyseWhen(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  body: MergeStmt,
  clauses: Clauses,
  placed: Placed,
  scopes: Scopes,
  splices: Splices,
): When {
  const { clause, from, thenAt, to } = placed;
  const bySource = clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE';
  if (bySource) needs17(context, 'WHEN NOT MATCHED BY SOURCE', clauses.items[from]?.start ?? 0);
  const scope = clause.matchKind === 'MERGE_WHEN_MATCHED' ? scopes.both : bySource ? scopes.target : scopes.source;
  const action = actionOf(clause);
  const rule = action === null ? null : writeRule(context, target, action, clauses.items[from]?.start ?? 0);
  const condition =
    clause.condition === undefined
      ? undefined
      : analyseCondition(
          analyser,
          context,
          target,
          clause.condition,
          { clauses, from: clauses.need('and', from) + 1, to: thenAt },
          scope,
          'where',
        );
  if (action === 'Update' || action === 'Delete') {
    requireWhere(
      context,
      target.relation,
      target.log.references,
      [bySource ? undefined : body.joinCondition, clause.condition],
      `MERGE … ${action.toUpperCase()} of`,
    );
  }
  if (action === 'Delete') context.facts.write(target.relation, null, 'Delete');
  if (action === 'Update' && rule !== null) {
    const set = clauses.need('set', thenAt);
    analyseAssignments(analyser, context, target, rule, clause.targetList, { clauses, from: set + 1, to }, scope, splices);
  }
  if (action === 'Insert' && rule !== null) analyseMergeInsert(analyser, context, target, rule, clauses, placed, scope, splices);
  return { clause, from, thenAt, to, action, rule, condition };
}

function analyseMergeInsert(
  analyser: Analyser,
  context: StatementContext,
  target: Target,
  rule: WriteRule,
  clauses: Clauses,
  { clause, thenAt }: Placed,
  scope: Scope,
  splices: Splices,
): void {
  const insert = clauses.need('insert', thenAt);
  const location = clauses.items[insert]?.start ?? 0;
  const masked = (clause.values ?? []).map((value) => {
    const watch = new MaskWatch(context);
    if (tagOf(value) !== 'SetToDefault') analyser.expression(context, value, scope, 'set');
    return watch.first;
  });
  const named = clause.targetList?.map((node) => asTag(node, 'ResTarget')) ?? null;
  const names =
    named?.map((column) => column?.name ?? '') ??
    (clause.values === undefined ? [] : implicitColumns(target, rule, masked.length));
  if (names.length === 0) context.facts.write(target.relation, null, 'Insert');
  names.forEach((name, index) => {
    const place = named?.[index]?.location ?? location;
    assignColumn(context, target, rule, 'Insert', name, place);
    const source = masked[index];
    if (source !== undefined) refuseMaskedValue(context, target, name, source, place);
  });
  if (named === null && names.length > 0 && !coversAll(target, rule)) {
    splices.close(clauses.items[insert]!.end, ` (${names.map(quoteIdentifier).join(', ')})`);
    clause.targetList = names.map((name) => ({ ResTarget: { name } }));
  }
}

/** Adds what a WHEN clause needs: visibility for rows that no join has filtered, and the action's own filter. */
function writeWhen(context: StatementContext, target: Target, when: When, clauses: Clauses, splices: Splices): void {
  if (when.clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_TARGET') return;
  const seen = filterText(context, target, ['Select']);
  const own = when.action === null ? null : filterText(context, target, [when.action]);
  const extra = own !== null && own.text !== seen?.text ? own : null;
  const hidden = when.clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE' ? seen : null;
  if (extra === null && hidden === null) return;
  const raise = raiseExpression('old', shown(target.relation));
  const before = (hidden === null ? '' : `CASE WHEN ${hidden.text} THEN (`) + (extra === null ? '' : 'CASE WHEN (');
  const after =
    (extra === null ? '' : `) THEN (CASE WHEN ${extra.text} THEN true ELSE ${raise} END) ELSE false END`) +
    (hidden === null ? '' : ') ELSE false END');
  if (when.condition !== undefined && when.clause.condition !== undefined) {
    splices.wrap(when.condition.extent, before, after);
    when.clause.condition = expressionTree(context, `${before}${slot(0)}${after}`, [when.clause.condition]);
    return;
  }
  const text = `${before}true${after}`;
  splices.close(clauses.items[when.thenAt - 1]!.end, ` AND ${text}`);
  when.clause.condition = expressionTree(context, text);
}

/** Inserted and updated rows must satisfy the filter of their action, and be visible where the statement reads the target. */
function newRowCheck(context: StatementContext, target: Target, whens: readonly When[]): string | null {
  const reads: readonly FilterAction[] = target.log.entries.length > 0 ? ['Select'] : [];
  const arms: string[] = [];
  for (const [action, tag] of [
    ['Insert', 'INSERT'],
    ['Update', 'UPDATE'],
  ] as const) {
    const rule = whens.find((when) => when.action === action)?.rule;
    if (rule === undefined || rule === null) continue;
    const filter = filterText(context, target, [action, ...reads]);
    if (filter !== null) arms.push(`WHEN merge_action() OPERATOR(pg_catalog.=) '${tag}' THEN (${filter.text})`);
  }
  if (arms.length === 0) return null;
  if (context.catalog.serverMajor < 17) {
    deny(
      'SLUICE-603',
      `MERGE into ${shown(target.relation)} needs PostgreSQL 17 or newer: its row filter has to check the new rows.`,
      {
        rule: target.grant.select?.rules[0] ?? 'masking',
        hint: 'Use INSERT … ON CONFLICT DO UPDATE, or UPDATE and INSERT.',
      },
    );
  }
  return checkExpression(target, `(CASE ${arms.join(' ')} ELSE true END)`);
}

function analyseUngovernedMerge(analyser: Analyser, context: StatementContext, body: MergeStmt, scopes: Scopes): void {
  analyser.expression(context, body.joinCondition!, scopes.both, 'where');
  for (const clause of whenClauses(body)) {
    const scope =
      clause.matchKind === 'MERGE_WHEN_MATCHED'
        ? scopes.both
        : clause.matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE'
          ? scopes.target
          : scopes.source;
    if (clause.condition !== undefined) analyser.expression(context, clause.condition, scope, 'where');
    if (clause.commandType === 'CMD_UPDATE') analyseSet(analyser, context, clause.targetList, scope);
    for (const value of clause.values ?? []) analyser.expression(context, value, scope, 'set');
  }
}
