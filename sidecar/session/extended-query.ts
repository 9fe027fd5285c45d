/**
 * Parse, Bind, Describe, Execute, Close. Parse decides; Bind and Execute decide again when the policy, the schema or the
 * session changed since: the text that the client sent is kept for that. Where the new decision asks for another text, the
 * statement is prepared anew under its name before the Bind, and the client notices nothing.
 */
import { governance } from '../../core/policy/bundle.ts';
import { isUtf8 } from 'node:buffer';
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { StatementPlan } from '../../core/sql/plan.ts';
import { decodeBind, decodeClose, decodeDescribe, decodeExecute, decodeParse } from '../../core/wire/client-messages.ts';
import { type Disposition, DROP, HOLD, PASS } from '../../core/wire/frame-walker.ts';
import * as request from '../../core/wire/request.ts';
import { policyChanged } from './analysis.ts';
import type { Inbound } from './inbound.ts';
import { maxAffected, readsOnly, rowLimit } from './limits.ts';
import type { SentText } from './pipeline.ts';
import { resultShape } from './result-shape.ts';
import { MAX_STATEMENTS, type Portal, type PreparedStatement, sameView, viewMark } from './statements.ts';

type Recheck =
  | { readonly kind: 'same' }
  /** The server holds another text than the one that is allowed now. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'denied'; readonly denial: Denial; readonly plan: StatementPlan | null }
  | typeof HOLD;

export class ExtendedQuery {
  readonly #inbound: Inbound;

  constructor(inbound: Inbound) {
    this.#inbound = inbound;
  }

  parse(body: Buffer, length: number): Disposition {
    const inbound = this.#inbound;
    const { core } = inbound;
    if (body.length < length) {
      const reason = denial('SLUICE-104', `the statement is too large (${length} bytes)`, { rule: 'floor' });
      return inbound.refusals.extended(reason, null, null, body[0] === 0);
    }
    const { statement: name, sql, parameterTypes } = decodeParse(body);
    const unnamed = name === '';
    if (!isUtf8(sql)) {
      return inbound.refusals.extended(
        denial('SLUICE-106', 'the statement is not valid UTF-8', { rule: 'floor' }),
        null,
        null,
        unnamed,
      );
    }
    if (!core.statements.hasRoom(sql.length)) {
      const reason = denial('SLUICE-404', `this session holds too many prepared statements (limit ${MAX_STATEMENTS})`, {
        rule: 'floor',
        hint: 'Close or deallocate statements that are no longer used.',
      });
      return inbound.refusals.extended(reason, null, null, unnamed);
    }
    const verdict = inbound.analysis.analyse(sql, 'extended', parameterTypes);
    if (verdict.kind === 'barrier') return inbound.hold('idle');
    if (verdict.kind === 'wait') return inbound.holdUntil(verdict.until);
    if (verdict.kind === 'denied') return inbound.refusals.extended(verdict.denial, verdict.plan, sql, unnamed);

    const plan = verdict.plans[0] ?? null;
    const text = plan === null ? sql.toString('utf8') : plan.text;
    const statement: PreparedStatement = {
      name,
      sql: Buffer.from(sql),
      parameterTypes,
      plan,
      engine: verdict.engine,
      view: viewMark(core.state),
      revision: 0,
      countOnly: false,
      upstream: text,
    };
    if (plan?.evidence?.column !== undefined && plan.swallowRows !== true) inbound.wholeBinds();
    core.groupOpen = true;
    const sent = sentText(statement);
    inbound.expect({
      kind: 'parse',
      group: core.group,
      statement,
      ...(sent === undefined ? {} : { sent }),
      ...core.statements.defineStatement(statement, core.group, core.policyVersion),
    });
    const { protectedColumns, audit } = verdict.engine.bundle;
    const recorded = audit.rows === 'Keys' || audit.rows === 'Proof';
    const watched = plan?.returnsRows === true && (protectedColumns.length > 0 || recorded);
    if (!watched && plan?.rewritten !== true) return PASS;
    inbound.emit(request.parse(name, text, parameterTypes));
    if (watched) {
      // A client that never asks for a description must not get around the check of every RowDescription, or hide what its rows are.
      inbound.emit(request.describe('S', name));
      inbound.expect({ kind: 'describe', group: core.group, silent: true, describes: statement, describedText: text });
    }
    return DROP;
  }

  bind(body: Buffer, length: number): Disposition {
    const inbound = this.#inbound;
    const { core } = inbound;
    const { portal: portalName, statement: name, resultFormats } = decodeBind(body, length);
    if (inbound.analysis.needsBarrier()) return inbound.hold('idle');
    const statement = core.statements.statement(name, core.group);
    if (statement === 'wait') return inbound.hold('idle');
    if (statement !== 'unknown' && inbound.analysis.runsUncertain(statement.plan)) return inbound.hold('idle');
    core.groupOpen = true;
    if (statement === 'unknown') {
      inbound.expect({ kind: 'bind', group: core.group, mustFail: true });
      return PASS;
    }
    // The formats of the client's columns stand at a Bind's end, and its length at its beginning.
    const recheck = this.#recheck(statement, resultFormats === undefined && needsFormats(statement));
    if (recheck === HOLD) return HOLD;
    if (recheck.kind === 'denied') return inbound.refusals.extended(recheck.denial, recheck.plan, statement.sql);
    if (recheck.kind === 'changed') this.#prepareAgain(statement);
    const bound = core.audit.bound(core.engine?.bundle, body, statement.described ?? statement.parameterTypes);
    const { revision } = statement;
    const portal: Portal = { name: portalName, statement, plan: statement.plan, resultFormats, bound, rows: 0, revision };
    const sent = sentText(statement);
    inbound.expect({
      kind: 'bind',
      group: core.group,
      statement,
      ...(sent === undefined ? {} : { sent }),
      ...core.statements.definePortal(portal, core.group, core.policyVersion),
    });
    if (statement.plan?.evidence?.column === undefined || resultFormats === undefined || resultFormats.length < 2) return PASS;
    // Ours is text, which is the same in both formats; only a list with one for each column has to grow.
    inbound.emit(request.bindWithFormats(body, resultFormats.length, [0, ...resultFormats]));
    return DROP;
  }

  describe(body: Buffer): Disposition {
    const inbound = this.#inbound;
    const { core } = inbound;
    const { kind, name } = decodeDescribe(body);
    if (inbound.analysis.needsBarrier()) return inbound.hold('idle');
    const known = kind === 'S' ? core.statements.statement(name, core.group) : core.statements.portal(name, core.group);
    if (known === 'wait') return inbound.hold('idle');
    core.groupOpen = true;
    if (known === 'unknown') inbound.expect({ kind: 'describe', group: core.group, mustFail: true });
    else {
      const noData = known.plan?.swallowRows === true;
      const cut = known.plan?.evidence?.column !== undefined;
      const described = 'statement' in known ? known.statement : known;
      inbound.expect({
        kind: 'describe',
        group: core.group,
        noData,
        cut,
        ...(described === null ? {} : { describes: described, describedText: described.upstream }),
      });
    }
    return PASS;
  }

  execute(body: Buffer): Disposition {
    const inbound = this.#inbound;
    const { core } = inbound;
    const { portal: name, maxRows } = decodeExecute(body);
    if (inbound.analysis.needsBarrier()) return inbound.hold('idle');
    const portal = core.statements.portal(name, core.group);
    if (portal === 'wait') return inbound.hold('idle');
    if (portal !== 'unknown' && inbound.analysis.runsUncertain(portal.plan)) return inbound.hold('idle');
    core.groupOpen = true;
    if (portal === 'unknown') {
      // Describe fails just as Execute would, and could do no harm if the server knew the portal after all.
      inbound.expect({ kind: 'describe', group: core.group, mustFail: true });
      inbound.emit(request.describe('P', name));
      return DROP;
    }
    const refused = this.#recheckPortal(portal);
    if (refused === HOLD) return HOLD;
    // What EXECUTE runs may have been prepared anew since the Bind.
    const plan = portal.plan?.uses?.prepared !== undefined && portal.statement !== null ? portal.statement.plan : portal.plan;
    if (refused !== null) return inbound.refusals.extended(refused, plan, portal.statement?.sql ?? null);
    if (plan === null) {
      inbound.expect({ kind: 'execute', group: core.group, portal });
      return PASS;
    }
    return this.#run(portal, plan, name, maxRows);
  }

  close(body: Buffer): Disposition {
    const inbound = this.#inbound;
    const { core } = inbound;
    const { kind, name } = decodeClose(body);
    core.groupOpen = true;
    inbound.expect({
      kind: 'close',
      group: core.group,
      closes: { kind, name },
      ...core.statements.close(kind, name, core.group, core.policyVersion),
    });
    // Our own helpers are nobody's to close.
    if (!name.startsWith(`sluice_${core.secret}`)) return PASS;
    inbound.emit(request.close(kind, `${name} `));
    return DROP;
  }

  #run(portal: Portal, plan: StatementPlan, name: string, maxRows: number): Disposition {
    const inbound = this.#inbound;
    const { core } = inbound;
    const engine = inbound.analysis.engine();
    if ('code' in engine) return inbound.refusals.extended(engine, plan, null);
    if (!readsOnly(plan) && core.pipeline.guarded) return inbound.hold('guard');
    const { bundle } = engine;
    const max = maxAffected(bundle, plan);
    const execution = inbound.intent(plan, bundle, portal.statement?.sql ?? null, {
      bound: portal.bound,
      ...(max === undefined ? {} : { maxAffected: max }),
    });
    const limit = rowLimit(bundle, plan, core.statements, plan.uses?.cursor === undefined ? portal.rows : undefined);
    core.audit.watchRows(execution, bundle, limit, () => {
      const columns = portal.statement?.columns;
      // Of a Bind that is too long to be held whole, formats are not known.
      return columns === undefined || portal.resultFormats === undefined
        ? undefined
        : resultShape(columns, portal.resultFormats, core.engine?.catalog);
    });
    if (plan.touchesGoverned) core.governed = true;
    if (!readsOnly(plan)) core.groupWrites = true;
    const copyIn = plan.copyIn === true;
    const sent = portal.statement === null ? undefined : sentText(portal.statement);
    if (max !== undefined) inbound.affected.baseline(execution);
    const tap = execution.recorder?.tap;
    const entry = inbound.expect({
      kind: 'execute',
      group: core.group,
      portal,
      ...(sent === undefined ? {} : { sent }),
      pieces: [{ role: 'client', execution, rowLimit: limit, held: max !== undefined, ...(tap === undefined ? {} : { tap }) }],
    });
    if (copyIn) {
      core.copyIn = 'expected';
      core.copyOf = entry;
    }
    // Rows that nobody is to see must not suspend the portal.
    const suspends = plan.swallowRows !== true;
    if (max === undefined && !copyIn && (suspends || maxRows === 0)) return PASS;
    inbound.emit(request.execute(name, suspends ? maxRows : 0));
    if (copyIn) {
      // In COPY the server reads nothing but data: the check follows when the client is done.
      core.copyCheck = max === undefined ? null : () => inbound.affected.check(execution, max);
      return inbound.holdForCopy();
    }
    if (max !== undefined) inbound.affected.check(execution, max);
    return DROP;
  }

  /** Whether what was decided at Parse still holds. `countOnly`: as AnalyseRequest has it. */
  #recheck(statement: PreparedStatement, countOnly = statement.countOnly): Recheck {
    const inbound = this.#inbound;
    const { core } = inbound;
    if (statement.sql === null) {
      const engine = inbound.analysis.engine();
      if ('code' in engine) return { kind: 'denied', denial: engine, plan: statement.plan };
      if (statement.policyVersion !== governance(engine.bundle))
        return { kind: 'denied', denial: policyChanged('prepared statement'), plan: statement.plan };
      return { kind: 'same' };
    }
    const holds =
      statement.engine === core.engine && sameView(statement.view, core.state, statement.plan) && !this.#expires(statement);
    if (holds && countOnly === statement.countOnly)
      return statement.plan === null || statement.plan.text === statement.upstream ? { kind: 'same' } : { kind: 'changed' };
    const verdict = inbound.analysis.analyse(statement.sql, 'extended', statement.parameterTypes, countOnly);
    if (verdict.kind === 'barrier') return inbound.hold('idle');
    if (verdict.kind === 'wait') return inbound.holdUntil(verdict.until);
    if (verdict.kind === 'denied') return { kind: 'denied', denial: verdict.denial, plan: verdict.plan };
    const plan = verdict.plans[0] ?? null;
    statement.engine = verdict.engine;
    statement.view = viewMark(core.state);
    if (!holds && (countOnly !== statement.countOnly || plan?.text !== statement.plan?.text)) statement.revision += 1;
    statement.countOnly = countOnly;
    statement.plan = plan;
    const text = plan === null ? statement.upstream : plan.text;
    return text === statement.upstream ? { kind: 'same' } : { kind: 'changed' };
  }

  /** A policy that ends by itself needs a look at the clock every time. */
  #expires(statement: PreparedStatement): boolean {
    return statement.engine?.bundle.policies.some((policy) => policy.validUntil !== undefined) === true;
  }

  /** A portal cannot be bound anew (its parameters are gone), so another text ends it. */
  #recheckPortal(portal: Portal): Denial | null | typeof HOLD {
    const { statement } = portal;
    if (statement === null) {
      const engine = this.#inbound.analysis.engine();
      if ('code' in engine) return engine;
      return this.#inbound.analysis.outlived(engine, portal.name) ? policyChanged('cursor') : null;
    }
    const recheck = this.#recheck(statement);
    if (recheck === HOLD) return HOLD;
    if (recheck.kind === 'denied') return recheck.denial;
    return statement.revision === portal.revision ? null : policyChanged('portal');
  }

  /** Same name, the text that is allowed now. */
  #prepareAgain(statement: PreparedStatement): void {
    const inbound = this.#inbound;
    const { core } = inbound;
    const text = statement.plan?.text ?? '';
    const before = statement.upstream;
    const failed = (): void => {
      // The old text is gone as well: the next Bind prepares it again.
      statement.upstream = null;
    };
    if (statement.name !== '' && before !== null) {
      inbound.emit(request.close('S', statement.name));
      inbound.expect({ kind: 'close', group: core.group, silent: true });
    }
    statement.upstream = text;
    statement.columns = undefined;
    core.statements.preparedAgain(statement, core.policyVersion);
    inbound.emit(request.parse(statement.name, text, statement.parameterTypes));
    const sent = sentText(statement);
    inbound.expect({
      kind: 'parse',
      group: core.group,
      silent: true,
      ...(sent === undefined ? {} : { sent }),
      abandoned: failed,
    });
  }
}

/** The statement's result has a column of ours beside those that the client knows. */
function needsFormats({ plan, countOnly }: PreparedStatement): boolean {
  return countOnly || (plan?.evidence?.column !== undefined && plan.swallowRows !== true);
}

function sentText(statement: PreparedStatement): SentText | undefined {
  const { sql, plan } = statement;
  if (sql === null || plan === null || !plan.rewritten) return undefined;
  return { client: sql, parts: [{ text: plan.text, plan }], separator: '' };
}
