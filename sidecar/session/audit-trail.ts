/**
 * One session's records: an intent for every execution before it is forwarded, an outcome after. Intents of one chunk of
 * client bytes are appended together; what goes upstream waits for them. Outcomes are appended as they happen: the journal
 * keeps the order, and nothing waits for them.
 */
import type { RowEvidence } from '../../core/audit/evidence.ts';
import type { AuditEntry, Intent, WithoutHeader } from '../../core/audit/record.ts';
import type { StatementValues } from '../../core/audit/statement-values.ts';
import type { Denial } from '../../core/errors/denial.ts';
import { type Bundle, governance } from '../../core/policy/bundle.ts';
import type { RelationUse, StatementPlan } from '../../core/sql/plan.ts';
import type { EvidenceKeys } from '../evidence/keys.ts';
import { type ResultShape, ReturnedRows } from '../evidence/returned-rows.ts';
import { type Completion, WriteRecorder } from '../evidence/write-recorder.ts';
import { ValueDigests } from '../evidence/value-digests.ts';
import type { Journal } from '../journal/journal.ts';
import { SILENT, type Telemetry } from '../telemetry/telemetry.ts';
import { OpenWrites } from './open-writes.ts';
import type { Execution } from './pipeline.ts';

export type Result = 'ok' | 'error' | 'denied' | 'unknown';

export interface Settlement {
  readonly sqlstate?: string;
  readonly tag?: string;
  readonly rows?: number;
  readonly bytes?: number;
  /** The server has run it to its end (or a portion of it): what was written stands in the evidence. */
  readonly completion?: Completion;
}

type StaticIntent = Omit<WithoutHeader<Intent>, 'session' | 'statement' | 'policies' | 'bundle' | 'mode' | 'trace'>;

export class AuditTrail {
  readonly #journal: Journal;
  readonly #session: string;
  /** Microseconds, monotonic. */
  readonly #clock: () => number;
  readonly #telemetry: Telemetry;
  readonly #policies = new WeakMap<Bundle, readonly string[]>();
  readonly #values: ValueDigests;
  readonly #evidence: () => EvidenceKeys | undefined;
  #next = 0;
  readonly #static = new WeakMap<StatementPlan, StaticIntent>();
  /** In the order of events. */
  #entries: AuditEntry[] = [];
  #intents = 0;
  /** Writes with evidence in a transaction that goes on. */
  readonly open = new OpenWrites((event, detail) => this.event(event, detail));

