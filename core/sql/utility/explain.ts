/**
 * EXPLAIN needs Explain on every relation of the statement, and the statement itself must be allowed. Row counts tell what a
 * mask or a row filter hides: estimates come from statistics over all rows, EXPLAIN ANALYZE says how many rows a filter removed. So
 * where anything governed is involved only the shape of the plan is shown: COSTS OFF and no ANALYZE. (The shape itself can depend on
 * statistics; docs/reference lists that as a residual.)
 * https://www.postgresql.org/docs/current/sql-explain.html
 */
import type { ExplainStmt } from '@pgsql/types';
import { qualifiedName } from '../../catalog/catalog.ts';
import type { RelationData } from '../../catalog/model.ts';
import { denial, deny } from '../../errors/denial.ts';
import { asTag, tagOf } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { grantsOf } from '../names/relations.ts';
import type { StatementPlan } from '../plan.ts';
import { isPlain } from './relation-target.ts';

const EXPLAINED: ReadonlySet<string> = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

export function analyseExplain(context: StatementContext, body: ExplainStmt): undefined {
  const query = body.query!;
  if (!EXPLAINED.has(tagOf(query) ?? '')) {
    deny('SLUICE-206', 'EXPLAIN is possible for SELECT, INSERT, UPDATE, DELETE and MERGE only.', { rule: 'floor' });
  }
  const plan = context.analyser.nested(context, query);
  const analyse = isOn(body, 'analyze', false);
  context.kind = 'explain';
  context.returnsRows = true;
  context.writesRows = analyse && plan.writesRows;
  requireExplain(context, plan);
  if (!plan.touchesGoverned || (!analyse && !isOn(body, 'costs', true))) return;
  context.refuse(
    denial(
      'SLUICE-602',
      analyse
        ? 'EXPLAIN ANALYZE would count rows that are hidden.'
        : 'EXPLAIN would show row estimates over rows and values that are hidden.',
      {
        rule: 'floor',
        detail: 'The statement touches masked columns or filtered rows.',
        hint: 'Use EXPLAIN (COSTS OFF).',
      },
    ),
  );
}

/**
 * System catalogs need no grant. Of a view the plan shows what is behind it, so that must be explainable, and wholly visible, too.
 */
function requireExplain(context: StatementContext, plan: StatementPlan): undefined {
  const seen = new Set<number>();
  for (const use of [...plan.facts.reads, ...plan.facts.writes]) {
    const relation = context.catalog.relation(use.oid);
    if (relation !== undefined) requireOn(context, relation, seen, false);
  }
}

function requireOn(context: StatementContext, relation: RelationData, seen: Set<number>, behindView: boolean): undefined {
  if (relation.schema === 'pg_catalog' || relation.schema === 'information_schema' || seen.has(relation.oid)) return;
  seen.add(relation.oid);
  const grant = grantsOf(context.bundle).get(relation.oid);
  if (!grant?.actions.includes('Explain') || (behindView && !isPlain(grant))) {
    const what = behindView
      ? 'EXPLAIN of a view shows what is behind it, which is not granted.'
      : `Explain on ${qualifiedName(relation)} is not granted.`;
    const detail =
      'EXPLAIN needs Explain on every relation of the statement, those behind views included, and the action itself.';
    context.refuse(denial('SLUICE-203', what, { detail }));
  }
  for (const [oid] of relation.kind === 'view' ? (relation.dependsOn ?? []) : []) {
    const behind = context.catalog.relation(oid);
    if (behind !== undefined) requireOn(context, behind, seen, true);
  }
}

/** The last one of an option wins; without a value it is on. */
function isOn(body: ExplainStmt, name: string, fallback: boolean): boolean {
  let on = fallback;
  for (const node of body.options ?? []) {
    const option = asTag(node, 'DefElem');
    if (option?.defname?.toLowerCase() !== name) continue;
    const text = asTag(option.arg, 'String')?.sval?.toLowerCase();
    const number = asTag(option.arg, 'Integer');
    // Anything that is not plainly "off" counts as on for ANALYZE, and anything not plainly "off" as on for COSTS.
    on = !(text === 'false' || text === 'off' || (number !== undefined && (number.ival ?? 0) === 0));
  }
  return on;
}
