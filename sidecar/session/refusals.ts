/**
 * How a message is refused. In its place goes one of ours that the server is bound to reject: so it aborts the transaction and
 * skips up to the Sync by itself, answers come in their order, and ReadyForQuery tells the truth. The server's error is
 * replaced by ours. Only where nothing is under way and no transaction is open is the server not bothered.
 */
import type { Denial } from '../../core/errors/denial.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import { DROP } from '../../core/wire/frame-walker.ts';
import * as request from '../../core/wire/request.ts';
import { denialResponse, readyForQuery } from '../../core/wire/write.ts';
import { unreadPlan } from './analysis.ts';
import type { Inbound } from './inbound.ts';
import type { Expected } from './pipeline.ts';

/** Not SQL in any dialect: the server's log shows why it was sent. */
export function refusedText(reason: Denial): string {
  return `refused by Sluice: ${reason.code}`;
}

export class Refusals {
  readonly #inbound: Inbound;

  constructor(inbound: Inbound) {
    this.#inbound = inbound;
  }

  /** Instead of a Query (or a FunctionCall). */
  query(reason: Denial, plan: StatementPlan | null, sql: Buffer | null): typeof DROP {
    const { core } = this.#inbound;
    this.#record(reason, plan, sql);
    if (sql !== null && this.#serverKnowsBetter(reason)) {
      this.#inbound.emit(Buffer.concat([this.#verbatim(sql, true), this.#parse(reason, sql, true), request.SYNC]));
      core.skipping = false;
      core.groupOpen = false;
      core.groupWrites = false;
      this.#inbound.expect({ kind: 'sync', group: core.group++ });
      return DROP;
    }
    if (core.pipeline.length === 0 && core.status === 'I' && !core.groupOpen) {
      core.telemetry.refusal(reason.code);
      core.toClient(denialResponse(reason, sql === null ? {} : { sql }));
      core.toClient(readyForQuery('I'));
      return DROP;
    }
    this.#inbound.emit(this.#query(reason, sql));
    return DROP;
  }

  /**
   * Instead of a message of the extended protocol. `unnamed`: it was a Parse of the unnamed statement, which destroys the one
   * there was even when it fails.
   */
  extended(reason: Denial, plan: StatementPlan | null, sql: Buffer | null, unnamed = false): typeof DROP {
    this.#record(reason, plan, sql);
    if (sql !== null && this.#serverKnowsBetter(reason)) this.#inbound.emit(this.#verbatim(sql, unnamed));
    this.#inbound.emit(this.#parse(reason, sql, unnamed));
    return DROP;
  }

  /**
   * A syntax error is the server's to report, hint and all, where nothing is hidden: it gets the text to parse, which runs
   * nothing. Should its grammar take what ours does not, the statement is closed at once, because a client could find its name in
   * pg_prepared_statements and run it, and the refusal that follows is answered instead.
   */
  #serverKnowsBetter({ code }: Denial): boolean {
    return code === 'SLUICE-101' && this.#inbound.core.engine?.bundle.transparent === true;
  }

  #verbatim(sql: Buffer, unnamed: boolean): Buffer {
    const { group } = this.#inbound.core;
    const name = unnamed ? '' : this.#refusedName;
    for (const kind of ['close', 'parse', 'close'] as const) this.#inbound.expect({ kind, group, silent: true });
    return Buffer.concat([request.close('S', name), request.parse(name, sql), request.close('S', name)]);
  }

  get #refusedName(): string {
    return `sluice_refused_${this.#inbound.core.secret}`;
  }

  /**
   * Instead of everything in `taken`, none of which was sent: each series and each Query of it is refused. The messages are
   * added to `out`. True when the last series has no Sync yet.
   */
  batch(reason: Denial, taken: readonly Expected[], out: Buffer[]): boolean {
    const { core } = this.#inbound;
    let open = false;
    for (const entry of taken) {
      if (entry.kind === 'sync') {
        core.pipeline.push({ kind: 'sync', group: entry.group });
        out.push(request.SYNC);
        open = false;
      } else if (open) continue;
      else if (entry.kind === 'query') out.push(this.#query(reason, null));
      else {
        open = true;
        out.push(this.#parse(reason, null, false));
      }
    }
    return open;
  }

  /** Without a bundle there is no policy to name: an event instead of an intent. */
  #record(reason: Denial, plan: StatementPlan | null, sql: Buffer | null): void {
    const { core } = this.#inbound;
    const bundle = core.engine?.bundle;
    if (bundle === undefined) {
      core.audit.event('refused', { code: reason.code });
      return;
    }
    const execution = this.#inbound.intent(plan ?? unreadPlan(reason), bundle, sql, { reason });
    core.audit.settle(execution, 'denied', { sqlstate: reason.sqlstate });
  }

  #query(reason: Denial, sql: Buffer | null): Buffer {
    const { core } = this.#inbound;
    core.groupOpen = false;
    this.#inbound.expect({
      kind: 'query',
      group: core.group,
      refusal: reason,
      ...(sql === null ? {} : { refusedText: Buffer.from(sql) }),
      ...core.statements.dropUnnamed(core.group),
    });
    return request.query(refusedText(reason));
  }

  #parse(reason: Denial, sql: Buffer | null, unnamed: boolean): Buffer {
    const { core } = this.#inbound;
    core.skipping = true;
    core.groupOpen = true;
    this.#inbound.expect({
      kind: 'parse',
      group: core.group,
      refusal: reason,
      ...(sql === null ? {} : { refusedText: Buffer.from(sql) }),
      ...(unnamed ? core.statements.dropUnnamed(core.group) : {}),
    });
    return request.parse(unnamed ? '' : this.#refusedName, refusedText(reason));
  }
}
