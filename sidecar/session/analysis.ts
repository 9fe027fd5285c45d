/**
 * From text to plans, for one session: finds the engine of the moment, waits where the answer would depend on something the
 * server has not confirmed yet, and sends what is too large for this process's parser to a worker.
 */
import { governance } from '../../core/policy/bundle.ts';
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { SqlEngine } from '../../core/sql/engine.ts';
import { prescan } from '../../core/sql/parse/prescan.ts';
import type { AnalyseRequest, AnalyseResult, StatementPlan } from '../../core/sql/plan.ts';
import { notServed } from './admission.ts';
import type { SessionCore } from './core.ts';
import { analyseMessage } from './stepwise.ts';

export type Verdict =
  | { readonly kind: 'allowed'; readonly engine: SqlEngine; readonly plans: AnalyseResult }
  | {
      readonly kind: 'denied';
      readonly denial: Denial;
      readonly plan: StatementPlan | null;
      readonly engine: SqlEngine | undefined;
    }
  /** Ask again when everything sent so far has been answered. */
  | { readonly kind: 'barrier' }
  /** Ask again when it settles (it never rejects). */
  | { readonly kind: 'wait'; readonly until: Promise<void> };

interface LargeAnswer {
  readonly sql: Buffer;
  /** What it was found under. */
  readonly engine: SqlEngine;
  readonly epoch: number;
  readonly answer: AnalyseResult | Denial;
}

/** What a name that does not exist is refused with; so is one that is not granted. */
const UNKNOWN_NAMES: ReadonlySet<string> = new Set(['SLUICE-201', 'SLUICE-202']);

const BARRIER: Verdict = { kind: 'barrier' };

export class Analysis {
  readonly #core: SessionCore;
  /** The worker's answer to the statement that is being held. */
  #large: LargeAnswer | null = null;

  constructor(core: SessionCore) {
    this.#core = core;
  }

  /** The engine, or why nothing may run right now. */
  engine(): SqlEngine | Denial {
    const { host, now } = this.#core;
    if (host.engine?.bundle.policies.some(({ validUntil }) => validUntil !== undefined && validUntil <= now()))
      host.policyEnded();
    const engine = host.engine;
    if (engine === undefined) {
      const refused = notServed(host, 'no valid policy is in force');
      return {
        ...refused,
        detail: refused.detail ?? 'The policy was withdrawn or could not be loaded.',
        hint: refused.hint ?? 'Try again later; the platform team sees the reason in the status of the policy.',
      };
    }
    const time = now();
    const ended = engine.bundle.policies.find((policy) => policy.validUntil !== undefined && policy.validUntil <= time);
    if (ended !== undefined) {
      return denial('SLUICE-703', 'the access granted by this policy has ended', {
        rule: `${ended.namespace}/${ended.name}`,
        hint: 'Ask the platform team to extend validUntil, or reconnect if other policies apply.',
      });
    }
    return engine;
  }

  /**
   * True while the meaning of the next statement depends on an answer that has not come: a statement that changes the session
   * is under way, or the transaction in which one was confirmed is ending (it may be undone), or the schema is to be read
   * again before anything else.
   */
  needsBarrier(): boolean {
    const { pipeline, dirty, status, catalogStale } = this.#core;
    if (pipeline.length === 0) return false;
    if (pipeline.pendingEffects > 0) return true;
    if (dirty && (pipeline.pendingEnds > 0 || (status === 'I' && pipeline.pendingReadies > 0))) return true;
    return catalogStale && status === 'I' && this.#core.engine?.bundle.transparent !== true;
  }