  /** `evidence`: the keys of digests; without it there are none. */
  constructor(
    journal: Journal,
    session: string,
    clock: () => number,
    telemetry: Telemetry = SILENT,
    evidence: () => EvidenceKeys | undefined = () => undefined,
  ) {
    this.#values = new ValueDigests(evidence);
    this.#evidence = evidence;
    this.#journal = journal;
    this.#session = session;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** False while records cannot be written. */
  get healthy(): boolean {
    return this.#journal.healthy;
  }

  /** Of values that a client binds: to be given to the intents of its executions. Undefined: not wanted. */
  bound(bundle: Bundle | undefined, bind: Buffer, types: readonly number[]): StatementValues | undefined {
    return bundle?.audit.values === 'Digest' ? this.#values.bound(bind, types) : undefined;
  }

  /** From now on the rows that it returns are recorded, if the Database asks for it. Of writes their evidence is. */
  watchRows(execution: Execution, bundle: Bundle, limit: number, shape: () => ResultShape | undefined): void {
    const { plan } = execution;
    const { rows } = bundle.audit;
    if ((rows !== 'Keys' && rows !== 'Proof') || !plan.returnsRows || plan.writesRows || plan.swallowRows === true) return;
    const digestKey = this.#evidence()?.digestKey;
    if (digestKey === undefined) return;
    const copy = plan.kind === 'copy-to';
    execution.returned = new ReturnedRows({ digestKey, statement: execution.id, proof: rows === 'Proof', copy, limit, shape });
  }

  get hasIntents(): boolean {
    return this.#intents > 0;
  }

  /** Adds an intent to the batch. `reason` overrides the plan's own decision (limits, a withdrawn policy). */
  intent(
    plan: StatementPlan,
    bundle: Bundle,
    sql: Buffer | null,
    options: { readonly reason?: Denial; readonly maxAffected?: number; readonly bound?: StatementValues | undefined } = {},
  ): Execution {
    const { reason, maxAffected, bound } = options;
    const refused = reason ?? plan.denial;
    const recorder =
      plan.evidence === undefined || refused !== undefined
        ? undefined
        : new WriteRecorder(plan.evidence, plan.swallowRows === true, this.#evidence());
    const execution: Execution = {
      id: `${this.#session}.${this.#next++}`,
      plan,
      policyVersion: governance(bundle),
      started: this.#clock(),
      ...(maxAffected === undefined ? {} : { maxAffected }),
      ...(recorder === undefined ? {} : { recorder }),
      settled: false,
    };
    const trace = sql === null ? undefined : traceparent(sql);
    if (refused !== undefined) this.#telemetry.statement('deny', plan.kind, refused.code);
    else this.#telemetry.statement(plan.observed?.[0] === undefined ? 'allow' : 'observe', plan.kind, plan.observed?.[0]?.code);
    this.#intents++;
    this.#entries.push({
      ...this.#staticIntent(plan),
      ...(refused === undefined ? {} : decided(refused)),
      session: this.#session,
      statement: execution.id,
      policies: this.#policyNames(bundle),
      bundle: bundle.version,
      mode: bundle.mode,
      ...(trace === undefined ? {} : { trace }),
      ...(bundle.audit.values === 'Digest' ? recorded(this.#values.of(sql, plan.range, bound)) : {}),
    });
    return execution;
  }

  /** Appends everything there is. Throws or rejects with JournalError. */
  commit(): void | Promise<void> {
    this.#deferOutcomes();
    const entries = this.#entries;
    this.#entries = [];
    this.#intents = 0;
    if (entries.length === 0) return undefined;
    try {
      return this.#journal.append(entries)?.catch((error: unknown) => this.#failed(error));
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): never {
    this.#telemetry.auditFailed();
    throw error;
  }

  /**
   * What became of an execution; only the first settlement counts. With evidence of rows it is written at once: gives undefined when that is
   * done, or a promise that settles when it is. Throws or rejects with JournalError.
   */
  settle(execution: Execution | undefined, result: Result, details: Settlement = {}): void | Promise<void> {
    if (execution === undefined || execution.settled) return undefined;
    execution.settled = true;
    const duration = Math.max(0, Math.round(this.#clock() - execution.started));
    if (result === 'ok' || result === 'error') this.#telemetry.finished(duration / 1_000_000, details.rows ?? 0);
    const { completion, ...known } = details;
    const evidence =
      execution.recorder === undefined ? undefined : evidenceOf(execution.recorder, execution.id, result, completion);
    const outcome: AuditEntry = {
      type: 'outcome',
      session: this.#session,
      statement: execution.id,
      result,
      ...known,
      duration,
      ...(evidence === undefined ? {} : { evidence }),
      ...(execution.returned === undefined || result === 'denied' ? {} : { returned: execution.returned.record() }),
    };
    if (evidence === undefined || result !== 'ok') {
      this.#entries.push(outcome);
      return undefined;
    }
    this.open.add(execution.id);
    this.#deferOutcomes();
    try {
      return this.#journal.append([outcome])?.catch((error: unknown) => this.#failed(error));
    } catch (error) {
      return this.#failed(error);
    }
  }

  event(event: string, detail: Readonly<Record<string, string | number | boolean>>): void {
    this.#entries.push({ type: 'event', session: this.#session, event, detail });
  }

  /** Hands over outcomes and events, unless intents wait for their own commit: these come first. */
  flush(): void {
    if (this.#intents === 0) this.#deferOutcomes();
  }

  /** What stands before the first intent; it is not lost when the intent cannot be written. */
  #deferOutcomes(): void {
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.type === 'intent') break;
      this.#journal.defer(entry);
      count += 1;
    }
    if (count > 0) this.#entries = this.#entries.slice(count);
  }

  /** Throws or rejects with JournalError. */
  sessionStart(claims: {
    readonly user?: string;
    readonly application?: string;
    readonly address?: string;
  }): void | Promise<void> {
    const { user, application, address } = claims;
    return this.#journal.append([
      {
        type: 'session-start',
        session: this.#session,
        claims: {
          ...(user === undefined ? {} : { user: claim(user) }),
          ...(application === undefined ? {} : { application: claim(application) }),
          ...(address === undefined ? {} : { address }),
        },
      },
    ]);
  }

  sessionEnd(reason: string): void {
    this.open.sessionEnded();
    this.#entries.push({ type: 'session-end', session: this.#session, reason });
    try {
      this.commit()?.catch(() => {});
    } catch {
      // The journal is unhealthy now: whoever comes next is refused.
    }
  }

  #staticIntent(plan: StatementPlan): StaticIntent {
    let intent = this.#static.get(plan);
    if (intent === undefined) this.#static.set(plan, (intent = staticIntent(plan)));
    return intent;
  }

