/**
 * Several statements in one Query: PostgreSQL analyses each when its turn comes, so `SET search_path TO x; SELECT … FROM t`
 * reads x.t. Where an earlier statement changes what a later one means, they are analysed one after the other, each in the
 * session as the ones before will have left it.
 */
import { governance } from '../../core/policy/bundle.ts';
import { denial } from '../../core/errors/denial.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import type { AnalyseRequest, AnalyseResult, SessionEffect, StatementPlan } from '../../core/sql/plan.ts';
import type { CursorEntry, PreparedEntry, SessionView, TemporaryRelation } from '../../core/sql/session-state.ts';
import { changesMeaning } from './pipeline.ts';

/** Everything one message says. `altered`: relations that this transaction may have renamed or replaced. */
export function analyseMessage(
  engine: SqlEngine,
  request: AnalyseRequest,
  session: SessionView,
  altered: ReadonlySet<number>,
): AnalyseResult {
  const plans = engine.analyse(request, session);
  if (needsSteps(plans)) return analyseStepwise(engine, request.sql, plans, session, altered);
  if (altered.size === 0 || engine.bundle.transparent) return plans;
  return plans.map((plan) => refuseAltered(plan, altered));
}

/** Whether the plans, made at once, have to be made again one by one. */
export function needsSteps(plans: AnalyseResult): boolean {
  for (let i = 0; i < plans.length - 1; i++) if (changesMeaning(plans[i])) return true;
  return false;
}

/** `plans` give the statements' places in `sql`. Stops at the first that is denied. */
export function analyseStepwise(
  engine: SqlEngine,
  sql: Buffer,
  plans: AnalyseResult,
  session: SessionView,
  before: ReadonlySet<number>,
): AnalyseResult {
  const altered = new Set(before);
  const result: StatementPlan[] = [];
  const view = new Preview(session, engine);
  for (const { range } of plans) {
    const [start, end] = range;
    const alone = engine.analyse({ sql: Buffer.from(sql.subarray(start, end)), protocol: 'simple', parameterTypes: [] }, view)[0];
    if (alone === undefined) continue;
    // Where nothing is governed, what a name means decides nothing.
    const certain = engine.bundle.transparent || !view.uncertain || isTransactionControl(alone);
    const plan = certain ? (engine.bundle.transparent ? alone : refuseAltered(alone, altered)) : refused(alone);
    result.push(shifted(plan, start));
    if (plan.decision === 'deny') break;
    view.apply(plan.effect);
    noteAltered(plan, altered);
  }
  return result;
}

/** Remembers which relations a statement may have renamed or replaced. */
export function noteAltered(plan: StatementPlan, altered: Set<number>): void {
  if (plan.effect.kind !== 'schema-change') return;
  for (const use of plan.facts.writes) if (use.action === 'Alter' || use.action === 'Drop') altered.add(use.oid);
}

/**
 * Until the transaction has ended nobody else can see what ALTER and DROP did, so the schema cannot be read again: the name of
 * a relation they touched may belong to another one by now.
 */
export function refuseAltered(plan: StatementPlan, altered: ReadonlySet<number>): StatementPlan {
  if (altered.size === 0 || plan.decision === 'deny' || plan.kind === 'alter' || plan.kind === 'drop' || plan.kind === 'create')
    return plan;
  const used = [...plan.facts.reads, ...plan.facts.writes].find((use) => altered.has(use.oid));
  if (used === undefined) return plan;
  const reason = denial(
    'SLUICE-102',
    `${used.relation} was altered in this transaction and cannot be used before it is committed`,
    {
      rule: 'floor',
      hint: 'COMMIT first, then run this statement.',
    },
  );
  return { ...plan, decision: 'deny', denial: reason };
}

function isTransactionControl(plan: StatementPlan): boolean {
  return ['begin', 'commit', 'rollback', 'savepoint', 'release', 'rollback-to'].includes(plan.kind);
}

