/**
 * The helpers of maxAffectedRows in the extended protocol: prepared statements of our own, run right before and right after
 * the write inside its transaction. Their replies never reach the client; an error of the check becomes the write's error.
 * (In the simple protocol the same texts ride in the client's Query: simple-query.ts.)
 */
import * as request from '../../core/wire/request.ts';
import type { Inbound } from './inbound.ts';
import { BASELINE_SQL, checkSql } from './limits.ts';
import type { Execution } from './pipeline.ts';

interface Helper {
  readonly name: string;
  readonly sql: string;
  /** The series in which it was sent, until the server confirmed it. */
  group: number | null;
}

export class AffectedRows {
  readonly #inbound: Inbound;
  readonly #helpers = new Map<string, Helper>();
  #next = 0;

  constructor(inbound: Inbound) {
    this.#inbound = inbound;
  }

  /** DISCARD ALL or DEALLOCATE ALL took them along. */
  forget(): void {
    this.#helpers.clear();
  }

  /** Before the write. */
  baseline(execution: Execution): void {
    this.#run('baseline', BASELINE_SQL, execution);
  }

  /** After the write. */
  check(execution: Execution, max: number): void {
    this.#run('check', checkSql(max), execution);
  }

  #run(role: 'baseline' | 'check', sql: string, execution: Execution): void {
    const { core } = this.#inbound;
    const { group } = core;
    const pieces = [{ role, execution, rowLimit: Number.POSITIVE_INFINITY }];
    const helper = this.#prepared(sql, execution);
    const portal = `sluice_${core.secret}_${role}`;
    this.#inbound.emit(Buffer.concat([request.bind(portal, helper.name), request.execute(portal), request.close('P', portal)]));
    this.#inbound.expect({ kind: 'bind', group, silent: true, pieces });
    this.#inbound.expect({ kind: 'execute', group, silent: true, pieces });
    this.#inbound.expect({ kind: 'close', group, silent: true });
  }

  #prepared(sql: string, execution: Execution): Helper {
    const { core } = this.#inbound;
    const known = this.#helpers.get(sql);
    // One whose Parse belongs to an earlier series may have been skipped: a new name costs less than waiting.
    if (known !== undefined && (known.group === null || known.group === core.group)) return known;
    const helper: Helper = { name: `sluice_${core.secret}_${this.#next++}`, sql, group: core.group };
    this.#helpers.set(sql, helper);
    this.#inbound.emit(request.parse(helper.name, sql));
    this.#inbound.expect({
      kind: 'parse',
      group: core.group,
      silent: true,
      pieces: [{ role: 'baseline', execution, rowLimit: Number.POSITIVE_INFINITY }],
      confirmed: () => {
        helper.group = null;
      },
      abandoned: () => {
        if (this.#helpers.get(sql) === helper) this.#helpers.delete(sql);
      },
    });
    return helper;
  }
}
