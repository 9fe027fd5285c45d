/**
 * FOR UPDATE and its kin. They lock rows, so they need more than Select (as in PostgreSQL, where they need the UPDATE privilege);
 * and a fence below them would lock every row that the filter passes, so the sites learn that they are locked.
 */
import type { SelectStmt } from '@pgsql/types';
import { denial } from '../../errors/denial.ts';
import { asTag } from '../ast/node.ts';
import type { Scope, ScopeSource, StatementContext } from '../context.ts';
import { grantsOf } from '../names/relations.ts';
import type { ReadSite } from './site.ts';

export function lockRows(context: StatementContext, body: SelectStmt, scope: Scope): void {
  for (const node of body.lockingClause ?? []) {
    const clause = asTag(node, 'LockingClause');
    const names = clause?.lockedRels?.map((relation) => asTag(relation, 'RangeVar')?.relname);
    for (const source of scope.sources) {
      if (names === undefined || names.includes(source.name ?? undefined)) lockSource(context, source);
    }
  }
}

function lockSource(context: StatementContext, source: ScopeSource): void {
  if (source.relation !== undefined) checkLock(context, source.relation.oid, `${source.relation.schema}.${source.relation.name}`);
  for (const site of source.sites ?? []) lockSite(context, site);
}

function lockSite(context: StatementContext, site: ReadSite): void {
  site.locked = true;
  checkLock(context, site.relation.oid, `${site.relation.schema}.${site.relation.name}`);
}

function checkLock(context: StatementContext, oid: number, name: string): void {
  const grant = grantsOf(context.bundle).get(oid);
  if (grant?.update !== undefined || grant?.delete !== undefined) return;
  context.refuse(
    denial('SLUICE-203', `Locking rows of ${name} is not granted.`, {
      detail: 'FOR UPDATE, FOR SHARE and the like need Update or Delete on the table.',
      hint: 'Leave the locking clause out.',
      rule: 'grants',
    }),
  );
}
