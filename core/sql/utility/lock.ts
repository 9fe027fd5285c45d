/** LOCK TABLE and TRUNCATE. */
import type { LockStmt, TruncateStmt } from '@pgsql/types';
import { qualifiedName } from '../../catalog/catalog.ts';
import { denial, deny } from '../../errors/denial.ts';
import { asTag } from '../ast/node.ts';
import type { StatementContext } from '../context.ts';
import { openRelation, openRelationForAny, type UtilityTarget } from './relation-target.ts';

/** ROW SHARE MODE: the strongest that a reader takes. */
const ROW_SHARE = 2;

/** Reading locks need Select, the others any right to change rows. */
export function analyseLock(context: StatementContext, body: LockStmt): undefined {
  context.kind = 'lock';
  for (const node of body.relations ?? []) {
    const rangeVar = asTag(node, 'RangeVar');
    if (rangeVar === undefined) return deny('SLUICE-102', 'LOCK takes relations only.', { rule: 'floor' });
    if ((body.mode ?? 0) <= ROW_SHARE) openRelationForAny(context, rangeVar, ['Select', 'Update', 'Delete', 'Insert']);
    else openRelationForAny(context, rangeVar, ['Update', 'Delete', 'Insert', 'Truncate']);
  }
}

export function analyseTruncate(context: StatementContext, body: TruncateStmt): undefined {
  context.kind = 'truncate';
  context.writesRows = true;
  if (body.behavior === 'DROP_CASCADE' && !context.bundle.allowAll) {
    deny('SLUICE-206', 'TRUNCATE … CASCADE would empty tables that the statement does not name.', {
      rule: 'floor',
      hint: 'Name all tables in one TRUNCATE.',
    });
  }
  for (const node of body.relations ?? []) {
    const rangeVar = asTag(node, 'RangeVar');
    if (rangeVar === undefined) return deny('SLUICE-102', 'TRUNCATE takes relations only.', { rule: 'floor' });
    checkTruncate(context, openRelation(context, rangeVar, 'Truncate'));
  }
}

/** TRUNCATE knows no rows: where rows are filtered or counted it cannot be allowed. */
function checkTruncate(context: StatementContext, target: UtilityTarget): undefined {
  if (target.kind === 'temporary') return;
  const { relation, grant } = target;
  const filter = grant.select?.filter ?? grant.delete?.filter ?? grant.update?.filter;
  if (filter !== undefined) {
    context.facts.governed();
    context.facts.filter(relation, filter);
    context.refuse(
      denial('SLUICE-603', `TRUNCATE ${qualifiedName(relation)} would remove rows outside the row filter.`, {
        ...(filter.rules[0] === undefined ? {} : { rule: filter.rules[0] }),
        hint: 'Use DELETE.',
      }),
    );
  }
  const limit = context.bundle.guardrails.maxAffectedRows;
  if (limit === undefined) return;
  context.refuse(
    denial('SLUICE-302', `TRUNCATE ${qualifiedName(relation)} could remove more than ${limit} rows.`, {
      rule: 'guardrails',
      detail: 'guardrails.maxAffectedRows counts rows, which TRUNCATE does not.',
      hint: 'Use DELETE with a WHERE.',
    }),
  );
}