  analyse(sql: Buffer, protocol: AnalyseRequest['protocol'], parameterTypes: readonly number[], countOnly = false): Verdict {
    const core = this.#core;
    const engine = this.engine();
    if ('code' in engine) return { kind: 'denied', denial: engine, plan: null, engine: core.host.engine };
    if (this.needsBarrier()) return BARRIER;
    if (core.catalogStale && core.status === 'I') {
      const cause = 'schema changed by this session';
      if (!engine.bundle.transparent) return { kind: 'wait', until: core.refreshCatalog(cause) };
      // Nothing that is decided depends on it: names that are not known yet are the server's to answer.
      core.host.refreshSoon(cause);
      core.catalogStale = false;
    }

    const request: AnalyseRequest = { sql, protocol, parameterTypes, ...(countOnly ? { countOnly } : {}) };
    const large = this.#largeAnswer(engine, sql);
    if (large !== undefined && 'code' in large) return { kind: 'denied', denial: large, plan: null, engine };
    const plans = large ?? analyseMessage(engine, request, core.state, core.altered);
    if (large?.length === 1 && core.altered.size === 0) engine.keep?.(request, core.state, large);
    const outlived = plans.find((plan) => plan.uses?.cursor !== undefined && this.outlived(engine, plan.uses.cursor));
    if (outlived !== undefined) return { kind: 'denied', denial: policyChanged('cursor'), plan: outlived, engine };
    const denied = plans.find((plan) => plan.decision === 'deny');
    if (denied?.denial === undefined)
      return plans.some((plan) => this.runsUncertain(plan)) ? BARRIER : { kind: 'allowed', engine, plans };
    if (denied.denial.code === 'SLUICE-104' && large === undefined && prescan(sql).path !== 'refused') {
      return { kind: 'wait', until: this.#analyseLarge(engine, { ...request, sql: Buffer.from(sql) }) };
    }
    // It may name what an unanswered Parse or Bind is about to define.
    if (core.pipeline.pendingNames > 0) return BARRIER;
    // It may be newer than what we know of the schema.
    if (UNKNOWN_NAMES.has(denied.denial.code)) void core.host.refreshCatalog(denied.denial.code);
    return { kind: 'denied', denial: denied.denial, plan: denied, engine };
  }

  /**
   * It runs what another message has prepared or bound, and an answer to such a message is awaited: whether its result has a column of ours is only known
   * after that.
   */
  runsUncertain(plan: StatementPlan | null | undefined): boolean {
    const { engine, pipeline } = this.#core;
    if (engine === undefined || engine.bundle.audit.rows === 'None' || pipeline.pendingNames === 0) return false;
    return plan?.kind === 'execute' || plan?.kind === 'fetch' || plan?.kind === 'move';
  }

  /** Whether a cursor was opened under another policy than the one in force. */
  outlived(engine: SqlEngine, cursor: string): boolean {
    const version = this.#core.statements.cursorVersion(cursor);
    return version !== undefined && version !== governance(engine.bundle);
  }

  /** What the worker said of this text, if it has been asked and nothing has changed since. */
  #largeAnswer(engine: SqlEngine, sql: Buffer): AnalyseResult | Denial | undefined {
    const large = this.#large;
    if (large === null || !large.sql.equals(sql)) return undefined;
    // Kept while an answer is awaited: the message comes again after it.
    if (this.#core.pipeline.pendingNames === 0) this.#large = null;
    return large.engine === engine && large.epoch === this.#core.state.epoch ? large.answer : undefined;
  }

  async #analyseLarge(engine: SqlEngine, request: AnalyseRequest): Promise<void> {
    const { host, state, altered } = this.#core;
    const { epoch } = state;
    const { sql } = request;
    try {
      this.#large = { sql, engine, epoch, answer: await host.analyseLarge(engine, request, state, altered) };
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'unknown';
      const answer = denial('SLUICE-702', 'the statement could not be parsed now', { detail });
      this.#large = { sql, engine, epoch, answer };
    }
  }
}

const AGAIN = {
  portal: 'Bind the statement again.',
  cursor: 'CLOSE it and DECLARE it again.',
  'prepared statement': 'DEALLOCATE it and PREPARE it again.',
} as const;

/** What was allowed under an older policy cannot go on under this one. */
export function policyChanged(what: keyof typeof AGAIN): Denial {
  return denial('SLUICE-703', `the policy has changed since this ${what} was made`, { sqlstate: '0A000', hint: AGAIN[what] });
}

/** What a refusal without analysis is recorded as. */
export function unreadPlan(reason: Denial): StatementPlan {
  return {
    decision: 'deny',
    denial: reason,
    kind: 'other',
    range: [0, 0],
    text: '',
    rewritten: false,
    edits: [],
    facts: {
      reads: [],
      writes: [],
      masks: {},
      filters: {},
      functions: [],
      rules: reason.rule === undefined ? [] : [reason.rule],
    },
    effect: { kind: 'none' },
    writesRows: false,
    touchesGoverned: true,
    returnsRows: false,
    cacheable: false,
    fingerprint: '',
    normalised: '',
  };
}
