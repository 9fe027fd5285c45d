/**
 * Prepared statements and cursors of SQL. Both run a statement that was analysed when it was made; running it is allowed only
 * if we know it, and what it reads and writes is recorded again.
 */
import { governance } from '../../policy/bundle.ts';
import type { ClosePortalStmt, DeallocateStmt, DeclareCursorStmt, ExecuteStmt, FetchStmt, PrepareStmt } from '@pgsql/types';
import { deny } from '../../errors/denial.ts';
import type { Mask } from '../../policy/bundle.ts';
import type { StatementContext } from '../context.ts';
import { displayName } from '../names/hints.ts';
import type { StatementPlan } from '../plan.ts';
import { checkTypeNode } from './types.ts';

export function analysePrepare(context: StatementContext, body: PrepareStmt): undefined {
  for (const type of body.argtypes ?? []) checkTypeNode(context, type);
  const plan = context.analyser.nested(context, body.query!);
  context.kind = 'prepare';
  context.writesRows = false;
  context.returnsRows = false;
  context.cacheable = false;
  context.effect = { kind: 'prepare', name: body.name ?? '', plan, parameters: highestParameter(body.query) };
}

/** The largest n of `$n` in a tree. */
export function highestParameter(tree: unknown): number {
  if (typeof tree !== 'object' || tree === null) return 0;
  let highest = 0;
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'ParamRef') highest = Math.max(highest, (value as { number?: number }).number ?? 0);
    else highest = Math.max(highest, highestParameter(value));
  }
  return highest;
}

export function analyseExecute(context: StatementContext, body: ExecuteStmt): undefined {
  const name = body.name ?? '';
  context.kind = 'execute';
  context.cacheable = false;
  if (context.bundle.transparent && !context.session.prepared.has(name) && !name.startsWith('sluice_'))
    return executeUnknown(context, body);
  const plan = preparedPlan(context, name);
  const scope = context.analyser.scope(null, []);
  for (const parameter of body.params ?? []) context.analyser.expression(context, parameter, scope, 'values');
  context.uses.prepared = name;
  context.writesRows ||= plan.writesRows;
  context.returnsRows = plan.returnsRows;
  context.swallowRows = plan.swallowRows === true;
  // What the protocol has prepared is on the server as it was rewritten, our column included.
  if (plan.evidence?.column !== undefined) context.inherited = plan.evidence;
  inheritFacts(context, plan);
}

/** All that this session can have prepared was seen when it was; the server says that there is nothing of this name. */
function executeUnknown(context: StatementContext, body: ExecuteStmt): undefined {
  const scope = context.analyser.scope(null, []);
  for (const parameter of body.params ?? []) context.analyser.expression(context, parameter, scope, 'values');
  context.writesRows = true;
  context.returnsRows = true;
}

/** The plan of a prepared statement made under this policy (SQLSTATE 26000 otherwise). */
export function preparedPlan(context: StatementContext, name: string): StatementPlan {
  const entry = context.session.prepared.get(name);
  if (entry === undefined) {
    return deny('SLUICE-206', `Prepared statement ${displayName(name)} does not exist.`, {
      sqlstate: '26000',
      rule: 'floor',
      hint: 'PREPARE it first.',
    });
  }
  if (entry.policyVersion !== governance(context.bundle) || entry.plan.decision === 'deny') {
    return deny('SLUICE-206', `Prepared statement ${displayName(name)} was made under an earlier policy.`, {
      sqlstate: '26000',
      rule: 'floor',
      hint: `DEALLOCATE ${displayName(name)} and PREPARE it again.`,
    });
  }
  return entry.plan;
}

export function analyseDeallocate(context: StatementContext, body: DeallocateStmt): undefined {
  context.kind = 'deallocate';
  context.effect = { kind: 'deallocate', name: body.isall || body.name === undefined ? null : body.name };
}

/** CURSOR_OPT_HOLD of parsenodes.h. */
const HOLD = 0x20;

export function analyseDeclareCursor(context: StatementContext, body: DeclareCursorStmt): undefined {
  const plan = context.analyser.nested(context, body.query!);
  context.kind = 'declare-cursor';
  context.returnsRows = false;
  context.cacheable = false;
  context.effect = { kind: 'declare-cursor', name: body.portalname ?? '', plan, hold: ((body.options ?? 0) & HOLD) !== 0 };
}

export function analyseFetch(context: StatementContext, body: FetchStmt): undefined {
  const name = body.portalname ?? '';
  const cursor = context.session.cursors.get(name);
  context.kind = body.ismove ? 'move' : 'fetch';
  context.cacheable = false;
  if (cursor === undefined && context.bundle.transparent) {
    // A cursor that a granted function has opened, or none.
    context.returnsRows = !body.ismove;
    return;
  }
  if (cursor === undefined) {
    return deny('SLUICE-206', `Cursor ${displayName(name)} does not exist.`, {
      sqlstate: '34000',
      rule: 'floor',
      hint: 'DECLARE it first, inside the same transaction unless it is WITH HOLD.',
    });
  }
  context.uses.cursor = name;
  context.returnsRows = !body.ismove;
  const { evidence } = cursor.plan;
  if (evidence?.column !== undefined && !body.ismove) {
    context.swallowRows = cursor.plan.swallowRows === true;
    context.inherited = { ...evidence, reasons: [...evidence.reasons, 'interrupted'] };
  }
  inheritFacts(context, cursor.plan);
}

export function analyseClose(context: StatementContext, body: ClosePortalStmt): undefined {
  context.kind = 'close-cursor';
  context.effect = { kind: 'close-cursor', name: body.portalname ?? null };
}

/** Records for this statement what the one that it runs reads and writes. */
export function inheritFacts(context: StatementContext, plan: StatementPlan): undefined {
  const { facts } = plan;
  for (const use of facts.reads) {
    const relation = context.catalog.relation(use.oid);
    if (relation === undefined) continue;
    for (const column of use.columns.length === 0 ? [null] : use.columns) context.facts.read(relation, column, use.action);
    const prefix = `${relation.schema}.${relation.name}.`;
    for (const [key, kind] of Object.entries(facts.masks)) {
      if (key.startsWith(prefix))
        context.facts.mask(relation, key.slice(prefix.length), { kind, template: [], rule: 'inherited' } satisfies Mask);
    }
  }
  for (const use of facts.writes) {
    const relation = context.catalog.relation(use.oid);
    if (relation === undefined) continue;
    for (const column of use.columns.length === 0 ? [null] : use.columns) context.facts.write(relation, column, use.action);
  }
  for (const name of facts.functions) context.facts.function(name);
  for (const rule of facts.rules) context.facts.rule(rule);
  if (plan.touchesGoverned) context.facts.governed();
}