  #policyNames(bundle: Bundle): readonly string[] {
    let names = this.#policies.get(bundle);
    if (names === undefined) {
      names = bundle.policies.map((policy) => `${policy.namespace}/${policy.name}@${policy.generation}`);
      this.#policies.set(bundle, names);
    }
    return names;
  }
}

function staticIntent(plan: StatementPlan): StaticIntent {
  const { facts } = plan;
  return {
    type: 'intent',
    decision: plan.decision,
    ...(plan.observed === undefined || plan.observed.length === 0
      ? {}
      : { observed: plan.observed.map((denial) => denial.code) }),
    kind: plan.kind,
    fingerprint: plan.fingerprint,
    text: plan.normalised,
    reads: facts.reads.map(readUse),
    writes: facts.writes.map((use) => ({ ...readUse(use), action: use.action })),
    masks: facts.masks,
    ...(facts.clear === undefined ? {} : { clear: facts.clear }),
    filters: facts.filters,
    ...(facts.functions.length === 0 ? {} : { functions: facts.functions }),
  };
}

/** NAMEDATALEN - 1: no more is a name to the server. A claim is not a value, but whoever makes it may put one in. */
const MOST_CLAIMED = 63;

function claim(text: string): string {
  return text.slice(0, MOST_CLAIMED).replaceAll(/\p{Cc}/gu, '?');
}

function recorded({ values, leftOut }: StatementValues): Pick<Intent, 'values' | 'valuesLeftOut'> {
  return { ...(values.length === 0 ? {} : { values }), ...(leftOut === 0 ? {} : { valuesLeftOut: leftOut }) };
}

function readUse(use: RelationUse): { readonly relation: string; readonly columns: readonly string[] } {
  return { relation: use.relation, columns: use.columns };
}

/** A statement that failed has changed nothing. Of one that was interrupted nobody knows. */
function evidenceOf(recorder: WriteRecorder, statement: string, result: Result, completion: Completion | undefined): RowEvidence {
  if (completion !== undefined) return recorder.finish(statement, completion);
  if (result === 'error' || result === 'denied') return { capture: 'exact', reasons: [], changes: [] };
  return recorder.finish(statement, { rows: null, reason: 'interrupted' });
}

function decided(reason: Denial): { decision: 'deny'; code: string; rule?: string } {
  return { decision: 'deny', code: reason.code, ...(reason.rule === undefined ? {} : { rule: reason.rule }) };
}

const TRACEPARENT = Buffer.from('traceparent=');

/** From a sqlcommenter comment: https://google.github.io/sqlcommenter/spec/. Undefined unless it is well-formed. */
export function traceparent(sql: Buffer): string | undefined {
  const at = sql.lastIndexOf(TRACEPARENT);
  if (at < 0) return undefined;
  return /^traceparent='(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})'/.exec(sql.toString('latin1', at, at + 80))?.[1];
}