function refused(plan: StatementPlan): StatementPlan {
  const reason = denial('SLUICE-102', 'what this statement means depends on a ROLLBACK in the same message', {
    rule: 'floor',
    hint: 'Send it in a message of its own.',
  });
  return { ...plan, decision: 'deny', denial: reason };
}

/** Places relative to the whole message instead of the statement. */
function shifted(plan: StatementPlan, by: number): StatementPlan {
  const { denial: reason, pinned } = plan;
  return {
    ...plan,
    range: [plan.range[0] + by, plan.range[1] + by],
    edits: plan.edits.map((edit) => ({ ...edit, start: edit.start + by, end: edit.end + by })),
    ...(Array.isArray(pinned) ? { pinned: pinned.map((offset) => offset + by) } : {}),
    ...(reason?.location === undefined ? {} : { denial: { ...reason, location: reason.location + by } }),
  };
}

/** The session as it will be. A rollback after a change is not followed: then nothing is certain any more. */
class Preview implements SessionView {
  searchPath: readonly string[];
  prepared: ReadonlyMap<string, PreparedEntry>;
  cursors: ReadonlyMap<string, CursorEntry>;
  temporary: ReadonlyMap<string, TemporaryRelation>;
  epoch: number;
  uncertain = false;
  readonly #engine: SqlEngine;
  #changed = false;
  #local = false;

  constructor(session: SessionView, engine: SqlEngine) {
    this.searchPath = session.searchPath;
    this.prepared = session.prepared;
    this.cursors = session.cursors;
    this.temporary = session.temporary;
    this.epoch = session.epoch;
    this.#engine = engine;
  }

  apply(effect: SessionEffect): void {
    if (effect.kind === 'none') return;
    // A number of its own, so that nothing is mistaken for a decision made in the session as it is.
    this.epoch += 1 / 1024;
    switch (effect.kind) {
      case 'rollback':
      case 'rollback-to':
        if (this.#changed) this.uncertain = true;
        return;
      case 'commit':
        if (this.#local) this.uncertain = true;
        this.cursors = new Map([...this.cursors].filter(([, cursor]) => cursor.hold));
        return;
      case 'begin':
      case 'savepoint':
      case 'release':
        return;
      default:
        this.#changed = true;
    }
    this.#change(effect);
  }

  #change(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'set-search-path':
        this.searchPath = effect.path;
        if (effect.local) this.#local = true;
        return;
      case 'reset-search-path':
        this.searchPath = this.#engine.catalog.data.defaultSearchPath;
        return;
      case 'prepare': {
        const { plan, parameters, name } = effect;
        this.prepared = new Map(this.prepared).set(name, { plan, parameters, policyVersion: governance(this.#engine.bundle) });
        return;
      }
      case 'deallocate':
        this.prepared = without(this.prepared, effect.name);
        return;
      case 'declare-cursor':
        this.cursors = new Map(this.cursors).set(effect.name, { plan: effect.plan, hold: effect.hold });
        return;
      case 'close-cursor':
        this.cursors = without(this.cursors, effect.name);
        return;
      case 'create-temporary':
        if (effect.dropOnCommit === true) this.#local = true;
        this.temporary = new Map(this.temporary).set(effect.name, { name: effect.name, columns: effect.columns });
        return;
      case 'drop-temporary':
        for (const name of effect.names) this.temporary = without(this.temporary, name);
        return;
      case 'discard-temp':
        this.temporary = new Map();
        return;
      case 'discard-all':
        this.searchPath = this.#engine.catalog.data.defaultSearchPath;
        this.prepared = new Map();
        this.cursors = new Map();
        this.temporary = new Map();
        return;
      default:
    }
  }
}

function without<V>(map: ReadonlyMap<string, V>, name: string | null): ReadonlyMap<string, V> {
  return name === null ? new Map() : new Map([...map].filter(([key]) => key !== name));
}
